"""Counting cases in the database: what waits, how grades are distributed, how they flow from cycle to cycle.

A bounded number of queries and rows for any number of people: a row for each unit and state, for each pair of grades
and cycle. Rows are those of the list of decisions, under the same conditions, so that every number can be listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import BooleanField, Case, Count, Q, QuerySet, Value, When

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import PENDING, DecisionState
from appraisal.grading.filters import decided_cycles
from cmsys.org.models import OrgUnit
from managers.careers.models import Grade

LAST_CYCLES = 4


@dataclass(frozen=True)
class UnitLine:
    """One unit with all below it (`url_code`), or only those who stand directly in it (`own`): how many cases wait in
    each state, how many are overdue."""

    code: str
    name: str
    own: bool
    states: dict[str, int]
    late: int

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True)
class Flow:
    """People who went from one grade to another in one cycle; codes, empty for no grade. `gone` were withdrawn."""

    cycle: int
    before: str
    after: str
    count: int
    gone: int = 0


@dataclass(frozen=True)
class Step:
    """A grade as the institution calls it; `place` rises with it within its series."""

    code: str
    name: str
    series: str
    place: int


def waiting(rows: QuerySet[Any], today: date) -> list[UnitLine]:
    """The cases that wait, by the units one step below the one that holds them all; three queries."""
    late = Count("pk", filter=Q(due_on__lt=today))
    counted = list(
        rows.filter(state__in=PENDING)
        .order_by()
        .values_list("unit", "state")
        .annotate(n=Count("pk"), late=late)
    )
    paths = dict(OrgUnit.objects.filter(pk__in={row[0] for row in counted}).values_list("pk", "path"))
    top = _common([path or "" for path in paths.values()])
    groups = {unit: _below(top, path or "") for unit, path in paths.items()}
    named = {
        path: (code, name)
        for path, code, name in OrgUnit.objects.filter(path__in=set(groups.values())).values_list(
            "path", "code", "name"
        )
    }
    lines: dict[str, tuple[dict[str, int], int]] = {}
    for unit, state, count, overdue in counted:
        states, before = lines.get(groups[unit], ({}, 0))
        states[state] = states.get(state, 0) + count
        lines[groups[unit]] = (states, before + overdue)
    return [
        UnitLine(*named.get(path, ("", "")), path == top and len(lines) > 1, states, overdue)
        for path, (states, overdue) in sorted(lines.items())
    ]


def _common(paths: list[str]) -> str:
    """The path of the smallest unit that holds all of these: `/1/2/` of `/1/2/5/` and `/1/2/6/`."""
    if not paths:
        return ""
    parts = [path.strip("/").split("/") for path in paths]
    shared = []
    for steps in zip(*parts, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return f"/{'/'.join(shared)}/" if shared else ""


def _below(top: str, path: str) -> str:
    """The unit one step below `top` in which a path lies; `top` itself for those who stand in it."""
    rest = path.removeprefix(top).strip("/")
    return f"{top or '/'}{rest.split('/')[0]}/" if rest else path


def cycles_until(cycle: Cycle) -> list[Cycle]:
    """The last cycles of the same scheme that have decisions, up to this one, oldest first; one query."""
    rows = decided_cycles().filter(scheme_code=cycle.scheme_code, starts_on__lte=cycle.starts_on)
    return list(reversed(rows[:LAST_CYCLES]))


@dataclass(frozen=True)
class Counted:
    """What came of one query: flows by cycle, and for the chosen cycle how many of each kind, and how many of these were
    withdrawn."""

    flows: tuple[Flow, ...]
    kinds: dict[str, int]
    gone: dict[str, int]


def flows(rows: QuerySet[Any], cycles: Iterable[Cycle], chosen: Cycle) -> Counted:
    """From which grade to which in each cycle; one query, a row for each pair and kind."""
    gone = Case(
        When(state=DecisionState.WITHDRAWN, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )
    counted = (
        rows.filter(cycle__in=[cycle.pk for cycle in cycles])
        .order_by()
        .annotate(gone=gone)
        .values_list("cycle", "previous_grade__code", "grade__code", "kind", "gone")
        .annotate(n=Count("pk"))
    )
    found: dict[tuple[int, str, str], list[int]] = {}
    kinds: dict[str, int] = {}
    lost: dict[str, int] = {}
    for cycle, before, after, kind, withdrawn, count in counted:
        pair = found.setdefault((cycle, before or "", after or ""), [0, 0])
        pair[int(withdrawn)] += count
        if cycle == chosen.pk:
            kinds[kind] = kinds.get(kind, 0) + count
            lost[kind] = lost.get(kind, 0) + (count if withdrawn else 0)
    return Counted(
        tuple(Flow(*key, count, withdrawn) for key, (count, withdrawn) in sorted(found.items())), kinds, lost
    )


def steps() -> dict[str, Step]:
    """Every grade of the institution, the lowest first; one query."""
    rows = Grade.objects.order_by("series", "order").values_list("code", "name", "series")
    return {code: Step(code, name, series, place) for place, (code, name, series) in enumerate(rows)}


@dataclass(frozen=True)
class Progress:
    """How far a cycle is: all cases, those that wait, those that are overdue, by kind of change."""

    total: int
    waiting: int
    late: int
    promotions: int
    demotions: int


def progress(rows: QuerySet[Any], today: date) -> Progress:
    """One query."""
    pending = Q(state__in=PENDING)
    return Progress(
        **rows.order_by().aggregate(
            total=Count("pk"), waiting=Count("pk", filter=pending), late=Count("pk", filter=pending & Q(due_on__lt=today)),
            promotions=Count("pk", filter=Q(kind="promotion")),
            demotions=Count("pk", filter=Q(kind="demotion")),
        )
    )  # fmt: skip
