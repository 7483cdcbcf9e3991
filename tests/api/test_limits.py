"""600 requests a minute for each client, told in headers; reads stay open when the counter is gone."""

from __future__ import annotations

import signal
import time

import pytest
from django.core.cache import cache

from cmsys.api import throttling
from cmsys.api.throttling import count
from cmsys.audit.models import Event
from cmsys.env import caches


@pytest.fixture
def at(monkeypatch):
    """Sets the clock of the limiter."""

    def set_clock(seconds: float) -> None:
        monkeypatch.setattr("cmsys.api.throttling.time.time", lambda: seconds)

    set_clock(6000.0)
    return set_clock


def headers(answer) -> tuple[str, str, str]:
    return tuple(answer[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))


def spend(us, requests: int) -> None:
    """As if the client had made so many requests in this minute."""
    cache.set(f"rate:client:{us.client.pk}:{int(throttling.time.time() // 60)}", requests, 120)


def test_every_answer_tells_what_is_left(caller, units, at):
    us = caller("org:read", "managers:read")
    at(6012.4)
    assert headers(us.get("/api/v1/org-units/")) == ("600", "599", "47")
    assert headers(us.get("/api/v1/org-units/NONE/")) == ("600", "598", "47")
    assert headers(us.get("/api/v1/org-units/?x=1")) == ("600", "597", "47")
    assert headers(us.call("POST", "/api/v1/org-units/")) == ("600", "596", "47")


def test_the_601st_request_of_a_minute_is_429_and_the_next_minute_is_new(caller, units, at):
    us = caller()
    spend(us, 599)
    assert us.get("/api/v1/org-units/").status_code == 200
    at(6030.0)
    answer = us.get("/api/v1/org-units/")
    assert (answer.status_code, answer.json()["code"]) == (429, "throttled")
    assert answer["Retry-After"] == "30"
    assert headers(answer) == ("600", "0", "30")
    assert answer.json()["detail"] == "已达到每分钟请求数上限，请在 30 秒后重试。"
    at(6060.0)
    assert headers(us.get("/api/v1/org-units/")) == ("600", "599", "60")


def test_the_limit_is_the_clients_not_the_tokens_and_not_anothers(caller, units, at):
    us, other = caller(name="甲"), caller(name="乙")
    spend(us, 600)
    us.sign_in()
    assert us.get("/api/v1/org-units/").status_code == 429
    assert other.get("/api/v1/org-units/").status_code == 200


def test_refusals_count_so_that_the_ledger_cannot_be_flooded(caller, units, at):
    us = caller("managers:read")
    spend(us, 600)
    assert us.get("/api/v1/org-units/").status_code == 429
    assert not Event.objects.filter(kind="access.denied").exists()


def test_counting_is_exact_in_the_shared_cache(valkey, settings):
    settings.CACHES = caches(valkey.url)
    used = [count("client:1", 3, now=6000.0).used for _ in range(5)]
    assert used == [1, 2, 3, 4, 5]
    assert count("client:2", 3, now=6000.0).used == 1


def test_reads_stay_open_and_quick_while_the_cache_hangs_or_is_gone(caller, units, valkey, settings):
    us = caller()
    settings.CACHES = caches(valkey.url)
    assert "RateLimit-Limit" in us.get("/api/v1/org-units/")
    valkey.process.send_signal(signal.SIGSTOP)
    try:
        began = time.monotonic()
        answers = [us.get("/api/v1/org-units/") for _ in range(5)]
        took = time.monotonic() - began
    finally:
        valkey.process.send_signal(signal.SIGCONT)
    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit-Limit" not in answers[0]
    assert took < 4, "one request waits for the timeout, the others not at all"
    valkey.stop()
    throttling._resume_at = 0.0
    assert us.get("/api/v1/org-units/").status_code == 200
