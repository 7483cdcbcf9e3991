"""Cards of answers: on the sheet who signed when, on a decision whether the sheet below it was signed."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.feedback.choices import TONES, Outcome, Signature
from appraisal.feedback.models import FeedbackInterview
from appraisal.feedback.permissions import FEEDBACK_GIVE, SHEET_SIGN
from appraisal.feedback.selectors import answers_of, signature_of
from appraisal.grading.models import GradeDecision
from appraisal.scoring.models import ScoreSheet
from cmsys.accounts.requests import SignedInRequest


def answers_said(sheet: ScoreSheet) -> dict[str, Any]:
    """The state of a sheet's signature, and every answer that was given; one query."""
    answers = answers_of(sheet)
    signature = signature_of(sheet, answers)
    rows = [
        {
            "when": one.at, "what": one.get_outcome_display(), "tone": TONES[Signature(one.outcome)], "who": one.by.name,
            "remark": one.remark, "void": one.digest != sheet.digest,
            "witnesses": "、".join(person.name for person in (one.witness, one.second_witness) if person),
            "refused": one.outcome == Outcome.REFUSED,
        }
        for one in answers
    ]  # fmt: skip
    return {
        "signature": signature, "signature_label": signature.label, "signature_tone": TONES[signature], "answers": rows,
        "open": signature in (Signature.NONE, Signature.VOID), "void": signature == Signature.VOID,
    }  # fmt: skip


def sheet_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """Signature and talk, with what the reader may do about them. Three queries."""
    rows: Any = ScoreSheet.objects.filter(pk=sheet.pk)
    rights = (
        rows.with_rights(request.user, signs=SHEET_SIGN, gives=FEEDBACK_GIVE).values("signs", "gives").get()
    )
    number = request.user.employee_no
    # A superior does nothing of this for himself.
    gives = rights["gives"] and not (number and number == sheet.manager.employee_no)
    interview = FeedbackInterview.objects.select_related("written_by").filter(sheet=sheet).first()
    said = answers_said(sheet)
    context = said | {
        "interview": interview,
        "sign_url": reverse("sheet_sign", args=[sheet.pk]) if rights["signs"] and said["open"] else "",
        "refusal_url": reverse("sheet_refusal", args=[sheet.pk]) if gives and said["open"] else "",
        "confirm_url": (
            reverse("interview_sign", args=[interview.pk])
            if rights["signs"] and interview is not None and interview.signed_at is None
            else ""
        ),
        "write_url": (
            reverse("interview_write", args=[sheet.pk])
            if gives and (interview is None or interview.signed_at is None)
            else ""
        ),
    }
    return render_to_string("feedback/cards/sheet.html", context, request=request)


def decision_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """For reviewers: an unsigned sheet blocks nothing and is said. One query more than the sheet."""
    said = answers_said(decision.sheet)
    hint = _("考核表未签收不影响复核和审定，但请先确认本人已经看到。") if said["open"] else ""
    context = said | {"hint": hint, "sheet_url": reverse("score_sheets_detail", args=[decision.sheet_id])}
    return render_to_string("feedback/cards/decision.html", context, request=request)
