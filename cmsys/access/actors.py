"""Who acts: a person, a REST client or the system itself; and what an actor may reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from django.core.exceptions import PermissionDenied

from cmsys.access.functions import Function, Reach


@dataclass(frozen=True)
class Reached:
    """One pair's answer: how far, from which unit (`unit_path` of the tree), within which business line (None = any).

    `deputy_for` is the account in whose place the actor has it (代理), None for his own.
    """

    reach: Reach
    unit_path: str = "/"
    line_id: int | None = None
    role: str = ""
    deputy_for: int | None = None


class Access(Protocol):
    """What an actor may do, evaluated at one moment."""

    def reaches(self, function: Function) -> tuple[Reached, ...]:
        """All reaches of the function, one for each pair that has it; empty when the function is missing."""


@runtime_checkable
class Actor(Protocol):
    """Somebody in whose name a service writes. The ledger keeps `actor_id` (None for the system) and `actor_name`."""

    @property
    def actor_id(self) -> int | None: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def access(self) -> Access: ...


class _Everything:
    def reaches(self, function: Function) -> tuple[Reached, ...]:
        return (Reached(Reach.ALL, role="system"),)


@dataclass(frozen=True)
class SystemActor:
    """A command or a job acting without a person; `name` says which, e.g. `system:import_data`."""

    name: str

    @property
    def actor_id(self) -> int | None:
        return None

    @property
    def actor_name(self) -> str:
        return self.name

    @property
    def access(self) -> Access:
        return _Everything()


class MissingFunction(PermissionDenied):
    """The actor has no role that allows the function at all (403)."""

    def __init__(self, function: Function) -> None:
        super().__init__(f"您没有“{function.label}”的权限")
        self.function = function


def may(actor: Actor, function: Function) -> bool:
    """Whether the actor has the function for anything at all; which objects, `visible_to` says."""
    return bool(actor.access.reaches(function))


def require(actor: Actor, function: Function) -> tuple[Reached, ...]:
    """The reaches of a function the actor must have. Raises MissingFunction."""
    reached = actor.access.reaches(function)
    if not reached:
        raise MissingFunction(function)
    return reached


_loader: Callable[[Any], Access] | None = None


def set_access_loader(loader: Callable[[Any], Access]) -> None:
    """The organisation room says how a user's grants become an Access (called once, in its apps.ready())."""
    global _loader
    _loader = loader


def load_access(user: Any) -> Access:
    """The access of a user at this moment; costs one query."""
    if _loader is None:
        raise RuntimeError("the organisation room is not installed")
    return _loader(user)
