"""restore: a backup into an empty database, or in the place of what is there; all of it or nothing."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from cmsys.access.actors import SystemActor
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record
from cmsys.audit.roles import grant_to_app
from cmsys.audit.verify import Verification, verify
from cmsys.backups import script
from cmsys.backups.manifest import DUMP, FILES, BackupRefused, Manifest, read, sum_of
from cmsys.backups.programs import Programs, environment, programs
from cmsys.backups.taking import server_version, tables


def restore(
    folder: Path, *, replace: bool = False, expected: str | None = None, now: datetime
) -> tuple[Manifest, Verification]:
    """Puts the backup's database and files in place and returns its manifest and the ledger as it was found afterwards.

    The sums of all files are checked before anything is touched; the database is written in one transaction whose last
    statements compare the rows of every table with the manifest. `replace` takes away what is there, otherwise database and
    files must be empty. Sessions of the backup are not restored, and clients of the change feed are told to begin anew.
    Raises BackupRefused.
    """
    manifest = read(folder, expected)
    _check_fits(manifest)
    stored = Path(settings.CMSYS_HOME) / FILES
    _check_target(stored, replace)
    _check_alone()
    tools = programs(manifest.program)
    connection.close()
    _run(folder, manifest, tools, replace)
    grant_to_app()
    _put_files(folder / FILES, stored, now)
    found = verify()
    actor = SystemActor("system:restore")
    with acting_as(actor):
        record(
            "system.restore", None, actor=actor, now=now, resource="system", label=manifest.made_at,
            after={"made_at": manifest.made_at, "head": manifest.ledger.head, "dump": sum_of(folder / DUMP)},
        )  # fmt: skip
    return manifest, found


def as_backed_up(manifest: Manifest, found: Verification) -> bool:
    """Whether the ledger is the one of the backup, link by link, and whole."""
    chain = manifest.ledger
    return not found.breaks and (found.events, found.sealed, found.head) == (
        chain.events,
        chain.sealed,
        chain.head,
    )


def _check_fits(manifest: Manifest) -> None:
    """Whether this server and this code can take the backup. Two queries."""
    server = server_version()
    if server // 10_000 < manifest.server // 10_000:
        raise BackupRefused(
            f"备份来自 PostgreSQL {manifest.server // 10_000}，目标是 {server // 10_000}：请用不低于来源的版本"
            " (the server is older than the one of the backup)"
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension")
        missing = sorted(set(manifest.extensions) - {name for (name,) in cursor.fetchall()})
    if missing:
        raise BackupRefused(
            f"目标库缺少扩展 {'、'.join(missing)}：请先按 docs/operations.md 建库 (extensions are missing)"
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    unknown = sorted(set(manifest.migrations) - known)
    if unknown:
        raise BackupRefused(
            f"备份来自更新的程序版本（{unknown[0]} 等 {len(unknown)} 个迁移本版本没有）：请先升级程序"
            " (the backup was made by a newer version)"
        )


def _check_target(stored: Path, replace: bool) -> None:
    filled = [*tables(), *(path.name for path in stored.glob("*"))]
    if filled and not replace:
        raise BackupRefused(
            f"目标不是空的（{filled[0]} 等 {len(filled)} 项）。恢复会抹掉其中的一切；确定要替换请加 --replace"
            " (the target is not empty)"
        )


def _check_alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND usesysid IS NOT NULL"  # all that a login without further rights is told of others
        )
        others = cursor.fetchone()[0]
    if others:
        raise BackupRefused(
            f"还有 {others} 个连接在使用该数据库：请先停止 web、worker、beat、dispatcher (others are connected)"
        )


def _run(folder: Path, manifest: Manifest, tools: Programs, replace: bool) -> None:
    """pg_restore writes the script, psql runs it in one transaction; only a script that came to its end is committed."""
    with tempfile.TemporaryDirectory(prefix="cmsys-restore-") as scratch:
        order = Path(scratch) / "order"
        order.write_text(script.order(_listed(folder, tools)), encoding="utf-8")
        with (Path(scratch) / "said").open("w+b") as said:
            if not _piped(folder, manifest, tools, replace, order, said):
                said.seek(0)
                what = said.read().decode(errors="replace").strip()[-2000:]
                raise BackupRefused(f"恢复失败，数据库保持原样 (nothing was changed)：\n{what}")


def _listed(folder: Path, tools: Programs) -> str:
    done = subprocess.run(  # noqa: S603 - a program of this installation, without a shell
        [tools.path("pg_restore"), "--list", str(folder / DUMP)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BackupRefused(
            f"pg_restore 读不懂 {folder / DUMP} (unreadable)：\n{done.stderr.strip()[-2000:]}"
        )
    return done.stdout


def _piped(
    folder: Path, manifest: Manifest, tools: Programs, replace: bool, order: Path, said: IO[bytes]
) -> bool:
    """Whether everything was written and committed."""
    reading = [tools.path("pg_restore"), f"--use-list={order}", "--no-owner", "--no-privileges", "--file=-"]
    writing = [
        tools.path("psql"),
        "--no-psqlrc",
        "--quiet",
        "--no-password",
        "--set=ON_ERROR_STOP=1",
        "--file=-",
    ]
    outer: dict[str, Any] = {"env": environment(connection.settings_dict, "cmsys-restore"), "stderr": said}
    with (
        subprocess.Popen(  # noqa: S603 - programs of this installation, without a shell
            [*reading, str(folder / DUMP)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **outer
        ) as dump,
        subprocess.Popen(  # noqa: S603
            writing, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, **outer
        ) as database,
    ):
        assert dump.stdout is not None and database.stdin is not None
        try:
            database.stdin.write(script.beginning(replace).encode())
            shutil.copyfileobj(dump.stdout, database.stdin, 1024 * 1024)
            # Without the end there is no COMMIT, and the server takes everything back.
            if dump.wait() == 0:
                database.stdin.write(script.end(manifest.tables).encode())
            database.stdin.close()
        except BrokenPipeError:
            dump.kill()
        return database.wait() == 0 and dump.wait() == 0


def _put_files(source: Path, stored: Path, now: datetime) -> None:
    """Puts the files of the backup where those of the installation are; what was there stays beside, under another name."""
    if any(stored.glob("*")):
        stored.rename(stored.with_name(f"{FILES}.before-restore-{now:%Y%m%d%H%M%S}"))
    if source.is_dir():
        shutil.copytree(source, stored, dirs_exist_ok=True)
