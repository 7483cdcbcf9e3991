"""What the jobs of tiers are asked, remember and answer."""

from __future__ import annotations

from dataclasses import dataclass

from cmsys.jobs.documents import Document

COMPUTE, APPLY, MONTHLY = "customers.tiers", "customers.tiers_apply", "customers.tiers_monthly"


@dataclass(frozen=True)
class RunArgs(Document):
    """Which run."""

    run: int


@dataclass(frozen=True)
class Written(Document):
    """How many lines of a run are written, of how many."""

    run: int = 0
    written: int = 0
    total: int = 0


@dataclass(frozen=True)
class Applied(Document):
    """How far a proposal has been carried out: the last line, and what became of the lines, of how many."""

    run: int = 0
    total: int = 0
    last: int = 0
    done: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Begun(Document):
    """How many runs the schedule has asked for."""

    runs: int = 0
