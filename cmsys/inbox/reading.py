"""Messages are marked as read here. It changes nothing for anybody else, so it is no event of the ledger."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from cmsys.accounts.models import User
from cmsys.inbox.models import Message
from cmsys.inbox.selectors import messages_of


@transaction.atomic
def message_read(*, user: User, message_id: int, now: datetime) -> Message:
    """One's own message, read from now on; reading it again changes nothing. Raises Message.DoesNotExist."""
    message = messages_of(user).select_for_update().get(pk=message_id)
    if message.read_at is None:
        message.read_at = now
        message.save(update_fields=["read_at"])
    return message


@transaction.atomic
def messages_read(*, user: User, now: datetime) -> int:
    """All of one's own; how many were unread."""
    return messages_of(user).filter(read_at__isnull=True).update(read_at=now)
