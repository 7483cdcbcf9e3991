"""Which accounts hold a function: those to be told or asked. Their own grants count, never what they have as deputies."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Q

from cmsys.access.functions import Function, Reach
from cmsys.accounts.models import User
from cmsys.org.models import RoleGrant


def granted(function: Function, today: date) -> Q:
    """Grants (RoleGrant) in force on a day whose role has the function, of active accounts."""
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    return in_force & Q(role__in=[role.value for role in function.reach], user__is_active=True)


def accounts_everywhere(function: Function, today: date) -> list[int]:
    """The accounts that have the function for the whole institution; one query."""
    everywhere = [role.value for role, reach in function.reach.items() if reach is Reach.ALL]
    found = RoleGrant.objects.filter(granted(function, today), role__in=everywhere)
    return sorted(set(found.values_list("user", flat=True)))


def accounts_by_unit(function: Function, paths: Collection[str], today: date) -> dict[str, list[int]]:
    """For each path of a unit the accounts that have the function at it or above it; one query."""
    within = [role.value for role, reach in function.reach.items() if reach is Reach.SUBTREE]
    grants = RoleGrant.objects.filter(granted(function, today), role__in=within)
    held = [(path, user) for path, user in grants.values_list("unit__path", "user") if path]
    return {path: sorted({user for above, user in held if path.startswith(above)}) for path in paths}


def accounts_of(numbers: Collection[str]) -> dict[str, int]:
    """Employee number → active account; one query."""
    found = User.objects.filter(employee_no__in=numbers, is_active=True).values_list("employee_no", "pk")
    return {str(number): pk for number, pk in found}
