"""Kinds of jobs: each room registers its own in apps.ready(); this room knows none of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise

from cmsys.access.actors import Actor
from cmsys.jobs.documents import Document, Empty


@dataclass(frozen=True)
class Run:
    """What a step is given: whose job, its arguments, and how far earlier chunks came (cursor None = not begun)."""

    job_id: int
    key: str
    actor: Actor
    args: Any
    cursor: Any
    now: datetime


@dataclass(frozen=True)
class Chunk:
    """What a step hands back. `cursor` None means finished; `result` counts only then. `total` 0 = not known."""

    cursor: Document | None = None
    done: int = 0
    total: int = 0
    message: str = ""
    result: Document = field(default_factory=Empty)


class JobRefused(Exception):
    """The job cannot succeed, however often it is tried. The sentence is shown to people."""


@dataclass(frozen=True)
class JobKind:
    """A kind of work.

    `step` does one chunk of a few seconds at most a few minutes, in a transaction that the room opens in the actor's
    name and commits together with the cursor; it may be called again for the same cursor after a failure, and its
    writes of the failed try are gone. It must not commit, and must not act outside the database.
    """

    code: str
    label: str | Promise
    step: Callable[[Run], Chunk]
    args: type[Document] = Empty
    cursor: type[Document] = Empty
    result: type[Document] = Empty
    max_attempts: int = 3
    # Smaller runs first.
    priority: int = 5


class UnknownKind(LookupError):
    """No room of this process has registered the kind."""


_kinds: dict[str, JobKind] = {}


def register_kind(kind: JobKind) -> None:
    """Makes a kind known to this process. Raises ValueError when another one has its code."""
    if _kinds.get(kind.code, kind) is not kind:
        raise ValueError(f"job kind {kind.code} is registered twice")
    _kinds[kind.code] = kind


def kind_of(code: str) -> JobKind:
    """Raises UnknownKind."""
    try:
        return _kinds[code]
    except KeyError:
        raise UnknownKind(code) from None


def label_of(code: str) -> str:
    """What people read; the code itself when the kind is not known here."""
    return str(_kinds[code].label) if code in _kinds else code
