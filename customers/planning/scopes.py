"""Which units plans are reviewed for."""

from __future__ import annotations

from cmsys.org.models import OrgUnit
from customers.allocation.models import AllocationPolicy
from customers.allocation.selectors import policy_for


def scopes() -> list[OrgUnit]:
    """The units plans are reviewed for: those that have a policy of their own, and the top of the institution when a
    policy holds there. Two queries."""
    own = OrgUnit.objects.filter(pk__in=AllocationPolicy.objects.filter(unit__isnull=False).values("unit"))
    units = {unit.pk: unit for unit in own.filter(closed_on__isnull=True)}
    top = OrgUnit.objects.filter(parent__isnull=True, closed_on__isnull=True).order_by("code").first()
    if top is not None and policy_for(top.path) is not None:
        units.setdefault(top.pk, top)
    return sorted(units.values(), key=lambda unit: unit.path or "")
