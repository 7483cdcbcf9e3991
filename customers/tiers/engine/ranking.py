"""Points, scores and tiers of a whole population at once. O(n log n); 1 000 000 customers in about a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import Measure, RuleDocument

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
NONE = -1
HIGHEST = 10_000


@dataclass(frozen=True)
class Population:
    """Customers as columns of one length.

    ids: their keys. order: unique, breaks ties (the smaller goes first). present: place of the tier they have in the
    rule's tiers, -1 without one. category: place in CATEGORIES. existing: has begun to do business. held: a hand holds the
    tier. streak: so many runs in a row beyond the line, up positive, down negative. values: by code of measure, money in fen.
    """

    ids: Ints
    order: Ints
    present: Ints
    category: Ints
    existing: Flags
    held: Flags
    streak: Ints
    values: dict[str, Ints]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Line:
    """Where a tier begins: the score from which on (of the last one admitted, in shares), and the score of the first one
    who was not; equal where tiers go by score. Above the highest score where nobody was admitted."""

    admitted: int
    refused: int


@dataclass(frozen=True)
class Ranked:
    """points: int64[customers, measures] 0..100; places: the same shape, 1 for the largest value, 0 where a measure goes by
    bands; score: hundredths; place: 1 for the highest score; natural: place of the tier by score alone."""

    points: Ints
    places: Ints
    score: Ints
    place: Ints
    natural: Ints
    lines: tuple[Line, ...]


def ranked(rule: RuleDocument, people: Population) -> Ranked:
    """Everybody's points, score and tier, before anything that speaks for the tier one has already."""
    points = np.zeros((len(people), len(rule.measures)), dtype=np.int64)
    places = np.zeros_like(points)
    for column, measure in enumerate(rule.measures):
        values = people.values[measure.code]
        if measure.shares:
            places[:, column] = ranks(values, people.order) + 1
        points[:, column] = points_of(measure, values, places[:, column])
    score: Ints = points @ np.array([measure.weight for measure in rule.measures], dtype=np.int64)
    place = ranks(score, people.order) + 1
    natural, lines = _by_share(rule, score, place - 1) if rule.by_share else _by_score(rule, score)
    return Ranked(points, places, score, place, natural, lines)


def points_of(measure: Measure, values: Ints, places: Ints) -> Ints:
    """Points of one measure; `places` from 1 on count by share only. By share: the best floor(n × top / 100) of all; whoever has nothing gets nothing."""
    if measure.bands:
        worth = np.array([0, *(points for _low, points in measure.bands)], dtype=np.int64)
        found: Ints = worth[np.searchsorted([low for low, _points in measure.bands], values, side="right")]
        return found
    worth = np.array([*(points for _top, points in measure.shares), 0], dtype=np.int64)
    until = [len(values) * top // 100 for top, _points in measure.shares]
    return np.where(values > 0, worth[np.searchsorted(until, places - 1, side="right")], 0)


def ranks(values: Ints, order: Ints) -> Ints:
    """0 for the largest; among equals the smaller order goes first."""
    found = np.empty(len(values), dtype=np.int64)
    found[np.lexsort((order, -values))] = np.arange(len(values), dtype=np.int64)
    return found


def _by_score(rule: RuleDocument, score: Ints) -> tuple[Ints, tuple[Line, ...]]:
    starts = [tier.score or 0 for tier in rule.tiers[:-1]]
    return beneath(starts, score), tuple(Line(start, start) for start in starts)


def beneath(starts: list[int], score: Ints) -> Ints:
    """How many of the falling lines lie above each score: the place of the tier."""
    return len(starts) - np.searchsorted(starts[::-1], score, side="right").astype(np.int64)


def _by_share(rule: RuleDocument, score: Ints, rank: Ints) -> tuple[Ints, tuple[Line, ...]]:
    until = [len(score) * (tier.top or 0) // 100 for tier in rule.tiers[:-1]]
    last = len(until)
    natural = np.searchsorted(until, rank, side="right").astype(np.int64)
    # Whoever has no score at all is never among the best.
    natural = np.where(score > 0, natural, last)
    by_rank: Any = score[np.argsort(rank)]
    some = int(np.count_nonzero(score > 0))
    lines = []
    for end in until:
        inside = min(end, some)
        admitted = int(by_rank[inside - 1]) if inside else HIGHEST + 1
        refused = int(by_rank[inside]) if inside < len(score) else 0
        lines.append(Line(admitted, refused))
    return natural, tuple(lines)
