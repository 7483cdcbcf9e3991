"""Tile of the desk of a head: what his people owe their new customers."""

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
from customers.handover.selectors import late


def contacts_tile(request: SignedInRequest) -> str:
    """First contacts due and missing within reach; nothing where there is none, and nothing for those who only record
    their own. One query."""
    user, today = request.user, timezone.localdate()
    if may(user, FIRST_CONTACT_RECORD) and not may(user, HANDOVER_WATCH):
        return ""
    rows = FirstContact.objects.reached_by(user, FIRST_CONTACT_VIEW).filter(
        done_on__isnull=True, cancelled_at__isnull=True
    )
    counts = rows.aggregate(
        waiting=Count("pk"), late=Count("pk", filter=late(today)), soon=Count("pk", filter=Q(due_on=today))
    )
    if not counts["waiting"]:
        return ""
    url = reverse("first_contacts_list")
    figures = [
        {"label": _("逾期未首次联系"), "value": counts["late"], "url": f"{url}?state=late", "tone": "down" if counts["late"] else ""},
        {"label": _("今天到期"), "value": counts["soon"], "url": f"{url}?state=due"},
        {"label": _("待首次联系"), "value": counts["waiting"], "url": f"{url}?state=due"},
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
