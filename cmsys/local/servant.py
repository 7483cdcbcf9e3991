"""Who runs the embedded servers: PostgreSQL refuses root, so root hands them to an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cmsys.local.problems import LaunchProblem

# A socket's path may have 107 bytes; the folder's own name, the file's name and a reserve come off.
LONGEST_SOCKET_FOLDER = 80


@dataclass(frozen=True)
class Servant:
    """The user that owns cluster, broker data and sockets. `uid` is None when it is simply the current user."""

    name: str = ""
    uid: int | None = None
    gid: int | None = None

    @classmethod
    def choose(cls) -> Servant:
        """The current user, or for root the account `cmsys`, or `nobody`."""
        if os.geteuid() != 0:
            return cls()
        for name in ("cmsys", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(name, entry.pw_uid, entry.pw_gid)
        raise LaunchProblem(
            "以 root 运行时需要用户 nobody 或 cmsys，请先用 useradd cmsys 建立 (no user to run PostgreSQL as)"
        )

    def options(self, folder: Path) -> dict[str, Any]:
        """Arguments for subprocess: the user to become, a working folder it can stand in, a plain environment."""
        plain = {
            name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_", "LANG"))
        }
        chosen: dict[str, Any] = {"cwd": folder, "env": plain | {"LC_ALL": "C"}}
        if self.uid is not None:
            chosen |= {"user": self.uid, "group": self.gid, "extra_groups": [], "umask": 0o077}
            chosen["env"] |= {"HOME": str(folder)}
        return chosen

    def reaches(self, path: Path) -> bool:
        """Whether the servant may enter every folder on the way to `path` and execute or enter it."""
        if self.uid is None:
            return os.access(path, os.X_OK)
        asked = subprocess.run(
            ["test", "-x", str(path)], cwd="/", user=self.uid, group=self.gid, extra_groups=[], check=False
        )
        return asked.returncode == 0

    def make_folder(self, path: Path) -> None:
        """Makes `path` (its parents exist) readable by the servant only; a folder that is there is handed over."""
        path.mkdir(mode=0o700, exist_ok=True)
        if self.uid is not None:
            assert self.gid is not None
            os.chown(path, self.uid, self.gid)
        path.chmod(0o700)

    def write(self, path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if self.uid is not None:
            assert self.gid is not None
            os.chown(path, self.uid, self.gid)

    def socket_folder(self, preferred: Path | None = None) -> Path:
        """A fresh folder of short path that only the servant may enter."""
        for parent in (preferred, Path("/tmp"), Path(tempfile.gettempdir())):  # noqa: S108
            if (
                parent is None
                or len(os.fsencode(parent)) > LONGEST_SOCKET_FOLDER
                or not os.access(parent, os.W_OK)
            ):
                continue
            made = Path(tempfile.mkdtemp(prefix="cmsys-", dir=parent))
            self.make_folder(made)
            if self.reaches(made):
                return made
            shutil.rmtree(made)
        raise LaunchProblem(
            "找不到可放套接字的短路径目录，请把 TMPDIR 设为短路径 (no folder of short path for the sockets)"
        )
