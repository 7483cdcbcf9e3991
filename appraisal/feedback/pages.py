"""我的等级: one's own standing on one page, made for a phone. Everything is read with the reader's own rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from appraisal.feedback.cards import answers_said
from appraisal.feedback.models import FeedbackInterview
from appraisal.feedback.permissions import MY_GRADE
from appraisal.feedback.selectors import due_of
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.scoring.documents import load_reasons
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.pages import trend
from appraisal.scoring.paper import Paper
from appraisal.scoring.reasons import Condition
from appraisal.scoring.resources import SHEETS, paper_for, rounded
from appraisal.scoring.words import said
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.registry import cards_for
from managers.profiles.models import GradeRecord, RelationshipManager

DECISIONS, RECORDS = 6, 20
# In these the person knows the result and may still say something against it.
APPEALABLE = (DecisionState.ON_NOTICE, DecisionState.SERVED, DecisionState.CLEARED, DecisionState.EFFECTIVE)
STATE_TONES = {
    DecisionState.ON_NOTICE: "info", DecisionState.SERVED: "warn", DecisionState.CLEARED: "info",
    DecisionState.EFFECTIVE: "up", DecisionState.SUPERSEDED: "hold", DecisionState.WITHDRAWN: "hold",
}  # fmt: skip


@dataclass(frozen=True)
class Missing:
    """A promotion that was not reached, with the conditions that were not met."""

    title: str
    text: str
    conditions: tuple[Condition, ...]


def own_manager(request: SignedInRequest) -> RelationshipManager | None:
    """The reader's own file."""
    people = RelationshipManager.objects.reached_by(request.user, MY_GRADE).select_related(
        "unit", "grade", "post"
    )
    found: RelationshipManager | None = people.first()
    return found


def missing_for_next(paper: Paper) -> list[Missing]:
    """What stood against a promotion, rule by rule, each unmet condition in words with one's own value."""
    stored = load_reasons(paper.sheet.reasons)
    found = []
    for row, reason in zip(stored.reasons if stored else (), paper.reasons, strict=False):
        if not str(row.get("rule", "")).startswith("promotion") or row.get("passed"):
            continue
        unmet = tuple(one for one in reason.conditions if one.passed is not True)
        found.append(Missing(reason.title, reason.text, unmet))
    return found


def my_grade(request: SignedInRequest, manager: RelationshipManager) -> dict[str, Any]:
    """Everything the page shows. A fixed number of queries, however many cycles there were."""
    records = list(
        GradeRecord.objects.filter(manager=manager).select_related("grade").order_by("-starts_on")[:RECORDS]
    )
    present = next((record for record in records if record.ends_on is None), None)
    rows: Any = SHEETS.queryset(request.user, "view").filter(manager=manager)
    sheet = rows.order_by("-cycle__starts_on", "-pk").first()
    page: dict[str, Any] = {
        "title": _("我的等级"),
        "subtitle": _("%(name)s · %(unit)s") % {"name": manager.name, "unit": manager.unit.name},
        "grade": manager.grade.name if manager.grade else _("未定级"),
        "since": present.starts_on if present is not None else None,
        "records": records,
        "decisions": _decisions(request, manager),
        "result": _result(request, sheet) if sheet is not None else None,
        "cards": _cards(request, manager),
    }
    return page


def _result(request: SignedInRequest, sheet: Any) -> dict[str, Any]:
    paper = paper_for(sheet)
    decision = GradeDecision.objects.filter(sheet=sheet).values_list("round__submitted_at", flat=True).first()
    interview = FeedbackInterview.objects.select_related("written_by").filter(sheet=sheet).first()
    answered = answers_said(sheet)
    figures = [
        {"label": part.name, "value": said(rounded(part.result), 2) if part.result is not None else _("未评")}
        for part in paper.parts
    ]
    if paper.cell_name:
        figures.append({"label": _("矩阵位置"), "value": paper.cell_name})
    return {
        "sheet": sheet, "period": sheet.cycle.period, "url": SHEETS.url("detail", sheet), "figures": figures,
        "not_rated": paper.not_rated, "chart": trend(request, sheet), "missing": missing_for_next(paper),
        "reached": sheet.proposal == ProposalKind.PROMOTION, "pending": paper.reasons_pending, "answered": answered,
        "due_on": due_of(decision) if decision else None, "sign_url": reverse("sheet_sign", args=[sheet.pk]),
        "interview": interview,
        "confirm_url": reverse("interview_sign", args=[interview.pk]) if interview and not interview.signed_at else "",
    }  # fmt: skip


def _decisions(request: SignedInRequest, manager: RelationshipManager) -> list[dict[str, Any]]:
    """The person's own cases as far as they are shown to him (DecisionQuerySet); one query."""
    rows = GradeDecision.objects.visible_to(request.user, "view").filter(manager=manager)
    rows = rows.select_related("cycle", "grade", "previous_grade").defer("counterfactual")
    return [
        {
            "period": row.cycle.period, "kind": row.get_kind_display(), "state": row.get_state_display(),
            "tone": STATE_TONES.get(DecisionState(row.state), "hold"),
            "before": row.previous_grade.name if row.previous_grade else _("未定级"),
            "after": row.grade.name if row.grade else _("未定级"), "from": row.effective_from,
            "url": named_url("grade_decisions_detail", row.pk),
            "appeal_url": named_url("appeal_lodge", row.pk) if row.state in APPEALABLE else "",
        }
        for row in rows.order_by("-cycle__starts_on", "-pk")[:DECISIONS]
    ]  # fmt: skip


def named_url(name: str, key: int) -> str:
    """The address of a page of a room above; empty where there is none."""
    try:
        return reverse(name, args=[key])
    except NoReverseMatch:
        return ""


def _cards(request: SignedInRequest, manager: RelationshipManager) -> list[dict[str, Any]]:
    """What rooms above add for the person himself: cards of the page `my-grade`, whose object is his own file."""
    found = []
    for card in cards_for("my-grade", request.user):
        html = card.render(request, manager)
        if html:
            found.append({"key": card.key, "title": card.title, "html": html, "span": card.span})
    return found
