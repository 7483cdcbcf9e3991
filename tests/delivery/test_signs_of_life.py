"""Each process leaves a sign of life, and the health check of its container reads it."""

from __future__ import annotations

import http.server
import importlib.util
import logging
import os
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from cmsys.jobs import beat, heartbeat
from cmsys.jobs.dispatcher import Dispatcher
from cmsys.jobs.transport import make_app
from cmsys.local.places import CHECKOUT


@pytest.fixture
def health(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", CHECKOUT / "deploy/health.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("CMSYS_HEARTBEATS", str(tmp_path))
    settings.HEARTBEATS = str(tmp_path)
    return module


def test_nothing_is_written_where_nobody_watches(tmp_path: Path, settings: Any) -> None:
    settings.HEARTBEATS = ""
    heartbeat.heartbeat("beat")
    assert list(Path.cwd().glob("cmsys-*.alive")) == []


def test_the_dispatcher_leaves_one_each_round(health: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    dispatcher = Dispatcher(send=lambda _job: None)
    seen = []

    def round_() -> int:
        seen.append(health.alive("dispatcher"))
        dispatcher.stop()
        return 0

    monkeypatch.setattr(dispatcher, "round", round_)
    monkeypatch.setattr("cmsys.jobs.dispatcher.close_old_connections", lambda: None)
    monkeypatch.setattr("cmsys.jobs.dispatcher.connection", SimpleNamespace(close=lambda: None))
    assert health.main(["dispatcher"]) == 1
    dispatcher.loop()
    assert seen == [True]
    assert health.main(["dispatcher"]) == 0


def test_beat_leaves_one_each_tick(health: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beat, "close_old_connections", lambda: None)
    monkeypatch.setattr(beat, "enqueue_due", lambda _now: None)
    scheduler = beat.TableScheduler.__new__(beat.TableScheduler)
    assert health.main(["beat"]) == 1
    assert scheduler.tick() == 10.0
    assert health.main(["beat"]) == 0


def test_the_worker_has_a_timer_in_its_own_loop(health: ModuleType) -> None:
    assert heartbeat.WorkerHeartbeat in make_app({}, "redis://127.0.0.1:1/0").steps["worker"]
    asked = []
    timer = SimpleNamespace(
        call_repeatedly=lambda *what: (
            asked.append(what) or SimpleNamespace(cancel=lambda: asked.append("end"))
        )
    )
    parent = SimpleNamespace(timer=timer, steps=[])
    step = heartbeat.WorkerHeartbeat(parent)
    step.start(parent)
    assert asked == [(5.0, heartbeat.heartbeat, ("worker",))]
    assert health.main(["worker"]) == 0
    step.stop(parent)
    step.stop(parent)
    assert asked[1:] == ["end"]


def test_a_process_that_fell_silent_is_not_alive(health: ModuleType, tmp_path: Path) -> None:
    heartbeat.heartbeat("worker")
    long_ago = time.time() - health.SILENT_SECONDS - 1
    os.utime(tmp_path / "cmsys-worker.alive", (long_ago, long_ago))
    assert health.main(["worker"]) == 1


def test_a_folder_that_is_missing_is_said_once(
    tmp_path: Path, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.HEARTBEATS = str(tmp_path / "nowhere")
    with caplog.at_level(logging.WARNING):
        heartbeat.heartbeat("beat")
        heartbeat.heartbeat("beat")
    assert [record.getMessage() for record in caplog.records] == [
        f"no sign of life can be left in {tmp_path / 'nowhere'}: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("hosts", "asked"),
    [("cmsys.bank.example,other", "cmsys.bank.example"), (".bank.example", "bank.example"), ("*", "localhost"), ("", "localhost")],
)  # fmt: skip
def test_the_web_is_asked_under_a_name_it_serves(
    health: ModuleType, monkeypatch: pytest.MonkeyPatch, hosts: str, asked: str
) -> None:
    heard = []

    class Web(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append((self.path, self.headers["Host"]))
            self.send_response(200 if len(heard) == 1 else 503)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=lambda: [server.handle_request() for _ in range(2)], daemon=True).start()
        monkeypatch.setattr(health, "PORT", server.server_port)
        monkeypatch.setenv("CMSYS_HOSTS", hosts)
        assert [health.main(["web"]), health.main(["web"])] == [0, 1]
    assert heard == [("/healthz", asked)] * 2


def test_whoever_asks_for_something_else_is_told(health: ModuleType) -> None:
    assert health.main([]) == health.main(["proxy"]) == 2
