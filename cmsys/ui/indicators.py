"""The indicator library: what rooms can compute from their records, registered in apps.ready().

A scheme names an indicator by code; the appraisal asks here who can compute it, and a score sheet asks where the records
behind a figure are shown. So sales are scored without appraisal knowing transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from cmsys.access.functions import Function
from cmsys.ui.registry import Text


@dataclass(frozen=True)
class Span:
    """Whole months, `[starts_on, ends_on)`; both are the first day of a month."""

    starts_on: date
    ends_on: date

    @property
    def months(self) -> int:
        return (self.ends_on.year - self.starts_on.year) * 12 + self.ends_on.month - self.starts_on.month

    def back(self, months: int) -> Span:
        """The span of the same length so many months earlier."""
        return Span(_earlier(self.starts_on, months), _earlier(self.ends_on, months))

    @property
    def previous(self) -> Span:
        """The span of the same length just before (环比)."""
        return self.back(self.months)

    @property
    def year_ago(self) -> Span:
        """The same span one year earlier (同比)."""
        return self.back(12)


def _earlier(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 - months
    return date(number // 12, number % 12 + 1, 1)


@dataclass(frozen=True)
class Records:
    """Where the records behind one person's figure are listed, and which figure of that list equals it.

    `figure` is the key of the list's total (`Listing` shows it); `value` is computed from the records themselves, not
    from a rollup, so that it proves the figure on the sheet. None when there is nothing to compute.
    """

    url: str
    label: Text
    value: Decimal | None
    figure: str = ""


@dataclass(frozen=True)
class IndicatorSource:
    """One computed indicator.

    `kind` is `reading` or `event` as the scheme's `source` says. `compute(span)` gives `(manager id, exact value)` of
    every manager who has one, set-wise in the database in a fixed number of queries; a manager without records is left
    out where that means "not known" and is given 0 where it means "none". `records(span, manager_id)` leads to the rows.
    `months` are the lengths of period it exists for; `function` is what the list behind it requires of its reader,
    `source` names the records it is computed from.
    """

    code: str
    name: Text
    unit: Text
    description: Text
    compute: Callable[[Span], Iterable[tuple[int, Decimal]]]
    records: Callable[[Span, Any], Records]
    better: str = "higher"
    kind: str = "reading"
    months: frozenset[int] = frozenset({1, 3, 6, 12})
    function: Function | None = None
    source: Text = ""


_sources: dict[str, IndicatorSource] = {}


def add_indicators(*sources: IndicatorSource) -> None:
    """Raises ValueError when a code is registered twice."""
    for source in sources:
        if source.code in _sources:
            raise ValueError(f"indicator {source.code} is registered twice")
        _sources[source.code] = source


def indicator_source(code: str) -> IndicatorSource | None:
    """Who computes the indicator of that code, None when it is only brought in."""
    return _sources.get(code)


def all_indicators() -> list[IndicatorSource]:
    """Every computed indicator, by code."""
    return [_sources[code] for code in sorted(_sources)]
