"""Makes `.venv` from the hashed locks: `python cmsys/local/bootstrap.py local|dev|lock`.

Started by a bare Python, so it imports nothing outside the standard library, nothing of this project, and reads well
enough for an old Python to say that it is too old. When the lock is already installed it does nothing, without network.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "cmsys-installed.json"
REQUIREMENTS = CHECKOUT / "requirements"
LEAST_FREE_MB = 900
# Which extras of pyproject.toml each lock adds to the one before.
LOCKS = {"base": [], "local": ["local"], "dev": ["local", "dev"]}


def leave(sentence: str) -> None:
    sys.stdout.flush()
    sys.exit(f"错误：{sentence}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp() -> dict[str, str]:
    """What is completely installed; empty after an interrupted installation or when the checkout was moved."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
        return stamp if stamp.get("checkout") == str(CHECKOUT) else {}
    except (OSError, ValueError, AttributeError):
        return {}


def works() -> bool:
    """Whether `.venv` has a Python that starts, is new enough and has pip."""
    question = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([PYTHON, "-c", question], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def run(command: list[str], sentence: str, environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, check=False)
    if done.returncode == 0:
        return
    free = shutil.disk_usage(CHECKOUT).free // 1024**2
    if free < 50:
        leave(f"磁盘空间不足：{CHECKOUT} 所在磁盘仅剩 {free} MB，请清理后重试 (no space left)")
    leave(sentence)


def make_venv() -> None:
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        leave(
            f"{sys.executable} 缺少 venv/ensurepip 模块。Debian/Ubuntu 请运行 apt-get install {version}-venv，"
            "或用 make PYTHON=/路径/python3 指定另一个 Python (this Python cannot make virtual environments)"
        )
    free = shutil.disk_usage(CHECKOUT).free // 1024**2
    if free < LEAST_FREE_MB:
        leave(
            f"磁盘空间不足：{CHECKOUT} 所在磁盘仅剩 {free} MB，安装需要 {LEAST_FREE_MB} MB (not enough free space)"
        )
    shutil.rmtree(VENV, ignore_errors=True)
    run([sys.executable, "-m", "venv", str(VENV)], f"无法在 {VENV} 建立虚拟环境 (python -m venv failed)")


def pip_settings() -> dict[str, str]:
    """pip's settings of this machine, by name: companies name their package mirror there, and uv does not read them."""
    done = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    )
    lines = re.findall(r"^(?:global|install|:env:)\.([a-z-]+)='(.*)'$", done.stdout, flags=re.MULTILINE)
    return dict(lines)


def uv_environment() -> dict[str, str]:
    """The environment for uv: this machine's mirror and certificates, and no cache where HOME cannot be written."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "UV_PROJECT")
    }
    settings = pip_settings()
    extra = settings.get("extra-index-url", "")
    for name, value in (
        ("UV_DEFAULT_INDEX", settings.get("index-url", "")),
        ("UV_INDEX", " ".join(extra.split())),
        ("UV_FIND_LINKS", ",".join(settings.get("find-links", "").split())),
        ("SSL_CERT_FILE", settings.get("cert", "")),
        ("UV_LINK_MODE", "hardlink" if _same_disk() else "copy"),
    ):
        if value:
            environment.setdefault(name, value)
    if extra:
        # Hashes say what may be installed; which of the machine's indexes has it does not matter.
        environment.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    if not os.access(os.environ.get("HOME", ""), os.W_OK):
        environment.setdefault("UV_NO_CACHE", "1")
    return environment


def _same_disk() -> bool:
    try:
        return Path(os.environ["HOME"]).stat().st_dev == CHECKOUT.stat().st_dev
    except (OSError, KeyError):
        return False


def ensure_uv() -> None:
    """uv is a wheel like any other, with its hash in requirements/bootstrap.txt; it installs in seconds what takes pip minutes."""
    lock = REQUIREMENTS / "bootstrap.txt"
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "--no-deps",
        "--disable-pip-version-check",
    ]
    run(
        [*command, "-r", str(lock)],
        "安装 uv 失败：请检查网络或 pip 镜像设置 (could not install uv from your package index)",
    )


def install(name: str) -> None:
    stamp = read_stamp()
    lock = REQUIREMENTS / f"{name}.txt"
    # dev contains local: after `make test`, `make run` has nothing to install.
    if any(stamp.get(other) == sha256(REQUIREMENTS / f"{other}.txt") for other in {name, "dev"}):
        return
    if name == "local" and "dev" in stamp:
        name, lock = "dev", REQUIREMENTS / "dev.txt"
    started = time.monotonic()
    if (not stamp and not works()) or (stamp and not PYTHON.exists()):
        print(f"[安装] 建立虚拟环境 .venv（{sys.executable}，Python {sys.version.split()[0]}）", flush=True)
        make_venv()
    STAMP.unlink(missing_ok=True)
    print(f"[安装] 按锁定文件安装依赖 requirements/{name}.txt", flush=True)
    ensure_uv()
    sync = [
        str(PYTHON),
        "-m",
        "uv",
        "pip",
        "sync",
        "--quiet",
        "--system-certs",
        "--require-hashes",
        "--python",
        str(PYTHON),
    ]
    sentence = "安装依赖失败：请检查网络或 pip 镜像设置后重试，已下载的部分会保留 (could not install the locked packages)"
    run([*sync, str(lock)], sentence, uv_environment())
    draft = STAMP.with_suffix(".new")
    draft.write_text(json.dumps({"checkout": str(CHECKOUT), name: sha256(lock)}), encoding="utf-8")
    draft.replace(STAMP)
    print(f"[安装] 完成，用时 {time.monotonic() - started:.0f} 秒", flush=True)


def compile_locks() -> None:
    """Compiles the locks from pyproject.toml, each one constrained by the one before, without addresses in them."""
    install("dev")
    options = [
        "--universal",
        "-p",
        "3.11",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-header",
        "--quiet",
        "--system-certs",
    ]
    compiler = [str(PYTHON), "-m", "uv", "pip", "compile", *options]
    previous: list[str] = []
    for name, extras in LOCKS.items():
        chosen = [part for extra in extras for part in ("--extra", extra)]
        target = f"requirements/{name}.txt"
        run(
            [*compiler, "pyproject.toml", *chosen, *previous, "-o", target],
            f"编译 {target} 失败",
            uv_environment(),
        )
        previous = ["-c", target]
    run(
        [*compiler, "requirements/bootstrap.in", "-o", "requirements/bootstrap.txt"],
        "编译 bootstrap.txt 失败",
        uv_environment(),
    )


def main(arguments: list[str]) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036
        leave(
            f"需要 Python 3.11 或更高版本，当前是 {sys.version.split()[0]}；请用 make PYTHON=/路径/python3 指定 (Python too old)"
        )
    if len(arguments) != 1 or arguments[0] not in ("local", "dev", "lock"):
        leave("用法 (usage)：bootstrap.py local|dev|lock")
    # Locking the folder itself leaves no file behind; a second command waits until the first has installed.
    folder = os.open(CHECKOUT, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        if arguments[0] == "lock":
            compile_locks()
        else:
            install(arguments[0])
    except OSError as error:
        leave(
            f"{error.strerror}：{error.filename or CHECKOUT}。请检查该路径的权限与剩余空间 (installation failed)"
        )


if __name__ == "__main__":
    main(sys.argv[1:])
