"""What a person may do today: his grants as an Access."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from cmsys.access.actors import Reached
from cmsys.access.functions import Function
from cmsys.access.roles import Role

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


@dataclass(frozen=True)
class GrantedAccess:
    """The pairs in force at one day. Reach is answered pair by pair: a role never borrows another grant's unit."""

    pairs: tuple[Pair, ...]

    def reaches(self, function: Function) -> tuple[Reached, ...]:
        return tuple(
            Reached(function.reach[pair.role], pair.unit_path, pair.line_id, pair.role.value)
            for pair in self.pairs
            if pair.role in function.reach
        )

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(pair.role for pair in self.pairs)


def access_of(user: User, on: date | None = None) -> GrantedAccess:
    """The access of a person on a day (today in Asia/Shanghai unless given); one query. Disabled accounts have none."""
    from cmsys.org.models import RoleGrant

    if not user.is_active:
        return GrantedAccess(())
    day = on or timezone.localdate()
    in_force = Q(starts_on__lte=day) & (Q(ends_on__isnull=True) | Q(ends_on__gt=day))
    grants = RoleGrant.objects.filter(in_force, user=user).select_related("unit").order_by("pk")
    return GrantedAccess(
        tuple(
            Pair(Role(grant.role), grant.unit.path or NOWHERE, grant.unit.name, grant.line_id)
            for grant in grants
        )
    )
