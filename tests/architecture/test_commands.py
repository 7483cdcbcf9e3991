"""The commands of the README exist, the locks say nothing of this machine, and production needs nothing of `local`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from cmsys.local.checks import PRODUCTION, STEPS
from cmsys.local.places import CHECKOUT
from cmsys.local.processes import PROCESSES, commands

TARGETS = ("run", "test", "check", "bench", "screens", "clean", "lock", "format")
LOCKS = ("bootstrap", "base", "local", "dev")
SKIPPED_FOLDERS = {".git", ".venv", ".local", "node_modules", "vendor", "__pycache__"}


def lock(name: str) -> str:
    return (CHECKOUT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock(name), flags=re.MULTILINE))


@pytest.mark.parametrize("target", TARGETS)
def test_every_command_has_a_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_ci_runs_the_command_of_the_readme_and_then_the_checks(tmp_path: Path) -> None:
    """Tried with a make that only says what it was asked for."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci/run").write_text((CHECKOUT / ".ci/run").read_text())
    (tmp_path / ".ci/run").chmod(0o755)
    (tmp_path / "README.md").write_text(
        "# cmsys\n```sh\nmake run\n```\nmake test X=no\n```sh\nmake test ARGS=-x\n```\n"
    )
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/make").write_text('#!/bin/sh\necho "made $*"\n')
    (tmp_path / "bin/make").chmod(0o755)
    (tmp_path / "bin/id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "bin/id").chmod(0o755)
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin"}
    done = subprocess.run(
        [tmp_path / ".ci/run"], env=environment, capture_output=True, text=True, check=False
    )
    assert [line for line in done.stdout.splitlines() if line.startswith("made")] == [
        "made test ARGS=-x",
        "made check",
    ]
    assert done.returncode == 0

    (tmp_path / "README.md").write_text("# cmsys\n")
    done = subprocess.run(
        [tmp_path / ".ci/run"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "没有测试命令" in done.stderr


def test_the_readme_names_the_test_command() -> None:
    fenced = re.findall(
        r"^```.*?^```", (CHECKOUT / "README.md").read_text(encoding="utf-8"), flags=re.M | re.S
    )
    assert any(re.search(r"^make test( |$)", block, flags=re.M) for block in fenced)


@pytest.mark.parametrize("name", LOCKS)
def test_every_pin_of_a_lock_has_hashes_and_no_address(name: str) -> None:
    text = lock(name)
    assert not re.search(r"https?://|file://|--index|--find-links|/root/|/home/", text)
    blocks = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert [
        block.splitlines()[0] for block in blocks if "--hash=sha256:" not in block and "==" in block
    ] == []


def test_each_lock_contains_the_one_before_at_the_same_versions() -> None:
    assert pins("base").items() <= pins("local").items() <= pins("dev").items()


def test_no_committed_file_names_a_package_index_of_this_machine() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=False
    ).stdout
    names = [
        name
        for name in listed.split("\0")
        if name.endswith((".toml", ".txt", ".json", ".lock", ".npmrc", ".cfg"))
    ]
    wrong = [
        name
        for name in names
        if not SKIPPED_FOLDERS & set(Path(name).parts)
        and (CHECKOUT / name).is_file()
        and re.search(
            r'"resolved":|registry\.npm|pypi\.org|/root/|/opt/', (CHECKOUT / name).read_text(errors="replace")
        )
    ]
    assert wrong == []


def test_the_four_processes_are_in_one_place_and_bound_to_the_loopback() -> None:
    assert list(PROCESSES) == ["web", "worker", "beat", "dispatcher"]
    made = commands("/a b/python", 8000, "/c d")
    assert made["web"].startswith("exec '/a b/python' ")
    assert "--bind 127.0.0.1:8000 " in made["web"]
    assert "--no-control-socket" in made["web"]
    assert "'/c d'/beat/schedule" in made["beat"]
    assert all(command.startswith("exec ") for command in made.values())


def test_nothing_outside_the_launcher_imports_it_but_the_local_settings() -> None:
    users = []
    for path in CHECKOUT.rglob("*.py"):
        parts = path.relative_to(CHECKOUT).parts
        if SKIPPED_FOLDERS & set(parts) or parts[0] == "tests" or parts[:2] == ("cmsys", "local"):
            continue
        if re.search(r"(from|import) cmsys\.local", path.read_text(encoding="utf-8")):
            users.append("/".join(parts))
    assert users == ["cmsys/settings/local.py"]


def test_the_checks_are_those_that_were_promised() -> None:
    said = " ".join(" ".join(step.command) for step in STEPS)
    for word in (
        "ruff format --check",
        "ruff check",
        "djlint",
        "mypy",
        "importlinter",
        "makemigrations --check",
        "--deploy",
    ):
        assert word in said
    assert PRODUCTION["DJANGO_SETTINGS_MODULE"] == "cmsys.settings.production"
