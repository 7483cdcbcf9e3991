"""Settings of the worker and the dispatcher that the fault tests start: the test database, and shorter leases.

A shorter lease shortens the wait for it and nothing else; `test_jobs_killed.py` measures the real one as well.
"""

from __future__ import annotations

import json
import os

from cmsys.settings.test import *  # noqa: F403
from cmsys.settings.test import DATABASES, INSTALLED_APPS

DATABASES["default"]["NAME"] = os.environ["JOBS_TEST_DATABASE"]
DATABASES["default"]["OPTIONS"]["options"] = os.environ["JOBS_TEST_OPTIONS"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.apps.RoomConfig"]
JOBS = json.loads(os.environ["JOBS_TEST_TIMING"])
