"""message_send: tell people something, in the transaction of what happened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from cmsys.inbox.models import Message


def message_send(
    recipients: Iterable[int],
    *,
    kind: str,
    key: str,
    title: str,
    now: datetime,
    body: str = "",
    url: str = "",
) -> None:
    """One message to each account (keys of users); who has one with this key already gets none. One insert.

    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a message is sent in the transaction of what it tells")
    Message.objects.bulk_create(
        [
            Message(
                recipient_id=pk, kind=kind, key=key[:120], title=title[:160], body=body[:500], url=url, at=now
            )
            for pk in dict.fromkeys(recipients)
        ],
        ignore_conflicts=True,
    )
