"""Settings of an installation that people work in. A missing or placeholder value ends the start (ConfigurationError)."""

from __future__ import annotations

from pathlib import Path

from cmsys.env import Env, caches, database
from cmsys.settings.base import *
from cmsys.settings.base import CELERY, DATABASE_ROLE
from cmsys.settings.logs import as_json

env = Env()
CMSYS_HOME = Path(env.text("CMSYS_HOME", "/var/lib/cmsys"))
# Where worker, beat and dispatcher leave signs of life for whoever watches them (deploy/health.py); nowhere by default.
HEARTBEATS = env.text("CMSYS_HEARTBEATS", "")
DEBUG = False
SECRET_KEY = env.secret("CMSYS_SECRET_KEY")
SECRET_KEY_FALLBACKS = env.secrets("CMSYS_SECRET_KEY_FALLBACKS")
ALLOWED_HOSTS = env.words("CMSYS_HOSTS")
DATABASES = {"default": database(env.address("DATABASE_URL", "DATABASE_PASSWORD"), role=DATABASE_ROLE)}
LOGGING = as_json(env.choice("CMSYS_LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")))
# Workers log as everything else does.
CELERY = {**CELERY, "worker_hijack_root_logger": False, "worker_redirect_stdouts": False}
# Whoever brings one of these may read /metrics; without any there is no such page.
METRICS_TOKENS = env.secrets("CMSYS_METRICS_TOKEN")
REDIS_URL = env.address("REDIS_URL", "REDIS_PASSWORD")
CACHES = caches(REDIS_URL)

SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
SECURE_SSL_REDIRECT = env.flag("CMSYS_SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [
    r"^healthz$",
    r"^readyz$",
    r"^metrics$",
]  # asked over plain HTTP by what starts and watches processes
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
# How many trusted proxies stand in front. Their X-Forwarded-* headers are believed, nobody else's.
PROXY_COUNT = env.integer("CMSYS_PROXY_COUNT", 1, low=0, high=5)
AXES_IPWARE_PROXY_COUNT = PROXY_COUNT
if PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CMSYS_HOME / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
