"""Reading results: the lines that are hashed, as they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from appraisal.cycles.models import Cycle
from appraisal.schemes.adapters import loaded
from appraisal.scoring.hashing import ResultLine, printed, result_hash
from appraisal.scoring.models import ProposalKind, ScoreSheet

COLUMNS = (
    "manager__employee_no", "ability", "performance", "total", "quadrant", "proposal", "proposed_grade",
)  # fmt: skip


def result_lines(cycle: Cycle, within: Q | None = None) -> Iterator[ResultLine]:
    """The published results of a cycle, sorted by employee number (code points); one query, everybody in memory.

    `result_hash(result_lines(cycle))` is `cycle.result_hash`. The caller has asked whether results may be seen.
    """
    least = loaded(cycle.scheme).rounding.places
    sheets = ScoreSheet.objects.filter(within or Q(), cycle=cycle).order_by().values_list(*COLUMNS)
    for number, ability, performance, total, quadrant, proposal, grade in sorted(sheets):
        yield ResultLine(
            number, printed(ability, least), printed(performance, least), printed(total, least), quadrant or None,
            proposal, grade or None,
        )  # fmt: skip


@dataclass(frozen=True)
class Tally:
    """How a cycle came out."""

    managers: int = 0
    scored: int = 0
    promotion: int = 0
    demotion: int = 0
    hold: int = 0
    not_rated: int = 0
    result_hash: str = ""


def tally_of(lines: Iterator[ResultLine] | list[ResultLine]) -> Tally:
    """Counts and fingerprint of result lines."""
    found = list(lines)
    counts = {kind.value: sum(line.proposal == kind for line in found) for kind in ProposalKind}
    return Tally(
        len(found), len(found) - counts["not_rated"], counts["promotion"], counts["demotion"], counts["hold"],
        counts["not_rated"], result_hash(found),
    )  # fmt: skip
