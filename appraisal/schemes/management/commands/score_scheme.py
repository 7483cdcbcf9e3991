"""manage.py score_scheme SCHEME.yaml INPUT.json: one scheme applied to one file of people, on paper as it were."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from appraisal.schemes.engine import EngineError, Evaluation, Fault, load_scheme, read_cohort
from appraisal.schemes.engine.document import read_yaml
from appraisal.schemes.engine.lint import ADVICE, lint

REFUSED, UNREADABLE = 1, 2


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of the input; a key written twice would silently lose one of its values."""
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise EngineError([Fault("input", "duplicate", key[:60], "每个键只出现一次", "each key once")])
        result[key] = value
    return result


class Command(BaseCommand):
    """Prints the result as JSON. Exit 0 scored, 1 the scheme or the input is refused, 2 a file cannot be read.

    Needs no service, no database and no environment variable. Faults go to standard error, one per line: path, found,
    expected; with --json they are `{"faults": [...]}` on standard output.
    """

    help = "按考核方案文档计算一份输入：score_scheme 方案.yaml 输入.json"
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The two files, and how to print."""
        parser.add_argument("scheme", metavar="SCHEME.yaml", help="考核方案文档")
        parser.add_argument("input", metavar="INPUT.json", help="人员与数据")
        parser.add_argument("--json", action="store_true", help="出错时也以 JSON 输出")
        parser.add_argument("--indent", type=int, default=None, help="缩进输出")
        parser.add_argument("--lint", action="store_true", help="在标准错误输出上列出对方案的提示")
        parser.add_argument("--counterfactual", action="store_true", help="附上每项输入使结论改变的最小变化")

    def handle(self, *args: Any, **options: Any) -> None:
        """Reads, scores, prints."""
        texts = [self._read(options[name]) for name in ("scheme", "input")]
        try:
            scheme = load_scheme(texts[0])
            evaluation = Evaluation(scheme, read_cohort(self._parsed(texts[1])))
            people = list(evaluation.people())
        except EngineError as error:
            self._refuse(error, options["json"])
        if options["lint"]:
            for path, code in lint(read_yaml(texts[0])):
                self.stderr.write(f"{path}：{ADVICE[code][0]}\n    {path}: {ADVICE[code][1]}")
        if options["counterfactual"]:
            from appraisal.schemes.engine.counterfactual import counterfactuals

            for person in people:
                found = counterfactuals(scheme, evaluation.cohort, person["employee_no"])
                person["counterfactuals"] = [item.data() for item in found]
        self.stdout.write(json.dumps({"people": people}, ensure_ascii=False, indent=options["indent"]))

    def _read(self, name: str) -> str:
        try:
            return Path(name).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            self.stderr.write(f"无法读取文件 {name}：{reason}；请检查路径与编码（UTF-8）。")
            sys.exit(UNREADABLE)

    @staticmethod
    def _parsed(text: str) -> Any:
        try:
            return json.loads(text, parse_float=Decimal, parse_constant=str, object_pairs_hook=_once)
        except EngineError:
            raise
        except (ValueError, RecursionError) as error:
            where = (
                f"line {error.lineno}, column {error.colno}"
                if isinstance(error, json.JSONDecodeError)
                else "input"
            )
            raise EngineError(
                [Fault(where, "input_syntax", str(error)[:60], "合法的 JSON", "valid JSON")]
            ) from None

    def _refuse(self, error: EngineError, as_json: bool) -> None:
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
