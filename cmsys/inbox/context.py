"""What the bar at the top shows: how much waits, what is unread, and for whom the reader stands in."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from cmsys.accounts.models import User
from cmsys.inbox.selectors import last_day, standing_in, unread, waiting_count


class Bar:
    """Asked once for a request, and only by templates that show it: fragments and cards cost nothing."""

    def __init__(self, user: User) -> None:
        self._user = user

    def _once(self, name: str, ask: Any) -> Any:
        known: dict[str, Any] = self._user.__dict__.setdefault("_bar", {})
        if name not in known:
            known[name] = ask()
        return known[name]

    @property
    def count(self) -> int:
        return waiting_count(self._user, timezone.localdate())

    @property
    def unread(self) -> int:
        return unread(self._user, timezone.localdate())

    @property
    def principals(self) -> list[dict[str, Any]]:
        """Name and last day of everybody the reader stands in for today."""

        def ask() -> list[dict[str, Any]]:
            rows = standing_in(self._user, timezone.localdate())
            return [{"name": row.principal.name, "until": last_day(row)} for row in rows]

        found: list[dict[str, Any]] = self._once("principals", ask)
        return found


def bar(request: HttpRequest) -> dict[str, Any]:
    """`bar` for everybody who is signed in."""
    user = getattr(request, "user", None)
    return {"bar": Bar(user)} if isinstance(user, User) else {}
