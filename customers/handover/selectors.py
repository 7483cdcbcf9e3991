"""Whose turn it is, who watches, who is told; which first contacts are missing."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from cmsys.access.actors import Actor
from cmsys.access.functions import Reach
from cmsys.accounts.models import User
from cmsys.org.holders import granted
from cmsys.org.models import RoleGrant
from customers.handover.choices import HandoverState
from customers.handover.models import FirstContact, Handover
from customers.handover.permissions import (
    FIRST_CONTACT_RECORD,
    HANDOVER_SIGN,
    HANDOVER_STAND_IN,
    HANDOVER_WATCH,
)
from managers.conduct.models import InterestDeclaration
from managers.profiles.models import Status

NO_ACCOUNT = ~Exists(User.objects.filter(employee_no=OuterRef("giver__employee_no"), is_active=True))


def number_of(actor: Actor) -> str:
    """The actor's employee number, empty where he has none."""
    return str(getattr(actor, "employee_no", None) or "")


def to_give(actor: Actor) -> QuerySet[Any]:
    """Handovers that wait for the actor's own signature as 移交人."""
    rows = Handover.objects.reached_by(actor, HANDOVER_SIGN)
    return rows.filter(state=HandoverState.OPEN, giver__employee_no=number_of(actor))


def to_take(actor: Actor) -> QuerySet[Any]:
    """Handovers that wait for the actor's own signature as 接交人."""
    rows = Handover.objects.reached_by(actor, HANDOVER_SIGN)
    return rows.filter(state=HandoverState.GIVEN, taker__employee_no=number_of(actor))


def absent(today: date) -> Q:
    """Handovers whose giver does not sign himself: he has left, has no account, or has let the day go by."""
    return Q(giver__status=Status.LEFT) | Q(NO_ACCOUNT) | Q(due_on__lt=today)


def to_stand_in(actor: Actor, today: date) -> QuerySet[Any]:
    """Open handovers in whose giver's place the actor may sign."""
    rows = Handover.objects.reached_by(actor, HANDOVER_STAND_IN).filter(state=HandoverState.OPEN)
    return _not_concerned(rows.filter(absent(today)), actor, today)


def to_watch(actor: Actor, today: date) -> QuerySet[Any]:
    """Handovers that wait for 监交 and that the actor has to do with in no other way."""
    taken = Handover.objects.reached_by(actor, HANDOVER_WATCH).filter(state=HandoverState.TAKEN)
    rows = _not_concerned(taken, actor, today)
    if actor.actor_id is None:
        return rows
    return rows.exclude(given_by=actor.actor_id).exclude(taken_by=actor.actor_id)


def _not_concerned(rows: QuerySet[Any], actor: Actor, today: date) -> QuerySet[Any]:
    """Without those in which the actor, or somebody to whom a relation is declared from either side, is a party. No query:
    it is asked on every page (managers.conduct.selectors.recusal says the same about one person)."""
    if actor.actor_id is None:
        return rows
    in_force = Q(starts_on__lte=today) & (Q(ends_on__isnull=True) | Q(ends_on__gt=today))
    declared = InterestDeclaration.objects.filter(in_force)
    number = number_of(actor)
    for side in ("giver", "taker"):
        rows = rows.exclude(Exists(declared.filter(declarant=actor.actor_id, manager=OuterRef(side))))
        if number:
            theirs = declared.filter(
                manager__employee_no=number, declarant__employee_no=OuterRef(f"{side}__employee_no")
            )
            rows = rows.exclude(Exists(theirs)).exclude(**{f"{side}__employee_no": number})
    return rows


def waiting_contacts(actor: Actor) -> QuerySet[Any]:
    """The actor's own first contacts that are neither made nor cancelled, the most urgent first."""
    rows = FirstContact.objects.reached_by(actor, FIRST_CONTACT_RECORD)
    return rows.filter(done_on__isnull=True, cancelled_at__isnull=True).order_by("due_on", "pk")


def late(today: date) -> Q:
    """First contacts missing on a day."""
    return Q(done_on__isnull=True, cancelled_at__isnull=True, due_on__lt=today)


def nearest_heads(people: Collection[tuple[int, str, str]], today: date) -> dict[int, list[int]]:
    """For each manager (key, employee number, path of his unit) the accounts that watch at his unit, or else at the nearest
    one above it; never himself. One query."""
    within = [role.value for role, reach in HANDOVER_WATCH.reach.items() if reach is Reach.SUBTREE]
    grants = RoleGrant.objects.filter(granted(HANDOVER_WATCH, today), role__in=within)
    held = sorted(
        ((path, user, number or "") for path, user, number in grants.values_list("unit__path", "user", "user__employee_no") if path),
        key=lambda row: (-len(row[0]), row[1]),
    )  # fmt: skip
    found: dict[int, list[int]] = {}
    for key, number, path in people:
        above = [row for row in held if path.startswith(row[0]) and row[2] != number]
        found[key] = sorted({user for at, user, _number in above if at == above[0][0]})
    return found
