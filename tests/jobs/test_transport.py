"""Messages: how the broker is addressed, what stands in a message, and that nobody waits for a broker that hangs."""

from __future__ import annotations

import base64
import json
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerError

from cmsys.env import ConfigurationError
from cmsys.jobs import transport
from cmsys.jobs.transport import broker_url, make_app, publish
from cmsys.local.broker import Broker


@pytest.mark.parametrize(
    ("given", "kombu"),
    [
        ("redis://:secret@127.0.0.1:6379/0", "redis://:secret@127.0.0.1:6379/0"),
        ("rediss://user:secret@broker.bank:6380/2", "rediss://user:secret@broker.bank:6380/2"),
        ("unix:///run/cmsys/valkey.sock", "redis+socket:///run/cmsys/valkey.sock?virtual_host=0"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix://:a%2Fb@/run/valkey.sock?db=1", "redis+socket://:a%2Fb@/run/valkey.sock?virtual_host=1"),
    ],
)
def test_an_address_as_kombu_writes_it(given: str, kombu: str) -> None:
    assert broker_url(given) == kombu


@pytest.mark.parametrize("given", ["", "amqp://localhost", "localhost:6379", "unix://"])
def test_any_other_address_is_refused_with_a_sentence(given: str) -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        broker_url(given)


@pytest.fixture
def speaking_to(valkey: Broker, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    app = make_app(settings.CELERY, valkey.url)
    monkeypatch.setattr(transport, "application", lambda: app)
    yield valkey
    app.close()


def test_a_message_is_a_task_name_and_an_id(speaking_to: Broker) -> None:
    publish(4711)
    client = redis.Redis.from_url(speaking_to.url)
    assert client.keys("cmsys*") == [b"cmsys"]
    (raw,) = client.lrange("cmsys", 0, -1)
    message: dict[str, Any] = json.loads(raw)
    client.close()
    assert (message["headers"]["task"], message["content-type"]) == ("cmsys.jobs.run", "application/json")
    assert json.loads(base64.b64decode(message["body"]))[:2] == [[4711], {}]
    assert "reply_to" not in message["headers"]


def test_a_broker_that_hangs_or_is_away_is_refused_soon(
    speaking_to: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without the timeouts in settings.CELERY the first of these would never return."""
    publish(1)
    process = speaking_to.process
    assert process is not None

    def too_late(*_: object) -> None:
        raise AssertionError("still waiting for a broker that hangs")

    took = {}
    before = signal.signal(signal.SIGALRM, too_late)
    signal.alarm(30)
    try:
        for state in ("hung", "away"):
            if state == "hung":
                process.send_signal(signal.SIGSTOP)
            else:
                process.send_signal(signal.SIGCONT)
                speaking_to.stop()
            begun = time.perf_counter()
            with pytest.raises((BrokerError, OSError)):
                publish(2)
            took[state] = time.perf_counter() - begun
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    speaking_to.start()
    publish(3)
    with capsys.disabled():
        print(
            "\n[jobs] a message to a broker that is",
            ", ".join(f"{state}: refused after {seconds:.1f} s" for state, seconds in took.items()),
        )
