"""`make clean`: removes everything that the other commands made. Standard library only, because `.venv` goes too."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MADE = (
    ".venv",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".import_linter_cache",
    "node_modules",
    "static/vendor",
    "staticfiles",
    "build",
)
# Only folders below this one may be named in `where`; a damaged file must not make us remove anything else.
REACHABLE = Path("/var/lib/cmsys")


def main() -> int:
    home = Path(os.environ.get("CMSYS_HOME") or CHECKOUT / ".local").resolve()
    if _running(home):
        print(
            f"错误：{home} 的 make run 正在运行，请先用 Ctrl-C 结束它 (make run is running)", file=sys.stderr
        )
        return 1
    gone = [CHECKOUT / name for name in MADE]
    gone += [path for path in CHECKOUT.rglob("__pycache__") if ".venv" not in path.parts]
    gone += [home] if _is_home(home) else []
    try:
        services = Path((home / "where").read_text(encoding="utf-8").strip())
        gone += [services] if services.parent == REACHABLE else []
    except OSError:
        pass
    for path in gone:
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            shutil.rmtree(path, ignore_errors=True)
            print(f"{'未能完全删除 (not completely removed)' if path.exists() else '已删除'} {path}")
    return 1 if any(path.exists() for path in gone) else 0


def _is_home(home: Path) -> bool:
    """Whether the folder is the usual one, or one that a launcher made: CMSYS_HOME may be set to anything by mistake."""
    return home == CHECKOUT / ".local" or ((home / "run.json").exists() and (home / "lock").exists())


def _running(home: Path) -> bool:
    try:
        with (home / "lock").open(encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


if __name__ == "__main__":
    sys.exit(main())
