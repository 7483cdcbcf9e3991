"""Indicator scores: figures to integers of 10**-places, with what happened to each person's figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import methods, peers
from .cohort import Column, integers
from .conditions import judge
from .exact import round_scaled
from .formula import evaluate
from .kernels import kernel_for
from .model import Indicator, Section

if TYPE_CHECKING:
    from .workings import Workings

SCORED, ZEROED, EXCLUDED, BLOCKED, NOT_APPLICABLE = range(5)
STATES = {"zero": ZEROED, "exclude_and_reweight": EXCLUDED, "block": BLOCKED}
COUNTED = (SCORED, ZEROED)
WHYS = ("", "missing", "target_missing", "no_answer", "not_applicable", "excluded_by_circumstance")
Figures = Column | list[Fraction | None]


@dataclass(frozen=True, slots=True)
class Scored:
    """One indicator of everybody: units of 10**-places, the state of each figure and why, the figures themselves."""

    units: npt.NDArray[Any]
    places: int
    state: npt.NDArray[np.int8]
    why: npt.NDArray[np.int8]
    figures: Figures
    against: Figures | None

    def value(self, index: int) -> Fraction | None:
        """The score, None unless it counts."""
        if self.state[index] not in COUNTED:
            return None
        return Fraction(int(self.units[index]), 10**self.places)

    def note(self, index: int) -> str | None:
        """What the score sheet must say about this line, as a code."""
        state, why = int(self.state[index]), WHYS[int(self.why[index])]
        if state == SCORED:
            return f"{why}_given" if why else None
        action = {ZEROED: "zero", EXCLUDED: "excluded", BLOCKED: "blocked", NOT_APPLICABLE: "excluded"}[state]
        return why if state == NOT_APPLICABLE else f"{why}_{action}"


def figure_at(figures: Figures | None, index: int) -> Fraction | None:
    """One person's figure of a column or list."""
    if figures is None:
        return None
    return figures.value(index) if isinstance(figures, Column) else figures[index]


def _figures(workings: Workings, indicator: Indicator) -> Figures:
    kind, _, code = indicator.reads.partition(".")
    if indicator.formula is not None:
        tree = indicator.formula
        people = range(len(workings))
        return [evaluate(tree, lambda name, i=i: workings.number(name, i)) for i in people]  # type: ignore[misc]
    if kind == "reading":
        return workings.cohort.column(indicator.reads)
    if kind == "event":
        column = workings.cohort.column(indicator.reads)
        return Column(column.units, column.scale, np.ones(len(workings), dtype=np.bool_))
    if kind == "rating" and indicator.method["type"] == "rating":
        return [_rated(indicator.method, person.ratings.get(code, ())) for person in workings.cohort.people]
    return workings.numbers(indicator.reads)


def _rated(method: Section, scores: tuple[tuple[str, Fraction], ...]) -> Fraction | None:
    least = method.get("minimum_raters")
    if least is None and len(scores) == 1:
        group, score = scores[0]
        return score if method["groups"].get(group) else None
    if least is not None:
        counts: dict[str, int] = {}
        for group, _ in scores:
            counts[group] = counts.get(group, 0) + 1
        scores = tuple(item for item in scores if counts[item[0]] >= least.get(item[0], 0))
    return methods.group_mean(method["groups"], scores)


def _against(workings: Workings, indicator: Indicator) -> Figures | None:
    if indicator.against is None:
        return None
    if indicator.against.startswith("target."):
        return workings.cohort.column(indicator.against)
    return workings.numbers(indicator.against) if methods.compares(indicator.method) else None


def _rows(figures: Figures, people: Sequence[int] | None) -> Figures:
    if people is None:
        return figures
    if isinstance(figures, Column):
        return Column(figures.units[people], figures.scale, figures.present[people])
    return [figures[index] for index in people]


def _apply(workings: Workings, indicator: Indicator, x: Figures, base: Figures | None) -> tuple[Any, Any]:
    """Rounded scores and whether there is one, for everybody; per parameter profile where the method has parameters."""
    n, rounding = len(workings), indicator.rounding
    if indicator.method["type"] in methods.PEER_METHODS:
        values = [figure_at(x, index) for index in range(n)]
        scores = peers.peer_scores(
            indicator.method, values, workings.groups(indicator.method.get("group", "all"))
        )
        return _rounded(scores, indicator)
    units: Any = np.zeros(n, dtype=object)
    good: Any = np.zeros(n, dtype=np.bool_)
    for method, people in workings.profiles(indicator.method):
        part_x, part_base = _rows(x, people), None if base is None else _rows(base, people)
        kernel = kernel_for(method)
        comparing = methods.compares(method)
        if kernel and isinstance(part_x, Column) and (not comparing or isinstance(part_base, Column)):
            part = kernel(method, part_x, part_base if isinstance(part_base, Column) else None, rounding)
        else:
            part = _one_by_one(method, part_x, part_base, indicator)
        if people is None:
            return part
        units[people], good[people] = part
    return integers([int(value) for value in units]), good


def _one_by_one(method: Section, x: Figures, base: Figures | None, indicator: Indicator) -> tuple[Any, Any]:
    scorer = methods.METHODS[method["type"]]
    size = len(x.units) if isinstance(x, Column) else len(x)
    scores: list[Fraction | None] = []
    for index in range(size):
        value = figure_at(x, index)
        scores.append(None if value is None else scorer(method, value, figure_at(base, index)))
    return _rounded(scores, indicator)


def _rounded(scores: Sequence[Fraction | None], indicator: Indicator) -> tuple[Any, Any]:
    places, mode = indicator.rounding.places, indicator.rounding.mode
    units = integers([0 if score is None else round_scaled(score, places, mode) for score in scores])
    return units, np.fromiter((score is not None for score in scores), dtype=np.bool_, count=len(scores))


def _present(figures: Figures) -> npt.NDArray[np.bool_]:
    if isinstance(figures, Column):
        return figures.present
    return np.fromiter((value is not None for value in figures), dtype=np.bool_, count=len(figures))


def _positive(figures: Figures) -> npt.NDArray[np.bool_]:
    if isinstance(figures, Column):
        return figures.present & (figures.units > 0).astype(np.bool_)
    return np.fromiter(
        (value is not None and value > 0 for value in figures), dtype=np.bool_, count=len(figures)
    )


def score_indicator(workings: Workings, indicator: Indicator) -> Scored:
    """Everybody's score under one indicator, with the stated policy for what is missing."""
    n = len(workings)
    x, base = _figures(workings, indicator), _against(workings, indicator)
    base = _part_period(workings, base)
    units, good = _apply(workings, indicator, x, base)
    state = np.zeros(n, dtype=np.int8)
    why = np.zeros(n, dtype=np.int8)
    if not good.all():
        absent, bad = ~_present(x), ~good
        no_base = np.zeros(n, dtype=np.bool_)
        if base is not None and methods.compares(indicator.method):
            no_base = ~absent & bad & ~_positive(base)
        units = units.copy()
        policy = "block" if indicator.missing == "zero" else indicator.missing
        _settle(workings, indicator, absent, indicator.missing, 1, units, state, why)
        _settle(workings, indicator, no_base, indicator.on_target or policy, 2, units, state, why)
        _settle(workings, indicator, bad & ~absent & ~no_base, policy, 3, units, state, why)
    excluding = any(
        indicator.code in (row.get("exclude") or ()) for row in workings.scheme.section("circumstances")
    )
    if indicator.applies is not None or excluding:
        for index in range(n):
            if indicator.applies is not None and judge(indicator.applies, workings, index) is False:
                state[index], why[index] = NOT_APPLICABLE, 4
            elif excluding and indicator.code in excluded_codes(workings, index):
                state[index], why[index] = NOT_APPLICABLE, 5
    return Scored(units, indicator.rounding.places, state, why, x, base)


def _settle(
    workings: Workings,
    indicator: Indicator,
    rows: Any,
    policy: Any,
    reason: int,
    units: Any,
    state: Any,
    why: Any,
) -> None:
    """The stated policy for rows without a score: zero, leave out, block, full marks, a given score, last period's."""
    if not rows.any():
        return
    why[rows] = reason
    units[rows] = 0
    places, mode = indicator.rounding.places, indicator.rounding.mode
    if isinstance(policy, str) and policy in STATES:
        state[rows] = STATES[policy]
        return
    for index in np.flatnonzero(rows):
        given: Fraction | None
        if policy == "full":
            given = Fraction(100)
        elif policy == "previous":
            given = workings.past(f"score.{indicator.code}", int(index), 1)
        else:
            given = workings.constant(policy["score"], int(index))
        if given is None:
            state[index] = BLOCKED
        else:
            units[index], state[index] = round_scaled(given, places, mode), SCORED


def excluded_codes(workings: Workings, index: int) -> set[str]:
    """Indicators a person's circumstances take off his sheet."""
    return {code for item in workings.circumstances(index) for code in item.get("exclude") or ()}


def _part_period(workings: Workings, base: Figures | None) -> Figures | None:
    """Targets scaled to the part of the period that counts, where a circumstance says so."""
    if base is None or not any("target_factor" in item for item in workings.scheme.section("circumstances")):
        return base
    scaled = []
    for index in range(len(workings)):
        value = figure_at(base, index)
        for item in workings.circumstances(index):
            if "target_factor" in item and value is not None:
                factor = workings.constant(item["target_factor"], index)
                value = None if factor is None else value * factor
        scaled.append(value)
    return scaled
