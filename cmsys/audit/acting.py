"""acting_as: the one way to open a transaction in somebody's name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.db import connection, transaction

from cmsys.access.actors import Actor


@dataclass(frozen=True)
class Acting:
    """Who acts in the present transaction, and through which request."""

    actor: Actor
    request_id: str = ""
    address: str = ""


_acting: ContextVar[Acting | None] = ContextVar("cmsys_acting", default=None)


@contextmanager
def acting_as(actor: Actor, *, request_id: str = "", address: str = "") -> Iterator[Acting]:
    """Opens a transaction in the actor's name and tells the database whose it is (for row-level security).

    The setting ends with the transaction; inside another acting_as, the outer actor is put back at the end of the
    block. Costs one short query, inside another transaction two.
    """
    acting = Acting(actor=actor, request_id=request_id, address=address)
    outer = _acting.get()
    token = _acting.set(acting)
    try:
        with transaction.atomic():
            _tell(str(actor.actor_id or 0))
            yield acting
        # A savepoint that is rolled back takes the setting along; one that is kept leaves it to the outer transaction.
        if connection.in_atomic_block and not connection.needs_rollback:
            _tell(str(outer.actor.actor_id or 0) if outer else "")
    finally:
        _acting.reset(token)


def _tell(actor_id: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('app.actor_id', %s, true)", [actor_id])


def acting() -> Acting | None:
    """The present acting, None outside of one."""
    return _acting.get()
