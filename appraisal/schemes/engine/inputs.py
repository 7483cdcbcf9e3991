"""What a scheme reads of its input, and the refusal of everything else: a misspelt code never becomes a clean record.

Codes are known when the document uses them (or declares them under `events` and `readings`). `Vocabulary` is public:
an adapter asks it which figures a scheme wants. `check_input` costs one pass over the people.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from .cohort import Cohort, Person
from .exact import plain
from .faults import Fault, InputError, label_faults
from .model import Scheme
from .names import BUILTIN_FACTS, PLAIN, nearest, used_names
from .periods import KIND_OF_CYCLE, Period, parse_period
from .shape import meant

HUNDRED = Fraction(100)
ROW_KEYS = ("period", "ability", "performance", "total", "grade", "level", "quadrant")
ROW_TABLES = ("readings", "targets", "scores", "measures")
CYCLES = {
    "quarter": ("按季：如 2025Q4", "a quarter, as 2025Q4"), "half": ("按半年：如 2025H2", "a half-year, as 2025H2"),
    "month": ("按月：如 2025M11", "a month, as 2025M11"), "year": ("按年：如 2025", "a year, as 2025"),
}  # fmt: skip
FACT_TYPES = {
    "boolean": ("true 或 false", "true or false"),
    "number": ("数字", "a number"),
    "text": ("文本", "a text"),
    "date": ("YYYY-MM-DD 的日期", "a date as YYYY-MM-DD"),
    "list": ("列表", "a list"),
}


def as_date(value: Any) -> date | None:
    """The day a text YYYY-MM-DD names, or None."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


class Vocabulary:
    """The codes one scheme reads: readings, targets, events, ratings with their groups, facts, keys of history."""

    def __init__(self, scheme: Scheme) -> None:
        data = scheme.sections
        names = set(used_names({key: value for key, value in data.items() if key != "dimensions"}, True))
        for dimension in data["dimensions"]:
            names |= set(used_names(dimension, True))
        indicators = list(scheme.indicators())
        for item in indicators:
            names |= {item.reads, *([item.against] if item.against else [])}
        self.readings = {item["code"] for item in data.get("readings") or ()}
        self.events = {item["code"] for item in data.get("events") or ()}
        self.events |= {row["event"] for row in event_rows(data)}
        self.targets = {item.code for item in indicators}
        self.facts: set[str] = set(BUILTIN_FACTS)
        before: set[str] = set()
        tables = {
            "reading": self.readings, "event": self.events, "target": self.targets, "fact": self.facts,
            "previous": before,
        }  # fmt: skip
        for name in names:
            kind, _, code = name.partition(".")
            if code and kind in tables:
                tables[kind].add(code)
        dimensions = {item.code for item in scheme.dimensions}
        self.readings |= {code for code in before if code not in (*ROW_KEYS, *dimensions, *scheme.measures)}
        for parameter in (data.get("parameters") or {}).values():
            for row in parameter.get("by") or ():
                self.facts |= {key for key in row if key not in ("value", "unit", "grade")}
        self.declared = {item["name"]: item.get("type") for item in data.get("facts") or ()}
        self.closed = "facts" in data
        if self.closed:
            self.facts = {*BUILTIN_FACTS, *self.declared}
        self.scores = {item.code for item in indicators}
        self.measures = set(scheme.measures)
        plain_names = {name for name in names if name in PLAIN}
        self.row = {*ROW_KEYS, *ROW_TABLES, *dimensions, *self.measures, *before, *plain_names}
        self.ratings: dict[str, tuple[frozenset[str] | None, Fraction, Fraction]] = {}
        self._ratings(scheme, names)

    def _ratings(self, scheme: Scheme, names: Collection[str]) -> None:
        indicators = [item for dimension in scheme.sections["dimensions"] for item in dimension["indicators"]]
        for item in indicators:
            name = f"rating.{item['code']}"
            if name not in names:
                continue
            readers = [i.method.get("groups") for i in scheme.indicators() if i.reads == name]
            groups = {group for reader in readers if reader for group in reader}
            domain = item.get("domain") or {}
            self.ratings[item["code"]] = (
                frozenset(groups) if groups else None, domain.get("min", Fraction(0)), domain.get("max", HUNDRED),
            )  # fmt: skip


def event_rows(data: Any) -> Iterator[Mapping[str, Any]]:
    """Every veto, bonus item and deduction item that names an event."""
    if isinstance(data, Mapping):
        if isinstance(data.get("event"), str):
            yield data
        for value in data.values():
            yield from event_rows(value)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from event_rows(value)


class _Checker:
    def __init__(self, scheme: Scheme, cohort: Cohort) -> None:
        self.scheme, self.cohort = scheme, cohort
        self.words = Vocabulary(scheme)
        self.kind = KIND_OF_CYCLE[scheme.cycle]
        self.faults: list[Fault] = []

    def fault(self, path: str, code: str, found: object, zh: str, en: str) -> None:
        if len(self.faults) < 200:
            self.faults.append(Fault(path, code, str(found)[:60], zh, en))

    def unknown(self, found: str, known: Iterable[str], path: str, zh: str, en: str) -> None:
        """A code the scheme does not use, with the nearest one it does."""
        names = ", ".join(sorted(known)[:20]) or "-"
        hint_zh, hint_en = meant(found, known)
        self.fault(path, "unused_code", found, f"{hint_zh}{zh}：{names}", f"{hint_en}{en}: {names}")

    def codes(self, found: Iterable[str], known: Collection[str], path: str, zh: str, en: str) -> None:
        for code in found:
            if code not in known:
                self.unknown(code, known, f"{path}.{code}", zh, en)

    def run(self) -> list[Fault]:
        self.period(self.cohort.period, "period")
        self.force()
        for name in self.cohort.columns:
            kind, _, code = name.partition(".")
            known = {"reading": self.words.readings, "target": self.words.targets, "event": self.words.events}
            if code not in known.get(kind, ()):
                self.unknown(
                    code, known.get(kind, ()), f"columns.{name}", "方案用到的代码", "a code the scheme uses"
                )
        for k, person in enumerate(self.cohort.people):
            self.person(person, f"people[{k}]")
        return self.faults

    def period(self, period: Period, path: str) -> None:
        if period.kind != self.kind:
            zh, en = CYCLES[self.scheme.cycle]
            self.fault(path, "bad_period", str(period), f"方案的考核周期{zh}", f"the scheme's cycle, {en}")

    def force(self) -> None:
        scheme, period = self.scheme, self.cohort.period
        for limit, early in ((scheme.valid_from, True), (scheme.valid_to, False)):
            if limit is not None and (
                (period.end() < limit.end()) if early else (period.end() > limit.end())
            ):
                expected = f"{scheme.valid_from or '…'} – {scheme.valid_to or '…'}"
                self.fault("period", "out_of_force", str(period), expected, expected)

    def person(self, person: Person, path: str) -> None:
        words = self.words
        if person.grade is not None and self.scheme.grades and self.scheme.grade(person.grade) is None:
            self.unknown(person.grade, [item.code for item in self.scheme.grades], f"{path}.grade",
                         "方案的等级", "a grade of the scheme")  # fmt: skip
        self.codes(
            person.readings, words.readings, f"{path}.readings", "方案用到的读数", "a reading the scheme uses"
        )
        self.codes(
            person.targets, words.targets, f"{path}.targets", "方案用到的目标", "a target the scheme uses"
        )
        self.codes(
            person.events, words.events, f"{path}.events", "方案用到的事件", "an event the scheme uses"
        )
        self.ratings(person, path)
        self.facts(person, path)
        for k, row in enumerate(person.history):
            self.row(row, f"{path}.history[{k}]")
        self.adjustments(person, path)

    def ratings(self, person: Person, path: str) -> None:
        for code, scores in person.ratings.items():
            where = f"{path}.ratings.{code}"
            rule = self.words.ratings.get(code)
            if rule is None:
                self.unknown(code, self.words.ratings, where, "方案的评分指标", "a rated indicator")
                continue
            groups, least, most = rule
            for k, (group, score) in enumerate(scores):
                if groups is not None and group not in groups:
                    self.unknown(
                        group, groups, f"{where}[{k}].group", "本指标的评分组", "a rater group of it"
                    )
                if not least <= score <= most:
                    limits = f"{plain(least)} – {plain(most)}"
                    self.fault(f"{where}[{k}].score", "out_of_range", plain(score), limits, limits)

    def facts(self, person: Person, path: str) -> None:
        words = self.words
        for name, value in person.facts.items():
            where = f"{path}.{'' if name in ('post', 'region') else 'facts.'}{name}"
            if name not in words.facts:
                if words.closed or nearest(name, words.facts, close=True):
                    self.unknown(name, words.facts, where, "方案的人员事实", "a fact of the scheme")
                continue
            if value is None:
                continue
            if name == "certificates":
                self.certificates(value, where)
                continue
            kind = words.declared.get(name) or ("text" if name == "exceptional_decision" else None)
            if kind is not None and not _fits(value, kind):
                zh, en = FACT_TYPES[kind]
                self.fault(where, "bad_type", _shown(value), zh, en)

    def certificates(self, held: Any, path: str) -> None:
        if not isinstance(held, (list, tuple)):
            self.fault(path, "bad_type", _shown(held), "证书列表", "a list of certificates")
            return
        for k, item in enumerate(held):
            where = f"{path}[{k}]"
            if isinstance(item, str) and item:
                continue
            if not isinstance(item, Mapping) or not isinstance(item.get("code"), str) or not item["code"]:
                zh, en = "代码，或 {code, valid_until}", "a code, or {code, valid_until}"
                self.fault(where, "bad_type", _shown(item), zh, en)
                continue
            for key in item:
                if key not in ("code", "valid_until"):
                    zh, en = "code、valid_until", "code, valid_until"
                    self.fault(f"{where}.{key}", "unknown_key", key, zh, en)
            until = item.get("valid_until")
            if until is not None and as_date(until) is None:
                zh, en = (
                    "真实存在的日期 YYYY-MM-DD；不写为长期有效",
                    "a real date YYYY-MM-DD; left out: no end",
                )
                self.fault(f"{where}.valid_until", "bad_date", _shown(until), zh, en)

    def row(self, row: Mapping[str, Any], path: str) -> None:
        words = self.words
        for key, value in row.items():
            if key not in words.row:
                self.unknown(key, words.row, f"{path}.{key}", "历史行的键", "a key of a history row")
            elif key in ROW_TABLES and isinstance(value, Mapping):
                self.codes(
                    value, getattr(words, key), f"{path}.{key}", "方案用到的代码", "a code the scheme uses"
                )
            elif key in ROW_TABLES and value is not None:
                self.fault(f"{path}.{key}", "bad_type", _shown(value), "一个映射", "an object")
        period = row.get("period")
        if isinstance(period, str):
            found = parse_period(period)
            if found is not None:
                self.period(found, f"{path}.period")

    def adjustments(self, person: Person, path: str) -> None:
        rules = {item["code"]: item for item in self.scheme.section("adjustments")}
        for j, item in enumerate(person.adjustments):
            where = f"{path}.adjustments[{j}]"
            rule = rules.get(item.code)
            if rule is None:
                names = ", ".join(rules) or "-"
                self.fault(f"{where}.code", "unknown_reference", item.code, f"方案声明的调整：{names}", names)
            elif item.by is not None and rule.get("limit") is not None and abs(item.by) > rule["limit"]:
                limit = plain(rule["limit"])
                self.fault(f"{where}.by", "limit_exceeded", plain(item.by), f"±{limit}", f"±{limit}")
            elif item.to is not None and item.to not in [
                s["code"] for s in (self.scheme.sections.get("levels") or {}).get("scale", ())
            ]:
                self.fault(f"{where}.to", "unknown_reference", item.to, "档次代码", "a level code")


def _fits(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, Fraction)) and not isinstance(value, bool)
    if kind == "text":
        return isinstance(value, str)
    if kind == "date":
        return as_date(value) is not None
    return isinstance(value, (list, tuple))


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if isinstance(value, Fraction) else str(value)


def check_input(scheme: Scheme, cohort: Cohort) -> None:
    """InputError with every code the scheme does not use, value of a wrong kind or range, period of another cycle,
    and stored adjustment it does not allow."""
    faults = _Checker(scheme, cohort).run()
    if faults:
        people = [{"employee_no": person.employee_no} for person in cohort.people]
        raise InputError(label_faults(faults, {"people": people}))
