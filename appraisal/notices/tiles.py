"""Tile of the desk: what is on the notice board today."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from appraisal.notices.selectors import running_notices
from cmsys.accounts.requests import SignedInRequest

SHOWN = 5


def board_tile(request: SignedInRequest) -> str:
    """Running notices, those that end first on top; nothing where none runs. One query."""
    running = running_notices(request.user, timezone.localdate()).select_related("audience")
    rows = [
        {"title": notice.title, "number": notice.number, "ends_on": notice.ends_on,
         "url": reverse("notices_detail", args=[notice.pk])}
        for notice in running.order_by("ends_on", "pk")[: SHOWN + 1]
    ]  # fmt: skip
    if not rows:
        return ""
    context = {"rows": rows[:SHOWN], "more": len(rows) > SHOWN}
    return render_to_string("notices/tile.html", context, request=request)
