"""`make check`: what CI looks at besides the tests. Every step is named and timed; all run, even after one has failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

from cmsys.local.places import CHECKOUT

# Throw-away values: the deployment check only looks at how the settings fit together, and opens no connection.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "cmsys.settings.production",
    "CMSYS_SECRET_KEY": "only-for-the-deployment-check-4f1c0f9d3b7a4e8f9a6b2c5d8e1f7a3b9c6d",
    "CMSYS_HOSTS": "cmsys.example",
    "DATABASE_URL": "postgresql://cmsys_app@/cmsys?host=/nonexistent",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "CMSYS_HOME": "/nonexistent",
}
# `makemigrations --check` compares files with models; without a server it skips the comparison with a database.
NO_DATABASE = {
    "DJANGO_SETTINGS_MODULE": "cmsys.settings.test",
    "DATABASE_URL": "postgresql://cmsys_app@/cmsys?host=/nonexistent",
    "PYTHONWARNINGS": "ignore:Got an error checking a consistent migration history:RuntimeWarning",
}


@dataclass(frozen=True)
class Step:
    name: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


STEPS = (
    Step("格式 ruff format", ("-m", "ruff", "format", "--check", ".")),
    Step("静态检查 ruff", ("-m", "ruff", "check", ".")),
    Step("模板 djlint", ("-m", "djlint", "templates", "--lint", "--quiet")),
    Step("类型 mypy", ("-m", "mypy"), NO_DATABASE),
    Step(
        "导入契约 import-linter",
        ("-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"),
    ),
    Step("迁移齐全 makemigrations", ("manage.py", "makemigrations", "--check", "--dry-run"), NO_DATABASE),
    Step(
        "部署检查 check --deploy", ("manage.py", "check", "--deploy", "--fail-level", "WARNING"), PRODUCTION
    ),
)


def run_step(step: Step) -> bool:
    """Runs one step and prints its output when it fails. Returns whether it passed."""
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, *step.command],
        cwd=CHECKOUT,
        env={**os.environ, **step.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    passed = done.returncode == 0
    print(f"{'通过' if passed else '失败'} {time.monotonic() - begun:5.1f} s  {step.name}", flush=True)
    if not passed:
        print(done.stdout.rstrip(), flush=True)
    return passed


def main() -> int:
    failed = [step.name for step in STEPS if not run_step(step)]
    if failed:
        print(f"未通过 (failed)：{'；'.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
