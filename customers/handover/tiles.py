"""Tile of the desk of a head: what his people owe their new customers, and what waits for him to watch."""

from __future__ import annotations

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from customers.handover.models import FirstContact
from customers.handover.permissions import FIRST_CONTACT_RECORD, FIRST_CONTACT_VIEW, HANDOVER_WATCH
from customers.handover.selectors import late, to_watch


def contacts_tile(request: SignedInRequest) -> str:
    """First contacts due and missing within reach, and handovers to watch; nothing where there is none of it, and nothing
    for those who only record their own. Four queries at most."""
    user, today = request.user, timezone.localdate()
    if may(user, FIRST_CONTACT_RECORD) and not may(user, HANDOVER_WATCH):
        return ""
    rows = FirstContact.objects.reached_by(user, FIRST_CONTACT_VIEW).filter(
        done_on__isnull=True, cancelled_at__isnull=True
    )
    counts = rows.aggregate(
        waiting=Count("pk"), late=Count("pk", filter=late(today)), soon=Count("pk", filter=Q(due_on=today))
    )
    watching = to_watch(user, today).count() if may(user, HANDOVER_WATCH) else 0
    if not counts["waiting"] and not watching:
        return ""
    url = reverse("first_contacts_list")
    figures = [
        {"label": _("逾期未首次联系"), "value": counts["late"], "url": f"{url}?state=late", "tone": "down" if counts["late"] else ""},
        {"label": _("今天到期"), "value": counts["soon"], "url": f"{url}?state=due"},
        {"label": _("待首次联系"), "value": counts["waiting"], "url": f"{url}?state=due"},
    ]  # fmt: skip
    if may(user, HANDOVER_WATCH):
        figures.append(
            {"label": _("待监交"), "value": watching, "url": f"{reverse('handovers_list')}?state=taken"}
        )
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
