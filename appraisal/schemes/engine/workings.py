"""One scheme applied to one cohort: every figure by name, computed when first asked for and kept.

Names: `reading.X` `target.X` `event.X` `rating.X` `previous.X` `fact.X` `param.X` `measure.X` `score.X`
`dimension.X` (or the bare dimension code), `total`, `months_in_grade`, `grade`, `grade_order`, `unit`, `quadrant`,
`level`, `vetoed`. `checks` has made sure that definitions do not refer to each other in a circle.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

from . import methods, peers
from .cohort import Cohort, Person
from .conditions import judge
from .formula import evaluate
from .model import Scheme, Section
from .periods import Period
from .scoring import Scored, score_indicator
from .totals import Result, dimension_result, total_result

Row = list[Any]


class Workings:
    """Lazily computed figures of a cohort under a scheme; not shared between threads.

    Memory is one column per figure used; nothing here changes the scheme or the cohort.
    """

    def __init__(self, scheme: Scheme, cohort: Cohort) -> None:
        self.scheme, self.cohort = scheme, cohort
        self._scored: dict[str, Scored] = {}
        self._results: dict[str, Result] = {}
        self._measures: dict[str, Row] = {}
        self._parameters: dict[str, Row] = {}
        self._circumstances: dict[int, list[Section]] = {}
        self._memo: dict[str, Any] = {}
        self._extra: dict[str, Callable[[int], Any]] = {}

    def __len__(self) -> int:
        return len(self.cohort.people)

    def period(self) -> Period:
        """The period being graded."""
        return self.cohort.period

    def memo(self, key: str, make: Callable[[], Any]) -> Any:
        """A value computed once per run."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def provide(self, name: str, source: Callable[[int], Any]) -> None:
        """Lets a later stage (matrix, levels) answer for a name."""
        self._extra[name] = source

    # --- one figure of one person ---------------------------------------------------------------------------------
    def value(self, name: str, index: int) -> Any:
        """The value of a name for one person: an exact rational, text, boolean or list; None when it is missing."""
        if name in self._extra:
            return self._extra[name](index)
        kind, _, code = name.partition(".")
        if not code:
            return self._plain(name, index)
        person = self.cohort.people[index]
        if kind in ("reading", "target"):
            return self.cohort.column(name).value(index)
        if kind == "fact":
            return person.facts.get(code)
        if kind == "event":
            return self.cohort.column(name).value(index) or Fraction(0)
        if kind == "measure":
            return self.measure(code)[index]
        if kind == "score":
            return self.scored(code).value(index)
        if kind == "param":
            return self.parameter(code)[index]
        if kind == "previous":
            return self.past(code, index, 1)
        if kind == "dimension":
            return self.result(code).value(index)
        if kind == "rating":
            return self._rating(code, person)
        return None

    def _plain(self, name: str, index: int) -> Any:
        person = self.cohort.people[index]
        if name == "total":
            return self.total.value(index)
        if name == "months_in_grade":
            return person.months_in_grade
        if name == "unit":
            return person.unit
        if name == "grade":
            return person.grade
        if name == "grade_order":
            grade = self.scheme.grade(person.grade)
            return grade.order if grade else None
        if self.scheme.dimension(name) is not None:
            return self.result(name).value(index)
        if name in self.scheme.measures:
            return self.measure(name)[index]
        return None

    def number(self, name: str, index: int) -> Fraction | None:
        """The value of a name where a number is needed; true and false count as 1 and 0."""
        value = self.value(name, index)
        if isinstance(value, bool):
            return Fraction(value)
        return value if isinstance(value, Fraction) else None

    def past(self, name: str, index: int, back: int) -> Any:
        """The value of a name `back` periods ago, from history; None when there is no such row or figure."""
        row = self.cohort.people[index].past.get(self.cohort.period.before(back))
        if row is None:
            return None
        kind, _, code = name.partition(".")
        if kind in ("score", "reading", "measure", "target") and code:
            return (row.get(f"{kind}s") or {}).get(code)
        if name in row:
            return row[name]
        return (row.get("readings") or {}).get(name) if not code else row.get(code)

    def constant(self, spec: Any, index: int) -> Fraction | None:
        """A number of the document: itself, or the parameter or value it names."""
        if isinstance(spec, Mapping):
            return self.number(f"param.{spec['param']}" if "param" in spec else spec["value"], index)
        return None if spec is None else Fraction(spec)

    def _rating(self, code: str, person: Person) -> Fraction | None:
        indicator = self.scheme.indicator(code)
        groups = indicator.method.get("groups") if indicator else None
        scores = person.ratings.get(code, ())
        if groups is None:
            groups = {group: Fraction(1) for group, _ in scores}
        return methods.group_mean(groups, scores)

    def circumstances(self, index: int) -> list[Section]:
        """The circumstances (leave, 三期, part period, secondment …) known to hold for a person, in document order."""
        rows = self.scheme.section("circumstances")
        if not rows:
            return []
        if index not in self._circumstances:
            self._circumstances[index] = [row for row in rows if judge(row["when"], self, index) is True]
        return self._circumstances[index]

    # --- whole columns --------------------------------------------------------------------------------------------
    def numbers(self, name: str) -> list[Fraction | None]:
        """A named figure of everybody."""
        return [self.number(name, index) for index in range(len(self))]

    def groups(self, spec: str) -> list[Hashable]:
        """Everybody's peer group: `all`, `unit`, `grade` or `fact.NAME`; None where it is not known."""
        if spec == "all":
            return ["all"] * len(self)
        return [self.value(spec, index) for index in range(len(self))]

    def scored(self, code: str) -> Scored:
        """An indicator's scores."""
        if code not in self._scored:
            indicator = self.scheme.indicator(code)
            assert indicator is not None
            self._scored[code] = score_indicator(self, indicator)
        return self._scored[code]

    def result(self, code: str) -> Result:
        """A dimension's results."""
        if code not in self._results:
            dimension = self.scheme.dimension(code)
            assert dimension is not None
            self._results[code] = dimension_result(self, dimension)
        return self._results[code]

    @cached_property
    def total(self) -> Result:
        """The total across dimensions; missing for everybody when the scheme gives them no weights."""
        return total_result(self)

    def measure(self, code: str) -> Row:
        """A measure of everybody: formula, peer aggregate, roll-up over periods, conversion or method."""
        if code not in self._measures:
            self._measures[code] = self._measured(self.scheme.measures[code], code)
        return self._measures[code]

    def _measured(self, section: Section, code: str) -> Row:
        people = range(len(self))
        if "formula" in section:
            tree = self.scheme.formulas[code]
            return [evaluate(tree, lambda name, i=i: self.number(name, i)) for i in people]  # type: ignore[misc]
        if "aggregate" in section:
            values, groups = self.numbers(section["of"]), self.groups(section.get("group", "all"))
            found = {
                group: peers.aggregate(
                    section["aggregate"], [v for v in (values[i] for i in rows) if v is not None]
                )
                for group, rows in peers.members(values, groups).items()
            }
            return [found.get(group) for group in groups]
        if "rollup" in section:
            return [self._rolled(section, index) for index in people]
        if "convert" in section:
            return [self._converted(section["convert"], index) for index in people]
        method = section["method"]
        if method["type"] in methods.PEER_METHODS:
            groups = self.groups(method.get("group", "all"))
            return list(peers.peer_scores(method, self.numbers(section["of"]), groups))
        result: Row = []
        for index in people:
            x = None if self.lacking(method, index) else self.number(section["of"], index)
            base = self.number(section["against"], index) if "against" in section else None
            score = (
                None if x is None else methods.METHODS[method["type"]](self.resolved(method, index), x, base)
            )
            result.append(score)
        return result

    def _rolled(self, section: Section, index: int) -> Fraction | None:
        """mean, sum, last, best n or worst over this period and those before it; `missing: skip` uses what there is."""
        name, kind = section["of"], section["rollup"]
        found = []
        for back in range(int(section["periods"])):
            value = self.past(name, index, back) if back else self.number(name, index)
            if isinstance(value, Fraction):
                found.append(value)
            elif section.get("missing", "block") == "block":
                return None
        if not found:
            return None
        if kind == "best":
            found = sorted(found, reverse=True)[: int(section.get("best", 1))]
            return sum(found, Fraction(0)) / len(found)
        if kind in ("last", "worst"):
            return found[-1] if kind == "last" else min(found)
        return peers.aggregate(kind, found)

    def _converted(self, section: Section, index: int) -> Fraction | None:
        values = []
        for item in section["inputs"]:
            value = self.number(item["of"], index)
            if value is None or self.lacking(section, index):
                return None
            values.append(value)
        return methods.convert(self.resolved(section, index), values)

    # --- parameters -----------------------------------------------------------------------------------------------
    def parameter(self, code: str) -> Row:
        """A parameter of everybody: the most specific matching row (first of equals), else its default."""
        if code not in self._parameters:
            section = self.scheme.sections["parameters"][code]
            self._parameters[code] = [self._matched(section, index) for index in range(len(self))]
        return self._parameters[code]

    def _matched(self, section: Section, index: int) -> Any:
        best, best_size = section.get("default"), 0
        for row in section.get("by") or ():
            keys = [key for key in row if key != "value"]
            if len(keys) > best_size and all(self._matches(key, row[key], index) for key in keys):
                best, best_size = row["value"], len(keys)
        return best

    def _matches(self, key: str, wanted: Any, index: int) -> bool:
        found = self.value(key if key in ("unit", "grade") else f"fact.{key}", index)
        return found in wanted if isinstance(wanted, tuple) else found == wanted

    def lacking(self, data: Any, index: int) -> list[str]:
        """The parameters of a section that have no value for a person; whatever needs them cannot be given."""
        names = self.memo(f"parameters.{id(data)}", lambda: sorted(set(parameters_in(data))))
        return [f"param.{name}" for name in names if self.parameter(name)[index] is None]

    def resolved(self, data: Any, index: int) -> Any:
        """A section with every {param: NAME} replaced by this person's number."""
        if isinstance(data, Mapping):
            if set(data) == {"param"}:
                return self.parameter(data["param"])[index]
            return {key: self.resolved(value, index) for key, value in data.items()}
        if isinstance(data, tuple):
            return tuple(self.resolved(value, index) for value in data)
        return data

    def profiles(self, data: Any) -> list[tuple[Any, list[int] | None]]:
        """`data` resolved once per distinct set of parameters, with the people it is for (None: everybody).

        People for whom a parameter has no value are in none of them.
        """
        names = sorted(set(parameters_in(data)))
        if not names:
            return [(data, None)]
        rows: dict[tuple[Any, ...], list[int]] = {}
        for index, key in enumerate(zip(*(self.parameter(name) for name in names), strict=True)):
            if None not in key:
                rows.setdefault(key, []).append(index)
        return [(self.resolved(data, people[0]), people) for people in rows.values()]


def parameters_in(data: Any) -> list[str]:
    """The parameters a section uses."""
    if isinstance(data, Mapping):
        if set(data) == {"param"}:
            return [data["param"]]
        return [name for value in data.values() for name in parameters_in(value)]
    if isinstance(data, tuple):
        return [name for value in data for name in parameters_in(value)]
    return []
