"""What the to-do centre, the desk and the menu are told of decisions that wait."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.queues import (
    CONFIRM,
    LEVELS,
    REVIEW,
    Level,
    counted,
    due_said,
    in_hand,
    is_clear,
    reachable,
)
from appraisal.grading.resources import change_said
from appraisal.grading.transitions import DECISION
from cmsys.access.actors import Actor
from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.items import InboxItem, InboxSource, InPlace, Listed
from cmsys.ui.registry import Tile

SHOWN = ("manager", "unit", "cycle", "round", "grade", "previous_grade")


def _item(level: Level, decision: Any) -> InboxItem:
    verb, in_place = DECISION[level.verb], None
    if is_clear(decision):
        fields = (("version", decision.updated_at.isoformat()),)
        in_place = InPlace(verb.label, reverse(f"grade_decisions_{level.verb}", args=[decision.pk]), fields)
    return InboxItem(
        title=f"{decision.manager.name} {change_said(decision)}",
        detail=f"{decision.cycle.period} · {decision.unit.name} · {decision.manager.employee_no}",
        url=f"{reverse(level.url_name)}?case={decision.pk}",
        at=decision.moved_at or decision.round.submitted_at or decision.updated_at,
        due_on=decision.due_on, state=str(decision.get_state_display()), in_place=in_place,
    )  # fmt: skip


def _listed(rows: Any, limit: int) -> list[Any]:
    return list(rows.select_related(*SHOWN).defer("counterfactual", "ground")[:limit])


def waiting(level: Level) -> Listed:
    """待我处理: one query."""

    def items(actor: Actor, today: date, limit: int) -> list[InboxItem]:
        return [_item(level, decision) for decision in _listed(in_hand(actor, level, today), limit)]

    return items


def answering(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """What supervisors have returned and human resources must answer: one query."""
    rows = _returned(actor).order_by("due_on", "pk")
    return [
        InboxItem(
            title=_("%(name)s 被退回，待答复") % {"name": decision.manager.name},
            detail=f"{decision.cycle.period} · {decision.unit.name} · {decision.moved_by}",
            url=f"{reverse(CONFIRM.url_name)}?tab=returned&case={decision.pk}",
            at=decision.moved_at or decision.updated_at, due_on=decision.due_on,
            state=str(decision.get_state_display()),
        )
        for decision in _listed(rows, limit)
    ]  # fmt: skip


def _returned(actor: Actor) -> Any:
    return GradeDecision.objects.reached_by(actor, CONFIRM.function).filter(state=DecisionState.RETURNED)


def handed_on(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """我发起: what the reviewer has handed to somebody and is not decided yet, newest first."""
    rows = reachable(actor, REVIEW, today).filter(state=DecisionState.IN_REVIEW, assignee__isnull=False)
    rows = rows.exclude(assignee=actor.actor_id).order_by("-moved_at", "-pk")
    return [
        InboxItem(
            title=f"{decision.manager.name} {change_said(decision)}",
            detail=_("转办给 %(name)s") % {"name": decision.assignee.name},
            url=f"{reverse(REVIEW.url_name)}?tab=handed&case={decision.pk}", at=decision.moved_at or decision.updated_at,
            due_on=decision.due_on, state=str(decision.get_state_display()),
        )
        for decision in list(rows.select_related(*SHOWN, "assignee")[:limit])
    ]  # fmt: skip


def done(level: Level) -> Listed:
    """已办: one's own steps on the level, newest first; only cases that can still be opened. One query."""

    def items(actor: Actor, today: date, limit: int) -> list[InboxItem]:
        seen = GradeDecision.objects.reached_by(actor, level.function).values("pk")
        steps = DecisionStep.objects.filter(actor=actor.actor_id, verb__in=level.acts, decision__in=seen)
        rows = steps.select_related(*(f"decision__{name}" for name in SHOWN)).order_by("-at", "-pk")[:limit]
        return [
            InboxItem(
                title=f"{step.decision.manager.name} {change_said(step.decision)}",
                detail=" · ".join(part for part in (str(DECISION[step.verb].label), step.reason) if part),
                url=reverse("grade_decisions_detail", args=[step.decision_id]), at=step.at,
                state=str(step.decision.get_state_display()),
            )
            for step in rows
        ]  # fmt: skip

    return items


SOURCES = (
    InboxSource(
        "grade_review", REVIEW.title, 10, lambda actor, today: in_hand(actor, REVIEW, today), waiting(REVIEW),
        begun=handed_on, done=done(REVIEW), function=REVIEW.function,
    ),
    InboxSource(
        "grade_confirm", CONFIRM.title, 20, lambda actor, today: in_hand(actor, CONFIRM, today), waiting(CONFIRM),
        done=done(CONFIRM), function=CONFIRM.function,
    ),
    InboxSource(
        "grade_returned", CONFIRM.tabs["returned"], 21, lambda actor, today: _returned(actor), answering,
        function=CONFIRM.function,
    ),
)  # fmt: skip


# --- the desk -------------------------------------------------------------------------------------------------------------
def tile(level: Level) -> Tile:
    """待我复核 or 待我审定 on the desk."""

    def render(request: SignedInRequest) -> str:
        """How many wait, the changes among them, the nearest deadline; nothing when nothing waits. One query."""
        today = timezone.localdate()
        counts = counted(reachable(request.user, level, today), request.user, level)
        if not counts.mine and not counts.tabs["returned"]:
            return ""
        url = reverse(level.url_name)
        due, tone = due_said(counts.first_due, today)
        figures = [
            {"label": level.waiting, "value": counts.mine, "url": url, "tone": tone, "before": due},
            {"label": _("其中变更"), "value": counts.tabs["changes"], "url": f"{url}?tab=changes", "before": _("晋升与降级")},
            {"label": level.tabs["returned"], "value": counts.tabs["returned"], "url": f"{url}?tab=returned", "before": ""},
        ]  # fmt: skip
        return render_to_string("components/figures.html", {"figures": figures}, request=request)

    return Tile(level.url_name, 5, level.waiting, render, level.function, span=3)


TILES = tuple(tile(level) for level in LEVELS.values())
