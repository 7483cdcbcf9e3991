"""What the settings of an installation read: secrets from files, and logs that anybody may collect."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cmsys.env import ConfigurationError, Env
from cmsys.local.checks import PRODUCTION
from cmsys.local.places import CHECKOUT
from cmsys.settings.logs import as_json

KEY = "k7" * 30


def test_a_secret_comes_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    env = Env({"K_FILE": str(tmp_path / "key"), "K": "not this one"})
    assert env.secret("K") == KEY
    with pytest.raises(ConfigurationError, match="无法读取"):
        Env({"K_FILE": str(tmp_path / "none")}).secret("K")


def test_earlier_keys_one_a_line_or_none(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"{KEY}\n{KEY[::-1]}\n")
    (tmp_path / "empty").write_text("")
    assert Env({"K_FILE": str(tmp_path / "keys")}).secrets("K") == [KEY, KEY[::-1]]
    assert Env({"K_FILE": str(tmp_path / "empty")}).secrets("K") == []
    assert Env({"K": f"{KEY}, {KEY}"}).secrets("K") == [KEY, KEY]
    assert Env({}).secrets("K") == []
    with pytest.raises(ConfigurationError, match="过短"):
        Env({"K": "short"}).secrets("K")


def test_an_address_takes_its_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a/b@c:d 1\n")
    filed = {"P_FILE": str(tmp_path / "password")}
    assert (
        Env({"U": "postgresql://web@db:5432/x?sslmode=require", **filed}).address("U", "P")
        == "postgresql://web:a%2Fb%40c%3Ad%201@db:5432/x?sslmode=require"
    )
    assert Env({"U": "redis://r:6379/0", **filed}).address("U", "P") == "redis://:a%2Fb%40c%3Ad%201@r:6379/0"
    assert Env({"U": "redis://:x@r/0"}).address("U", "P") == "redis://:x@r/0"


@pytest.mark.parametrize(
    ("address", "password"), [("redis://:x@r/0", "y"), ("redis:///0", "y"), ("redis://r/0", "")]
)
def test_an_address_with_two_passwords_or_none_is_refused(
    tmp_path: Path, address: str, password: str
) -> None:
    (tmp_path / "p").write_text(password)
    with pytest.raises(ConfigurationError, match="密码文件不应为空"):
        Env({"U": address, "P_FILE": str(tmp_path / "p")}).address("U", "P")


def test_the_settings_take_all_of_it_from_files(tmp_path: Path) -> None:
    """The whole module, in a process of its own, with no secret in the environment."""
    for name, text in (("key", KEY), ("old", KEY[::-1]), ("db", "d#1"), ("redis", "r#2")):
        (tmp_path / name).write_text(text)
    variables = {name: value for name, value in PRODUCTION.items() if name != "CMSYS_SECRET_KEY"} | {
        "CMSYS_SECRET_KEY_FILE": str(tmp_path / "key"),
        "CMSYS_SECRET_KEY_FALLBACKS_FILE": str(tmp_path / "old"),
        "DATABASE_URL": "postgresql://cmsys_web@db:5432/cmsys",
        "DATABASE_PASSWORD_FILE": str(tmp_path / "db"),
        "REDIS_URL": "redis://r:6379/0",
        "REDIS_PASSWORD_FILE": str(tmp_path / "redis"),
    }
    ask = (
        "import json; from cmsys.settings import production as p; d = p.DATABASES['default'];"
        "print(json.dumps([p.SECRET_KEY, p.SECRET_KEY_FALLBACKS, d['USER'], d['PASSWORD'], d['HOST'], p.REDIS_URL]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask], cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        KEY, [KEY[::-1]], "cmsys_web", "d#1", "db", "redis://:r%232@r:6379/0",
    ]  # fmt: skip


# --- logs ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What the loggers x, django.request and cmsys.jobs write in an installation, as objects; nobody else's is touched."""
    made = as_json("INFO")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(
        logging.config.DictConfigurator(made).configure_formatter(made["formatters"]["json"])
    )
    used = [logging.getLogger(name) for name in ("x", "django.request", "cmsys.jobs")]
    kept = [(each.level, each.propagate) for each in used]
    for each in used:
        each.addHandler(handler)
        each.setLevel(made["root"]["level"])
        each.propagate = False
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    for each, (level, propagate) in zip(used, kept, strict=True):
        each.removeHandler(handler)
        each.setLevel(level)
        each.propagate = propagate


def test_a_refused_row_is_one_line_without_its_numbers(lines: Any) -> None:
    try:
        raise ValueError("Key (mobile)=(13812345678) exists\nforged 110101199003071234 line")
    except ValueError:
        logging.getLogger("django.request").exception("failed for %s", "13912345678")
    (line,) = lines()
    assert line["event"] == "failed for 139****5678"
    assert (line["level"], line["logger"]) == ("error", "django.request")
    assert "138****5678) exists\nforged 110***********1234 line" in line["exception"]
    assert "13812345678" not in json.dumps(line)
    assert line["timestamp"].endswith("Z")


def test_the_number_of_the_request_is_in_its_lines(lines: Any) -> None:
    class Request:
        request_id = "abc"

    logging.getLogger("django.request").warning("Not Found: /x", extra={"request": Request()})
    logging.getLogger("cmsys.jobs").info("客户 %d", 7)
    logging.getLogger("cmsys.jobs").debug("too small to be said")
    first, second = lines()
    assert (first["request_id"], second["event"]) == ("abc", "客户 7")
    assert "request_id" not in second


def test_figures_that_only_look_like_numbers_of_people_stay(lines: Any) -> None:
    logging.getLogger("x").info("seq 138123456789 head 1%s", "0" * 30)
    assert lines()[0]["event"] == f"seq 138123456789 head 1{'0' * 30}"
