"""What the machine may lack: room, rights, tools, the embedded servers. Each ends with a sentence, or does not matter."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest

from cmsys.local.broker import Broker
from cmsys.local.places import CHECKOUT
from cmsys.local.postgres import Cluster
from cmsys.local.problems import explained
from tests.faults.launched import STAND_IN, Launched

DEBIAN_POSTGRES = Path("/usr/lib/postgresql/15/bin")


def mounted(folder: Path, options: str) -> None:
    """Mounts a small memory disk, or skips where that is not allowed."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        pytest.skip("挂载 tmpfs 需要 root (mounting needs root)")


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    mounted(home, "size=300m,mode=755")
    yield home
    subprocess.run(["umount", "--lazy", str(home)], check=True)


def fill(disk: Path, leave_megabytes: int) -> Path:
    ballast = disk / "ballast"
    space = os.statvfs(disk)
    size = space.f_bavail * space.f_frsize - leave_megabytes * 1024**2
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)
    return ballast


@pytest.mark.parametrize("left", [60, 0])
def test_a_full_disk_is_named_with_its_free_space_and_room_heals_it(small_disk: Path, left: int) -> None:
    ballast = fill(small_disk, left)
    refused = Launched(small_disk)
    assert refused.exit_code() == 1
    assert "磁盘空间不足" in refused.output
    assert str(small_disk) in refused.output
    assert f"仅剩 {left} MB" in refused.output or "仅剩 59 MB" in refused.output
    assert "Traceback" not in refused.output
    ballast.unlink()
    assert Launched(small_disk).ready().end() == 0


def test_a_disk_that_filled_up_since_the_last_start_is_named_and_nothing_is_lost(small_disk: Path) -> None:
    assert Launched(small_disk).ready().end() == 0
    accounts = json.loads((small_disk / "demo.json").read_text())["accounts"]
    ballast = fill(small_disk, 0)
    refused = Launched(small_disk)
    assert refused.exit_code() == 1
    assert "磁盘空间不足" in refused.output
    assert "Traceback" not in refused.output
    ballast.unlink()
    healed = Launched(small_disk).ready()
    assert "demo_data done" not in healed.output
    assert json.loads((small_disk / "demo.json").read_text())["accounts"] == accounts
    assert healed.end() == 0


def test_a_home_that_cannot_be_written_is_named(home: Path) -> None:
    if os.geteuid() == 0:
        mounted(home, "ro")
    else:
        home.chmod(0o500)
    try:
        refused = Launched(home)
        assert refused.exit_code() == 1
    finally:
        if os.geteuid() == 0:
            subprocess.run(["umount", str(home)], check=True)
        else:
            home.chmod(0o700)
    assert f"无法写入 {home}" in refused.output
    assert "Traceback" not in refused.output


def test_only_what_a_person_can_mend_becomes_a_sentence(tmp_path: Path) -> None:
    assert "磁盘空间不足" in str(explained(OSError(errno.ENOSPC, "full", str(tmp_path)), tmp_path))
    assert "无法写入" in str(explained(OSError(errno.EROFS, "read-only", str(tmp_path)), tmp_path))
    assert explained(OSError(errno.ECHILD, "no child"), tmp_path) is None


def test_missing_npm_is_said_and_nothing_is_started(home: Path) -> None:
    refused = Launched(home, STAND_IN_NPM="missing")
    assert refused.exit_code() == 1
    assert "找不到 npm" in refused.output
    assert "Traceback" not in refused.output
    assert not (home / "pg").exists()


@pytest.mark.skipif(
    not DEBIAN_POSTGRES.exists(), reason="没有 Debian 的 PostgreSQL 15 (apt-get install postgresql-15)"
)
def test_pg_bin_takes_another_postgresql_and_versions_are_not_mixed(home: Path) -> None:
    launched = Launched(home, PG_BIN=str(DEBIAN_POSTGRES)).ready()
    with psycopg2.connect(launched.run_file()["database_url"]) as connection:
        assert connection.server_version // 10000 == 15
    connection.close()
    assert launched.end() == 0
    refused = Launched(home)
    assert refused.exit_code() == 1
    assert "由 PostgreSQL 15 建立" in refused.output


def test_a_wrong_pg_bin_is_refused(home: Path) -> None:
    refused = Launched(home, PG_BIN=str(home))
    assert refused.exit_code() == 1
    assert "请改正 PG_BIN" in refused.output


@pytest.fixture
def outside_database() -> Iterator[str]:
    """An empty database on the suite's own server, as if a bank had given it to us."""
    suite = os.environ["DATABASE_URL"]
    name = f"outside_{uuid.uuid4().hex[:8]}"
    given = urlsplit(suite)._replace(path=f"/{name}").geturl()
    with_server = psycopg2.connect(suite)
    with_server.autocommit = True
    with with_server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    yield given
    with with_server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
    with_server.close()


def test_given_servers_are_used_instead_of_embedded_ones(
    home: Path, outside_database: str, valkey: Broker
) -> None:
    launched = Launched(home, DATABASE_URL=outside_database, REDIS_URL=valkey.url).ready()
    assert "demo_data done" in launched.output
    assert not (home / "pg").exists()
    assert not (home / "valkey").exists()
    run = launched.run_file()
    assert (run["database_url"], run["redis_url"]) == (outside_database, valkey.url)
    assert valkey.password not in launched.output
    app = psycopg2.connect(outside_database, options="-c role=cmsys_app")
    with app.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
        cursor.execute("CREATE TABLE trespass (i int)")
    app.close()
    assert launched.end() == 0
    (home / "state.json").unlink()
    again = Launched(home, DATABASE_URL=outside_database, REDIS_URL=valkey.url).ready()
    assert "数据库中已有用户，不再写入演示数据" in again.output
    assert again.end() == 0


def test_a_login_without_rights_gets_the_statements_for_an_administrator(
    home: Path, outside_database: str
) -> None:
    parts = urlsplit(outside_database)
    with psycopg2.connect(outside_database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE ROLE weak LOGIN")
    connection.close()
    try:
        weak = parts._replace(netloc=f"weak@{parts.netloc.rpartition('@')[2]}").geturl()
        refused = Launched(home, DATABASE_URL=weak)
        assert refused.exit_code() == 1
        assert "权限不足" in refused.output
        assert "GRANT cmsys_owner TO" in refused.output
        assert "Traceback" not in refused.output
    finally:
        with psycopg2.connect(outside_database) as connection, connection.cursor() as cursor:
            cursor.execute("DROP ROLE weak")
        connection.close()


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/cmsys"),
        ("REDIS_URL", "redis://:secret@127.0.0.1:1/0"),
    ],
)
def test_servers_that_do_not_answer_are_named_without_their_password(
    home: Path, name: str, address: str
) -> None:
    refused = Launched(home, None, STAND_IN, **{name: address})
    assert refused.exit_code() == 1
    assert f"请检查 {name}" in refused.output
    assert "secret" not in refused.output
    assert "Traceback" not in refused.output


def test_manage_py_beside_a_running_launcher_needs_no_settings() -> None:
    """The default settings are the local ones, and those read run.json (interfaces.md 1)."""
    assert (
        'setdefault("DJANGO_SETTINGS_MODULE", "cmsys.settings.local")' in (CHECKOUT / "manage.py").read_text()
    )
    assert 'RunFile.read(CMSYS_HOME / "run.json")' in (CHECKOUT / "cmsys/settings/local.py").read_text()


def test_a_leftover_that_ends_while_it_is_looked_at_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server of an earlier run may be shutting down at this very moment."""
    ended = subprocess.Popen(["true"])
    gone = psutil.Process(ended.pid)
    ended.wait()
    cluster = object.__new__(Cluster)
    cluster.data = tmp_path
    monkeypatch.setattr(Cluster, "_is_ours", lambda self, process: True)
    monkeypatch.setattr(psutil, "process_iter", lambda attrs: [gone])
    (tmp_path / "postmaster.pid").write_text("1\n")
    cluster.clear_leftovers()
    assert not (tmp_path / "postmaster.pid").exists()
