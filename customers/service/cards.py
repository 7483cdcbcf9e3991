"""Cards: a customer's tickets on his page, and the facts of one ticket."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.listing import shown
from customers.engagement.cards import dealings, facts_of, manager_url
from customers.engagement.selectors import latest
from customers.registry.models import Customer
from customers.service.models import Ticket
from customers.service.resources import KIND_TONES, TICKETS


def tickets_card(request: SignedInRequest, customer: Customer) -> str:
    """The latest tickets of the customer; one query."""
    rows = latest(Ticket.objects.visible_to(request.user).filter(customer=customer), "-opened_at", "-pk")
    for row in rows:
        row.page = TICKETS.url("detail", row)
    return dealings(
        request, _("服务工单"), rows, (_("工单编号"), _("受理"), _("类型"), _("评价")),
        lambda row: (
            row.ticket_no, shown(row.opened_at), (row.get_kind_display(), KIND_TONES.get(row.kind, "hold")),
            shown(row.rating),
        ),
        f"{TICKETS.url('list')}?{urlencode({'customer': customer.customer_no})}",
    )  # fmt: skip


def facts_card(request: SignedInRequest, ticket: Any) -> str:
    """Everything that is known of the ticket; two queries at most."""
    facts = facts_of(request, TICKETS, ticket)
    if ticket.responsible_id != ticket.manager_id:
        [laid_to] = [fact for fact in facts if fact["label"] == _("责任人")]
        laid_to["url"] = manager_url(request, ticket.responsible)
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
