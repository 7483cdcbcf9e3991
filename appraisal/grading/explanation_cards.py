"""What a score sheet's page says of the decision that stands on it."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string

from appraisal.grading.counterfactual_words import sentences
from appraisal.grading.models import GradeDecision
from appraisal.scoring.models import ScoreSheet
from cmsys.accounts.requests import SignedInRequest


def smallest_change_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """The smallest change that would have altered the proposal, for readers who may see the decision; one query."""
    rows: Any = GradeDecision.objects.visible_to(request.user, "view").filter(sheet=sheet)
    decision = rows.select_related("cycle__scheme", "previous_grade").defer("cycle__scheme__document").first()
    texts = sentences(decision) if decision is not None else []
    if not texts:
        return ""
    return render_to_string("grading/cards/smallest_change.html", {"texts": texts}, request=request)
