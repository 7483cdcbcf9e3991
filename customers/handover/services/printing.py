"""Printing a handover is an event."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from customers.handover.models import Handover
from customers.handover.permissions import HANDOVER_VIEW
from customers.handover.printing import handover_pdf


@transaction.atomic
def handover_print(*, actor: Actor, handover_id: int, now: datetime) -> tuple[bytes, str]:
    """移交清单 and what the file is called. Two queries and the event; about 5 ms for each ten customers.

    Raises MissingFunction, Handover.DoesNotExist (out of reach).
    """
    require(actor, HANDOVER_VIEW)
    rows: Any = Handover.objects.reached_by(actor, HANDOVER_VIEW)
    handover: Handover = rows.select_related("giver__unit", "taker__unit", "unit", "plan").get(pk=handover_id)
    lines = handover.lines.select_related("customer").order_by("customer__customer_no")
    content = handover_pdf(handover, list(lines), actor.actor_name)
    record("handover.print", handover, actor=actor, now=now)
    return content, f"移交清单-{handover.number}.pdf"
