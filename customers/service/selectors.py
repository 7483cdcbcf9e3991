"""What other rooms ask of tickets."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, time

from django.db.models.functions import Coalesce
from django.utils import timezone

from cmsys.org.months import months_after
from customers.service.models import Ticket, TicketKind


def counts_after(as_of: date, months: int) -> datetime:
    """The moment after which a complaint counts: the end of the same day so many months before."""
    return timezone.make_aware(datetime.combine(months_after(as_of, -months), time.max))


def upheld_against(managers: Collection[int], as_of: date, months: int) -> set[tuple[int, int]]:
    """(customer, manager) of complaints that were upheld and laid to one of these managers, closed (opened, where that is not
    known) within so many months up to the end of a day; one query."""
    rows = Ticket.objects.annotate(at=Coalesce("resolved_at", "opened_at")).filter(
        kind=TicketKind.COMPLAINT, upheld=True, responsible__in=managers,
        at__gt=counts_after(as_of, months), at__lte=timezone.make_aware(datetime.combine(as_of, time.max)),
    )  # fmt: skip
    return set(rows.values_list("customer_id", "responsible_id").distinct())
