"""What would have altered a proposal, from the rules and the figures of the cycle; a job after each regrading.

For promotions and demotions: each single input's nearest value at which kind or target grade would be another. For
holds only near misses: an input within NEAR of its size (time in grade: one month) at which the grade would move.
Counts of events are not looked at where none is on record: nobody is nearly in breach of his duties. Means of raters who
are not named are told only where enough of them are known to stand behind one.

Figures are read as a regrading reads them, computed ones asked of their sources again. A person whose sheet would not
come out the same from them, to the last line, gets no changes but the statement that his figures have moved.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from appraisal.grading.documents import ALONE, MOVED, PEERS, TOO_MANY, Altering, Counterfactual
from appraisal.ratings.models import LEAST_RATERS, NAMED
from appraisal.schemes.engine import Cohort, Evaluation, Person, Scheme
from appraisal.schemes.engine.counterfactual import (
    Change,
    breakpoints,
    counterfactuals,
    grade_only,
    grid,
    inputs_of,
    materialized,
    straight,
    with_input,
)
from appraisal.schemes.engine.exact import plain
from appraisal.schemes.engine.methods import PEER_METHODS

NEAR = Fraction(1, 20)
# Where people are compared every trial costs an evaluation of all who are: small groups only, and not far.
PEERS_AT_MOST = 60
PEERS_SHARE = Fraction(1, 5)
# Trials of the sweep over the holds that are judged at once.
SWEEP_AT_ONCE = 20_000
MOST_CHANGES = 40


def compared_by(scheme: Scheme) -> str:
    """How the scheme groups those it compares: `unit`, `grade`, `fact.NAME`, `all`; empty where it compares nobody.
    Different groupings in one scheme count as everybody."""
    specs: set[str] = set()
    for item in scheme.indicators():
        if item.method["type"] in PEER_METHODS:
            specs.add(str(item.method.get("group", "all")))
    for measure in scheme.measures.values():
        if "aggregate" in measure:
            specs.add(str(measure.get("group", "all")))
        elif measure.get("method", {}).get("type") in PEER_METHODS:
            specs.add(str(measure["method"].get("group", "all")))
    levels = scheme.sections.get("levels") or {}
    for quota in (*scheme.section("quotas"), *(levels.get("quotas") or ())):
        specs.add(str(quota.get("group", "all")))
    if "forced" in levels:
        specs.add(str(levels.get("group", "all")))
    matrix = scheme.sections.get("matrix") or {}
    if matrix.get("by") == "percentile":
        specs.add(str(matrix.get("group", "all")))
    return "" if not specs else specs.pop() if len(specs) == 1 else "all"


@dataclass(frozen=True)
class Case:
    """One person's place in the cohort and what the rules say of him."""

    index: int
    kind: str


class Explainer:
    """Changes of single people of one evaluated cohort."""

    def __init__(self, evaluation: Evaluation) -> None:
        self.evaluation, self.scheme, self.cohort = evaluation, evaluation.scheme, evaluation.cohort
        self.grouping = compared_by(self.scheme)
        self._groups = evaluation.workings.groups(self.grouping) if self.grouping else []
        self._sizes = Counter(self._groups)

    def cohort_of(self, index: int) -> Cohort:
        """The person alone, or everybody he is compared with."""
        if not self.grouping:
            return Cohort(self.cohort.period, (materialized(self.cohort, index),))
        own = self._groups[index]
        rows = [place for place, group in enumerate(self._groups) if group == own]
        return Cohort(self.cohort.period, tuple(materialized(self.cohort, place) for place in rows))

    def compared(self, index: int) -> int:
        """How many people the person's result depends on, himself included."""
        return self._sizes[self._groups[index]] if self.grouping else 1

    def nothing(self, index: int, basis: str) -> Counterfactual:
        """The document of somebody whom no near change would move; or of whom that was not worked out."""
        count = self.compared(index)
        how = TOO_MANY if count > PEERS_AT_MOST else PEERS if self.grouping else ALONE
        return Counterfactual(basis, how, count)

    def explain(self, case: Case, basis: str) -> Counterfactual:
        """The document of one person."""
        count = self.compared(case.index)
        if count > PEERS_AT_MOST:
            return Counterfactual(basis, TOO_MANY, count)
        among = self.cohort_of(case.index)
        person = self.cohort.people[case.index]
        # What leaves somebody without a result (a target of nothing) changes no grade.
        found = [
            change
            for change in self._changes(among, person, near=case.kind == "hold")
            if change.after[0] != "not_rated"
        ]
        changes = [self._altering(among, person.employee_no, change) for change in found[:MOST_CHANGES]]
        return Counterfactual(basis, PEERS if self.grouping else ALONE, count, changes)

    def _changes(self, among: Cohort, person: Person, near: bool) -> list[Change]:
        own = next(item for item in among.people if item.employee_no == person.employee_no)
        inputs = inputs_of(self.scheme, own)
        names = [name for name, value in inputs.items() if asked(own, name, value, near)]
        if not near:
            share = PEERS_SHARE if self.grouping else None
            return counterfactuals(
                self.scheme, among, person.employee_no, names, aspect=grade_only, share=share
            )
        parts = {name: near_share(name, inputs[name]) for name in names if inputs[name]}
        return counterfactuals(
            self.scheme, among, person.employee_no, list(parts), aspect=grade_only, share=parts
        )

    def _altering(self, among: Cohort, number: str, change: Change) -> Altering:
        before, after = (
            self._results(among, number, change.name, value) for value in (change.value, change.nearest)
        )
        scores = {code: [before[code], after[code]] for code in before if before[code] != after[code]}
        return Altering(
            change.name, plain(change.value), plain(change.nearest), plain(change.step), change.after[0],
            change.after[1], scores,
        )  # fmt: skip

    def _results(self, among: Cohort, number: str, name: str, value: Fraction) -> dict[str, str | None]:
        place = next(k for k, item in enumerate(among.people) if item.employee_no == number)
        people = list(among.people)
        people[place] = with_input(people[place], name, value)
        judged = Evaluation(self.scheme, Cohort(among.period, tuple(people)), checked=True)
        found: dict[str, str | None] = dict(judged.explanation(place)["dimensions"])
        return found

    # --- which holds are near misses ----------------------------------------------------------------------------------
    def near_misses(self, indexes: Iterable[int]) -> list[int]:
        """Of people who keep their grade those whom a near change of one input would move: judged at either end of the
        range and at every limit of the regulation within it. Where people are compared, small groups only, all of them."""
        if self.grouping:
            return [index for index in indexes if self.compared(index) <= PEERS_AT_MOST]
        found: dict[int, None] = {}
        for trials in _batches(self._trials(indexes)):
            judged = Evaluation(
                self.scheme,
                Cohort(self.cohort.period, tuple(person for _index, person in trials)),
                checked=True,
            )
            for place, (index, _person) in enumerate(trials):
                if index not in found and judged.decision(place)[:2] != self.evaluation.decision(index)[:2]:
                    found[index] = None
        return list(found)

    def _trials(self, indexes: Iterable[int]) -> Iterator[tuple[int, Person]]:
        for index in indexes:
            alone = Cohort(self.cohort.period, (materialized(self.cohort, index),))
            person = alone.people[0]
            for name, value in inputs_of(self.scheme, person).items():
                if not asked(person, name, value, near=True):
                    continue
                for trial in near_values(self.scheme, alone, name, value):
                    yield index, with_input(person, name, trial)


def asked(person: Person, name: str, value: Fraction, near: bool) -> bool:
    """Whether an input is looked at: not the breaches somebody has not committed, and no mean of a group whose members
    stand together as one, unless there are enough of them known to be in it (NEW-16)."""
    if name.startswith("event."):
        return bool(value) and not near
    if name.startswith("rating."):
        code, _dot, group = name.removeprefix("rating.").partition(".")
        raters = sum(item[0] == group for item in person.ratings[code])
        return group in NAMED or raters >= LEAST_RATERS
    return True


def near_share(name: str, value: Fraction) -> Fraction:
    """How far an input may be moved for a near miss, as a part of its size; 0 where it is not asked."""
    if name.startswith("event.") or not value:
        return Fraction(0)
    return max(NEAR, 1 / abs(value)) if name == "months_in_grade" else NEAR


def near_values(scheme: Scheme, alone: Cohort, name: str, value: Fraction) -> list[Fraction]:
    """The values at which a near change is judged."""
    share = near_share(name, value)
    if not share:
        return []
    step, low, high = grid(scheme, name, value)
    most = int(share * abs(value) / step)
    ends = {-most, most}
    for stop in () if straight(scheme, name) else breakpoints(scheme, alone, 0, name):
        if abs(stop - value) <= most * step:
            whole = int((stop - value) / step)
            ends |= {whole - 1, whole, whole + 1}
    values = [value + step * count for count in sorted(ends) if count and abs(count) <= most]
    return [item for item in values if (low is None or item >= low) and (high is None or item <= high)]


def _batches(trials: Iterator[tuple[int, Person]]) -> Iterator[list[tuple[int, Person]]]:
    batch: list[tuple[int, Person]] = []
    for trial in trials:
        batch.append(trial)
        if len(batch) == SWEEP_AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def moved(basis: str) -> Counterfactual:
    """What is said of somebody whose figures are no longer those of his sheet."""
    return Counterfactual(basis, MOVED)
