"""manage.py solve_allocation PROBLEM.json: one allocation problem as a neutral document, solved on paper as it were."""

from __future__ import annotations

import json
import math
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from customers.allocation.engine.document import DocumentError, Problem, read_problem
from customers.allocation.engine.gap import Solution, solve_problem
from customers.allocation.engine.gap.conflicts import number

INFEASIBLE, REFUSED = 1, 2


def told(solution: Solution, problem: Problem, seconds: float) -> dict[str, Any]:
    """The solution as interfaces.md 4 words it; a bound that is no finite decimal is rounded to the safe side."""
    return {
        "feasible": solution.feasible,
        "objective": number(solution.objective),
        "bound": _safe(solution, problem.sense),
        "gap": None if solution.gap is None else float(solution.gap),
        "assignment": None if solution.assignment is None else list(solution.assignment),
        "unassigned": [problem.customers[j] for j in solution.unassigned],
        "conflicts": [conflict.data(problem) for conflict in solution.conflicts],
        "proven": solution.proven,
        "seconds": round(seconds, 3),
    }


def _safe(solution: Solution, sense: str) -> int | float | None:
    """The bound as a number that is on the right side of the exact one, and of the objective as it is printed."""
    bound = solution.bound
    shown = number(bound)
    if bound is None or bound == solution.objective or shown is None:
        return shown
    below = sense == "min"
    if (Fraction(shown) > bound) if below else (Fraction(shown) < bound):
        return math.nextafter(shown, -math.inf if below else math.inf)
    return shown


class Command(BaseCommand):
    """Exit 0 feasible, 1 infeasible (`conflicts` says why), 2 the document is refused or cannot be read.

    Needs no service, no database and no environment variable. The result is one JSON object; without --json a few lines
    of Chinese go before it on standard error. Faults go to standard error, one per line, or with --json as
    `{"faults": [...]}` to standard output.
    """

    help = "求解一份客户分配问题文档：solve_allocation 问题.json"
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, the seed, and how to print."""
        parser.add_argument("problem", metavar="PROBLEM.json", help="分配问题文档")
        parser.add_argument("--seed", type=int, default=0, help="随机种子；相同的种子得到相同的方案")
        parser.add_argument("--json", action="store_true", help="只输出 JSON，出错时也是")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reads, solves, prints."""
        text = self._read(options["problem"])
        start = time.perf_counter()
        try:
            problem = read_problem(text)
        except DocumentError as error:
            self._refuse(error, options["json"])
        solution = solve_problem(problem, abs(options["seed"]))
        result = told(solution, problem, time.perf_counter() - start)
        if not options["json"]:
            self._say(result)
        self.stdout.write(json.dumps(result, ensure_ascii=False))
        if not solution.feasible:
            sys.exit(INFEASIBLE)

    def _read(self, name: str) -> str:
        try:
            return Path(name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            self.stderr.write(f"无法读取文件 {name}：{reason}；请检查路径与编码（UTF-8）。")
            sys.exit(REFUSED)

    def _say(self, result: dict[str, Any]) -> None:
        """The result for a reader."""
        if result["feasible"]:
            gap = "无法计算" if result["gap"] is None else f"{result['gap']:.4%}"
            self.stderr.write(
                f"可行：目标值 {result['objective']}，已证明的界 {result['bound']}，差距 {gap}，用时 {result['seconds']} 秒。"
            )
            return
        self.stderr.write("没有可行方案：" if result["proven"] else "未找到可行方案：")
        for conflict in result["conflicts"]:
            lack = "" if conflict["missing"] is None else f"；缺少容量 {conflict['missing']}"
            self.stderr.write(
                f"  {conflict['message']}：客户经理 {_listed(conflict['managers'])}；"
                f"客户 {_listed(conflict['customers'])}{lack}"
            )

    def _refuse(self, error: DocumentError, as_json: bool) -> None:
        if as_json:
            rows = [
                {"path": f.path, "code": f.code, "found": f.found, "zh": f.zh, "en": f.en}
                for f in error.faults
            ]
            self.stdout.write(json.dumps({"faults": rows}, ensure_ascii=False))
        else:
            for fault in error.faults:
                self.stderr.write(f"{fault.zh}\n    {fault.en}")
        sys.exit(REFUSED)


def _listed(names: list[str | int], most: int = 8) -> str:
    """A few names and how many more there are."""
    shown = "、".join(str(name) for name in names[:most])
    return f"{shown} 等 {len(names)} 个" if len(names) > most else shown or "无"
