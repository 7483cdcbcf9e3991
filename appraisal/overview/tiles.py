"""The tile of the desk: how far the newest cycle is."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from appraisal.overview.filters import newest_decided
from appraisal.overview.selectors import progress
from cmsys.accounts.requests import SignedInRequest


def progress_tile(request: SignedInRequest) -> str:
    """Cases of the newest cycle within sight, those that wait, what changes; nothing before the first. Two queries."""
    rows: Any = GradeDecision.objects.visible_to(request.user, "list")
    cycle = newest_decided(rows)
    if cycle is None:
        return ""
    found = progress(rows.filter(cycle=cycle), timezone.localdate())
    listed = f"{reverse('grade_decisions_list')}?cycle={cycle.pk}"
    figures: list[dict[str, Any]] = [
        {"label": _("已办完"), "value": f"{found.total - found.waiting}/{found.total}",
         "url": f"{reverse('overview')}?cycle={cycle.pk}", "before": cycle.period},
        {"label": _("待办理"), "value": found.waiting, "url": f"{listed}&state=pending", "before": cycle.period},
        {"label": _("已逾期"), "value": found.late, "url": f"{listed}&due=late", "before": cycle.period,
         "tone": "down" if found.late else ""},
        {"label": _("晋升"), "value": found.promotions, "url": f"{listed}&kind=promotion", "before": cycle.period},
        {"label": _("降级"), "value": found.demotions, "url": f"{listed}&kind=demotion", "before": cycle.period},
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
