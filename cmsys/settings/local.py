"""Settings of `make run` and of commands typed beside it: embedded services unless DATABASE_URL / REDIS_URL say otherwise."""

from __future__ import annotations

from pathlib import Path

from cmsys.env import Env, caches, database
from cmsys.local.runfile import RunFile
from cmsys.settings.base import *
from cmsys.settings.base import BASE_DIR, DATABASE_ROLE

env = Env()
CMSYS_HOME = Path(env.text("CMSYS_HOME", str(BASE_DIR / ".local"))).resolve()
# Written by the launcher; absent for pure commands such as score_scheme, which then simply have no database.
RUN = RunFile.read(CMSYS_HOME / "run.json")

DEBUG = False
SECRET_KEY = env.text("CMSYS_SECRET_KEY", RUN.secret_key)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *env.words("CMSYS_HOSTS", ())]
_url = env.text(
    "DATABASE_URL", RUN.owner_database_url if DATABASE_ROLE == "cmsys_owner" else RUN.database_url
)
DATABASES = {"default": database(_url, role=DATABASE_ROLE)} if _url else {}
REDIS_URL = env.text("REDIS_URL", RUN.redis_url)
CACHES = caches(REDIS_URL)

# Plain HTTP on the loopback interface: cookies cannot be marked secure there (reliability-security 5).
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": CMSYS_HOME / "files"},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
