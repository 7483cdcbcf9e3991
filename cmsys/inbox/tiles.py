"""The tile of the desk: the first things that wait."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.items import sources_for
from cmsys.inbox.pages import row_of
from cmsys.inbox.selectors import to_do, waiting_count

FIRST = 5


def inbox_tile(request: SignedInRequest) -> str:
    """The five most urgent items; left out for roles that nothing ever waits for."""
    if not sources_for(request.user):
        return ""
    today = timezone.localdate()
    rows = [row_of(one, today) for one in to_do(request.user, today, limit=FIRST)]
    total = waiting_count(request.user, today)
    context = {"rows": rows, "total": total, "url": reverse("inbox")}
    return render_to_string("inbox/tile.html", context, request=request)
