"""Who looked after whom on which day (ALC-7)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q

from customers.registry.models import Assignment, AssignmentRole


def in_force(on: date) -> Q:
    """Assignments in force on a day: begun, and not yet ended."""
    return Q(starts_on__lte=on) & (Q(ends_on__isnull=True) | Q(ends_on__gt=on))


def holders_on(customer_id: int, on: date) -> list[Assignment]:
    """Everybody who looked after the customer on the day, the primary manager first; one query."""
    held = Assignment.objects.filter(in_force(on), customer=customer_id).select_related("manager__unit")
    return sorted(held, key=lambda found: (found.role != AssignmentRole.PRIMARY, found.role, found.pk))


def owner_on(customer_id: int, on: date) -> Any:
    """The primary manager on the day, None where there was nobody; one query."""
    held = Assignment.objects.filter(in_force(on), customer=customer_id, role=AssignmentRole.PRIMARY)
    found = held.select_related("manager").first()
    return found.manager if found is not None else None
