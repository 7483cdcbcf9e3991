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

    The setting ends with the transaction. Costs one short query.
    """
    acting = Acting(actor=actor, request_id=request_id, address=address)
    token = _acting.set(acting)
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('app.actor_id', %s, true)", [str(actor.actor_id or 0)])
            yield acting
    finally:
        _acting.reset(token)


def acting() -> Acting | None:
    """The present acting, None outside of one."""
    return _acting.get()
