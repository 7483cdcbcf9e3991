"""Conditions of rules, judged in three values: holds, fails, unknown. Only what is known to hold passes a rule.

A leaf is {value, op, than} with `consecutive`, `offset`, or `times` and `within`; or {certificate: CODE}. Leaves
combine by all, any, not and {at_least: k, of: […]}. What is missing makes a leaf unknown, never false by default, so a
rule that takes something away does not fire on absent figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Protocol

from .exact import plain
from .formula import compare
from .periods import Period

Condition = Mapping[str, Any]


class Figures(Protocol):
    """What a condition may read."""

    def value(self, name: str, index: int) -> Any:
        """The value of that name for the person at `index`, None when there is none."""

    def past(self, name: str, index: int, back: int) -> Any:
        """The same, `back` periods earlier, from history."""

    def period(self) -> Period:
        """The period being graded."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One leaf as judged: the condition, what was found (newest first) and whether it passed (None: unknown)."""

    condition: Condition
    found: tuple[Any, ...]
    passed: bool | None


def judge(condition: Condition, figures: Figures, index: int) -> bool | None:
    """True, False, or None when what is missing decides."""
    if "all" in condition:
        return _at_least(condition["all"], len(condition["all"]), figures, index)
    if "any" in condition:
        return _at_least(condition["any"], 1, figures, index)
    if "at_least" in condition:
        return _at_least(condition["of"], int(condition["at_least"]), figures, index)
    if "not" in condition:
        inner = judge(condition["not"], figures, index)
        return None if inner is None else not inner
    if "certificate" in condition or "times" in condition:
        return find(condition, figures, index).passed
    return _streak(condition, figures, index)


def _at_least(conditions: tuple[Condition, ...], needed: int, figures: Figures, index: int) -> bool | None:
    """Stops as soon as the rest cannot matter."""
    passed = unknown = 0
    for seen, condition in enumerate(conditions, start=1):
        outcome = judge(condition, figures, index)
        if outcome is True:
            passed += 1
            if passed >= needed:
                return True
        elif outcome is None:
            unknown += 1
        if passed + unknown + len(conditions) - seen < needed:
            return False
    return None


def _streak(leaf: Condition, figures: Figures, index: int) -> bool | None:
    """A leaf over its `consecutive` periods, stopping at the first that fails."""
    name, offset = leaf["value"], int(leaf.get("offset", 0))
    outcome: bool | None = True
    for back in range(offset, offset + int(leaf.get("consecutive", 1))):
        value = figures.past(name, index, back) if back else figures.value(name, index)
        passed = _holds(value, leaf, figures, index)
        if passed is False:
            return False
        if passed is None:
            outcome = None
    return outcome


def leaves(condition: Condition) -> Iterator[Condition]:
    """The leaves of a condition in document order."""
    for key in ("all", "any", "of"):
        for inner in condition.get(key) or ():
            yield from leaves(inner)
    if "not" in condition:
        yield from leaves(condition["not"])
    if "value" in condition or "certificate" in condition:
        yield condition


def find(leaf: Condition, figures: Figures, index: int) -> Finding:
    """One leaf judged, with what it found."""
    if "certificate" in leaf:
        until = _certificate(leaf["certificate"], figures.value("fact.certificates", index))
        shown_as = None if until is None else until.isoformat()
        return Finding(leaf, (shown_as,), until is not None and until >= figures.period().end())
    name, offset = leaf["value"], int(leaf.get("offset", 0))
    if "times" in leaf:
        return _times(leaf, figures, index)
    found = []
    outcome: bool | None = True
    for back in range(offset, offset + int(leaf.get("consecutive", 1))):
        value = figures.past(name, index, back) if back else figures.value(name, index)
        found.append(value)
        passed = _holds(value, leaf, figures, index)
        if passed is False:
            outcome = False
        elif passed is None and outcome is True:
            outcome = None
    return Finding(leaf, tuple(found), outcome)


def _times(leaf: Condition, figures: Figures, index: int) -> Finding:
    """At least `times` periods, this one included, `within` the calendar year or the last so many periods."""
    period = figures.period()
    found, passed, back = [], 0, 0
    while (
        (period.before(back).year == period.year)
        if leaf["within"] == "calendar_year"
        else back < leaf["within"]
    ):
        value = figures.past(leaf["value"], index, back) if back else figures.value(leaf["value"], index)
        found.append(value)
        passed += _holds(value, leaf, figures, index) is True
        back += 1
    return Finding(leaf, tuple(found), passed >= leaf["times"])


def bound(leaf: Condition, figures: Figures, index: int) -> Any:
    """What a leaf compares with: a constant, a parameter, or another value (times `factor`, plus `plus`)."""
    than = leaf["than"]
    if isinstance(than, Mapping):
        other = figures.value(f"param.{than['param']}" if "param" in than else than["value"], index)
        if isinstance(other, Fraction):
            return other * than.get("factor", 1) + than.get("plus", 0)
        return other
    return than


def _holds(value: Any, leaf: Condition, figures: Figures, index: int) -> bool | None:
    than, op = bound(leaf, figures, index), leaf["op"]
    if value is None or than is None:
        return None
    if op in ("in", "not_in"):
        inside = value in than
        return inside if op == "in" else not inside
    if op in ("=", "==", "!="):
        return bool((value == than) == (op != "!="))
    if isinstance(value, Fraction) and isinstance(than, Fraction):
        return compare(value, op, than)
    if isinstance(value, str) and isinstance(than, str):
        return {"<": value < than, "<=": value <= than, ">": value > than, ">=": value >= than}[op]
    return None


def _certificate(code: str, held: Any) -> date | None:
    """The last day of validity of a certificate among those held; one without an end is valid for ever."""
    best: date | None = None
    for item in held if isinstance(held, (list, tuple)) else ():
        if isinstance(item, Mapping) and item.get("code") == code:
            end = item.get("valid_until")
            until = date.max if end is None else date.fromisoformat(str(end))
            best = max(best or date.min, until)
        elif item == code:
            best = date.max
    return best


def shown(value: Any) -> Any:
    """A value as data for an explanation: numbers in plain decimal text."""
    if isinstance(value, Fraction):
        return plain(value)
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    return value


def describe(finding: Finding, figures: Figures, index: int) -> dict[str, Any]:
    """One judged leaf as data (wording belongs to templates)."""
    leaf = finding.condition
    if "certificate" in leaf:
        return {"code": "certificate", "certificate": leaf["certificate"], "found": shown(finding.found),
                "passed": finding.passed}  # fmt: skip
    data = {"code": "condition", "value": leaf["value"], "op": leaf["op"], "than": shown(bound(leaf, figures, index)),
            "found": shown(finding.found), "passed": finding.passed}  # fmt: skip
    for key in ("consecutive", "offset", "times", "within"):
        if key in leaf:
            data[key] = shown(leaf[key])
    return data
