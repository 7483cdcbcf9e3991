"""The cards of a score sheet's page, and what the profile of a manager shows of his sheets."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.pages import before, place, profile, trend
from appraisal.scoring.paper import TONES, proposal_said
from appraisal.scoring.resources import paper_for, rounded
from appraisal.scoring.words import exact, said, words_of
from cmsys.accounts.requests import SignedInRequest
from managers.profiles.models import RelationshipManager

NEWEST = 6


def lines_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """Every line with its sums; a figure leads to how it came about."""
    paper = paper_for(sheet)
    parts = [
        {
            "part": part, "texts": part.texts(),
            "lines": [
                {"line": line, "texts": line.texts(), "url": reverse("sheet_line", args=[sheet.pk, line.position])}
                for line in part.lines
            ],
        }
        for part in paper.parts
    ]  # fmt: skip
    return render_to_string("scoring/cards/lines.html", {"paper": paper, "parts": parts}, request=request)


def reasons_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """The rules that were asked, each condition with the person's own value."""
    return render_to_string("scoring/cards/reasons.html", {"paper": paper_for(sheet)}, request=request)


def place_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """Where the person stands in the matrix, and what the scheme advises there."""
    drawing = place(request, sheet)
    if drawing is None:
        return ""
    paper, earlier = paper_for(sheet), before(request, sheet)
    moved = ""
    if earlier is not None and earlier.quadrant:
        came = paper.words.cell_name(earlier.quadrant)
        moved = (
            _("%(period)s 也在“%(cell)s”。") if earlier.quadrant == sheet.quadrant else _("%(period)s 在“%(cell)s”。")
        ) % {"period": earlier.period, "cell": came}  # fmt: skip
    context = {"drawing": drawing, "paper": paper, "moved": moved}
    return render_to_string("scoring/cards/place.html", context, request=request)


def profile_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """The radar of the abilities with its numbers as a table."""
    found = profile(request, sheet)
    return (
        render_to_string("scoring/cards/profile.html", {"profile": found}, request=request) if found else ""
    )


def trend_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """Ability and performance over the cycles."""
    chart = trend(request, sheet)
    return render_to_string("scoring/cards/trend.html", {"chart": chart}, request=request) if chart else ""


def manager_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """The newest sheets of a person, as far as the reader may see them; one query."""
    rows: Any = ScoreSheet.objects.visible_to(request.user, "view").filter(manager=manager)
    rows = rows.select_related("cycle__scheme").defer("cycle__scheme__document", "reasons")
    rows = rows.order_by("-cycle__starts_on", "cycle__scheme_code")[:NEWEST]
    items = [
        {
            "period": sheet.cycle.period, "url": reverse("score_sheets_detail", args=[sheet.pk]),
            "ability": said(rounded(exact(sheet.ability)), 2), "performance": said(rounded(exact(sheet.performance)), 2),
            "cell": words_of(sheet.cycle.scheme).cell_name(sheet.quadrant) if sheet.quadrant else "",
            "proposal": proposal_said(words_of(sheet.cycle.scheme), sheet), "tone": TONES[sheet.proposal],
        }
        for sheet in rows
    ]  # fmt: skip
    return render_to_string("scoring/cards/sheets.html", {"items": items, "newest": NEWEST}, request=request)
