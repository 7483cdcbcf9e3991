"""What a person may do today: his grants as an Access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from cmsys.access.actors import Reached
from cmsys.access.functions import Function, Reach
from cmsys.access.roles import BUSINESS_SIDE, Role

if TYPE_CHECKING:
    from cmsys.accounts.models import User


# No path begins with this: a unit without a place in the tree reaches nothing, not everything.
NOWHERE = "?"


@dataclass(frozen=True)
class Pair:
    """A role together with the unit (and line) it is held at."""

    role: Role
    unit_path: str
    unit_name: str
    line_id: int | None
    # The account whose pair it is, when it is held as a deputy.
    deputy_for: int | None = None


@dataclass(frozen=True)
class GrantedAccess:
    """The pairs in force at one day. Reach is answered pair by pair: a role never borrows another grant's unit.

    Pairs of principals count for functions that may be delegated, and never for a principal's own record.
    """

    pairs: tuple[Pair, ...]

    def reaches(self, function: Function) -> tuple[Reached, ...]:
        return tuple(
            Reached(function.reach[pair.role], pair.unit_path, pair.line_id, pair.role.value, pair.deputy_for)
            for pair in self.pairs
            if pair.role in function.reach and (pair.deputy_for is None or _delegated(function, pair.role))
        )

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(pair.role for pair in self.pairs if pair.deputy_for is None)


def _delegated(function: Function, role: Role) -> bool:
    return function.delegable and function.reach[role] is not Reach.SELF


def access_of(user: User, on: date | None = None) -> GrantedAccess:
    """The access of a person on a day (today in Asia/Shanghai unless given), the grants of those he stands in for
    included; one query. Disabled accounts have none, and nobody stands in for one."""
    from cmsys.org.models import Deputyship, RoleGrant

    if not user.is_active:
        return GrantedAccess(())
    day = on or timezone.localdate()
    in_force = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))
    principals = Deputyship.objects.filter(
        deputy=user, starts_on__lte=day, ends_on__gt=day, principal__is_active=True
    ).values("principal")
    # 三员分立: no role of an administrator passes to a deputy, and none of them stands in for anybody in business.
    held = Q(user=user) | Q(user__in=principals, side=BUSINESS_SIDE)
    grants = list(RoleGrant.objects.filter(in_force, held).select_related("unit").order_by("pk"))
    if any(grant.user_id == user.pk and grant.side != BUSINESS_SIDE for grant in grants):
        grants = [grant for grant in grants if grant.user_id == user.pk]
    return GrantedAccess(
        tuple(
            Pair(
                Role(grant.role), grant.unit.path or NOWHERE, grant.unit.name, grant.line_id,
                None if grant.user_id == user.pk else grant.user_id,
            )
            for grant in grants
        )
    )  # fmt: skip
