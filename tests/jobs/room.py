"""A room with kinds of job for the tests: in the test process, and as an app of the workers the fault tests start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from cmsys.audit.ledger import record
from cmsys.jobs.documents import Document
from cmsys.jobs.kinds import Chunk, JobKind, Run


@dataclass(frozen=True)
class Numbers(Document):
    """Count to `total`, `size` at a time, resting so many milliseconds in each chunk before and after writing."""

    total: int
    size: int = 1
    rest: int = 0


@dataclass(frozen=True)
class At(Document):
    """How far the counting has come."""

    number: int = 0


@dataclass(frozen=True)
class Counted(Document):
    """What was counted."""

    numbers: int


def note(run: Run, what: object) -> None:
    """What a chunk leaves behind: an event, so that doubled and lost work can be counted."""
    record("test.note", actor=run.actor, resource="test", object_id=f"{run.key}:{what}")


def count(run: Run) -> Chunk:
    begin = run.cursor.number if run.cursor else 0
    end = min(begin + run.args.size, run.args.total)
    time.sleep(run.args.rest / 1000)
    for number in range(begin, end):
        note(run, number)
    time.sleep(run.args.rest / 1000)
    cursor = At(end) if end < run.args.total else None
    return Chunk(cursor, end, run.args.total, f"至第 {end} 个", Counted(end))


COUNT = JobKind("test.count", "计数", count, args=Numbers, cursor=At, result=Counted)

Act = Callable[[Run], Chunk]
_act: list[Act] = []


def act_by(function: Act) -> None:
    """What `test.act` does from now on."""
    _act[:] = [function]


ACT = JobKind("test.act", "照办", lambda run: _act[0](run), cursor=At)
