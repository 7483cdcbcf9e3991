"""Figures that the system computes: which sources a cycle asks, and what they answered, collected job by job."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from appraisal.cycles.models import Cycle
from appraisal.cycles.selectors import cycle_span
from appraisal.scoring.needs import Needs
from appraisal.scoring.staging import stage_figures
from cmsys.ui.indicators import IndicatorSource, indicator_source


def sources_of(cycle: Cycle, needs: Needs) -> list[IndicatorSource]:
    """The sources that compute what the cycle's scheme reads, for periods of its length, by code."""
    months = cycle_span(cycle).months
    found = [indicator_source(code) for code in sorted(needs.columns)]
    return [source for source in found if source is not None and months in source.months]


def collect(job: int, cycle: Cycle, source: IndicatorSource) -> int:
    """Asks one source about everybody and stages the answer; how many figures there are."""
    return stage_figures(job, source.code, _once(source.compute(cycle_span(cycle)), source.code))


def _once(figures: Iterable[tuple[int, Decimal]], code: str) -> Iterable[tuple[int, Decimal]]:
    seen: set[int] = set()
    for manager, value in figures:
        if manager in seen:
            raise ValueError(f"source {code} names manager {manager} twice")
        seen.add(manager)
        yield manager, Decimal(value)
