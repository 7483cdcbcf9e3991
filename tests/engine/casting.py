"""Short ways to write a scheme and its people in a test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from appraisal.schemes.engine import Evaluation, load_scheme, load_scheme_data, read_cohort

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "schemes"


def example(name: str) -> str:
    """The text of a shipped scheme."""
    return (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")


def run(scheme: str | dict[str, Any], people: list[dict[str, Any]], period: str = "2025Q4") -> Evaluation:
    """A scheme (text or data) applied to people."""
    loaded = load_scheme(scheme) if isinstance(scheme, str) else load_scheme_data(scheme)
    return Evaluation(loaded, read_cohort({"period": period, "people": people}))


def results(
    scheme: str | dict[str, Any], people: list[dict[str, Any]], period: str = "2025Q4"
) -> list[dict[str, Any]]:
    """Everybody's rendered result."""
    return list(run(scheme, people, period).people())


def line(person: dict[str, Any], code: str) -> dict[str, Any]:
    """One line of a person's sheet."""
    return next(item for item in person["lines"] if item["code"] == code)


def one_method(method: dict[str, Any], **extra: Any) -> dict[str, Any]:
    """A scheme of one indicator X scored by `method`, in a dimension `performance`."""
    indicator = {"code": "X", "name": "指标", "weight": 100, "source": "reading", "method": method, **extra}
    return {
        "code": "ONE", "version": 1, "name": "单指标", "cycle": "quarter",
        "dimensions": [{"code": "performance", "indicators": [indicator]}],
    }  # fmt: skip


def scored(method: dict[str, Any], reading: Any, target: Any = None, **extra: Any) -> str | None:
    """The printed score of one reading under one method."""
    person: dict[str, Any] = {"employee_no": "A"}
    if reading is not None:
        person["readings"] = {"X": reading}
    if target is not None:
        person["targets"] = {"X": target}
    return line(results(one_method(method, **extra), [person])[0], "X")["score"]
