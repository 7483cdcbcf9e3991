"""What else happens when sheets are published, in the same transaction: rooms above say so in apps.ready().

So proposals appear, or fall, at the very instant at which the sheets they stand on do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from appraisal.cycles.models import Cycle
from cmsys.access.actors import Actor

Follower = Callable[[Actor, Cycle, datetime], None]

_followers: list[Follower] = []
_readers: list[Follower] = []


def follow(follower: Follower) -> None:
    """`follower(actor, cycle, now)` is called after each publication, with the cycle locked; set-wise work only."""
    if follower not in _followers:
        _followers.append(follower)


def published(actor: Actor, cycle: Cycle, now: datetime) -> None:
    """Tells everybody who asked."""
    for follower in _followers:
        follower(actor, cycle, now)


def follow_reasons(reader: Follower) -> None:
    """`reader(actor, cycle, now)` is called when the reasons of a publication are written to the last sheet, in the
    transaction of the last of them; set-wise work only."""
    if reader not in _readers:
        _readers.append(reader)


def explained(actor: Actor, cycle: Cycle, now: datetime) -> None:
    """Tells everybody who asked for it."""
    for reader in _readers:
        reader(actor, cycle, now)
