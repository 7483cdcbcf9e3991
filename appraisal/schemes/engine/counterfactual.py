"""What would have altered a decision: for each single input, the smallest change in either direction (NEW-1).

The search is exact on the grid an input is measured on (`domain.step`, else the last decimal it is written with). Every
score is monotone in its figure between the breakpoints the document itself states (band limits, points of a line, caps,
the figures of the peers), so on such a stretch each leaf of each rule flips at most once; the flips are found by
bisection and the decision is judged at each. Between two flips nothing a rule reads can change, so the first altered
decision is the nearest one.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, Iterator, Mapping
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
from .names import used_names

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

    def trial(self, value: Fraction) -> Person:
        """The person with the input at `value`."""
        return with_input(self.cohort.people[self.index], self.name, value)

    def judge(self, value: Fraction) -> None:
        """One evaluation of everybody with the input at `value`."""
        people = (*self.cohort.people[: self.index], self.trial(value), *self.cohort.people[self.index + 1 :])
        self.learn(
            value, Evaluation(self.scheme, Cohort(self.cohort.period, people), checked=True), self.index
        )

    def learn(self, value: Fraction, evaluation: Evaluation, place: int) -> None:
        """Keeps what an evaluation says of the trial at that place."""
        self.seen[value] = (evaluation.decision(place), _signature(evaluation, place))

    def at(self, value: Fraction) -> tuple[Decision, tuple[Any, ...]]:
        """The decision and the state of everything the rules read, with the input at `value`."""
        if value not in self.seen:
            self.judge(value)
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


def _numbers(data: Any) -> Iterator[Fraction]:
    if isinstance(data, Fraction):
        yield data
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from _numbers(value)
    elif isinstance(data, tuple):
        for value in data:
            yield from _numbers(value)


def breakpoints(scheme: Scheme, cohort: Cohort, index: int, name: str) -> set[Fraction]:
    """Every number of the document, and the same input of the peers: where a score can change direction."""
    found = set(
        _numbers({key: value for key, value in scheme.sections.items() if key not in ("version", "process")})
    )
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


STRAIGHT = {"reading": {"ratio", "direct"}, "rating": {"rating"}}


def straight(scheme: Scheme, name: str) -> bool:
    """Whether everything a rule can read rises with the input from end to end, so that there are no breakpoints: a figure
    or rating that one indicator without comparison scores in proportion, and that nothing else in the document names."""
    kind, _, code = name.partition(".")
    read = f"{kind}.{code.partition('.')[0]}"
    if kind not in STRAIGHT or scheme.measures or depends_on_peers(scheme) or scheme.sections.get("levels"):
        return False
    readers = [item for item in scheme.indicators() if item.reads == read]
    named = set(used_names(scheme.sections, True))
    return (
        len(readers) == 1
        and readers[0].method["type"] in STRAIGHT[kind]
        and readers[0].formula is None
        and read not in named
        and not any(word.endswith(f".{readers[0].code}") for word in named)
    )


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


def _search(
    probe: _Probe, value: Fraction, step: Fraction, end: Fraction, stops: set[Fraction]
) -> Generator[list[Fraction], None, Fraction | None]:
    """The nearest grid point from `value` towards `end` with another decision; yields the values it is about to look at.

    On a stretch without breakpoints each entry of the signature changes at most once, so equal ends mean no change.
    """
    sign = 1 if end > value else -1
    # A mean that no decimal writes stands between two marks of the grid; the search goes from mark to mark.
    start = value if decimal_places(value) is not None else Fraction((value * sign) // step) * step * sign
    count = min(int(abs(end - start) / step), MOST_STEPS)

    def point(k: int) -> Fraction:
        return start + sign * k * step if k else value

    marks = {count}
    for stop in stops:
        distance = (stop - start) * sign / step
        if 0 < distance < count:
            whole = int(distance)
            marks |= {k for k in (whole - 1, whole, whole + 1) if 0 < k <= count}
    near, stretches = 0, sorted(marks)
    yield [value, *(point(mark) for mark in stretches)]
    before = probe.aspect(probe.at(value)[0])
    for far in stretches:
        stack = [(near, far)]
        while stack:
            low, high = stack.pop()
            if probe.at(point(low))[1] == probe.at(point(high))[1]:
                continue
            if high - low == 1:
                if probe.aspect(probe.at(point(high))[0]) != before:
                    return point(high)
                continue
            parts = min(16 if probe.alone else 2, high - low)
            cuts = [low + (high - low) * part // parts for part in range(parts + 1)]
            yield [point(cut) for cut in cuts]
            stack.extend(reversed(list(itertools.pairwise(cuts))))
        near = far
    return None


def _nearest(searches: list[tuple[_Probe, Generator[list[Fraction], None, Fraction | None]]]) -> list[Fraction | None]:  # fmt: skip
    """Runs searches side by side. Where nobody compares, all trials of a round are judged in one evaluation; else each
    search asks for what it needs when it needs it."""
    found: list[Fraction | None] = [None] * len(searches)
    waiting = list(range(len(searches)))
    while waiting:
        wanted: list[tuple[_Probe, Fraction]] = []
        going = []
        for place in waiting:
            probe, search = searches[place]
            try:
                values = next(search)
            except StopIteration as end:
                found[place] = end.value
                continue
            going.append(place)
            if probe.alone:
                wanted += [(probe, value) for value in dict.fromkeys(values) if value not in probe.seen]
        if wanted:
            first = wanted[0][0]
            people = tuple(probe.trial(value) for probe, value in wanted)
            evaluation = Evaluation(first.scheme, Cohort(first.cohort.period, people), checked=True)
            for k, (probe, value) in enumerate(wanted):
                probe.learn(value, evaluation, k)
        waiting = going
    return found


def counterfactuals(
    scheme: Scheme, cohort: Cohort, employee_no: str, names: list[str] | None = None, *,
    aspect: Callable[[Decision], object] = whole, share: Fraction | Mapping[str, Fraction] | None = None,
) -> list[Change]:  # fmt: skip
    """For one person the nearest change of each single input that alters kind, target grade, level or matrix cell; or
    only what `aspect` looks at (`grade_only`). With `share` no further than that part of the input's size (one for all, or one for each).

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
    searches, asked = [], []
    for name, value in inputs_of(scheme, cohort.people[index]).items():
        if names is not None and name not in names:
            continue
        probe = _Probe(scheme, cohort, index, name, aspect)
        step, low, high = grid(scheme, name, value)
        stops = set() if straight(scheme, name) else breakpoints(scheme, cohort, index, name)
        reach = REACH * max(abs(value), Fraction(1), *(abs(stop) for stop in stops if stop < 10**6))
        ends = [high if high is not None else value + reach, low if low is not None else value - reach]
        if share is not None:
            far = (share[name] if isinstance(share, Mapping) else share) * abs(value)
            ends = [min(ends[0], value + far), max(ends[1], value - far)]
        for end in ends:
            if end != value:
                searches.append((probe, _search(probe, value, step, end, stops)))
                asked.append((probe, name, value, step))
    found = [
        Change(name, value, nearest, step, probe.at(value)[0], probe.at(nearest)[0])
        for (probe, name, value, step), nearest in zip(asked, _nearest(searches), strict=True)
        if nearest is not None
    ]
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
