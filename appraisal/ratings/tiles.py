"""Tiles of the desk: whom a superior still has to rate, one's own sheet, and how far a cycle has come."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.ratings.models import RaterGroup
from appraisal.ratings.selectors import Sheet, members_of, sheets_for
from cmsys.accounts.requests import SignedInRequest


def tasks_tile(request: SignedInRequest) -> str:
    """How many people are still to be rated by the reader, in all open cycles; nothing when there are none."""
    sheets = [
        sheet for sheet in sheets_for(request.user, RaterGroup.SUPERIOR, timezone.localdate()) if sheet.direct
    ]
    return _figures(request, sheets, _("待评"), reverse("rating_tasks"))


def self_tile(request: SignedInRequest) -> str:
    """One's own sheets that wait; nothing when no open cycle asks for one."""
    sheets = sheets_for(request.user, RaterGroup.SELF, timezone.localdate())
    return _figures(request, sheets, _("待自评"), reverse("rating_self"))


def _figures(request: SignedInRequest, sheets: list[Sheet], label: str, url: str) -> str:
    if not sheets:
        return ""
    left = sum(not sheet.done for sheet in sheets)
    figures = [
        {"label": label, "value": left, "url": url, "tone": "warn" if left else "up"},
        {"label": _("已完成"), "value": len(sheets) - left, "before": _("共 %(n)d 份") % {"n": len(sheets)}},
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def progress_tile(request: SignedInRequest) -> str:
    """Rated and to be rated in the newest open cycle; three queries at most."""
    open_cycles = Cycle.objects.filter(state=CycleState.OPEN).select_related("scheme")
    cycle = open_cycles.order_by("-starts_on", "scheme_code").first()
    if cycle is None:
        return ""
    members: Any = members_of(request.user, cycle)
    total, rated = members.count(), members.filter(rated=True).count()
    if not total:
        return ""
    url = f"{reverse('rating_progress')}?cycle={cycle.pk}"
    figures = [
        {"label": _("未评"), "value": total - rated, "url": url, "tone": "warn" if rated < total else "up",
         "before": str(cycle)},
        {"label": _("上级已评"), "value": rated, "before": _("共 %(n)d 人") % {"n": total}},
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
