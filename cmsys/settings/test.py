"""Settings of the test suite. DATABASE_URL comes from the embedded server that tests/embedded.py starts, or from outside."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir

from cmsys.env import Env, caches, database
from cmsys.settings.base import *

env = Env()
CMSYS_HOME = Path(env.text("CMSYS_HOME", gettempdir()))
DEBUG = False
SECRET_KEY = "only-for-the-test-suite-" + "0" * 40
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# The test database is made by cmsys_owner; tests/conftest.py then switches the connection to cmsys_app.
DATABASES = {"default": database(env.text("DATABASE_URL"), role="cmsys_owner") | {"CONN_MAX_AGE": 0}}
REDIS_URL = env.text("REDIS_URL", "")
CACHES = caches(REDIS_URL)
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_SECURE = False
# Argon2 costs a quarter of a second per sign-in; the hasher itself is covered by a test that names it.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Looks for a file when it is asked for, instead of reading a folder of collected ones that tests do not make.
WHITENOISE_AUTOREFRESH = True
