"""What would have altered a decision: for each single input, the smallest change in either direction (NEW-1).

The search is exact on the grid an input is measured on (`domain.step`, else the last decimal it is written with). Every
score is monotone in its figure between the breakpoints the document itself states (band limits, points of a line, caps,
the figures of the peers), so on such a stretch each leaf of each rule flips at most once; the flips are found by
bisection and the decision is judged at each. Between two flips nothing a rule reads can change, so the first altered
decision is the nearest one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from .cohort import Cohort, Person
from .conditions import Condition, find, leaves
from .evaluation import Evaluation
from .exact import decimal_places, plain
from .inputs import check_input
from .methods import PEER_METHODS
from .model import Scheme

Decision = tuple[str, str | None, str | None, str | None]
REACH = 1000
MOST_STEPS = 10**9


@dataclass(frozen=True, slots=True)
class Change:
    """One input, what it is, the nearest value that alters the decision, and the decision it leads to."""

    name: str
    value: Fraction
    nearest: Fraction
    step: Fraction
    before: Decision
    after: Decision

    def data(self) -> dict[str, Any]:
        """As plain data for an explanation."""
        keys = ("kind", "to", "level", "quadrant")
        return {
            "input": self.name, "value": plain(self.value), "nearest": plain(self.nearest),
            "change": plain(self.nearest - self.value), "step": plain(self.step),
            "before": dict(zip(keys, self.before, strict=True)), "after": dict(zip(keys, self.after, strict=True)),
        }  # fmt: skip


def whole(decision: Decision) -> object:
    """Everything of a decision."""
    return decision


def grade_only(decision: Decision) -> object:
    """Kind and target grade: what becomes of the person's grade, whatever level and cell."""
    return decision[:2]


class _Probe:
    """A cohort in which one input of one person is replaced by trial values, many at once where nobody compares."""

    def __init__(
        self, scheme: Scheme, cohort: Cohort, index: int, name: str, aspect: Callable[[Decision], object]
    ) -> None:
        self.scheme, self.cohort, self.index, self.name = scheme, cohort, index, name
        self.aspect = aspect
        self.alone = not depends_on_peers(scheme)
        self.seen: dict[Fraction, tuple[Decision, tuple[Any, ...]]] = {}

    def fetch(self, values: list[Fraction]) -> None:
        """Judges all of `values` in one evaluation when the person is alone, else one after the other."""
        wanted = [value for value in dict.fromkeys(values) if value not in self.seen]
        if not self.alone:
            for value in wanted:
                self._judge([value])
        elif wanted:
            self._judge(wanted)

    def _judge(self, values: list[Fraction]) -> None:
        person = self.cohort.people[self.index]
        trials = tuple(with_input(person, self.name, value) for value in values)
        if self.alone:
            people, first = trials, 0
        else:
            people = (*self.cohort.people[: self.index], *trials, *self.cohort.people[self.index + 1 :])
            first = self.index
        evaluation = Evaluation(self.scheme, Cohort(self.cohort.period, people), checked=True)
        for k, value in enumerate(values):
            self.seen[value] = (evaluation.decision(first + k), _signature(evaluation, first + k))

    def at(self, value: Fraction) -> tuple[Decision, tuple[Any, ...]]:
        """The decision and the state of everything the rules read, with the input at `value`."""
        if value not in self.seen:
            self._judge([value])
        return self.seen[value]


def _signature(evaluation: Evaluation, index: int) -> tuple[Any, ...]:
    """The truth of every leaf of every rule, and the discrete results; constant where no decision can change."""
    workings = evaluation.workings
    found: list[Any] = [find(leaf, workings, index).passed for leaf in _rule_leaves(evaluation.scheme)]
    found += [workings.value("quadrant", index), evaluation.levels[index], evaluation.proposals[index].kind,
              evaluation.proposals[index].to, evaluation.proposals[index].eligible_for]  # fmt: skip
    return tuple(str(item) for item in found)


def _rule_leaves(scheme: Scheme) -> Iterator[Condition]:
    for section in ("promotion", "demotion", "keep", "gates", "vetoes", "circumstances"):
        for rule in scheme.section(section):
            condition = rule.get("when") or rule.get("require")
            if condition is not None:
                yield from leaves(condition)
    for rule in (scheme.sections.get("placement") or {}).get("standards") or ():
        yield from leaves(rule["when"])
    for rule in (scheme.sections.get("levels") or {}).get("rules") or ():
        yield from leaves(rule["when"])


def with_input(person: Person, name: str, value: Fraction) -> Person:
    """The person with one input replaced: `reading.X`, `target.X`, `event.X`, `rating.X.GROUP`, `months_in_grade` or a
    numeric `fact.X`. A rating stands for the mean of its group."""
    kind, _, code = name.partition(".")
    if name == "months_in_grade":
        return replace(person, months_in_grade=value)
    if kind == "rating":
        code, _, group = code.partition(".")
        kept = tuple(item for item in person.ratings[code] if item[0] != group)
        count = sum(item[0] == group for item in person.ratings[code])
        return replace(person, ratings={**person.ratings, code: (*kept, *((group, value),) * count)})
    if kind == "reading":
        return replace(person, readings={**person.readings, code: value})
    if kind == "target":
        return replace(person, targets={**person.targets, code: value})
    if kind == "event":
        return replace(person, events={**person.events, code: value})
    return replace(person, facts={**person.facts, code: value})


def inputs_of(scheme: Scheme, person: Person) -> dict[str, Fraction]:
    """Every single numeric input of a person that a scheme could read."""
    found: dict[str, Fraction] = {}
    for field, kind in (("readings", "reading"), ("targets", "target"), ("events", "event")):
        found |= {f"{kind}.{code}": value for code, value in getattr(person, field).items()}
    for code, scores in person.ratings.items():
        for group in dict.fromkeys(group for group, _ in scores):
            values = [score for name, score in scores if name == group]
            found[f"rating.{code}.{group}"] = sum(values, Fraction(0)) / len(values)
    if person.months_in_grade is not None:
        found["months_in_grade"] = person.months_in_grade
    found |= {f"fact.{k}": v for k, v in person.facts.items() if isinstance(v, Fraction)}
    for item in scheme.indicators():
        if item.source == "event" and item.reads not in found:
            found[item.reads] = Fraction(0)
    for section in scheme.section("vetoes"):
        if "event" in section:
            found.setdefault(f"event.{section['event']}", Fraction(0))
    return found


def grid(scheme: Scheme, name: str, value: Fraction) -> tuple[Fraction, Fraction | None, Fraction | None]:
    """Step, least and greatest value of an input: as the indicator's domain says, else what is usual for its kind."""
    kind, _, code = name.partition(".")
    domains = {i["code"]: i.get("domain") for d in scheme.sections["dimensions"] for i in d["indicators"]}
    domain: Mapping[str, Fraction] = domains.get(code.partition(".")[0]) or {}
    if kind in ("event", "months_in_grade"):
        step = Fraction(1)
    else:
        places = decimal_places(value)
        step = domain.get("step", Fraction(1, 10 ** (2 if places is None else min(places, 6))))
    low = domain.get("min", Fraction(0) if value >= 0 or kind == "rating" else None)
    return step, low, domain.get("max", Fraction(100) if kind == "rating" else None)


def breakpoints(scheme: Scheme, cohort: Cohort, index: int, name: str) -> set[Fraction]:
    """Every number of the document, and the same input of the peers: where a score can change direction."""
    found: set[Fraction] = set()

    def collect(data: Any) -> None:
        if isinstance(data, Fraction):
            found.add(data)
        elif isinstance(data, Mapping):
            for value in data.values():
                collect(value)
        elif isinstance(data, tuple):
            for value in data:
                collect(value)

    collect({key: value for key, value in scheme.sections.items() if key not in ("version", "process")})
    person = cohort.people[index]
    for code, target in person.targets.items():
        if name == f"reading.{code}":
            found |= {target * part / 100 for part in list(found)} | {target}
    for k, other in enumerate(cohort.people):
        if k != index:
            value = inputs_of(scheme, other).get(name)
            if value is not None:
                found.add(value)
    return found


def depends_on_peers(scheme: Scheme) -> bool:
    """Whether anybody's decision can depend on other people: ranks, group means, shares, quotas."""
    if any(item.method["type"] in PEER_METHODS for item in scheme.indicators()) or scheme.section("quotas"):
        return True
    if any(
        "aggregate" in m or m.get("method", {}).get("type") in PEER_METHODS for m in scheme.measures.values()
    ):
        return True
    levels = scheme.sections.get("levels") or {}
    return (
        bool(levels.get("quotas") or "forced" in levels)
        or (scheme.sections.get("matrix") or {}).get("by") == "percentile"
    )


def _flips(probe: _Probe, near: int, far: int, point: Callable[[int], Fraction]) -> Iterator[int]:
    """Steps between near (excluded) and far (included) at which the signature changes, nearest first.

    On a stretch without breakpoints each entry of the signature changes at most once, so equal ends mean no change.
    """
    stack = [(near, far)]
    while stack:
        low, high = stack.pop()
        if probe.at(point(low))[1] == probe.at(point(high))[1]:
            continue
        if high - low == 1:
            yield high
            continue
        parts = min(16 if probe.alone else 2, high - low)
        cuts = [low + (high - low) * part // parts for part in range(parts + 1)]
        probe.fetch([point(cut) for cut in cuts])
        stack.extend(reversed(list(itertools.pairwise(cuts))))


def _search(
    probe: _Probe, value: Fraction, step: Fraction, end: Fraction, stops: set[Fraction]
) -> Fraction | None:
    """The nearest grid point from `value` towards `end` with another decision."""
    sign = 1 if end > value else -1
    count = int(abs(end - value) / step)
    if count > MOST_STEPS:
        count = MOST_STEPS
    before = probe.aspect(probe.at(value)[0])

    def point(k: int) -> Fraction:
        return value + sign * k * step

    marks = {count}
    for stop in stops:
        distance = (stop - value) * sign / step
        if 0 < distance < count:
            whole = int(distance)
            marks |= {k for k in (whole - 1, whole, whole + 1) if 0 < k <= count}
    near, stretches = 0, sorted(marks)
    if probe.alone:
        probe.fetch([point(mark) for mark in stretches])
    for far in stretches:
        for k in _flips(probe, near, far, point):
            if probe.aspect(probe.at(point(k))[0]) != before:
                return point(k)
        near = far
    return None


def counterfactuals(
    scheme: Scheme, cohort: Cohort, employee_no: str, names: list[str] | None = None, *,
    aspect: Callable[[Decision], object] = whole, share: Fraction | None = None,
) -> list[Change]:  # fmt: skip
    """For one person the nearest change of each single input that alters kind, target grade, level or matrix cell; or
    only what `aspect` looks at (`grade_only`). With `share` no further than that part of the input's size.

    Inputs that cannot alter it (within 1000 times their size, or their stated domain) are left out. At most one change
    up and one down per input; smallest relative change first. Costs some hundred evaluations per input: of the person
    alone, or of the whole cohort where the scheme compares people (give the peer group, not the company, then).
    """
    check_input(scheme, cohort)
    index = next(k for k, person in enumerate(cohort.people) if person.employee_no == employee_no)
    if not depends_on_peers(scheme):
        cohort, index = Cohort(cohort.period, (materialized(cohort, index),)), 0
    else:
        cohort = Cohort(cohort.period, tuple(materialized(cohort, k) for k in range(len(cohort.people))))
    found: list[Change] = []
    for name, value in inputs_of(scheme, cohort.people[index]).items():
        if names is not None and name not in names:
            continue
        probe = _Probe(scheme, cohort, index, name, aspect)
        step, low, high = grid(scheme, name, value)
        stops = breakpoints(scheme, cohort, index, name)
        reach = REACH * max(abs(value), Fraction(1), *(abs(stop) for stop in stops if stop < 10**6))
        ends = [high if high is not None else value + reach, low if low is not None else value - reach]
        if share is not None:
            ends = [min(ends[0], value + share * abs(value)), max(ends[1], value - share * abs(value))]
        for end in ends:
            nearest = _search(probe, value, step, end, stops) if end != value else None
            if nearest is not None:
                found.append(Change(name, value, nearest, step, probe.at(value)[0], probe.at(nearest)[0]))
    return sorted(
        found,
        key=lambda item: (abs(item.nearest - item.value) / max(abs(item.value), Fraction(1)), item.name),
    )


def materialized(cohort: Cohort, index: int) -> Person:
    """A person with the figures of ready-made columns in his own mappings, so that one of them can be replaced."""
    person = cohort.people[index]
    fields: dict[str, dict[str, Fraction]] = {
        "reading": dict(person.readings),
        "target": dict(person.targets),
        "event": dict(person.events),
    }
    for name, column in cohort.columns.items():
        kind, _, code = name.partition(".")
        value = column.value(index)
        if kind in fields and value is not None:
            fields[kind][code] = value
    return replace(person, readings=fields["reading"], targets=fields["target"], events=fields["event"])
