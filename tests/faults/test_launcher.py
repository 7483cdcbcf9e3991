"""The launcher comes up, goes down without a trace, and comes up again after everything that can happen to it."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
import psycopg2
import pytest
import redis

from cmsys.local.leftovers import MARK
from cmsys.local.places import CHECKOUT
from cmsys.local.remembered import State, code_fingerprint, read_object, secret_key
from cmsys.local.runfile import RunFile
from tests.faults.launched import STAND_IN, Launched, alive


def sockets(run: dict[str, str]) -> Path:
    return Path(parse_qs(urlsplit(run["owner_database_url"]).query)["host"][0])


def test_ctrl_c_ends_everything_with_code_0_and_the_next_start_keeps_the_data(home: Path) -> None:
    first = Launched(home).ready()
    run = first.run_file()
    accounts = json.loads((home / "demo.json").read_text())
    everything = first.processes()
    assert len(everything) > 8

    assert first.end(signal.SIGINT) == 0

    assert alive(everything) == []
    assert not sockets(run).exists()
    ended = first.run_file()
    assert (ended["url"], ended["database_url"], ended["redis_url"], ended["pid"]) == ("", "", "", 0)
    assert ended["secret_key"] == run["secret_key"]

    begun = time.monotonic()
    second = Launched(home).ready()
    assert time.monotonic() - begun < 8
    assert "demo_data done" not in second.output
    assert "migrate done" not in second.output, "neither code nor schema has changed"
    again = json.loads((home / "demo.json").read_text())
    assert again == accounts | {"url": second.url}
    assert stat.S_IMODE((home / "demo.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "run.json").stat().st_mode) == 0o600
    assert second.run_file()["secret_key"] == run["secret_key"]
    assert second.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ends_leave_nothing_either(home: Path, number: signal.Signals) -> None:
    launched = Launched(home).ready()
    everything = launched.processes()
    assert launched.end(number) == 0
    assert alive(everything) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_make_that_is_ended_alone_takes_everything_with_it(
    home: Path, tmp_path: Path, number: signal.Signals
) -> None:
    """make hands on SIGTERM only; whoever interrupts or kills nothing but make must not leave the rest running."""
    recipe = f"@exec {' '.join(STAND_IN)} --under-make"
    (tmp_path / "Makefile").write_text(f"run:\n\t{recipe}\n")
    launched = Launched(home, command=["make", "-f", str(tmp_path / "Makefile"), "run"]).ready()
    everything = launched.processes()
    assert len(everything) > 8
    launched.process.send_signal(number)
    launched.exit_code()
    psutil.wait_procs(everything, timeout=20)
    assert alive(everything) == []


def test_a_terminal_that_goes_away_ends_everything(home: Path) -> None:
    master, slave = pty.openpty()
    variables = {**os.environ, "CMSYS_HOME": str(home), "PORT": "0"}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        variables["PORT"] = str(probe.getsockname()[1])
    del variables["DATABASE_URL"]
    # As in a terminal window: the launcher leads the session whose terminal this is.
    program = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *STAND_IN], stdin=slave, stdout=slave, stderr=slave, cwd=CHECKOUT,
        env=variables, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    said = b""
    while b"cmsys ready" not in said:
        said += os.read(master, 4096)
    everything = psutil.Process(process.pid).children(recursive=True)
    os.close(master)
    assert process.wait(30) == 0
    assert alive(everything) == []


def test_the_app_role_comes_without_rights_over_the_schema_and_nothing_listens_on_tcp(home: Path) -> None:
    launched = Launched(home).ready()
    run = launched.run_file()
    app = psycopg2.connect(run["database_url"])
    with app.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("cmsys_app",)
        cursor.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = 'cmsys_app'"
        )
        assert cursor.fetchone() == (False, False, False, False)
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'cmsys_owner'")
        assert cursor.fetchone() == (False, True)
        cursor.execute(
            "SELECT string_agg(extname, ' ' ORDER BY extname) FROM pg_extension WHERE extname <> 'plpgsql'"
        )
        assert cursor.fetchone() == ("btree_gist pg_trgm unaccent",)
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE trespass (i int)")
    app.close()
    assert stat.S_IMODE(sockets(run).stat().st_mode) == 0o700
    broker = urlsplit(run["redis_url"])
    assert broker.hostname == "127.0.0.1"
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(host="127.0.0.1", port=broker.port or 0).ping()
    settings = redis.Redis.from_url(run["redis_url"], decode_responses=True)
    assert settings.config_get("appendonly") == {"appendonly": "yes"}
    assert settings.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
    settings.close()
    assert launched.end() == 0


def test_a_taken_port_is_named_with_its_holder_and_another_is_proposed(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        refused = Launched(home, port)
        assert refused.exit_code() == 1
    assert f"端口 {port} 已被占用" in refused.output
    assert f"进程 {os.getpid()}" in refused.output
    assert f"PORT={port + 1} make run" in refused.output
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("port", ["eighty", "0", "70000", "-1", "８０００"])
def test_a_port_that_is_none_is_refused_with_a_sentence(home: Path, port: str) -> None:
    refused = Launched(home, PORT=port)
    assert refused.exit_code() == 1
    assert f"PORT={port!r} 不是端口号" in refused.output


def test_two_launchers_of_one_home_the_second_names_the_first(home: Path) -> None:
    first = Launched(home).ready()
    second = Launched(home)
    assert second.exit_code() == 1
    assert first.url in second.output
    assert f"进程号 {first.process.pid}" in second.output
    assert first.process.poll() is None
    assert first.run_file()["pid"] == first.process.pid
    assert first.end() == 0


def test_a_launcher_killed_alone_leaves_orphans_that_the_next_start_ends(home: Path) -> None:
    first = Launched(home).ready()
    run = first.run_file()
    orphans = first.processes()[1:]
    first.process.kill()
    first.process.wait()
    assert len(alive(orphans)) > 5

    second = Launched(home, first.port).ready()
    assert alive(orphans) == []
    assert "结束上次未正常退出的进程" in second.output
    assert not sockets(run).exists()
    assert "demo_data done" not in second.output
    assert second.end() == 0


def test_everything_killed_at_once_recovers_with_the_data(home: Path) -> None:
    first = Launched(home).ready()
    with (
        psycopg2.connect(first.run_file()["owner_database_url"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("INSERT INTO accounts_user VALUES ('committed')")
    first.kill_at_once()
    assert (home / "pg" / "postmaster.pid").exists()

    second = Launched(home).ready()
    with (
        psycopg2.connect(second.run_file()["owner_database_url"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM accounts_user WHERE name = 'committed'")
        assert cursor.fetchone() == (1,)
    assert second.end() == 0


def test_a_stale_pid_file_that_names_a_stranger_neither_stops_us_nor_the_stranger(home: Path) -> None:
    assert Launched(home).ready().end() == 0
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        pid_file = home / "pg" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{home}/pg\n1700000000\n5432\n/tmp/none\n\n")
        shutil.chown(
            pid_file, *(("nobody", "nogroup") if os.geteuid() == 0 else (os.geteuid(), os.getegid()))
        )
        assert Launched(home).ready().end() == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_processes_of_another_home_are_left_alone(home: Path) -> None:
    stranger = subprocess.Popen(["sleep", "600"], env={**os.environ, MARK: f"{home}-other"})
    try:
        assert Launched(home).ready().end() == 0
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("wreck", [b"", b'{"schema_version": 1, "pid"', b"\xff\xfe\x00", b"[]", b"null"])
def test_a_wrecked_file_reads_as_nothing(tmp_path: Path, wreck: bytes) -> None:
    (tmp_path / "file").write_bytes(wreck)
    assert RunFile.read(tmp_path / "file").database_url == ""
    assert State.read(tmp_path / "file").demo_data == []
    assert read_object(tmp_path / "file") is None
    (tmp_path / "secret_key").write_bytes(wreck)
    made = secret_key(tmp_path)
    assert len(made) >= 50
    assert secret_key(tmp_path) == made


def test_half_written_files_are_made_good(home: Path) -> None:
    first = Launched(home).ready()
    key = first.run_file()["secret_key"]
    accounts = json.loads((home / "demo.json").read_text())["accounts"]
    assert first.end() == 0
    (home / "run.json").write_bytes(b'{"schema_version": 1, "url": "http')
    (home / "state.json").write_bytes(b"")
    (home / "demo.json").write_bytes(b'{"url": "", "acc')
    (home / "lock").write_bytes(b"\xff\xfe")

    second = Launched(home).ready()
    assert "demo_data done" not in second.output, "people are in the database: it must not be filled again"
    assert json.loads((home / "demo.json").read_text()) == {"url": second.url, "accounts": accounts}
    assert second.run_file()["secret_key"] == key
    assert len(json.loads((home / "state.json").read_text())["demo_data"]) == 1
    assert second.end() == 0


def test_a_schema_that_somebody_changed_is_migrated_again(home: Path) -> None:
    first = Launched(home).ready()
    with (
        psycopg2.connect(first.run_file()["owner_database_url"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM django_migrations")
    connection.close()
    assert first.end() == 0
    second = Launched(home).ready()
    assert "migrate done" in second.output
    assert second.end() == 0


def test_every_python_file_and_lock_counts_for_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "cmsys" / "audit").mkdir(parents=True)
    seen = {code_fingerprint(tmp_path)}
    for name, text in (("roles.py", "a"), ("roles.py", "b"), ("other.py", "b"), ("notes.md", "no code")):
        (tmp_path / "cmsys" / "audit" / name).write_text(text)
        seen.add(code_fingerprint(tmp_path))
    assert len(seen) == 4


def test_a_half_made_cluster_is_made_anew(home: Path) -> None:
    assert Launched(home).ready().end() == 0
    (home / "pg" / "cmsys-complete").unlink()
    shutil.rmtree(home / "pg" / "global")
    second = Launched(home).ready()
    assert "demo_data done" in second.output, "the new cluster is empty, whatever state.json says"
    assert second.end() == 0


def test_demonstration_data_cut_off_in_the_middle_is_done_again_once(home: Path) -> None:
    first = Launched(home, STAND_IN_SLOW="600")
    first.wait_for("half")
    first.kill_at_once()
    assert not (home / "demo.json").exists()

    second = Launched(home).ready()
    assert "demo_data done" in second.output
    with (
        psycopg2.connect(second.run_file()["owner_database_url"]) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT count(*) FROM accounts_user")
        assert cursor.fetchone() == (1,)
    assert second.end() == 0


def test_ctrl_c_while_demonstration_data_is_written_ends_everything(home: Path) -> None:
    launched = Launched(home, STAND_IN_SLOW="600")
    launched.wait_for("half")
    everything = launched.processes()
    assert launched.end() == 0
    assert alive(everything) == []


def test_a_process_that_is_killed_is_started_again(home: Path) -> None:
    launched = Launched(home).ready()
    worker = next(p for p in launched.processes() if p.cmdline()[-1] == "worker")
    pool = worker.children()
    worker.kill()
    launched.wait_for("worker 已退出，代码 -9")
    deadline = time.monotonic() + 10
    while not any(p.cmdline()[-1:] == ["worker"] for p in launched.processes() if p.is_running()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert alive(pool) == []
    assert launched.end() == 0


def test_a_process_that_keeps_dying_ends_the_run_with_its_name(home: Path) -> None:
    launched = Launched(home, STAND_IN_WORKER="dies")
    assert launched.exit_code(60) == 1
    assert "worker 反复退出" in launched.output


@pytest.mark.parametrize("name", ["postgres", "valkey-server"])
def test_an_embedded_server_that_is_killed_is_started_again(home: Path, name: str) -> None:
    launched = Launched(home).ready()
    run = launched.run_file()
    server = next(p for p in launched.processes() if p.name() == name)
    server.kill()
    launched.wait_for("意外退出，已重新启动")
    with psycopg2.connect(run["database_url"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    redis.Redis.from_url(run["redis_url"]).ping()
    assert launched.end() == 0


def test_a_home_that_is_a_file_is_refused(home: Path) -> None:
    (home / "file").write_text("")
    refused = Launched(home / "file")
    assert refused.exit_code() == 1
    assert f"{home}/file 是文件而不是目录" in refused.output
