"""A customer's tier by hand: set with a reason, held until a day or until it is released. Rules respect it (ADR 0141)."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from customers.registry.models import Customer, CustomerTier, TierHold
from customers.registry.permissions import CUSTOMER_TIER
from customers.registry.services.customers import _locked


@transaction.atomic
def customer_tier(
    *,
    actor: Actor,
    customer_id: int,
    tier: CustomerTier | None,
    reason: str,
    until: date | None = None,
    today: date | None = None,
) -> Customer:
    """Sets the tier by hand; it holds against rules until the day `until` (excluded), without one until it is released.
    With a day, the present tier can be held as well. `today` is needed with `until`.

    Raises MissingFunction, Customer.DoesNotExist, ValidationError (no reason, the same tier, a day that has been).
    """
    require(actor, CUSTOMER_TIER)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    if until is not None and (today is None or until <= today):
        raise refused("until", "bad_date", _("有效期须晚于今天。"))
    customer = _locked(actor, "tier", customer_id)
    before = customer.tier
    if before == tier and until is None:
        raise refused("tier", "unchanged", _("已经是“%(tier)s”。") % {"tier": tier or _("未分级")})
    if before != tier:
        customer.tier = tier
        customer.save(update_fields=["tier", "updated_at"])
    _released(customer)
    TierHold.objects.create(
        customer=customer, tier=tier, reason=reason.strip(), set_by=actor.actor_name[:120], ends_on=until
    )
    after = {"tier": tier} | ({"ends_on": until} if until is not None else {})
    record("customer.tier", customer, actor=actor, before={"tier": before}, after=after, reason=reason)
    return customer


@transaction.atomic
def tier_release(*, actor: Actor, customer_id: int, reason: str) -> Customer:
    """Lets rules decide again: the tier stays as it is until the next run is applied. Locks the customer.

    Raises MissingFunction, Customer.DoesNotExist, ValidationError (no reason, nothing is held).
    """
    require(actor, CUSTOMER_TIER)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    customer = _locked(actor, "tier", customer_id)
    if not _released(customer):
        raise refused("reason", "not_held", _("这位客户没有手工评定的分级，或者已经解除。"))
    record("customer.tier_release", customer, actor=actor, after={"tier": customer.tier}, reason=reason)
    return customer


def _released(customer: Customer) -> bool:
    return bool(
        TierHold.objects.filter(customer=customer, released_at__isnull=True).update(released_at=Now())
    )
