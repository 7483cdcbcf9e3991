"""Where the launcher keeps things: CMSYS_HOME, and for root a folder that the servants can reach."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from cmsys.local.problems import LaunchProblem, unwritable
from cmsys.local.runfile import RunFile
from cmsys.local.servant import Servant

CHECKOUT = Path(__file__).resolve().parent.parent.parent
# Root's embedded servers when the home lies where their user cannot go, such as below /root.
REACHABLE = Path("/var/lib/cmsys")
ROTATE_BYTES = 20_000_000


@dataclass(frozen=True)
class Places:
    """`home` belongs to whoever types `make run`; `services` (cluster, broker data, copies) to the servant."""

    home: Path
    services: Path
    servant: Servant

    @classmethod
    def prepare(cls) -> Places:
        """Makes the folders of CMSYS_HOME. Raises LaunchProblem when that cannot be written."""
        home = Path(os.environ.get("CMSYS_HOME") or CHECKOUT / ".local").resolve()
        servant = Servant.choose()
        try:
            # Root's home is open to the eye, because the servant has to pass; what is secret in it is not.
            home.mkdir(parents=True, exist_ok=True, mode=0o700 if servant.uid is None else 0o755)
            # access() says yes to root even on a read-only disk, so a file is really written.
            tempfile.TemporaryFile(dir=home).close()
        except FileExistsError:
            raise LaunchProblem(
                f"{home} 是文件而不是目录，请移走它或换一个 CMSYS_HOME (not a folder)"
            ) from None
        except OSError as error:
            if error.errno is not None and not isinstance(error, PermissionError):
                raise
            raise unwritable(home, error) from None
        for name, mode in (("files", 0o700), ("log", 0o700), ("beat", 0o700)):
            (home / name).mkdir(exist_ok=True)
            (home / name).chmod(mode)
        return cls(home, cls._services(home, servant), servant)

    @staticmethod
    def _services(home: Path, servant: Servant) -> Path:
        """The home itself, or /var/lib/cmsys/<hash of the home>, which is then remembered in `where` for make clean."""
        remembered = home / "where"
        if servant.reaches(home):
            remembered.unlink(missing_ok=True)
            return home
        chosen = REACHABLE / hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        REACHABLE.mkdir(mode=0o755, parents=True, exist_ok=True)
        servant.make_folder(chosen)
        remembered.write_text(f"{chosen}\n", encoding="utf-8")
        return chosen

    @property
    def run_file(self) -> Path:
        return self.home / "run.json"

    @property
    def accounts_file(self) -> Path:
        return self.home / "demo.json"

    def log(self, name: str) -> Path:
        """The log file of one server, started afresh when it has grown large."""
        path = self.home / "log" / f"{name}.log"
        if path.exists() and path.stat().st_size > ROTATE_BYTES:
            path.replace(path.with_suffix(".log.1"))
        return path

    def lock(self) -> IO[str]:
        """Holds CMSYS_HOME for this launcher until the returned file is closed or the process ends, however it ends."""
        file = (self.home / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "?"
            address = RunFile.read(self.run_file).url or "正在启动 (starting)"
            raise LaunchProblem(
                f"{self.home} 已有一个 make run 在运行：{address}，进程号 {holder}。"
                "请直接使用它，或先用 Ctrl-C 结束它；要另开一个，请设 CMSYS_HOME 和 PORT (already running)"
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file
