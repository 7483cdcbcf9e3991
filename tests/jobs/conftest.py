"""The kinds of tests/jobs/room.py are known, and jobs are made in a transaction as services do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now

from cmsys.access.actors import Actor, SystemActor
from cmsys.audit.models import Event
from cmsys.jobs import kinds
from cmsys.jobs.documents import Document, Empty
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.models import Job
from tests.jobs.room import ACT, COUNT, Act, Numbers, act_by

SYSTEM = SystemActor("system:test")


@pytest.fixture(autouse=True)
def known_kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in (COUNT, ACT):
        monkeypatch.setitem(kinds._kinds, kind.code, kind)


def count_job(
    total: int = 3, *, key: str = "k", size: int = 1, rest: int = 0, actor: Actor = SYSTEM, **more: Any
) -> Job:
    with transaction.atomic():
        return enqueue("test.count", key, Numbers(total, size, rest), actor=actor, **more)


def act_job(act: Act, *, key: str = "k", actor: Actor = SYSTEM, args: Document | None = None) -> Job:
    act_by(act)
    with transaction.atomic():
        return enqueue("test.act", key, args or Empty(), actor=actor)


def again(job: Job) -> Job:
    """The row as it is now."""
    return Job.objects.get(pk=job.pk)


def due_now(job: Job) -> None:
    """As if the waiting before the next try were over."""
    Job.objects.filter(pk=job.pk).update(due_at=Now())


def gone_silent(job: Job) -> None:
    """As if the worker had not renewed its lease for too long."""
    Job.objects.filter(pk=job.pk).update(lease_until=Now() - timedelta(seconds=1))


def notes() -> list[str]:
    """What the jobs left behind, in order."""
    return list(Event.objects.filter(kind="test.note").order_by("id").values_list("object_id", flat=True))
