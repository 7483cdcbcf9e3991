"""How an item is shown: its deadline in words, and the form by which it is decided in place."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.inbox.selectors import Listed


def due_said(due_on: date | None, today: date) -> tuple[str, str]:
    """The deadline in words, and its tone: red when it is over, amber on the day."""
    if due_on is None:
        return "", ""
    left = (due_on - today).days
    if left < 0:
        return _("已逾期 %(n)d 天（%(day)s 到期）") % {"n": -left, "day": due_on.isoformat()}, "down"
    if left == 0:
        return _("今天到期"), "warn"
    if left == 1:
        return _("明天到期"), "info"
    return _("%(day)s 到期，还有 %(n)d 天") % {"n": left, "day": due_on.isoformat()}, "hold"


def row_of(one: Listed, today: date, *, here: str = "", clock: bool = True) -> dict[str, Any]:
    """One item for the page, with its `clock` where it still waits. `here` is where a decision in place comes back to,
    empty where none can be taken; each form has a number of its own, so that a double click is one decision."""
    item = one.item
    due, tone = due_said(item.due_on, today) if clock else ("", "")
    form = None
    if clock and here and item.in_place is not None:
        fields = dict(item.in_place.fields)
        fields.setdefault("nonce", uuid4().hex)
        fields["back"] = here
        form = {"url": item.in_place.url, "label": item.in_place.label, "fields": list(fields.items())}
    return {
        "title": item.title, "detail": item.detail, "url": item.url, "state": item.state, "kind": one.source.label,
        "at": timezone.localtime(item.at), "due": due, "tone": tone, "form": form,
    }  # fmt: skip
