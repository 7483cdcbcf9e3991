"""From rows to the engine: everything a scheme reads of the people of one cycle, as columns where it is a figure.

Only what the scheme knows is handed over (needs.Needs); what it cannot take is left out and named (`refusals`).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from django.db import connection

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.cycles.selectors import period_of
from appraisal.schemes.engine import Cohort, Column, Person, Scheme
from appraisal.schemes.engine.cohort import integers
from appraisal.scoring.facts import facts_of, whole_months
from appraisal.scoring.history import history_of
from appraisal.scoring.models import LineSource
from appraisal.scoring.needs import Needs

Figures = dict[str, dict[int, Decimal]]


@dataclass(frozen=True)
class Member:
    """One person of the frozen population."""

    manager: int
    employee_no: str
    unit: int
    unit_code: str
    unit_path: str | None
    grade_code: str
    grade_since: Any


@dataclass
class Inputs:
    """What a regrading starts from. `digest` stands for every row that was read: equal digests, equal results.

    `origin[code]` says for each place in the cohort whether a figure was computed or brought in.
    """

    members: list[Member]
    cohort: Cohort
    digest: str
    origin: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)


class _Reader:
    """Reads rows and keeps a running digest of them."""

    def __init__(self, cycle: Cycle, scheme: Scheme, needs: Needs, job: int) -> None:
        self.cycle, self.scheme, self.needs, self.job = cycle, scheme, needs, job
        self.seen = hashlib.sha256(cycle.scheme.digest.encode())
        self.refusals: list[str] = []

    def note(self, rows: Any) -> None:
        self.seen.update(repr(rows).encode())

    def rows(self, sql: str, *params: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            found = cursor.fetchall()
        self.note(found)
        return found

    def members(self) -> list[Member]:
        rows = CycleMember.objects.filter(cycle=self.cycle, included=True).values_list(
            "manager_id",
            "manager__employee_no",
            "unit_id",
            "unit__code",
            "unit__path",
            "grade_code",
            "grade_since",
        )
        # Code points, not the collation of the database: the same order everywhere.
        found = sorted((Member(*row) for row in rows), key=lambda member: member.employee_no)
        self.note(
            [(m.manager, m.employee_no, m.unit, m.unit_code, m.grade_code, str(m.grade_since)) for m in found]
        )
        return found

    def computed(self) -> Figures:
        return _by_code(
            self.rows(
                "SELECT code, manager, trim_scale(value) FROM appraisal_scoring_stagedfigure WHERE job = %s"
                " ORDER BY code, manager",
                self.job,
            )
        )

    def imported(self) -> Figures:
        codes = self.needs.columns | set(self.needs.facts)
        return _by_code(
            self.rows(
                "SELECT indicator_code, manager_id, trim_scale(value) FROM appraisal_figures_reading"
                " WHERE period = %s AND indicator_code = ANY(%s) ORDER BY 1, 2",
                self.cycle.period,
                sorted(codes),
            )
        )

    def targets(self) -> Figures:
        return _by_code(
            self.rows(
                "SELECT indicator_code, manager_id, trim_scale(value) FROM appraisal_figures_target"
                " WHERE period = %s AND manager_id IS NOT NULL AND indicator_code = ANY(%s) ORDER BY 1, 2",
                self.cycle.period,
                sorted(self.needs.words.targets),
            )
        )

    def ratings(self, names: Mapping[int, str]) -> dict[int, dict[str, list[tuple[str, Fraction]]]]:
        """By person and indicator. A group's mean stands for its ratings, as often as there are any: the engine takes
        the mean of a group, and may ask how many there were. Groups the scheme does not weigh are left out."""
        words = self.needs.words.ratings
        rows = self.rows(
            "SELECT manager_id, indicator_code, rater_group, trim_scale(sum(score)), count(*), min(score), max(score)"
            " FROM appraisal_ratings_rating WHERE period = %s AND indicator_code = ANY(%s)"
            " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
            self.cycle.period,
            sorted(words),
        )
        counted = {
            item.reads.partition(".")[2]
            for item in self.scheme.indicators()
            if "minimum_raters" in item.method
        }
        found: dict[int, dict[str, list[tuple[str, Fraction]]]] = defaultdict(lambda: defaultdict(list))
        means: dict[tuple[Decimal, int], Fraction] = {}
        for manager, code, group, total, count, least, most in rows:
            groups, low, high = words[code]
            if manager not in names or (groups is not None and group not in groups):
                continue
            if least < low or most > high:
                self.refusals.append(f"{names[manager]} {code} {group} {least}–{most}")
                continue
            mean = means.get((total, count))
            if mean is None:
                mean = means[total, count] = Fraction(total) / count
            found[manager][code] += [(group, mean)] * (count if code in counted else 1)
        return found


def _by_code(rows: list[tuple[Any, ...]]) -> Figures:
    found: Figures = defaultdict(dict)
    for code, manager, value in rows:
        found[code][manager] = value
    return found


def read_inputs(cycle: Cycle, scheme: Scheme, needs: Needs, job: int) -> Inputs:
    """Everything the scheme reads of everybody who takes part, computed figures as the job has staged them.

    Brought-in readings stand for computed ones. About ten queries, none of them by person.
    """
    reader = _Reader(cycle, scheme, needs, job)
    members = reader.members()
    names = {member.manager: member.employee_no for member in members}
    managers = [member.manager for member in members]
    computed, imported, targets = reader.computed(), reader.imported(), reader.targets()
    ratings = reader.ratings(names)
    facts, raw = facts_of(scheme, needs, managers, _fractions(needs, computed, imported), cycle.ends_on)
    reader.note(raw)
    history = history_of(cycle, scheme, needs, reader.rows)
    columns, origin = _columns(reader, names, managers, computed, imported, targets)
    people = []
    for member in members:
        grade = member.grade_code or None
        if grade is not None and scheme.grades and scheme.grade(grade) is None:
            reader.refusals.append(f"{member.employee_no} {grade}")
            grade = None
        people.append(
            Person(
                member.employee_no, grade, member.unit_code, _months(member, cycle),
                ratings={code: tuple(rows) for code, rows in ratings.get(member.manager, {}).items()},
                history=history.get(member.manager, ()), facts=facts.get(member.manager, {}),
            )
        )  # fmt: skip
    cohort = Cohort(period_of(cycle), tuple(people), columns)
    return Inputs(members, cohort, reader.seen.hexdigest(), origin, reader.refusals)


def _months(member: Member, cycle: Cycle) -> Fraction | None:
    since = member.grade_since
    return None if since is None else Fraction(whole_months(since, cycle.ends_on))


def _fractions(needs: Needs, computed: Figures, imported: Figures) -> dict[str, dict[int, Fraction]]:
    """Figures that facts are read from; few, so that they may be converted one by one."""
    codes = set(needs.facts) | {code for code in imported if "has_projects" in needs.facts}
    return {
        code: {manager: Fraction(value) for manager, value in {**computed.get(code, {}), **imported.get(code, {})}.items()}
        for code in codes & (computed.keys() | imported.keys())
    }  # fmt: skip


def _columns(
    reader: _Reader, names: Mapping[int, str], managers: list[int], computed: Figures, imported: Figures, targets: Figures
) -> tuple[dict[str, Column], dict[str, list[str]]]:  # fmt: skip
    words, columns, origin = reader.needs.words, {}, {}
    for code in sorted(reader.needs.columns):
        brought, made = imported.get(code, {}), computed.get(code, {})
        values = [brought.get(manager, made.get(manager)) for manager in managers]
        if code in words.events:
            values = _without_negative(reader, names, managers, code, values)
            columns[f"event.{code}"] = column_of_decimals(values)
        if code in words.readings:
            columns[f"reading.{code}"] = column_of_decimals(values)
        # Who has no events on record has none, and it is the records that say so.
        none = LineSource.COMPUTED if code in words.events and code in computed else LineSource.NONE
        origin[code] = [
            LineSource.IMPORTED.value if manager in brought else LineSource.COMPUTED.value if manager in made
            else none.value
            for manager in managers
        ]  # fmt: skip
    for code in sorted(words.targets & targets.keys()):
        columns[f"target.{code}"] = column_of_decimals([targets[code].get(manager) for manager in managers])
    return columns, origin


def _without_negative(
    reader: _Reader, names: Mapping[int, str], managers: list[int], code: str, values: list[Decimal | None]
) -> list[Decimal | None]:
    """Events are counted; a count below nothing is refused."""
    for place, value in enumerate(values):
        if value is not None and value < 0:
            reader.refusals.append(f"{names[managers[place]]} {code} {value}")
            values[place] = None
    return values


def column_of_decimals(values: list[Decimal | None]) -> Column:
    """A column of integers with the fewest decimals that hold every value."""
    scale = 0
    for value in values:
        if value is not None:
            exponent = value.as_tuple().exponent
            if isinstance(exponent, int) and -exponent > scale:
                scale = -exponent
    units = [0 if value is None else int(value.scaleb(scale)) for value in values]
    present = np.fromiter((value is not None for value in values), dtype=np.bool_, count=len(values))
    return Column(integers(units), scale, present)
