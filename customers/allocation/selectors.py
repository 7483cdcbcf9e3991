"""Which policy holds where, and which sheets and rules are in force on a day."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from customers.allocation.models import AllocationPolicy, CustomerRule, EvaluationState, StaffEvaluation
from customers.allocation.policy_document import PolicyDocument, policy_of


def document_of(policy: AllocationPolicy) -> PolicyDocument:
    """The checked document of a stored version."""
    return policy_of(policy.document)


def newest(code: str) -> AllocationPolicy | None:
    """The newest version of a code; one query."""
    return AllocationPolicy.objects.filter(code=code).order_by("-version").first()


def policy_for(unit_path: str | None) -> AllocationPolicy | None:
    """The policy that holds for a unit (None: the whole institution): the newest version of the policy of the nearest unit
    above it that has one, otherwise of the institution's; one query."""
    best: tuple[int, str, int] | None = None
    found: AllocationPolicy | None = None
    for policy in AllocationPolicy.objects.select_related("unit").order_by("code", "version"):
        path = policy.unit.path if policy.unit else ""
        if path is None or (path and not (unit_path or "").startswith(path)):
            continue
        rank = (len(path), policy.code, policy.version)
        if (
            best is None
            or rank[0] > best[0]
            or (rank[0] == best[0] and policy.pk > (found.pk if found else 0))
        ):
            best, found = rank, policy
    return found


def in_force(on: date) -> Q:
    """Begun, and not yet over."""
    return Q(starts_on__lte=on) & (Q(ends_on__isnull=True) | Q(ends_on__gt=on))


def rules_on(on: date) -> QuerySet[Any]:
    """Rules for single customers that hold on a day."""
    return CustomerRule.objects.filter(in_force(on))


def evaluations_on(on: date) -> QuerySet[Any]:
    """Sheets both sides have confirmed and that have not run out on a day."""
    return StaffEvaluation.objects.filter(
        state=EvaluationState.CONFIRMED, valid_from__lte=on, valid_until__gt=on
    )
