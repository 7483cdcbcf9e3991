"""enqueue: ask for work, in the transaction of the change that makes it necessary."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from cmsys.access.actors import Actor, SystemActor
from cmsys.accounts.models import User
from cmsys.jobs.documents import Document, DocumentError, dump
from cmsys.jobs.kinds import kind_of
from cmsys.jobs.models import OPEN, Job


def enqueue(
    kind: str,
    key: str,
    args: Document,
    *,
    actor: Actor,
    due_at: datetime | None = None,
    scheduled_for: datetime | None = None,
) -> Job:
    """The job for (kind, key): the one that is already queued or running, otherwise a new one; two or three queries.

    Nothing is sent: the dispatcher finds the row once the caller's transaction is committed. The job runs in the
    actor's name, with what the actor may do at that time. A change that a run already under way could miss gives its
    job a key of its own. Waits for another transaction that is just queueing the same (kind, key).
    Raises RuntimeError outside a transaction, UnknownKind, DocumentError, TypeError for an actor that is neither a
    person nor the system.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a job is queued in the transaction of its change")
    if not isinstance(actor, (User, SystemActor)):
        raise TypeError(f"a job cannot run in the name of {actor!r}")
    declared = kind_of(kind)
    if type(args) is not declared.args:
        raise DocumentError(f"{kind} takes {declared.args.__name__}, not {type(args).__name__}")
    row = Job(
        kind=kind, key=key, args=dump(args), priority=declared.priority, max_attempts=declared.max_attempts,
        actor_id=actor.actor_id, actor_name=actor.actor_name[:120], scheduled_for=scheduled_for,
    )  # fmt: skip
    if due_at is not None:
        row.due_at = due_at
    for _ in range(5):
        found: Job | None = Job.objects.filter(kind=kind, key=key, state__in=OPEN).first()
        if found is not None:
            return found
        # On a conflict the other one is committed by now, and is found in the next round unless it has ended already.
        Job.objects.bulk_create([row], ignore_conflicts=True)
        if scheduled_for is not None:
            period: Job | None = Job.objects.filter(kind=kind, scheduled_for=scheduled_for).first()
            if period is not None:
                return period
    raise RuntimeError(f"{kind} {key} could not be queued: others of its name keep coming and going")
