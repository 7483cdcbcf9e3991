"""Checks of the ladder, levels, pay and adjustments of a document: codes that exist, steps, sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .exact import to_fraction
from .faults import Fault
from .names import Names
from .shape import found_text

Data = Mapping[str, Any]


class LadderChecks:
    """Collects faults of the sections that build on grades and levels."""

    def __init__(self, data: Data) -> None:
        self.data = data
        self.names = Names(data)
        self.faults: list[Fault] = []
        self.grades = {item["code"]: item for item in data.get("grades") or ()}
        self.levels = [item["code"] for item in (data.get("levels") or {}).get("scale", ())]

    def fault(self, path: str, code: str, found: object, zh: str, en: str) -> None:
        if len(self.faults) < 50:
            self.faults.append(Fault(path, code, str(found)[:80], zh, en))

    def once(self, code: str, seen: set[str], path: str) -> None:
        """A code that must not have been seen yet."""
        if code in seen:
            self.fault(path, "duplicate", code, "不重复的代码", "a code used once")
        seen.add(code)

    def code_in(self, code: Any, known: Any, path: str, zh: str, en: str) -> None:
        """A reference by code."""
        if code is not None and code not in known:
            names = ", ".join(sorted(known)) or "-"
            self.fault(path, "unknown_reference", code, f"{zh}：{names}", f"{en}: {names}")

    def ladder(self) -> None:
        """Grades of the rules exist and are one step apart unless exceptional."""
        for section, keys in (("promotion", ("to",)), ("demotion", ("from", "to")), ("keep", ("grade",)),
                              ("quotas", ("grade",))):  # fmt: skip
            for k, rule in enumerate(self.data.get(section) or ()):
                for key in keys:
                    self.code_in(
                        rule.get(key),
                        self.grades,
                        f"{section}[{k}].{key}",
                        "已声明的等级",
                        "a declared grade",
                    )
        for k, rule in enumerate(self.data.get("promotion") or ()):
            for j, code in enumerate(rule.get("from") or ()):
                self.code_in(
                    code, self.grades, f"promotion[{k}].from[{j}]", "已声明的等级", "a declared grade"
                )
        for k, grade in enumerate(self.data.get("grades") or ()):
            for j, code in enumerate(grade.get("next") or ()):
                self.code_in(code, self.grades, f"grades[{k}].next[{j}]", "已声明的等级", "a declared grade")
        if not self.faults:
            self.steps()
        placement = self.data.get("placement") or {}
        for name in ("standards", "bands"):
            for k, item in enumerate(placement.get(name) or ()):
                self.code_in(
                    item["grade"],
                    self.grades,
                    f"placement.{name}[{k}].grade",
                    "已声明的等级",
                    "a declared grade",
                )
        self.code_in(
            placement.get("otherwise"), self.grades, "placement.otherwise", "已声明的等级", "a declared grade"
        )
        indicators = self.names.indicators
        for k, item in enumerate(self.data.get("circumstances") or ()):
            for j, code in enumerate(item.get("exclude") or ()):
                self.code_in(
                    code, indicators, f"circumstances[{k}].exclude[{j}]", "指标代码", "an indicator code"
                )

    def steps(self) -> None:
        """One step at a time."""
        following = {code: self._following(item) for code, item in self.grades.items()}
        for k, rule in enumerate(self.data.get("promotion") or ()):
            sources = rule.get("from") or []
            if (
                not sources
                and not rule.get("exceptional")
                and not any(rule["to"] in f for f in following.values())
            ):
                zh, en = "有下一级通向它的等级", "a grade that another one leads to"
                self.fault(f"promotion[{k}].to", "not_one_step", rule["to"], zh, en)
            for j, source in enumerate(sources):
                if rule["to"] not in following[source] and not rule.get("exceptional"):
                    steps = ", ".join(following[source]) or "-"
                    self.fault(f"promotion[{k}].from[{j}]", "not_one_step", f"{source} → {rule['to']}",
                               f"{source} 的上一级：{steps}", f"one step above {source}: {steps}")  # fmt: skip
        for k, rule in enumerate(self.data.get("demotion") or ()):
            to = rule.get("to")
            if to is not None and rule["from"] not in following[to] and not rule.get("exceptional"):
                self.fault(
                    f"demotion[{k}].to", "not_one_step", f"{rule['from']} → {to}", "下一级", "one step below"
                )

    def _following(self, grade: Data) -> list[str]:
        if "next" in grade:
            return list(grade["next"])
        same = [g for g in self.grades.values() if g.get("track", "") == grade.get("track", "")]
        above = [g for g in same if to_fraction(g["order"]) > to_fraction(grade["order"])]
        return [min(above, key=lambda g: to_fraction(g["order"]))["code"]] if above else []

    def level_section(self) -> None:
        """Levels of bands, shares, rules and quotas exist; shares do not exceed 100; the lowest has no quota."""
        section = self.data.get("levels") or {}
        for name, keys in (("bands", ("level",)), ("forced", ("level",)), ("rules", ("level", "at_most")),
                           ("quotas", ("level",))):  # fmt: skip
            for k, item in enumerate(section.get(name) or ()):
                for key in keys:
                    self.code_in(
                        item.get(key),
                        self.levels,
                        f"levels.{name}[{k}].{key}",
                        "scale 中的档次",
                        "a level of scale",
                    )
                if name == "quotas" and self.levels and item["level"] == self.levels[-1]:
                    zh, en = "最低档以上的档次", "a level above the lowest"
                    self.fault(f"levels.quotas[{k}].level", "bad_value", item["level"], zh, en)
        shares = [item["percent"] for item in section.get("forced") or ()]
        if shares and not any(isinstance(value, Mapping) for value in shares):
            total = sum((to_fraction(value) for value in shares), to_fraction(0))
            if total != 100:
                self.fault("levels.forced", "weights_sum", total, "100", "100")
        for d, dimension in enumerate(self.data["dimensions"]):
            for k, item in enumerate(dimension["indicators"]):
                steps = item["method"].get("shares")
                if steps and sum((to_fraction(s["percent"]) for s in steps), to_fraction(0)) != 100:
                    path = f"dimensions[{d}].indicators[{k}].method.shares"
                    self.fault(
                        path, "weights_sum", sum(to_fraction(s["percent"]) for s in steps), "100", "100"
                    )

    def complete(self, section: Data, path: str, zeroed: bool) -> None:
        """A map by grade or level has a value for every one of them, or a default (or `missing: zero`)."""
        codes = {"grade": list(self.grades), "level": self.levels}.get(section.get("of", "grade"), [])
        lacking = [code for code in codes if code not in section["values"]]
        if (
            lacking
            and all(code in codes for code in section["values"])
            and "default" not in section
            and not zeroed
        ):
            names = ", ".join(lacking)
            self.fault(path, "missing_key", found_text(section["values"]), f"补上 {names}，或写 default",
                       f"{names} as well, or a default")  # fmt: skip

    def grade_parameters(self) -> None:
        """A parameter looked up by grade alone has a value for every grade, or a default."""
        for name, section in (self.data.get("parameters") or {}).items():
            rows = section.get("by") or ()
            if (
                not rows
                or section.get("default") is not None
                or any(set(row) != {"grade", "value"} for row in rows)
            ):
                continue
            given = [row["grade"] if isinstance(row["grade"], list) else [row["grade"]] for row in rows]
            for k, codes in enumerate(given):
                for code in codes:
                    self.code_in(
                        code,
                        self.grades,
                        f"parameters.{name}.by[{k}].grade",
                        "已声明的等级",
                        "a declared grade",
                    )
            names = ", ".join(code for code in self.grades if not any(code in codes for codes in given))
            if names:
                self.fault(f"parameters.{name}.by", "missing_key", f"{len(rows)}", f"补上 {names}，或写 default",
                           f"{names} as well, or a default")  # fmt: skip

    def pay(self) -> None:
        """Items exist where they are named; parts of a deferral add to 100."""
        section = self.data.get("pay")
        if not section:
            return
        codes: set[str] = set()
        for k, item in enumerate(section["items"]):
            self.once(item["code"], codes, f"pay.items[{k}].code")
            for key in ("table", "percent_by"):
                if key in item and item[key].get("of", "grade") == "grade":
                    for grade in item[key]["values"]:
                        self.code_in(
                            grade,
                            self.grades,
                            f"pay.items[{k}].{key}.values.{grade}",
                            "已声明的等级",
                            "a declared grade",
                        )
                if key in item:
                    self.complete(item[key], f"pay.items[{k}].{key}.values", item.get("missing") == "zero")
        deferral = section.get("deferral") or {}
        for k, code in enumerate(deferral.get("items") or ()):
            self.code_in(code, codes, f"pay.deferral.items[{k}]", "pay.items 的代码", "a code of pay.items")
        parts = [item["percent"] for item in deferral.get("schedule") or ()]
        if parts and not any(isinstance(value, Mapping) for value in parts):
            total = sum((to_fraction(value) for value in parts), to_fraction(0))
            if total != 100:
                self.fault("pay.deferral.schedule", "weights_sum", total, "100", "100")
        if "minimum_share" in section:
            item = section["minimum_share"]["item"]
            self.code_in(item, codes, "pay.minimum_share.item", "pay.items 的代码", "a code of pay.items")
        for k, item in enumerate(section.get("carry_over") or ()):
            path = f"pay.carry_over[{k}].indicator"
            self.code_in(item["indicator"], self.names.indicators, path, "指标代码", "an indicator code")

    def adjustments(self) -> None:
        """What stored adjustments apply to exists."""
        known = {*self.names.dimensions, "total"} | ({"level"} if self.levels else set())
        for k, item in enumerate(self.data.get("adjustments") or ()):
            self.code_in(
                item["applies_to"],
                known,
                f"adjustments[{k}].applies_to",
                "维度、total 或 level",
                "a dimension, total or level",
            )
