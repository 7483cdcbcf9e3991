"""The settings of workers and broker that decide what survives (reliability-security 1.2): each one, by name."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from celery.signals import worker_init
from django.conf import settings

from cmsys.jobs.beat import TableScheduler
from cmsys.jobs.tasks import run
from cmsys.jobs.timing import timing
from cmsys.jobs.transport import TASK, make_app

DECIDED: dict[str, Any] = {
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_ignore_result": True,
    "task_publish_retry": False,
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    "worker_soft_shutdown_timeout": 10.0,
    "worker_max_memory_per_child": 600_000,
    "worker_enable_remote_control": False,
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "result_accept_content": ["json"],
    "task_soft_time_limit": 600,
    "task_time_limit": 660,
    "beat_scheduler": "cmsys.jobs.beat:TableScheduler",
}
TRANSPORT: dict[str, Any] = {
    "ack_emulation": False,
    "socket_connect_timeout": 1,
    "socket_timeout": 2,
    "retry_on_timeout": False,
    "max_retries": 0,
}


@pytest.fixture
def app() -> Any:
    return make_app(settings.CELERY, "redis://127.0.0.1:1/0")


@pytest.mark.parametrize("name", DECIDED)
def test_a_decided_setting_reaches_celery(name: str, app: Any) -> None:
    assert app.conf[name] == DECIDED[name]


@pytest.mark.parametrize("name", TRANSPORT)
def test_a_decided_setting_reaches_the_broker_connection(name: str, app: Any) -> None:
    assert app.conf.broker_transport_options[name] == TRANSPORT[name]
    with app.connection_for_write() as connection:
        assert connection.transport_options[name] == TRANSPORT[name]


def test_no_setting_stands_there_undecided() -> None:
    others = {"imports", "task_default_queue", "worker_send_task_events"}
    assert settings.CELERY.keys() == DECIDED.keys() | others | {"broker_transport_options"}
    assert settings.CELERY["broker_transport_options"].keys() == TRANSPORT.keys()


def test_limits_are_in_order() -> None:
    """A job makes room before a chunk is ended with a reason, and that happens before its process is killed."""
    conf = settings.CELERY
    assert timing().slice < conf["task_soft_time_limit"] < conf["task_time_limit"]
    assert timing() == type(timing())(lease=20, claim=60, slice=60, poll=1, seal=2)
    assert timing().renewal * 4 == timing().lease


def test_a_worker_sends_nothing_about_itself() -> None:
    """Whatever the command line says: a heartbeat to a broker that hangs stops the loop of the worker."""

    class Worker:
        options = {"without_heartbeat": False, "hostname": "x"}

    worker = Worker()
    worker_init.send(sender=worker)
    assert worker.options == {
        "without_heartbeat": True, "without_gossip": True, "without_mingle": True, "hostname": "x"
    }  # fmt: skip


def test_there_is_one_task_and_beat_is_ours(app: Any) -> None:
    assert run.name == TASK == "cmsys.jobs.run"
    assert app.Beat().Service(app=app).scheduler_cls is not None
    assert settings.CELERY["beat_scheduler"] == f"{TableScheduler.__module__}:{TableScheduler.__qualname__}"


SENDS = {"delay", "apply_async", "send_task"}
CHECKOUT = Path(__file__).resolve().parents[2]
DOMAINS = ("cmsys", "managers", "customers", "appraisal", "training")


def senders(path: Path) -> list[str]:
    """Every call of a sending method, and every import of celery, in a module."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in SENDS:
            found.append(f"{path.name}:{node.lineno} {node.func.attr}")
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("celery", "kombu"):
            found.append(f"{path.name}:{node.lineno} from {node.module}")
        if isinstance(node, ast.Import):
            found += [
                f"{path.name}:{node.lineno} import {name.name}"
                for name in node.names
                if name.name.split(".")[0] in ("celery", "kombu")
            ]
    return found


def test_nothing_outside_the_job_room_speaks_to_celery() -> None:
    modules = [path for domain in DOMAINS for path in (CHECKOUT / domain).rglob("*.py")]
    assert len(modules) > 50
    outside = [path for path in modules if CHECKOUT / "cmsys" / "jobs" not in path.parents]
    assert [line for path in outside for line in senders(path)] == []
    assert senders(CHECKOUT / "cmsys" / "jobs" / "transport.py") != [], "the search finds what it looks for"
