"""What a regrading is asked for, how far it has come, and what it ends with: the documents of its job."""

from __future__ import annotations

from dataclasses import dataclass, field

from appraisal.cycles.services.cycles import REGRADE_JOB
from cmsys.jobs.documents import Document

REGRADE = REGRADE_JOB
SCHEDULE = "scoring.schedule"


@dataclass(frozen=True)
class RegradeArgs(Document):
    """Which cycle; `unit` 0 means everybody, else only sheets of that unit and below are written (peers are everybody
    all the same). `chunk` is how many people a chunk writes; 0 leaves it to the machine. The result is the same for any.
    """

    cycle: int
    unit: int = 0
    chunk: int = 0


@dataclass(frozen=True)
class RegradeCursor(Document):
    """`phase` figures → results → publish → reasons, and the position in it. `digest` is that of the inputs the results
    were made from; `figures`, `sheets` and `lines` are what the staging tables must hold; `since` when collecting began
    (seconds); `rounds` how often it began anew because inputs changed under it. The rest goes into the result."""

    phase: str = "figures"
    position: int = 0
    digest: str = ""
    figures: int = 0
    sheets: int = 0
    lines: int = 0
    since: int = 0
    rounds: int = 0
    changed: int = 0
    managers: int = 0
    scored: int = 0
    promotion: int = 0
    demotion: int = 0
    hold: int = 0
    not_rated: int = 0
    result_hash: str = ""
    refused: int = 0
    refusals: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Regraded(Document):
    """What `manage.py regrade` prints. `changed` sheets differ from before; `refusals` name data the scheme cannot take
    (a rating outside its range, a grade it does not know, a negative count), which were left out."""

    cycle: int
    managers: int
    scored: int
    promotion: int
    demotion: int
    hold: int
    not_rated: int
    changed: int
    result_hash: str
    refused: int = 0
    refusals: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Served(Document):
    """What one look at the schedules did."""

    schedules: int = 0
    regradings: int = 0
