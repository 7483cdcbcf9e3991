"""A backup, a restore, and everything that has to be refused, on databases of their own beside the test database."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.accounts.services.users import user_create
from cmsys.api.models import Client
from cmsys.api.services.clients import client_create
from cmsys.audit.acting import acting_as
from cmsys.audit.models import Event, Seal
from cmsys.audit.sealer import Sealer
from cmsys.backups import programs, script
from cmsys.backups.manifest import BackupRefused, read
from cmsys.backups.taking import tables
from cmsys.local.places import CHECKOUT
from cmsys.local.roles import APP, OWNER
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_create
from tests.conftest import work_as
from tests.sealing import sealed

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SOURCE, TARGET = "cmsys_backup_source", "cmsys_backup_target"
ACTOR = SystemActor("system:test")
PASSWORD = "Aa1!aaaaaaaaaaaa"


def administer(*statements: str) -> None:
    """Statements outside of any transaction, in the cluster's own database."""
    made = connection.Database.connect(**{**connection.get_connection_params(), "dbname": "postgres"})
    made.autocommit = True
    try:
        with made.cursor() as cursor:
            cursor.execute("RESET ROLE")
            cursor.execute("SET ROLE postgres")
            for statement in statements:
                cursor.execute(statement)
    finally:
        made.close()


@pytest.fixture(scope="module")
def databases(django_db_setup: None, django_db_blocker: Any) -> Iterator[Callable[[str], None]]:
    """Two databases, migrated and empty. Called with a name, Django works there, as the owner."""
    with django_db_blocker.unblock():
        usual = connection.settings_dict["NAME"]

        def use(name: str, role: str = OWNER) -> None:
            connection.close()
            connection.settings_dict["NAME"] = name
            work_as(role)

        connection.close()
        administer(f"CREATE DATABASE {SOURCE} TEMPLATE {usual} OWNER {OWNER}")
        try:
            use(SOURCE)
            # Nothing to do where other tests have had the test database made; this module alone does not ask for it.
            call_command("migrate", verbosity=0)
            connection.close()
            administer(f"CREATE DATABASE {TARGET} TEMPLATE {SOURCE} OWNER {OWNER}")
            yield use
        finally:
            use(usual, APP)
            connection.close()
            administer(f"DROP DATABASE IF EXISTS {SOURCE}", f"DROP DATABASE IF EXISTS {TARGET}")


@pytest.fixture(scope="module")
def backed_up(databases: Callable[[str], None], tmp_path_factory: Any) -> tuple[Path, dict[str, Any]]:
    """A small world in the source, two files beside it, and its backup. Nobody changes the folder: tests copy it."""
    folder = tmp_path_factory.mktemp("backups") / "first"
    home = tmp_path_factory.mktemp("home")
    (home / "files/scans").mkdir(parents=True)
    (home / "files/合同.txt").write_text("甲方", encoding="utf-8")
    (home / "files/scans/a.bin").write_bytes(bytes(range(256)))
    databases(SOURCE)
    with acting_as(ACTOR):
        unit_create(actor=ACTOR, today=NOW.date(), code="HQ", parent=None, name="总行", kind="head")
        user_create(actor=ACTOR, username="sys1", name="张三", password=PASSWORD)
        client_create(actor=ACTOR, now=NOW, name="hr", scopes=["org:read"], unit=None)
    Session.objects.create(session_key="k" * 32, session_data="x", expire_date=NOW)
    sealer = Sealer()
    assert sealed(sealer, NOW) == Event.objects.count() == 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(django_settings, "CMSYS_HOME", home)
        out = StringIO()
        call_command("backup", str(folder), stdout=out)
    return folder, json.loads(out.getvalue())


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.CMSYS_HOME = tmp_path / "home"
    settings.CMSYS_HOME.mkdir()
    return Path(settings.CMSYS_HOME)


@pytest.fixture
def target(databases: Callable[[str], None], backed_up: object, home: Path) -> Iterator[None]:
    """Django works in the target, which is empty: no table at all."""
    databases(TARGET)
    with connection.cursor() as cursor:
        cursor.execute(script.beginning(replace=True) + "COMMIT")
    assert tables() == []
    yield
    databases(TARGET)


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def restored(folder: Path, *options: str) -> dict[str, Any]:
    out = StringIO()
    call_command("restore", str(folder), *options, stdout=out)
    printed: dict[str, Any] = json.loads(out.getvalue())
    return printed


def refusal(folder: Path, *options: str) -> str:
    with pytest.raises(CommandError) as refused:
        restored(folder, *options)
    assert refused.value.returncode == 2
    return str(refused.value)


# --- taking -------------------------------------------------------------------------------------------------------------
def test_a_backup_says_what_is_in_it(backed_up: tuple[Path, dict[str, Any]]) -> None:
    folder, printed = backed_up
    manifest = read(folder, printed["manifest_sha256"])
    assert sorted(path.name for path in folder.iterdir()) == ["database.dump", "files", "manifest.json"]
    assert [part.path for part in manifest.parts] == ["database.dump", "files/scans/a.bin", "files/合同.txt"]
    assert [part.bytes for part in manifest.parts[1:]] == [256, 6]
    counts = {name: manifest.tables[name] for name in ("org_orgunit", "accounts_user", "api_client")}
    assert counts == {"org_orgunit": 1, "accounts_user": 1, "api_client": 1}
    assert (manifest.tables["audit_event"], manifest.tables["audit_seal"]) == (3, 3)
    assert (printed["events"], printed["sealed"], printed["breaks"]) == (3, 3, [])
    assert len(printed["head"]) == 64
    assert (folder.stat().st_mode & 0o777, (folder / "database.dump").stat().st_mode & 0o777) == (
        0o700,
        0o600,
    )
    assert PASSWORD not in (folder / "manifest.json").read_text()


def test_a_backup_is_an_event_of_its_own(
    backed_up: tuple[Path, dict[str, Any]], databases: Callable[[str], None]
) -> None:
    databases(SOURCE)
    event = Event.objects.get(kind="system.backup")
    assert event.after["manifest_sha256"] == backed_up[1]["manifest_sha256"]


def test_a_folder_with_something_in_it_is_left_alone(
    databases: Callable[[str], None], tmp_path: Path
) -> None:
    databases(SOURCE)
    (tmp_path / "old").write_text("kept")
    with pytest.raises(CommandError, match="不是空目录"):
        call_command("backup", str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_a_backup_that_fails_leaves_nothing(
    databases: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pg_dump is refused by the server; neither half a dump nor a folder remains, nor a manifest to mistake for one."""
    databases(SOURCE)
    monkeypatch.setattr(programs, "OWNER", "nobody_at_all")
    with pytest.raises(CommandError, match="pg_dump 失败"):
        call_command("backup", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


def test_without_suitable_programs_nothing_begins(
    databases: Callable[[str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    databases(SOURCE)
    old = tmp_path / "bin"
    old.mkdir()
    for name in ("pg_dump", "pg_restore", "psql"):
        (old / name).write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 9.6.24'\n")
        (old / name).chmod(0o755)
    monkeypatch.setenv("PG_BIN", str(old))
    with pytest.raises(CommandError, match=r"找到的版本：9。"):
        call_command("backup", str(tmp_path / "new"))
    monkeypatch.setenv("PG_BIN", str(tmp_path / "nowhere"))
    with pytest.raises(CommandError, match="找到的版本：无"):
        call_command("backup", str(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


# --- restoring ----------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("target")
def test_everything_comes_back(
    backed_up: tuple[Path, dict[str, Any]], home: Path, databases: Callable[..., None]
) -> None:
    folder, printed = backed_up
    done = restored(folder, "--expect", printed["manifest_sha256"])
    wanted = {name: printed[name] for name in ("tables", "rows", "events", "sealed", "head", "breaks")}
    assert {name: done[name] for name in wanted} == wanted
    assert (home / "files/合同.txt").read_text(encoding="utf-8") == "甲方"
    assert (home / "files/scans/a.bin").read_bytes() == bytes(range(256))

    assert OrgUnit.objects.get().code == "HQ"
    assert not Session.objects.exists(), "nobody is signed in by a backup"
    assert [event.kind for event in Event.objects.order_by("id")][-1] == "system.restore"

    # The application's role may again what it may, and no more.
    databases(TARGET, APP)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, has_table_privilege('org_orgunit', 'UPDATE'),"
                       " has_table_privilege('audit_event', 'UPDATE'), has_table_privilege('audit_event', 'INSERT')")  # fmt: skip
        assert cursor.fetchone() == (APP, True, False, True)


@pytest.mark.usefixtures("target")
def test_the_chain_goes_on_and_clients_of_the_feed_begin_anew(
    backed_up: tuple[Path, dict[str, Any]],
) -> None:
    """A client that read further than the backup must not be told that it has everything (ADR 0132)."""
    before = read(backed_up[0]).ledger
    last = restored(backed_up[0])["events"]
    client = Client.objects.get()
    highest = Event.objects.filter(kind="user.create").get().pk
    assert client.feed_from is not None
    assert client.feed_from > highest + script.NUMBERS_LEFT_OUT - 10
    with acting_as(ACTOR):
        user_create(actor=ACTOR, username="sys2", name="李四", password=PASSWORD)
    sealer = Sealer()
    sealed = sealer.tick(timezone.now()) or sealer.tick(timezone.now())
    assert (last, sealed, Seal.objects.count()) == (3, 2, 5)
    out = StringIO()
    call_command("verify_audit", stdout=out)
    found = json.loads(out.getvalue())
    assert (found["breaks"], found["sealed"]) == ([], 5)
    assert bytes(Seal.objects.get(seq=3).hash).hex() == before.head


@pytest.mark.usefixtures("target")
def test_a_target_that_is_not_empty_wants_a_flag(backed_up: tuple[Path, dict[str, Any]], home: Path) -> None:
    folder, _printed = backed_up
    restored(folder)
    with acting_as(ACTOR):
        unit_create(actor=ACTOR, today=NOW.date(), code="NEW", parent=None, name="新", kind="head")
    with connection.cursor() as cursor:
        # Its own sequence stands before the table in the catalogue, and cannot be dropped by itself.
        cursor.execute("CREATE TABLE left_over (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY)")
        cursor.execute("CREATE VIEW left_view AS SELECT id FROM left_over")
    assert "--replace" in refusal(folder)
    assert OrgUnit.objects.count() == 2
    (home / "files/later.txt").write_text("later")
    restored(folder, "--replace")
    assert OrgUnit.objects.count() == 1
    assert "left_over" not in tables()
    aside = [path for path in home.iterdir() if path.name.startswith("files.before-restore-")]
    assert [(path / "later.txt").read_text() for path in aside] == ["later"]
    assert not (home / "files/later.txt").exists()


@pytest.mark.usefixtures("target")
def test_files_alone_are_a_reason_to_ask(backed_up: tuple[Path, dict[str, Any]], home: Path) -> None:
    (home / "files").mkdir()
    (home / "files/x").write_text("x")
    assert "--replace" in refusal(backed_up[0])


def flip(path: Path) -> None:
    """One bit in the middle of the file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: flip(folder / "database.dump"), "database.dump 与清单中的 sha256 不符"),
        (lambda folder: flip(folder / "files/scans/a.bin"), "files/scans/a.bin 与清单中的 sha256 不符"),
        (lambda folder: (folder / "files/合同.txt").unlink(), "与清单不符：files/合同.txt"),
        (lambda folder: (folder / "files/more").write_text("x"), "与清单不符：files/more"),
        (lambda folder: (folder / "manifest.json").unlink(), "备份没有做完"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "无法读取"),
    ],
)  # fmt: skip
def test_a_backup_that_was_touched_is_refused(
    backed_up: tuple[Path, dict[str, Any]], tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    copy = copied(backed_up[0], tmp_path)
    harm(copy)
    assert said in refusal(copy)
    assert tables() == []


def rewritten(folder: Path, **values: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.usefixtures("target")
def test_a_manifest_made_to_fit_is_found_by_its_noted_sum(
    backed_up: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    copy = copied(backed_up[0], tmp_path)
    rewritten(copy, made_at="2020-01-01T00:00:00+00:00")
    assert "--expect" in refusal(copy, "--expect", backed_up[1]["manifest_sha256"])


@pytest.mark.usefixtures("target")
def test_rows_that_do_not_arrive_are_noticed_before_the_commit(
    backed_up: tuple[Path, dict[str, Any]], tmp_path: Path, home: Path
) -> None:
    copy = copied(backed_up[0], tmp_path)
    rewritten(copy, tables={**read(copy).tables, "org_orgunit": 2})
    assert "org_orgunit: 1 rows instead of 2" in refusal(copy)
    assert tables() == []
    assert not (home / "files").exists()


@pytest.mark.usefixtures("target")
def test_a_ledger_that_is_another_one_ends_with_one(
    backed_up: tuple[Path, dict[str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = copied(backed_up[0], tmp_path)
    rewritten(copy, ledger={**json.loads((copy / "manifest.json").read_text())["ledger"], "head": "0" * 64})
    with pytest.raises(SystemExit) as ended:
        call_command("restore", str(copy), stderr=sys.stderr)
    assert ended.value.code == 1
    assert "操作日志与备份时不一致" in capsys.readouterr().err


@pytest.mark.usefixtures("target")
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"server": 990001}, "备份来自 PostgreSQL 99"),
        ({"program": 99}, "需要 99 或更高版本"),
        ({"extensions": ["btree_gist", "postgis"]}, "缺少扩展 postgis"),
        ({"migrations": ["org.0001_initial", "org.9999_later"]}, "请先升级程序"),
        ({"schema_version": 2}, "无法读取"),
    ],
)
def test_what_does_not_fit_here_is_refused(
    backed_up: tuple[Path, dict[str, Any]], tmp_path: Path, values: dict[str, Any], said: str
) -> None:
    copy = copied(backed_up[0], tmp_path)
    rewritten(copy, **values)
    assert said in refusal(copy)
    assert tables() == []


@pytest.mark.usefixtures("target")
def test_nobody_else_may_be_connected(backed_up: tuple[Path, dict[str, Any]]) -> None:
    other = connection.Database.connect(**connection.get_connection_params())
    try:
        assert "请先停止 web" in refusal(backed_up[0])
    finally:
        other.close()


# --- by hand ------------------------------------------------------------------------------------------------------------
def test_the_contents_leave_out_what_is_not_ours() -> None:
    listed = """;
; Archive created at 2026
5; 2615 2200 SCHEMA - public cmsys_owner
2; 3079 16389 EXTENSION - btree_gist
4000; 0 0 COMMENT - EXTENSION btree_gist
4001; 0 0 ACL - SCHEMA public cmsys_owner
4002; 0 0 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES cmsys_owner
4003; 0 0 COMMENT public TABLE org_orgunit cmsys_owner
210; 1259 16400 TABLE public org_orgunit cmsys_owner
"""
    assert [line.split(";")[0] for line in script.order(listed).splitlines() if line[0] != ";"] == [
        "4003",
        "210",
    ]


def test_only_names_of_tables_are_compared() -> None:
    with pytest.raises(ValueError, match="not the name"):
        script.end({"x; DROP TABLE y": 1})


def test_a_link_in_a_backup_is_refused(backed_up: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    copy = copied(backed_up[0], tmp_path)
    (copy / "files/合同.txt").unlink()
    (copy / "files/合同.txt").symlink_to("/etc/passwd")
    with pytest.raises(BackupRefused, match="sha256 不符"):
        read(copy)


def test_the_command_works_as_the_owner(
    databases: Callable[[str], None], backed_up: object, tmp_path: Path
) -> None:
    """As an operator types it: the settings give `backup` the owner's role by its name."""
    databases(SOURCE)
    connection.close()
    url = os.environ["DATABASE_URL"].replace("/cmsys?", f"/{SOURCE}?")
    done = subprocess.run(
        [sys.executable, "manage.py", "backup", str(tmp_path / "new")], cwd=CHECKOUT, capture_output=True, text=True,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "cmsys.settings.test", "DATABASE_URL": url, "CMSYS_HOME": str(tmp_path)},
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sealed"] == 3
