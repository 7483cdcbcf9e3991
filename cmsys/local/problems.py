"""What can keep the launcher from going on: one exception that carries a sentence for the person at the terminal."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path


class LaunchProblem(Exception):
    """Ends the launcher with exit code 1 and its sentence, without a traceback."""


def free_megabytes(path: Path) -> int:
    """Free space of the file system that holds `path`, or its nearest parent that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return shutil.disk_usage(path).free // 1024**2


def disk_full(path: Path) -> LaunchProblem:
    return LaunchProblem(
        f"磁盘空间不足：{path} 所在磁盘仅剩 {free_megabytes(path)} MB。请清理磁盘，或用 CMSYS_HOME=/其他目录 make run 换一个位置"
        f" (no space left at {path})"
    )


def unwritable(path: Path, why: OSError) -> LaunchProblem:
    return LaunchProblem(
        f"无法写入 {path}（{why.strerror}）。请用 chown 或 chmod 授权给当前用户，或用 CMSYS_HOME=/可写目录 make run 换一个位置"
        f" (cannot write {path})"
    )


def explained(error: OSError, path: Path) -> LaunchProblem | None:
    """The sentence for an operating system error that a person can mend, or None when it is none of those."""
    where = Path(os.fsdecode(error.filename)) if error.filename else path
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
        return unwritable(where, error)
    return None
