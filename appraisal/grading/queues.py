"""What waits to be decided, level by level: whose cases they are, in which order, and which may be taken together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, F, IntegerField, Min, OuterRef, Q, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM, DECISION_REVIEW
from appraisal.grading.transitions import CONFIRM as CONFIRM_LEVEL
from appraisal.grading.transitions import REVIEW as REVIEW_LEVEL
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.org.workdays import working_days_between
from cmsys.ui.registry import Text
from managers.conduct.selectors import kept_away

CHANGES = (ProposalKind.PROMOTION, ProposalKind.DEMOTION)
# Changes before those who stay where they are, and what takes something away first.
KIND_ORDER = Case(
    When(kind=ProposalKind.DEMOTION, then=Value(0)),
    When(kind=ProposalKind.PROMOTION, then=Value(1)),
    When(kind=ProposalKind.NOT_RATED, then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


@dataclass(frozen=True)
class Level:
    """A level of deciding and its workbench. `state` is where cases wait, `verb` what passes one on."""

    key: str
    function: Function
    state: DecisionState
    verb: str
    acts: tuple[str, ...]
    url_name: str
    title: Text
    waiting: Text
    batch: Text
    tabs: Mapping[str, Text]


_TABS: dict[str, Text] = {
    "changes": gettext_lazy("变更"),
    "holds": gettext_lazy("保持"),
    "all": gettext_lazy("全部"),
}
REVIEW = Level(
    REVIEW_LEVEL, DECISION_REVIEW, DecisionState.IN_REVIEW, "approve", ("approve", "return", "amend", "delegate"),
    "grade_review", gettext_lazy("等级复核"), gettext_lazy("待我复核"), gettext_lazy("通过选中的 {n} 项"),
    _TABS | {"handed": gettext_lazy("已转出"), "returned": gettext_lazy("已退回")},
)  # fmt: skip
CONFIRM = Level(
    CONFIRM_LEVEL, DECISION_CONFIRM, DecisionState.REVIEWED, "confirm", ("confirm", "send_back", "resubmit", "withdraw"),
    "grade_confirm", gettext_lazy("等级审定"), gettext_lazy("待我审定"), gettext_lazy("审定选中的 {n} 项"),
    _TABS | {"returned": gettext_lazy("待答复")},
)  # fmt: skip
LEVELS = {level.key: level for level in (REVIEW, CONFIRM)}


def kept_out(actor: Actor, level: Level, today: date) -> Q:
    """The cases an actor must keep out of (回避): his own, those of declared relatives, what he decided on another level.

    Says of many rows in one query what recusals.check_recusal says of one.
    """
    earlier = DecisionStep.objects.filter(decision=OuterRef("pk")).exclude(level__in=("", level.key))
    mine = earlier.filter(Q(actor=actor.actor_id) | Q(on_behalf=actor.actor_id))
    number = getattr(actor, "employee_no", None)
    return kept_away(actor.actor_id, number, "manager", today) | Q(Exists(mine))


def reachable(actor: Actor, level: Level, today: date) -> QuerySet[Any]:
    """Every case of the level within reach, also the returned ones, each with `mine`: whether it waits for this person."""
    rows = GradeDecision.objects.reached_by(actor, level.function)
    rows = rows.filter(state__in=(level.state, DecisionState.RETURNED))
    waits = Q(state=level.state) & ~kept_out(actor, level, today)
    if level is REVIEW:
        waits &= Q(assignee__isnull=True) | Q(assignee=actor.actor_id)
    return rows.annotate(mine=Case(When(waits, then=Value(True)), default=Value(False)))


def in_hand(actor: Actor, level: Level, today: date) -> QuerySet[Any]:
    """The cases that wait for this very person, in the order of the queue."""
    return ordered(reachable(actor, level, today).filter(mine=True))


def ordered(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The nearest deadline first, then changes before those who stay, then by name."""
    return rows.order_by(F("due_on").asc(nulls_last=True), KIND_ORDER, "manager__name_pinyin", "pk")


def _tab_conditions(actor: Actor, level: Level) -> dict[str, Q]:
    change = Q(kind__in=CHANGES)
    return {
        "changes": Q(mine=True) & change,
        "holds": Q(mine=True) & ~change,
        "all": Q(state=level.state),
        "handed": Q(state=level.state, assignee__isnull=False) & ~Q(assignee=actor.actor_id),
        "returned": Q(state=DecisionState.RETURNED),
    }


@dataclass(frozen=True)
class Counted:
    """How many stand in each tab, how many wait for the reader, and the nearest day by which one must be decided."""

    tabs: Mapping[str, int]
    mine: int
    first_due: date | None


def counted(rows: QuerySet[Any], actor: Actor, level: Level) -> Counted:
    """One query."""
    conditions = _tab_conditions(actor, level)
    asked: dict[str, Any] = {
        key: Count("pk", filter=condition) for key, condition in conditions.items() if key in level.tabs
    }
    found = rows.order_by().aggregate(
        **asked,
        mine_=Count("pk", filter=Q(mine=True)),
        first_due=Min("due_on", filter=Q(mine=True)),
    )
    return Counted({key: found[key] for key in asked}, found["mine_"], found["first_due"])


def of_tab(rows: QuerySet[Any], actor: Actor, level: Level, tab: str) -> QuerySet[Any]:
    """The rows of one tab, in order."""
    return ordered(rows.filter(_tab_conditions(actor, level)[tab]))


def first_tab(counts: Counted, level: Level) -> str:
    """Where to begin: the first tab with something in it that waits for the reader."""
    return next((key for key in ("changes", "holds") if counts.tabs[key]), "changes")


def is_clear(decision: Any) -> bool:
    """Nothing speaks against deciding without opening it: no flags, no figures that have changed since."""
    return not decision.flags and not decision.stale


def days_left(due_on: date, today: date) -> int:
    """Working days from tomorrow to the last day; negative counts those since it."""
    if due_on >= today:
        return working_days_between(today + timedelta(days=1), due_on + timedelta(days=1))
    return -working_days_between(due_on + timedelta(days=1), today + timedelta(days=1))


def due_said(due_on: date | None, today: date) -> tuple[str, str]:
    """How much time is left, in words, and the tone of it."""
    if due_on is None:
        return "", ""
    left = days_left(due_on, today)
    if due_on < today:
        return (_("逾期 %(n)d 个工作日") % {"n": -left} if left else _("已过截止日")), "down"
    if due_on == today:
        return _("今天截止"), "down"
    if left == 0:
        return _("最后一天 %(day)s，非工作日") % {"day": due_on.isoformat()}, "down"
    return _("剩 %(n)d 个工作日") % {"n": left}, "warn" if left <= 2 else ""
