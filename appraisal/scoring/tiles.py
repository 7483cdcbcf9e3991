"""Tiles of the desk: the newest results of those in sight, and one's own."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.scoring.filters import newest_cycle
from appraisal.scoring.models import ProposalKind, ScoreSheet
from appraisal.scoring.paper import TONES, proposal_said
from appraisal.scoring.permissions import SHEET_MINE
from appraisal.scoring.resources import rounded
from appraisal.scoring.words import exact, said, words_of
from cmsys.accounts.requests import SignedInRequest


def results_tile(request: SignedInRequest) -> str:
    """How many were graded in the newest cycle and what the rules propose; nothing before the first cycle."""
    sheets: Any = ScoreSheet.objects.visible_to(request.user, "list")
    cycle = newest_cycle(sheets)
    if cycle is None:
        return ""
    counts = dict(sheets.filter(cycle=cycle).order_by().values_list("proposal").annotate(n=Count("pk")))
    address = f"{reverse('score_sheets_list')}?cycle={cycle.pk}"
    total = sum(counts.values())
    figures = [
        {"label": _("考核表"), "value": total, "url": address, "before": cycle.period},
        *(
            {"label": kind.label, "value": counts.get(kind.value, 0), "url": f"{address}&proposal={kind.value}",
             "before": cycle.period}
            for kind in ProposalKind
        ),
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def own_tile(request: SignedInRequest) -> str:
    """The reader's newest result; nothing where he has none."""
    rows: Any = ScoreSheet.objects.reached_by(request.user, SHEET_MINE)
    rows = rows.select_related("cycle__scheme").defer("cycle__scheme__document", "reasons")
    sheet = rows.order_by("-cycle__starts_on", "-pk").first()
    if sheet is None:
        return ""
    words, url = words_of(sheet.cycle.scheme), reverse("score_sheets_detail", args=[sheet.pk])
    figures = [
        {"label": _("能力得分"), "value": said(rounded(exact(sheet.ability)), 2), "url": url, "before": sheet.cycle.period},
        {"label": _("绩效得分"), "value": said(rounded(exact(sheet.performance)), 2), "url": url, "before": sheet.cycle.period},
        {"label": _("等级建议"), "value": proposal_said(words, sheet), "url": url, "tone": TONES[sheet.proposal],
         "before": words.cell_name(sheet.quadrant) if sheet.quadrant else _("未评")},
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
