"""What else happens when a customer gets another primary manager by hand, in the same transaction: rooms above say so in
apps.ready(). Imports and plans are not among it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from cmsys.access.actors import Actor
from customers.registry.models import Assignment

# (actor, the assignment that begins, the one that ends with it if there is one, today)
Began = Callable[[Actor, Assignment, "Assignment | None", date], None]
# (actor, the assignment that will not begin, today); called before it goes.
Withdrawn = Callable[[Actor, Assignment, date], None]

_began: list[Began] = []
_withdrawn: list[Withdrawn] = []


def follow_began(follower: Began) -> None:
    """`follower` is called for a primary manager who has just been entered."""
    if follower not in _began:
        _began.append(follower)


def follow_withdrawn(follower: Withdrawn) -> None:
    """`follower` is called for a primary manager who is taken back before his first day."""
    if follower not in _withdrawn:
        _withdrawn.append(follower)


def owner_began(actor: Actor, begun: Assignment, former: Assignment | None, today: date) -> None:
    """Tells everybody who asked."""
    for follower in _began:
        follower(actor, begun, former, today)


def owner_withdrawn(actor: Actor, withdrawn: Assignment, today: date) -> None:
    """Tells everybody who asked."""
    for follower in _withdrawn:
        follower(actor, withdrawn, today)
