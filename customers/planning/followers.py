"""What else happens when lines of a plan are carried out or taken back, in the same transaction: rooms above say so in
apps.ready()."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime

from cmsys.access.actors import Actor
from customers.planning.models import AllocationPlan

# (actor, plan, keys of its lines, now, today); set-wise work only, for at most a thousand lines.
Follower = Callable[[Actor, AllocationPlan, Sequence[int], datetime, date], None]

_applied: list[Follower] = []
_reverted: list[Follower] = []


def follow_applied(follower: Follower) -> None:
    """`follower` is called for lines that have just been carried out."""
    if follower not in _applied:
        _applied.append(follower)


def follow_reverted(follower: Follower) -> None:
    """`follower` is called for lines that have just been taken back."""
    if follower not in _reverted:
        _reverted.append(follower)


def lines_applied(
    actor: Actor, plan: AllocationPlan, lines: Sequence[int], now: datetime, today: date
) -> None:
    """Tells everybody who asked."""
    for follower in _applied:
        follower(actor, plan, lines, now, today)


def lines_reverted(
    actor: Actor, plan: AllocationPlan, lines: Sequence[int], now: datetime, today: date
) -> None:
    """Tells everybody who asked."""
    for follower in _reverted:
        follower(actor, plan, lines, now, today)
