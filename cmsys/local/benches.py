"""`make bench`: runs every tests/benchmarks/bench_*.py; each prints one JSON line per benchmark and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

from cmsys.local.places import CHECKOUT

FIELDS = {"name", "n", "median_s", "ratio", "against"}


def main() -> int:
    failed = []
    for path in sorted((CHECKOUT / "tests" / "benchmarks").glob("bench_*.py")):
        module = ".".join(path.relative_to(CHECKOUT).with_suffix("").parts)
        done = subprocess.run(
            [sys.executable, "-m", module], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True, check=False
        )
        lines = [line for line in done.stdout.splitlines() if line.strip()]
        print("\n".join(lines), flush=True)
        if done.returncode != 0 or not lines or not all(_is_result(line) for line in lines):
            failed.append(module)
    if failed:
        print(
            f"失败或输出不合格式 (failed, or not one JSON object per line)：{'、'.join(failed)}",
            file=sys.stderr,
        )
    return 1 if failed else 0


def _is_result(line: str) -> bool:
    try:
        return set(json.loads(line)) >= FIELDS
    except (ValueError, TypeError):
        return False


if __name__ == "__main__":
    sys.exit(main())
