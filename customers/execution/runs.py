"""What the jobs of carrying out and taking back are asked, remember and answer."""

from __future__ import annotations

from dataclasses import dataclass

from cmsys.jobs.documents import Document

APPLY, REVERT, SETTLE = "execution.apply", "execution.revert", "execution.settle"
# Lines of one transaction: a second of work at most, and as long are their customers locked.
AT_ONCE = 1000


@dataclass(frozen=True)
class PlanRun(Document):
    """Which plan, and how many lines make a chunk."""

    plan: int
    chunk: int = AT_ONCE


@dataclass(frozen=True)
class Reached(Document):
    """How far it came: everything up to the customer `after` (a key) is done; lines changed and left, those that wait for
    their day, and how many there were at the beginning."""

    after: int = 0
    changed: int = 0
    left: int = 0
    waiting: int = 0
    total: int = 0


@dataclass(frozen=True)
class Executed(Document):
    """What was done: lines changed, lines left as they are."""

    plan: int = 0
    changed: int = 0
    left: int = 0
