"""The Celery application for `celery -A cmsys worker` and `celery -A cmsys beat`."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cmsys.settings.local")

from cmsys.jobs.transport import application

app = application()
