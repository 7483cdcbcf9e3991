"""The one way to a message: the Celery application and `publish`. Messages carry a task name and a job id."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from celery import Celery
from django.conf import settings

from cmsys.env import ConfigurationError
from cmsys.jobs.heartbeat import WorkerHeartbeat

TASK = "cmsys.jobs.run"


def broker_url(address: str) -> str:
    """REDIS_URL as kombu writes it: redis:// and rediss:// as they are, unix:///path?db=1 as redis+socket://.

    Raises ConfigurationError for anything else.
    """
    parts = urlsplit(address)
    if parts.scheme in ("redis", "rediss"):
        return address
    if parts.scheme != "unix" or not parts.path:
        raise ConfigurationError(
            "REDIS_URL 应形如 redis://:密码@主机:6379/0 或 unix:///套接字路径 (expected a Redis address)"
        )
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    login = f"{parts.username or ''}:{quote(unquote(parts.password), safe='')}@" if parts.password else ""
    return f"redis+socket://{login}{parts.path}?virtual_host={query.get('db', '0')}"


def make_app(options: dict[str, Any], address: str) -> Celery:
    """An application with settings.CELERY that speaks to the broker at `address`."""
    made = Celery("cmsys", broker=broker_url(address), set_as_current=True)
    made.conf.update(options)
    made.steps["worker"].add(WorkerHeartbeat)
    return made


@cache
def application() -> Celery:
    """The application of this process. Raises ConfigurationError when REDIS_URL is missing."""
    return make_app(settings.CELERY, settings.REDIS_URL)


def publish(job_id: int) -> None:
    """Sends one id. Raises what the broker's client raises, after two seconds at the latest."""
    application().send_task(TASK, args=[job_id], retry=False, ignore_result=True)
