"""What staff evaluation sheets are drafted from: rooms above say, in apps.ready(), what they know of managers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Evidence:
    """What a source knows of one manager: ability and results, 0 to 100, and where they come from."""

    ability: Decimal
    results: Decimal
    basis: str


Source = Callable[[Collection[int], date], dict[int, Evidence]]
_sources: list[Source] = []


def add_evidence(source: Source) -> None:
    """`source(managers, today)` gives evidence by key of manager, in a few queries whatever their number."""
    if source not in _sources:
        _sources.append(source)


def evidence_of(managers: Collection[int], today: date) -> dict[int, Evidence]:
    """The first source that knows a manager speaks for him."""
    found: dict[int, Evidence] = {}
    for source in _sources:
        found = {**source([pk for pk in managers if pk not in found], today), **found}
    return found
