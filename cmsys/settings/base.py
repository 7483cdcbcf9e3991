"""What every installation shares. Nothing here reads a secret or an address: that is for the three settings beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent.parent

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "django_filters",
    "django_htmx",
    "axes",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "cmsys.audit",
    "cmsys.accounts",
    "cmsys.org",
    "cmsys.jobs",
    "cmsys.feed",
    "cmsys.transfers",
    "cmsys.facts",
    "cmsys.api",
    "cmsys.ui",
    "cmsys.inbox",
    "cmsys.administration",
    "managers.careers",
    "managers.profiles",
    "managers.conduct",
    "customers.registry",
    "customers.engagement",
    "customers.service",
    "customers.tiers",
    "customers.allocation",
    "customers.planning",
    "customers.approval",
    "customers.execution",
    "customers.handover",
    "appraisal.schemes",
    "appraisal.figures",
    "appraisal.cycles",
    "appraisal.ratings",
    "appraisal.scoring",
    "appraisal.grading",
    "appraisal.feedback",
    "appraisal.notices",
    "appraisal.appeals",
    "appraisal.overview",
    "training.courses",
    "training.plans",
    "cmsys.backups",
    "cmsys.demo",
]

MIDDLEWARE = [
    "cmsys.audit.request_id.RequestIdMiddleware",
    "cmsys.api.middleware.ProblemMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "cmsys.accounts.middleware.SessionRulesMiddleware",
    "cmsys.org.middleware.ActingMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "cmsys.urls"
WSGI_APPLICATION = "cmsys.wsgi.application"
ASGI_APPLICATION = "cmsys.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cmsys.ui.context.layout",
                "cmsys.inbox.context.bar",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "cmsys.ui.templatetags.cmsys_ui",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- people ---------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "cmsys.accounts.passwords.LengthValidator", "OPTIONS": {"least": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "employee_no", "name_pinyin", "name")},
    },
    {"NAME": "cmsys.accounts.passwords.CharacterClassesValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 10 * 3600
SESSION_IDLE_SECONDS = 30 * 60
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "cmsys.ui.errors.csrf_failed"
# Five failures within fifteen minutes close the account for fifteen minutes, before any password is hashed.
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = ["username"]  # addresses are counted in accounts.sign_in, with a limit of their own
# The attempt that closes an account is answered like every other refusal.
AXES_LOCKOUT_CALLABLE = "cmsys.accounts.sign_in.as_answered"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
AXES_IPWARE_PROXY_COUNT = 0
SIGN_IN_FAILURES_PER_ADDRESS = 50

# auth.W004: the name is unique without regard to case, by a constraint the check does not see.
# axes.W006: a branch shares one address; see AXES_LOCKOUT_PARAMETERS.
SILENCED_SYSTEM_CHECKS = ["auth.W004", "axes.W006"]

# --- language, time ---------------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# --- files -------------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- headers -----------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"

# --- API ---------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["cmsys.api.authentication.ClientAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["cmsys.api.authorization.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["cmsys.api.rendering.DecimalJSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["cmsys.api.parsing.ExactJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "cmsys.api.paging.UpdatedCursorPagination",
    "DEFAULT_FILTER_BACKENDS": ["cmsys.api.filters.StrictFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "cmsys.api.schema.ResourceSchema",
    "DEFAULT_THROTTLE_CLASSES": ["cmsys.api.throttling.ClientRateThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": "600/min"},
    "EXCEPTION_HANDLER": "cmsys.api.problems.problem_response",
    "COERCE_DECIMAL_TO_STRING": False,
    "URL_FORMAT_OVERRIDE": None,
}
# For how long a client may stay away and still catch up from the change feed (docs/adr/0132).
FEED_DAYS = 90
OAUTH2_PROVIDER_APPLICATION_MODEL = "api.Client"
OAUTH2_PROVIDER: dict[str, Any] = {
    # This server knows the client credentials grant and no other.
    "OAUTH2_SERVER_CLASS": "oauthlib.oauth2.BackendApplicationServer",
    "OAUTH2_VALIDATOR_CLASS": "cmsys.api.oauth.ClientValidator",
    "SCOPES_BACKEND_CLASS": "cmsys.api.scopes.RegisteredScopes",
    "ACCESS_TOKEN_EXPIRE_SECONDS": 15 * 60,
    "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    # RFC 9700 in full: tokens are kept as checksums, discouraged grants are refused.
    **{
        f"COMPLIANT_BCP_RFC9700_{gate}": True
        for gate in (
            "IMPLICIT_GRANT",
            "PASSWORD_GRANT",
            "PKCE_METHOD",
            "ACCESS_TOKEN_TRANSPORT",
            "AUTHZ_RESPONSE_ISS",
            "TOKEN_STORAGE",
            "REFRESH_TOKEN",
            "REDIRECT_URI_SCHEME",
            "REDIRECT_URI_MATCHING",
            "PKCE_REQUIRED",
        )
    },
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "cmsys 客户经理管理系统",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "客户端用 client_id 与 client_secret 换取 15 分钟有效的访问令牌：\n\n"
        "    curl -u CLIENT_ID:CLIENT_SECRET -d grant_type=client_credentials https://…/o/token/\n"
        "    curl -H 'Authorization: Bearer 令牌' https://…/api/v1/org-units/\n\n"
        "- 只返回客户端权限范围（scope）和机构范围之内的数据；范围之外的对象一律 404。\n"
        "- 列表按更新时间排列，`next` 是下一页的完整地址，null 表示结束；同一行在翻页期间被更新时会再次出现。\n"
        "- 用 `updated_since` 只取有更新的行；用 `If-None-Match` 避免重复传输，内容未变时返回 304。\n"
        "- 保持副本：`changes/` 取变更，`{resource}/bulk/` 全量读取，`digest/{resource}/` 证明副本相同。\n"
        "- 每个客户端每分钟 600 次请求，见 `RateLimit-*`；超过时返回 429 和 `Retry-After`。\n"
        "- 错误一律为 `application/problem+json`，请保留其中的 request_id 以便查询。\n"
    ),
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Enumerations stay where they are used: two rooms may both have a `kind` or a `status`.
    "POSTPROCESSING_HOOKS": ["cmsys.api.schema.finish"],
}
# --- database roles (docs/adr/0003) ----------------------------------------------------------------------------------
# Everything runs as cmsys_app, which has no DDL and cannot change the ledger; the few commands that shape the
# database run as cmsys_owner.
OWNER_COMMANDS = {"migrate", "sqlmigrate", "flush", "backup", "restore", "dbshell"}
DATABASE_ROLE = "cmsys_owner" if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS else "cmsys_app"

# --- tasks -------------------------------------------------------------------------------------------------------------
# Why each of these: docs/adr/0006. Every one has a test that fails when it is taken out (tests/jobs/test_settings.py).
CELERY: dict[str, Any] = {
    "imports": ["cmsys.jobs.tasks"],
    "beat_scheduler": "cmsys.jobs.beat:TableScheduler",
    "task_default_queue": "cmsys",
    # Messages: an id in JSON, no results.
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "task_ignore_result": True,
    # A message is done when its work is done, so that a worker holds no more of them than it can work on.
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # One slice of a job and its last chunk.
    "task_soft_time_limit": 600,
    "task_time_limit": 660,
    "broker_transport_options": {
        # A worker keeps its acknowledgements to itself. In Redis, one that fails because the broker hangs is never
        # taken back, and the worker hears nothing more. What a dead worker held is sent again from the job table.
        "ack_emulation": False,
        # Nobody waits for a broker that hangs: the row in the job table is the truth.
        "socket_connect_timeout": 1,
        "socket_timeout": 2,
        "retry_on_timeout": False,
        # Of a single publish; workers keep trying for ever (broker_connection_max_retries).
        "max_retries": 0,
    },
    "task_publish_retry": False,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    # Stopping: a running chunk may end.
    "worker_soft_shutdown_timeout": 10.0,
    "worker_max_memory_per_child": 600_000,  # KiB; a child that grew beyond is replaced after its task
    "worker_enable_remote_control": False,
    "worker_send_task_events": False,
}
# Seconds: a silent worker is dead, an id nobody took is sent again, a long job makes room, looks at an empty table and
# ticks of the ledger's sealer (cmsys.jobs.timing).
JOBS: dict[str, float] = {"lease": 20, "claim": 60, "slice": 60, "poll": 1, "seal": 2}
