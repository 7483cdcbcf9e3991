"""ClientActor: a client with its token, as somebody in whose name rows are read and services write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from cmsys.access.actors import Access, Reached
from cmsys.access.functions import Function, Reach
from cmsys.api.models import Client
from cmsys.org.grants import NOWHERE


@dataclass(frozen=True)
class ScopedAccess:
    """What the scopes give, everywhere or below one unit. Pure; made anew for each request."""

    scopes: frozenset[str]
    unit_path: str | None = None

    def reaches(self, function: Function) -> tuple[Reached, ...]:
        """One reach when the function's scope is held, none otherwise; a function without a scope is for people only."""
        if function.scope not in self.scopes:
            return ()
        if self.unit_path is None:
            return (Reached(Reach.ALL, role="client"),)
        return (Reached(Reach.SUBTREE, unit_path=self.unit_path, role="client"),)


class ClientActor:
    """An Actor for `visible_to`, services and the ledger; also what Django REST framework calls the request's user."""

    is_authenticated = True
    is_anonymous = False
    actor_id = None

    def __init__(self, client: Client, scopes: frozenset[str]) -> None:
        """The rights are the token's scopes as far as the client still has them, below the client's unit if it has one.

        Expects `client.unit` to be loaded. A unit without a place in the tree reaches nothing.
        """
        path = (client.unit.path or NOWHERE) if client.unit is not None else None
        self.client = client
        self._access = ScopedAccess(scopes & frozenset(client.allowed_scopes), path)

    @property
    def actor_name(self) -> str:
        return str(_("接口客户端：%(name)s") % {"name": self.client.name})

    @property
    def access(self) -> Access:
        return self._access

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, ClientActor) and other.client == self.client

    def __hash__(self) -> int:
        return hash(self.client)
