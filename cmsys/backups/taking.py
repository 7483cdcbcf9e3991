"""take: one moment of the database and the files, written to a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from cmsys.audit.verify import verify
from cmsys.backups.manifest import (
    DUMP,
    FILES,
    SCHEMA_VERSION,
    BackupRefused,
    Chain,
    Manifest,
    part_of,
    write,
)
from cmsys.backups.programs import Programs, environment, programs


def take(folder: Path, *, now: datetime) -> tuple[Manifest, str]:
    """Writes a backup into `folder`, which must not exist or be empty; returns the manifest and its sha256.

    Row counts, the ledger's verification and the dump come from one snapshot, so work may go on meanwhile. Costs a dump, one
    count of each table and one reading of the ledger. Raises BackupRefused; what was written until then is removed.
    """
    server = server_version()
    tools = programs(server // 10_000)
    made = _empty_folder(folder)
    try:
        return _take(folder, tools, server, now)
    except BaseException as problem:
        for path in (folder / DUMP, folder / FILES):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        if made:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(problem, OSError):
            raise BackupRefused(
                f"{folder}：{problem.strerror}，请检查剩余空间与权限 (the backup could not be written)"
            )
        raise


def server_version() -> int:
    """PostgreSQL's number of the server, such as 150018."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        return int(cursor.fetchone()[0])


def tables() -> list[str]:
    """Our tables, in order; what belongs to an extension is not ours. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"
            " AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
            " AND d.deptype = 'e') ORDER BY 1"
        )
        return [name for (name,) in cursor.fetchall()]


def _empty_folder(folder: Path) -> bool:
    """Makes the folder, for nobody but its owner; returns whether it was made. Raises BackupRefused."""
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700)
            return True
        if not folder.is_dir() or any(folder.iterdir()):
            raise BackupRefused(f"{folder} 已存在且不是空目录，每份备份请用新目录 (not an empty folder)")
        folder.chmod(0o700)
    except OSError as problem:
        raise BackupRefused(f"{folder}：{problem.strerror}，请检查路径与权限 (the folder cannot be used)")
    return False


def _take(folder: Path, tools: Programs, server: int, now: datetime) -> tuple[Manifest, str]:
    old_mask = os.umask(0o077)
    try:
        with transaction.atomic():
            extensions, migrations, dumping = _begin(folder, tools)
            try:
                counts, found = _counts(), verify()
            except BaseException:
                dumping.kill()
                raise
            finally:
                _out, said = dumping.communicate()
        if dumping.returncode != 0:
            raise BackupRefused(
                f"pg_dump 失败，备份没有做成 (pg_dump failed)：\n{said.decode(errors='replace').strip()[-2000:]}"
            )
        files = _copied_files(Path(settings.CMSYS_HOME) / FILES, folder / FILES)
        manifest = Manifest(
            schema_version=SCHEMA_VERSION,
            made_at=now.isoformat(timespec="seconds"),
            server=server,
            program=tools.major,
            extensions=extensions,
            migrations=migrations,
            tables=counts,
            ledger=Chain(found.events, found.sealed, found.head, found.breaks),
            parts=[part_of(folder, path) for path in [folder / DUMP, *files]],
        )
        return manifest, write(folder, manifest)
    finally:
        os.umask(old_mask)


def _begin(folder: Path, tools: Programs) -> tuple[list[str], list[str], subprocess.Popen[bytes]]:
    """Opens the snapshot in the present transaction and starts pg_dump on it."""
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        # The dump may take longer than a connection may otherwise stand idle.
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1")
        extensions = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY 1")
        migrations = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
    command = [tools.path("pg_dump"), "--format=custom", f"--file={folder / DUMP}", "--no-password"]
    command += ["--schema=public", f"--snapshot={snapshot}", "--lock-wait-timeout=10s"]
    dumping = subprocess.Popen(  # noqa: S603 - a program of this installation, without a shell
        command,
        env=environment(connection.settings_dict, "cmsys-backup"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    return extensions, migrations, dumping


def _counts() -> dict[str, int]:
    counts: dict[str, int] = {}
    with connection.cursor() as cursor:
        for name in tables():
            cursor.execute(f"SELECT count(*) FROM {quoted(name)}")  # noqa: S608 - a name of the catalogue, quoted
            counts[name] = cursor.fetchone()[0]
    return counts


def quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _copied_files(source: Path, target: Path) -> list[Path]:
    """Copies the tree of stored files; returns the copies in order. Links are not followed and not copied."""
    copies: list[Path] = []
    if source.is_dir():
        for path in sorted(source.rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            copies.append(copy)
    return copies


def described(manifest: Manifest, checksum: str, folder: Path) -> dict[str, Any]:
    """What the command prints: enough to note elsewhere and to compare with later."""
    return {
        "directory": str(folder),
        "manifest_sha256": checksum,
        "tables": len(manifest.tables),
        "rows": sum(manifest.tables.values()),
        "files": len(manifest.parts) - 1,
        "bytes": sum(part.bytes for part in manifest.parts),
        "events": manifest.ledger.events,
        "sealed": manifest.ledger.sealed,
        "head": manifest.ledger.head,
        "breaks": manifest.ledger.breaks,
    }
