"""Vetoes that struck: what each does to the proposal, and whether it sets the total to zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .conditions import judge

if TYPE_CHECKING:
    from .workings import Workings


@dataclass(frozen=True, slots=True)
class Strike:
    """One veto that struck: its effect on the proposal (`hold`, `demotion`) and on the total."""

    code: str
    name: str
    effect: str
    zero: bool


def vetoes(workings: Workings, index: int, zero_only: bool = False) -> list[Strike]:
    """The vetoes that struck, indicators first, in document order; `zero_only`: those that set the total to zero."""
    struck = []
    scheme = workings.scheme
    indicators = workings.memo(
        "vetoes", lambda: [i for i in scheme.indicators() if i.method["type"] == "veto"]
    )
    for item in indicators:
        zero = item.method.get("score") == "zero"
        if zero_only and not zero:
            continue
        scored = workings.scored(item.code)
        if scored.value(index) == 0 and scored.state[index] == 0:
            struck.append(Strike(item.code, item.name, str(item.method.get("proposal", "hold")), zero))
    for section in scheme.section("vetoes"):
        zero = section.get("score") == "zero"
        if zero_only and not zero:
            continue
        if "event" in section:
            hit = (workings.number(f"event.{section['event']}", index) or 0) > 0
        else:
            hit = judge(section["when"], workings, index) is True
        if hit:
            code, effect = section["code"], str(section.get("proposal", "hold"))
            struck.append(Strike(code, section.get("name", code), effect, zero))
    return struck


def zeroing(workings: Workings) -> bool:
    """Whether any veto of the scheme sets the total to zero."""
    scheme = workings.scheme
    return any(item.method.get("score") == "zero" for item in scheme.indicators() if item.method["type"] == "veto") or any(
        section.get("score") == "zero" for section in scheme.section("vetoes")
    )  # fmt: skip
