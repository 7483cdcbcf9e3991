"""What becomes of the tier a customer has: margin, runs in a row, limits of his category, a hand that holds it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from .document import CATEGORIES, RuleDocument
from .ranking import NONE, Flags, Ints, Line, Population, Ranked, beneath, ranked

KEEP, MOVE, HELD, WAIT, NEAR = range(5)
OUTCOMES = ("keep", "move", "held", "wait", "near")


@dataclass(frozen=True)
class Decided:
    """What the rule says of each customer, in the population's order.

    natural: place of the tier by score, within the limits of his category; wanted: the one the rule gives him now; final: the one he has afterwards (the present one where a hand holds
    it, or he waits); outcome: of OUTCOMES. streak: runs in a row, this one included, where he waits. category: place in
    CATEGORIES afterwards.
    """

    ranked: Ranked
    natural: Ints
    wanted: Ints
    final: Ints
    outcome: Ints
    streak: Ints
    category: Ints


def decide(rule: RuleDocument, people: Population) -> Decided:
    """Tiers by the rule. What stands in the rows does not depend on their order.

    A tier one has is left at once when the score is beyond the line by the rule's margin; else when it has been beyond it so
    many runs in a row; else not. Without either, at once. Limits of a category hold against margin and runs.
    """
    found = ranked(rule, people)
    low, high = _limits(rule, people.category)
    natural = np.clip(found.natural, low, high)
    differs = (people.present != NONE) & (natural != people.present)
    wanted, streak = natural, np.zeros(len(people), dtype=np.int64)
    if rule.sticky:
        way = np.sign(people.present - natural)
        streak = np.where(
            differs, way * np.where(np.sign(people.streak) == way, np.abs(people.streak) + 1, 1), 0
        )
        wanted = _moved(rule, people, found, natural, differs, np.abs(streak))
        wanted = np.clip(wanted, low, high)
    moves = wanted != people.present
    stays = differs & ~moves
    outcome = np.where(moves, MOVE, np.where(stays, WAIT if rule.runs > 1 else NEAR, KEEP))
    outcome = np.where(people.held & moves, HELD, outcome).astype(np.int64)
    final = np.where(outcome == HELD, people.present, wanted)
    streak = np.where((outcome == WAIT) & ~people.held, streak, 0)
    outcome = np.where(people.held & (outcome == WAIT), KEEP, outcome)
    return Decided(found, natural, wanted, final, outcome, streak, _categories(rule, people, final))


def _moved(
    rule: RuleDocument, people: Population, found: Ranked, natural: Ints, differs: Flags, in_a_row: Ints
) -> Ints:
    """The tier after margin and runs, for those who have one."""
    present, score = people.present, found.score
    wanted = np.where(differs, present, natural)
    if rule.margin is not None:
        admitted = np.array([line.admitted for line in found.lines] + [0], dtype=np.int64)
        falls = differs & (natural > present) & (score < admitted[present] - rule.margin)
        reach = np.maximum(_reach(found.lines, rule.margin, score), natural)
        rises = differs & (natural < present) & (reach < present)
        wanted = np.where(falls, natural, np.where(rises, reach, wanted))
    if rule.runs > 1:
        wanted = np.where(differs & (in_a_row >= rule.runs), natural, wanted)
    return wanted


def _reach(lines: tuple[Line, ...], margin: int, score: Ints) -> Ints:
    """The best tier whose line lies so far below the score."""
    return beneath([line.refused + margin for line in lines], score)


def _limits(rule: RuleDocument, category: Ints) -> tuple[Ints, Ints]:
    """The best and the worst place each customer may have."""
    codes = [tier.code for tier in rule.tiers]
    best, worst = [0] * len(CATEGORIES), [len(codes) - 1] * len(CATEGORIES)
    for name, limit in rule.limits.items():
        place = CATEGORIES.index(name)
        best[place] = codes.index(limit.most) if limit.most else 0
        worst[place] = codes.index(limit.least) if limit.least else len(codes) - 1
    return np.array(best, dtype=np.int64)[category], np.array(worst, dtype=np.int64)[category]


def _categories(rule: RuleDocument, people: Population, final: Ints) -> Ints:
    """潜在 before the first contract, then what the tier says; as it was where a hand holds the tier or the rule says nothing."""
    if not rule.categories:
        return people.category
    follows = np.array([CATEGORIES.index(rule.categories[tier.code]) for tier in rule.tiers], dtype=np.int64)
    by_rule = np.where(people.existing, follows[np.maximum(final, 0)], CATEGORIES.index("prospect"))
    return np.where(people.held, people.category, by_rule)


def digest_of(people: Population, found: Decided) -> str:
    """sha256 over who gets what and why, in the order that breaks ties: equal digests, equal proposals."""
    at = np.argsort(people.order)
    seen = hashlib.sha256()
    for column in (people.ids, people.present, found.final, found.wanted, found.outcome, found.streak, found.category,
                   found.ranked.score):  # fmt: skip
        seen.update(np.ascontiguousarray(column[at], dtype="<i8").tobytes())
    return seen.hexdigest()
