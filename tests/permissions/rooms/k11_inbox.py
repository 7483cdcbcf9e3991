"""A message to everybody, and deputyships of 李敏 and 郑人事 that have not begun, so that they lend nothing yet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import timezone

from cmsys.inbox.models import Message
from cmsys.inbox.services.deputies import deputy_begin
from tests.cast import PEOPLE
from tests.permissions.house import MISSING_ID, House


def furnish(house: House) -> None:
    """Named by whose they are."""
    now, today = timezone.now(), timezone.localdate()
    for name in PEOPLE:
        message = Message.objects.create(
            recipient=house.cast.users[name], kind="test", key="house", title="消息", url="/messages/", at=now
        )
        house.objects["message", name] = {"pk": message.pk}
    for name in ("mgr", "hrh"):
        row = deputy_begin(
            actor=house.cast.user(name), principal_id=house.cast.users[name].pk, deputy_id=house.cast.users["trn"].pk,
            starts_on=today + timedelta(days=30), last_on=today + timedelta(days=40), reason="年休假", today=today, now=now,
        )  # fmt: skip
        house.objects["deputyship", name] = {"pk": row.pk}
    house.objects["message", "none"] = house.objects["deputyship", "none"] = {"pk": MISSING_ID}


def _deputy(house: House, name: str) -> dict[str, Any]:
    today = timezone.localdate().isoformat()
    return {
        "q": "trn",
        "deputy": house.cast.users["trn"].pk,
        "starts_on": today,
        "last_on": today,
        "reason": "出差",
    }


BODIES: dict[str, Callable[[House, str], dict[str, Any]]] = {
    "message_open": lambda house, name: {},
    "messages_read_all": lambda house, name: {},
    "deputies_new": _deputy,
    "deputies_end": lambda house, name: {"reason": "提前返岗"},
}
