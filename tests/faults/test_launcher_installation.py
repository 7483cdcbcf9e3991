"""`.venv` from nothing, from half of it, and not at all when it is already as the lock says."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmsys.local import bootstrap
from cmsys.local.places import CHECKOUT


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with locks, whose bootstrap only notes what it would do."""
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    monkeypatch.setattr(bootstrap, "CHECKOUT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv/bin/python")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv/cmsys-installed.json")
    monkeypatch.setattr(bootstrap, "REQUIREMENTS", tmp_path / "requirements")
    return tmp_path


@pytest.fixture
def steps(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    done: list[str] = []

    def make_venv() -> None:
        done.append("venv")
        bootstrap.PYTHON.parent.mkdir(parents=True, exist_ok=True)
        bootstrap.PYTHON.unlink(missing_ok=True)
        bootstrap.PYTHON.symlink_to(sys.executable)

    monkeypatch.setattr(bootstrap, "make_venv", make_venv)
    monkeypatch.setattr(bootstrap, "ensure_uv", lambda: done.append("uv"))
    monkeypatch.setattr(bootstrap, "uv_environment", dict)
    monkeypatch.setattr(bootstrap, "run", lambda command, *_: done.append(Path(command[-1]).name))
    yield done


def test_from_nothing_then_nothing_more(steps: list[str]) -> None:
    bootstrap.install("local")
    assert steps == ["venv", "uv", "local.txt"]
    steps.clear()
    bootstrap.install("local")
    assert steps == []


def test_dev_contains_local(steps: list[str]) -> None:
    bootstrap.install("dev")
    steps.clear()
    bootstrap.install("local")
    bootstrap.install("dev")
    assert steps == []


def test_a_changed_lock_is_installed_and_what_tests_need_is_kept(steps: list[str], checkout: Path) -> None:
    bootstrap.install("dev")
    steps.clear()
    with (checkout / "requirements/dev.txt").open("a") as lock:
        lock.write("# changed\n")
    bootstrap.install("local")
    assert steps == ["uv", "dev.txt"]


def test_an_installation_that_was_cut_off_is_done_again(
    steps: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.install("local")
    steps.clear()
    (bootstrap.REQUIREMENTS / "local.txt").write_text("# another lock\n")

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "run", cut_off)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.install("local")
    assert not bootstrap.STAMP.exists()
    steps.clear()
    bootstrap.install("local")
    assert steps[-2:] == ["uv", "local.txt"]


@pytest.mark.parametrize("wreck", ["", "{", "[]", '{"checkout": "/somewhere/else"}'])
def test_a_wrecked_stamp_or_a_moved_checkout_is_installed_anew(steps: list[str], wreck: str) -> None:
    bootstrap.install("local")
    bootstrap.STAMP.write_text(wreck)
    steps.clear()
    bootstrap.install("local")
    assert steps[-2:] == ["uv", "local.txt"]


def test_half_a_venv_without_pip_is_made_anew(steps: list[str]) -> None:
    bootstrap.PYTHON.parent.mkdir(parents=True)
    bootstrap.PYTHON.write_text("")
    bootstrap.install("local")
    assert steps == ["venv", "uv", "local.txt"]


def started(folder: Path, stub: str, content: str) -> subprocess.CompletedProcess[str]:
    """bootstrap.py in an empty checkout, with a module of another content in front of Python's own."""
    (folder / "cmsys/local").mkdir(parents=True)
    (folder / "stubs").mkdir()
    shutil.copytree(CHECKOUT / "requirements", folder / "requirements")
    shutil.copy(CHECKOUT / "cmsys/local/bootstrap.py", folder / "cmsys/local")
    (folder / "stubs" / stub).write_text(content)
    command = [sys.executable, "cmsys/local/bootstrap.py", "local"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "stubs")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_a_python_without_venv_is_told_which_package_to_install(tmp_path: Path) -> None:
    done = started(tmp_path, "ensurepip.py", "raise ImportError")
    assert done.returncode == 1
    assert f"apt-get install python3.{sys.version_info.minor}-venv" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_old_python_is_refused(tmp_path: Path) -> None:
    old = 'import sys; sys.version_info = (3, 9, 2); sys.version = "3.9.2 (default)"'
    done = started(tmp_path, "sitecustomize.py", old)
    assert done.returncode == 1
    assert "需要 Python 3.11 或更高版本，当前是 3.9.2" in done.stderr


def test_a_second_installation_waits_for_the_first(tmp_path: Path) -> None:
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    (tmp_path / "cmsys/local").mkdir(parents=True)
    shutil.copy(CHECKOUT / "cmsys/local/bootstrap.py", tmp_path / "cmsys/local")
    waiting = subprocess.Popen(
        [sys.executable, "cmsys/local/bootstrap.py", "local"], cwd=tmp_path, stderr=subprocess.PIPE
    )
    time.sleep(0.5)
    assert waiting.poll() is None
    os.close(held)
    _, said = waiting.communicate(timeout=30)
    assert "requirements" in said.decode()


def test_the_settings_of_pip_reach_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    """Companies name their mirror in pip.conf, which uv does not read."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_STRATEGY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    mirror = {
        "index-url": "https://mirror.bank/simple",
        "extra-index-url": "file:///a file:///b",
        "cert": "/etc/ca.pem",
    }
    monkeypatch.setattr(bootstrap, "pip_settings", lambda: mirror)
    environment = bootstrap.uv_environment()
    assert environment["UV_DEFAULT_INDEX"] == "https://mirror.bank/simple"
    assert environment["UV_INDEX"] == "file:///a file:///b"
    assert environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert environment["SSL_CERT_FILE"] == "/etc/ca.pem"
