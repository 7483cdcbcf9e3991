"""Third-party files: fetched only when missing, refused when not the locked ones, and always with a sentence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from cmsys.local import frontend

GOOD = b"/* the locked file */"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that needs one served file and one test file."""
    (tmp_path / "static").mkdir()
    digest = hashlib.sha256(GOOD).hexdigest()
    wanted = {"static/vendor/a.js": digest, ".local/test-assets/b.js": digest}
    (tmp_path / frontend.MANIFEST).write_text(json.dumps(wanted))
    for name in ("package.json", "package-lock.json"):
        (tmp_path / name).write_text("{}")
    monkeypatch.setattr(
        frontend, "SOURCES", {"static/vendor/a.js": "a/a.js", ".local/test-assets/b.js": "b/b.js"}
    )
    return tmp_path


def npm_that_brings(content: bytes, monkeypatch: pytest.MonkeyPatch, calls: list[Any], code: int = 0) -> None:
    def run(command: list[str], *, cwd: Path, **_rest: Any) -> Any:
        calls.append(command)
        for name in ("a", "b"):
            (cwd / "node_modules" / name).mkdir(parents=True)
            (cwd / "node_modules" / name / f"{name}.js").write_bytes(content)
        return type("Done", (), {"returncode": code, "stderr": "npm error code ENOTFOUND\n"})()

    monkeypatch.setattr(frontend.subprocess, "run", run)
    monkeypatch.setattr(frontend, "npm_command", lambda root: (["npm"], {}))


def test_missing_files_are_fetched_once_and_then_npm_is_not_called(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[Any] = []
    npm_that_brings(GOOD, monkeypatch, calls)
    frontend.ensure(print, root=checkout)
    frontend.ensure(print, root=checkout)
    assert len(calls) == 1
    assert "--ignore-scripts" in calls[0]
    assert "--omit=dev" in calls[0]
    assert (checkout / "static/vendor/a.js").read_bytes() == GOOD
    assert not (checkout / ".local").exists()
    assert not (checkout / "node_modules").exists()


def test_a_damaged_file_is_replaced(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_that_brings(GOOD, monkeypatch, [])
    (checkout / "static/vendor").mkdir()
    (checkout / "static/vendor/a.js").write_bytes(b"half")
    frontend.ensure(print, root=checkout)
    assert (checkout / "static/vendor/a.js").read_bytes() == GOOD


def test_test_files_come_only_for_tests(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_that_brings(GOOD, monkeypatch, [])
    folder = frontend.ensure_test_assets(print, root=checkout)
    assert (folder / "b.js").read_bytes() == GOOD


def test_another_file_than_the_locked_one_is_refused_and_nothing_is_copied(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_that_brings(b"tampered", monkeypatch, [])
    with pytest.raises(SystemExit, match="与锁定的版本不符"):
        frontend.ensure(print, root=checkout)
    assert not (checkout / "static/vendor/a.js").exists()


def test_a_failing_npm_ends_with_what_it_said_and_what_to_do(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    npm_that_brings(GOOD, monkeypatch, [], code=1)
    with pytest.raises(SystemExit, match=r"(?s)请确认本机能访问 npm 仓库.*ENOTFOUND"):
        frontend.ensure(print, root=checkout)


def test_without_any_npm_the_sentence_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontend.shutil, "which", lambda name: None)
    monkeypatch.setattr(frontend.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SystemExit, match=r"请安装 Node\.js"):
        frontend.npm_command(tmp_path)


def test_manifest_and_sources_name_the_same_files() -> None:
    assert set(frontend.manifest()) == set(frontend.SOURCES)


def test_the_lock_has_integrity_and_no_addresses() -> None:
    lock = json.loads((frontend.ROOT / "package-lock.json").read_text())
    packages = [package for name, package in lock["packages"].items() if name]
    assert all(package["integrity"].startswith("sha512-") for package in packages)
    assert all("resolved" not in package for package in packages)
