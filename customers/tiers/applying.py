"""A piece of a proposal becomes the tiers of customers: locked, compared with what the run saw, written, recorded.

A customer whose tier or category is another one by now, or whose tier somebody has taken in hand since, is left as he is
and the line says so. Lines that are settled are not looked at again, so that doing a piece twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.audit.ledger import record_many
from cmsys.audit.models import Event
from customers.registry.models import Customer, CustomerCategory, TierHold
from customers.tiers.choices import Outcome, Settled
from customers.tiers.models import TierChange, TierRun

WRITE = """UPDATE customers_registry_customer c SET tier_id = v.tier, category = v.category, updated_at = %s
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS v(id, tier, category) WHERE c.id = v.id"""


@dataclass(frozen=True)
class Piece:
    """What became of a piece: the last line looked at, how many were written and how many left."""

    last: int
    done: int
    skipped: int
    more: bool


def apply_piece(run: TierRun, actor: Actor, after: int, most: int, today: date, now: datetime) -> Piece:
    """The next `most` open lines after a line. Eight statements, and one for each thousand events."""
    rows: Any = TierChange.objects.filter(run=run, settled=Settled.OPEN, pk__gt=after).order_by("pk")
    lines = list(rows.select_related("before", "after")[:most])
    if not lines:
        return Piece(after, 0, 0, False)
    keys = [line.customer_id for line in lines]
    held = set(
        TierHold.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today), customer__in=keys, released_at__isnull=True)
        .values_list("customer_id", flat=True)
    )  # fmt: skip
    locked: Any = Customer.objects.filter(pk__in=keys).order_by("pk").select_for_update(of=("self",))
    customers = {row.pk: row for row in locked.defer("search_key", "list_name")}
    done, skipped, written = [], [], []
    for line in lines:
        customer = customers[line.customer_id]
        if (customer.tier_id, customer.category) != (
            line.before_id,
            line.category_before,
        ) or customer.pk in held:
            skipped.append(line.pk)
            continue
        done.append((line, customer))
        tier = line.after_id if line.outcome == Outcome.MOVE else line.before_id
        written.append((customer.pk, tier, line.category_after))
    if written:
        ids, tiers, categories = (list(column) for column in zip(*written, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(WRITE, [now, ids, tiers, categories])
    TierChange.objects.filter(pk__in=[line.pk for line, _customer in done]).update(
        settled=Settled.DONE, updated_at=now
    )
    TierChange.objects.filter(pk__in=skipped).update(settled=Settled.SKIPPED, updated_at=now)
    record_many([_event(run, actor, line, customer, now) for line, customer in done])
    return Piece(lines[-1].pk, len(done), len(skipped), len(lines) == most)


def _event(run: TierRun, actor: Actor, line: Any, customer: Customer, now: datetime) -> Event:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {"run": run.number, "rule": str(run.rule), "score": f"{line.score / 100:.2f}"}
    if line.outcome == Outcome.MOVE:
        before["tier"], after["tier"] = line.before, line.after
    if line.category_before != line.category_after:
        before["category"] = category_name(line.category_before)
        after["category"] = category_name(line.category_after)
    return Event(
        at=now, kind="customer.tier", resource=Customer.resource, object_id=str(customer.pk), object_label=str(customer)[:200],
        actor_id=actor.actor_id, actor_name=actor.actor_name[:120], before=before, after=after,
        reason=_("按规则分级，批次 %(number)s：%(reason)s") % {"number": run.number, "reason": run.reason},
    )  # fmt: skip


def category_name(code: str) -> str:
    """The category as people read it."""
    return str(CustomerCategory(code).label) if code else _("未分类")
