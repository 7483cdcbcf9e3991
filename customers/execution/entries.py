"""What stands in the ledger of customers whose owner a plan has changed: one event each, as of a change by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cmsys.access.actors import Actor
from cmsys.audit.acting import acting
from cmsys.audit.ledger import record_many
from cmsys.audit.models import Event
from customers.registry.masking import mask_person
from customers.registry.models import Customer, CustomerKind

# Kind, the customer (`customer` its key, `customer_no`, `name`, `kind`), before, after.
Entry = tuple[str, Mapping[str, Any], dict[str, Any], dict[str, Any]]


def entries(actor: Actor, said: Iterable[Entry], now: datetime, reason: str) -> None:
    """Writes them, a thousand in a statement."""
    request = acting()
    record_many(
        [
            Event(
                at=now, kind=kind, resource=Customer.resource, object_id=str(row["customer"]), object_label=_label(row),
                actor_id=actor.actor_id, actor_name=actor.actor_name[:120], before=before, after=after,
                reason=reason[:500], request_id=request.request_id if request else "",
                address=request.address if request else "",
            )
            for kind, row, before, after in said
        ]
    )  # fmt: skip


def _label(row: Mapping[str, Any]) -> str:
    """As the text of a customer: of a person the family name."""
    name = mask_person(row["name"]) if row["kind"] == CustomerKind.INDIVIDUAL else row["name"]
    return f"{name}（{row['customer_no']}）"[:200]
