"""What a round's pages say: which days it suggests, how many cases go to whom, how far each unit has come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.cases import REVIEW_DAYS
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.permissions import DECISION_REVIEW
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from cmsys.org.holders import accounts_by_unit
from cmsys.org.models import OrgUnit
from cmsys.org.workdays import add_working_days

# Working days human resources need between the end of the review and the notice.
CONFIRM_DAYS = 3
SHOWN_UNITS = 60
# How far a case has come, in a few words: label, tone, states.
STAGES: tuple[tuple[str, str, tuple[DecisionState, ...]], ...] = (
    ("drafted", "hold", (DecisionState.DRAFTED,)),
    ("in_review", "warn", (DecisionState.IN_REVIEW,)),
    ("returned", "down", (DecisionState.RETURNED,)),
    ("reviewed", "info", (DecisionState.REVIEWED,)),
    ("confirmed", "info", (DecisionState.CONFIRMED,)),
    ("on_notice", "info", (DecisionState.ON_NOTICE,)),
    ("served", "info", (DecisionState.SERVED,)),
    ("cleared", "info", (DecisionState.CLEARED,)),
    ("effective", "up", (DecisionState.EFFECTIVE, DecisionState.SUPERSEDED)),
    ("withdrawn", "hold", (DecisionState.WITHDRAWN,)),
)


def days_suggested(round: GradingRound, today: date) -> dict[str, Any]:
    """Five working days for the review, three to confirm, then the notice; the grade from the working day after."""
    due = add_working_days(today, REVIEW_DAYS)
    effective = add_working_days(due, CONFIRM_DAYS + round.notice_days + 1)
    return {
        "review_due_on": due, "effective_on": effective, "notice_days": round.notice_days, "appeal_days": round.appeal_days,
    }  # fmt: skip


@dataclass(frozen=True)
class Routing:
    """How many cases go to whom: a row a unit, sentences in short, and what is wrong with it."""

    rows: tuple[dict[str, Any], ...]
    effects: tuple[str, ...]
    warning: str


def routing_of(round: GradingRound, today: date) -> Routing:
    """Four queries, however many people."""
    cases = GradeDecision.objects.filter(round=round, state=DecisionState.DRAFTED)
    counted = (
        cases.order_by()
        .values_list("unit__path", "unit__name")
        .annotate(
            total=Count("pk"),
            up=Count("pk", filter=Q(kind=ProposalKind.PROMOTION)),
            down=Count("pk", filter=Q(kind=ProposalKind.DEMOTION)),
        )
        .order_by("unit__path")
    )
    found = list(counted)
    deciders = accounts_by_unit(DECISION_REVIEW, [path or "?" for path, *_rest in found], today)
    names = dict(
        User.objects.filter(pk__in={pk for keys in deciders.values() for pk in keys}).values_list(
            "pk", "name"
        )
    )
    rows = tuple(
        {"unit": name, "total": total, "up": up, "down": down,
         "who": "、".join(names[pk] for pk in deciders.get(path or "?", ()) if pk in names)}
        for path, name, total, up, down in found
    )  # fmt: skip
    total, up, down = (sum(row[key] for row in rows) for key in ("total", "up", "down"))
    orphans = [row["unit"] for row in rows if not row["who"]]
    effects = (
        _("%(total)d 项进入复核：晋升 %(up)d 项，降级 %(down)d 项，其余保持或未评。") % {"total": total, "up": up, "down": down},
        _("涉及 %(units)d 个机构，由 %(people)d 位主管复核；主管会收到消息和待办。") % {"units": len(rows), "people": len(names)},
        _("提交后数据再有变动，原意见作废，重新复核。"),
    )  # fmt: skip
    warning = ""
    if orphans:
        warning = _("这些机构没有可以复核的主管，请先授权：%(units)s。") % {"units": "、".join(orphans[:10])}
    return Routing(rows, effects, warning)


# --- how far a round has come ---------------------------------------------------------------------------------------------
def progress_of(actor: Actor, round: GradingRound) -> list[dict[str, Any]]:
    """Unit by unit how many cases stand where, only what the reader may list; two queries, however many people.

    Rows are the units of the second level of the tree as long as there are too many of the third.
    """
    rows: Any = GradeDecision.objects.visible_to(actor, "list").filter(round=round)
    counted = list(rows.order_by().values_list("unit__path", "state").annotate(n=Count("pk")))
    paths = {path or "" for path, _state, _n in counted}
    depth = _depth(paths)
    by_unit: dict[str, dict[str, int]] = {}
    for path, state, n in counted:
        key = _cut(path or "", depth)
        of_unit = by_unit.setdefault(key, {})
        of_unit[state] = of_unit.get(state, 0) + n
    units = {unit.path: unit for unit in OrgUnit.objects.filter(path__in=by_unit)}
    return [
        _unit_row(round, units.get(key), of_unit)
        for key, of_unit in sorted(by_unit.items(), key=lambda item: item[0])
    ]


def _depth(paths: set[str]) -> int:
    for depth in (6, 5, 4, 3, 2):
        if len({_cut(path, depth) for path in paths}) <= SHOWN_UNITS:
            return depth
    return 1


def _cut(path: str, depth: int) -> str:
    """The first `depth` parts of `/1/7/42/`."""
    parts = [part for part in path.split("/") if part]
    return "/" + "/".join(parts[:depth]) + "/" if parts else ""


def stages_of(counts: dict[str, int], url: str) -> list[dict[str, Any]]:
    """The parts of a bar: only stages with somebody in them."""
    labels = {state.value: str(state.label) for state in DecisionState}
    found = []
    for key, tone, states in STAGES:
        n = sum(counts.get(state.value, 0) for state in states)
        if n:
            found.append(
                {"label": labels[key], "tone": tone, "n": n, "url": f"{url}&state={states[0].value}"}
            )
    return found


def _unit_row(round: GradingRound, unit: Any, counts: dict[str, int]) -> dict[str, Any]:
    query = {"cycle": round.cycle_id} | ({"unit": unit.code} if unit is not None else {})
    url = f"{reverse('grade_decisions_list')}?{urlencode(query)}"
    stages, total = stages_of(counts, url), sum(counts.values())
    return {
        "label": unit.name if unit is not None else _("其他"), "url": url, "total": total, "stages": stages,
        "waiting": counts.get(DecisionState.IN_REVIEW, 0) + counts.get(DecisionState.RETURNED, 0), "bar": bar_of(stages, total),
    }  # fmt: skip


def bar_of(stages: Sequence[dict[str, Any]], total: int) -> list[dict[str, Any]]:
    """Where each part of a bar of 120 units begins and how long it is."""
    at, parts = 0.0, []
    for stage in stages:
        width = 120 * stage["n"] / total
        parts.append({"x": f"{at:.2f}", "width": f"{width:.2f}", "tone": stage["tone"]})
        at += width
    return parts
