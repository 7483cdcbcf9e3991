"""Everything the JSON Schema cannot say: sums, references, order of bands, steps of the ladder, circles, formulas."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .exact import NumberError, to_fraction
from .faults import Fault, SchemeError
from .formula import FormulaError, parse
from .methods import COMPARING, compares
from .names import MAX_CHAIN, Names
from .periods import KIND_OF_CYCLE, parse_period
from .shape import found_text, shape_faults

Data = Mapping[str, Any]
GRAMMAR = {"number": "数字", "name": "名称", "operator": "运算符", "end": "结尾"}
EVENT_METHODS = ("deduct", "veto", "per_unit", "bands", "linear", "step", "threshold", "direct")


def check(data: Data) -> None:
    """SchemeError with every fault of a document; returns quietly when it can be built."""
    faults = shape_faults(data)
    if not faults:
        faults = _Checker(data).run()
    if faults:
        raise SchemeError(faults)


class _Checker:
    def __init__(self, data: Data) -> None:
        self.data = data
        self.names = Names(data)
        self.faults: list[Fault] = []
        self.grades = {item["code"]: item for item in data.get("grades") or ()}
        self.levels = [item["code"] for item in (data.get("levels") or {}).get("scale", ())]

    def fault(self, path: str, code: str, found: object, zh: str, en: str) -> None:
        if len(self.faults) < 50:
            self.faults.append(Fault(path, code, str(found)[:80], zh, en))

    def run(self) -> list[Fault]:
        self.numbers(self.data, "")
        if self.faults:
            return self.faults
        self.unique()
        self.weights()
        for d, dimension in enumerate(self.data["dimensions"]):
            for k, indicator in enumerate(dimension["indicators"]):
                self.indicator(indicator, dimension, f"dimensions[{d}].indicators[{k}]")
        self.walk(self.data, "", "")
        self.effective()
        self.matrix()
        self.ladder()
        self.level_section()
        self.pay()
        self.adjustments()
        circle = self.names.circle()
        if circle:
            self.fault("", "cycle", " → ".join(circle), "不互相引用的定义", "definitions without a circle")
        elif max(self.names.depth.values()) > MAX_CHAIN:
            longest = max(self.names.depth, key=lambda name: self.names.depth[name])
            zh, en = f"引用链不超过 {MAX_CHAIN} 环", f"chains of at most {MAX_CHAIN} definitions"
            self.fault("", "document_too_deep", f"{longest}: {self.names.depth[longest]}", zh, en)
        return self.faults

    def numbers(self, data: Any, path: str) -> None:
        """Numbers that no regulation needs (more than 30 digits)."""
        if isinstance(data, Mapping):
            for key, value in data.items():
                self.numbers(value, f"{path}.{key}" if path else str(key))
        elif isinstance(data, (list, tuple)):
            for k, value in enumerate(data):
                self.numbers(value, f"{path}[{k}]")
        elif data is not None and not isinstance(data, (str, bool)):
            try:
                to_fraction(data)
            except NumberError:
                self.fault(path, "not_a_number", data, "30 位以内的数字", "at most 30 digits")

    def unique(self) -> None:
        """Codes that must not repeat."""
        seen: set[str] = set()
        for d, dimension in enumerate(self.data["dimensions"]):
            for k, item in enumerate(dimension["indicators"]):
                self._once(item["code"], seen, f"dimensions[{d}].indicators[{k}].code")
        for section, key in (("dimensions", "code"), ("grades", "code"), ("measures", "code"), ("quotas", "code"),
                             ("gates", "code"), ("vetoes", "code"), ("circumstances", "code"), ("adjustments", "code"),
                             ("facts", "name")):  # fmt: skip
            seen = set()
            for k, item in enumerate(self.data.get(section) or ()):
                self._once(item[key], seen, f"{section}[{k}].{key}")
        places: set[tuple[str, Any]] = set()
        for k, item in enumerate(self.data.get("grades") or ()):
            place = (item.get("track", ""), to_fraction(item["order"]))
            if place in places:
                self.fault(f"grades[{k}].order", "duplicate", item["order"], "同一序列内不重复", "once per track")
            places.add(place)

    def _once(self, code: str, seen: set[str], path: str) -> None:
        if code in seen:
            self.fault(path, "duplicate", code, "不重复的代码", "a code used once")
        seen.add(code)

    # --- weights --------------------------------------------------------------------------------------------------
    def weights(self) -> None:
        """Weights of a weighted dimension, and of the dimensions when any has one, add to 100, for every parameter."""
        rows = self.data["dimensions"]
        for d, dimension in enumerate(rows):
            if dimension.get("kind", "weighted") == "weighted":
                weights = []
                for k, item in enumerate(dimension["indicators"]):
                    default = 0 if item["method"]["type"] == "veto" else None
                    weight = item.get("weight", default)
                    path = f"dimensions[{d}].indicators[{k}]"
                    if weight is None:
                        self.fault(f"{path}.weight", "missing_key", "无", "权重", "a weight")
                        continue
                    if "points" in item:
                        zh, en = "points 只用于 kind: points 的维度", "points only in dimensions of kind points"
                        self.fault(f"{path}.points", "unknown_key", "points", zh, en)
                    weights.append(weight)
                if len(weights) == len(dimension["indicators"]):
                    self._hundred(weights, f"dimensions[{d}].indicators")
            else:
                for k, item in enumerate(dimension["indicators"]):
                    if "weight" in item:
                        path = f"dimensions[{d}].indicators[{k}].weight"
                        self.fault(path, "unknown_key", "weight", "kind: points 的维度用 points", "points in such a dimension")
        if any("weight" in item for item in rows):
            for d, item in enumerate(rows):
                if "weight" not in item:
                    self.fault(f"dimensions[{d}].weight", "missing_key", "无", "各维度都写权重或都不写", "all or none")
            if all("weight" in item for item in rows):
                self._hundred([item["weight"] for item in rows], "dimensions")

    def _hundred(self, weights: list[Any], path: str) -> None:
        names = {w["param"] for w in weights if isinstance(w, Mapping) and w["param"] in self.names.parameters}
        options: list[dict[str, Any]] = [{}]
        for row in self._keys(names):
            options.append(row)
        for chosen in options:
            total = to_fraction(0)
            for weight in weights:
                if isinstance(weight, Mapping):
                    weight = self._parameter(weight["param"], chosen)
                    if weight is None:
                        break
                total += to_fraction(weight)
            else:
                if total != 100:
                    note = f"{found_text(total)} ({', '.join(f'{k}={v}' for k, v in chosen.items())})" if chosen else total
                    self.fault(path, "weights_sum", note, "100", "100")
                    return

    def _keys(self, names: set[str]) -> list[dict[str, Any]]:
        found = []
        for name in sorted(names):
            for row in self.data["parameters"][name].get("by") or ():
                keys = {k: (v[0] if isinstance(v, list) else v) for k, v in row.items() if k != "value"}
                if keys not in found:
                    found.append(keys)
        return found

    def _parameter(self, name: str, chosen: Data) -> Any:
        section = (self.data.get("parameters") or {}).get(name, {})
        best, size = section.get("default"), 0
        for row in section.get("by") or ():
            keys = [key for key in row if key != "value"]
            hit = all(chosen.get(key) in (row[key] if isinstance(row[key], list) else [row[key]]) for key in keys)
            if len(keys) > size and hit:
                best, size = row["value"], len(keys)
        return best

    # --- indicators -----------------------------------------------------------------------------------------------
    def indicator(self, item: Data, dimension: Data, path: str) -> None:
        """Source and method go together."""
        source, kind = item["source"], item["method"]["type"]
        wrong = (kind == "rating") != (source == "rating" and kind == "rating") or (
            source == "event" and kind not in EVENT_METHODS
        )
        if wrong or (kind == "rating" and source != "rating"):
            allowed = "rating" if kind == "rating" else ", ".join(EVENT_METHODS)
            self.fault(f"{path}.method.type", "source_method", f"source {source}, method {kind}", allowed, allowed)
        if not compares(item["method"]) and ("against" in item or "on_target" in item):
            key = "against" if "against" in item else "on_target"
            zh, en = f"仅用于 {', '.join(COMPARING)}", f"only with {', '.join(COMPARING)}"
            self.fault(f"{path}.{key}", "unknown_key", key, zh, en)
        if source == "formula" and "reads" in item:
            self.fault(f"{path}.reads", "unknown_key", "reads", "formula 与 reads 二者之一", "either formula or reads")
        if source != "formula" and "formula" in item:
            self.fault(f"{path}.formula", "unknown_key", "formula", "source: formula", "source: formula")

    # --- the whole tree -------------------------------------------------------------------------------------------
    def walk(self, data: Any, path: str, key: str) -> None:
        """References, formulas, bands and limits wherever they stand."""
        if isinstance(data, Mapping):
            self.limits(data, path)
            for name, value in data.items():
                inner = f"{path}.{name}" if path else name
                if name == "formula" and isinstance(value, str):
                    self.formula(value, inner)
                elif name in ("of", "value", "reads", "against", "group") and isinstance(value, str):
                    if not (name == "group" and value == "all") and not (name == "of" and value in ("all", "rated")):
                        if not (name == "value" and key in ("by",)):
                            self.reference(value, inner)
                elif name == "param" and isinstance(value, str) and value not in self.names.parameters:
                    names = ", ".join(sorted(self.names.parameters)) or "-"
                    self.fault(inner, "unknown_reference", value, f"已声明的参数：{names}", f"a declared parameter: {names}")
                if name == "bands":
                    self.bands(value, inner)
                if name == "points" and isinstance(value, list):
                    self.points(value, inner)
                self.walk(value, inner, name)
            if "op" in data and "than" in data:
                self.comparison(data, path)
        elif isinstance(data, (list, tuple)):
            for k, value in enumerate(data):
                self.walk(value, f"{path}[{k}]", key)

    def reference(self, name: str, path: str) -> None:
        """A value name that exists; pay items may also name earlier items."""
        if path.startswith("pay.") and name.startswith("pay."):
            if name[4:] in {item["code"] for item in self.data["pay"]["items"]} | {"total"}:
                return
        elif self.names.known(name):
            return
        near = self.names.suggestions(name)
        self.fault(path, "unknown_reference", name, f"存在的名称，例如 {near}", f"a name that exists, such as {near}")

    def formula(self, text: str, path: str) -> None:
        """Grammar, bounds and names of a formula."""
        try:
            tree = parse(text)
        except FormulaError as error:
            where = f"{error.found} @ {error.position}"
            zh = re.sub(r"number|name|operator|end", lambda word: GRAMMAR[word.group()], error.expected)
            self.fault(path, error.code, where, zh, error.expected)
            return
        for name in tree.names():
            self.reference(name, path)

    def comparison(self, leaf: Data, path: str) -> None:
        """History exists for what is counted over; lists go with in, one value with the rest."""
        counted = [key for key in ("consecutive", "offset", "times") if key in leaf]
        if counted and leaf.get("consecutive") != 1 and not self.names.historic(leaf["value"]):
            zh, en = "维度、总分、等级、档次、指标得分等有历史的数值", "a value with history: a dimension, total, grade, level, score"
            self.fault(f"{path}.{counted[0]}", "no_history", leaf["value"], zh, en)
        if (leaf["op"] in ("in", "not_in")) != isinstance(leaf["than"], list):
            self.fault(f"{path}.than", "bad_type", found_text(leaf["than"]), "in / not_in 用列表，其余用单个值",
                       "a list with in and not_in, else one value")  # fmt: skip
        known = {"grade": set(self.grades), "level": set(self.levels)}.get(leaf["value"])
        if known:
            for value in leaf["than"] if isinstance(leaf["than"], list) else [leaf["than"]]:
                if isinstance(value, str) and value not in known:
                    names = ", ".join(sorted(known))
                    self.fault(f"{path}.than", "unknown_reference", value, f"下列之一：{names}", f"one of {names}")

    def limits(self, data: Data, path: str) -> None:
        """floor not above cap."""
        floor, cap = data.get("floor"), data.get("cap")
        if floor is None or cap is None or isinstance(floor, Mapping) or isinstance(cap, Mapping):
            return
        if to_fraction(floor) > to_fraction(cap):
            self.fault(f"{path}.floor" if path else "floor", "floor_above_cap", floor, f"≤ {cap}", f"<= {cap}")

    def bands(self, rows: Any, path: str) -> None:
        """Bands follow each other without gap or overlap; only the ends may be open."""
        last: Any = None
        for k, band in enumerate(rows):
            low, high = band.get("from"), band.get("to")
            if isinstance(low, Mapping) or isinstance(high, Mapping) or isinstance(last, Mapping):
                last = high
                continue
            where = f"{path}[{k}]"
            if k and low is None:
                self.fault(f"{where}.from", "bad_bands", "无", f"{last}", f"{last}")
            elif k and (last is None or to_fraction(low) != to_fraction(last)):
                self.fault(f"{where}.from", "bad_bands", low, f"{last}（接上一区间）", f"{last} (where the band before ends)")
            if high is None and k < len(rows) - 1:
                self.fault(f"{where}.to", "bad_bands", "无", "只有最后一个区间可以不封顶", "only the last band may be open")
                return
            if low is not None and high is not None and to_fraction(low) >= to_fraction(high):
                self.fault(where, "bad_bands", f"{low} – {high}", "from 小于 to", "from below to")
            last = high

    def points(self, rows: Any, path: str) -> None:
        """x of the points of a line increases."""
        for k, (before, after) in enumerate(zip(rows, rows[1:], strict=False)):
            if to_fraction(before[0]) >= to_fraction(after[0]):
                self.fault(f"{path}[{k + 1}]", "bad_points", after[0], f"> {before[0]}", f"> {before[0]}")

    # --- sections -------------------------------------------------------------------------------------------------
    def effective(self) -> None:
        """Periods are periods, in order."""
        section = self.data.get("effective") or {}
        found = {key: parse_period(section[key]) for key in ("from", "to") if key in section}
        for key, period in found.items():
            if period is None:
                zh, en = "2025Q4、2025H2、2025M11 或 2025", "2025Q4, 2025H2, 2025M11 or 2025"
                self.fault(f"effective.{key}", "bad_period", section[key], zh, en)
        first, last = found.get("from"), found.get("to")
        if first and last and first.end() > last.end():
            self.fault("effective.to", "bad_period", section["to"], f"不早于 {first}", f"not before {first}")
        if section and self.data["cycle"] not in KIND_OF_CYCLE:
            self.fault("cycle", "bad_value", self.data["cycle"], "-", "-")

    def matrix(self) -> None:
        """Both axes exist; limits of a nine-box rise."""
        matrix = self.data.get("matrix")
        if not matrix:
            return
        for axis in ("ability", "performance"):
            if axis not in self.names.dimensions:
                self.fault(f"matrix.{axis}", "unknown_reference", axis, "同名维度", "a dimension of that name")
            limits = matrix[axis]
            plain = isinstance(limits, list) and not any(isinstance(value, Mapping) for value in limits)
            if plain and to_fraction(limits[0]) >= to_fraction(limits[1]):
                self.fault(f"matrix.{axis}", "bad_bands", found_text(limits), "由低到高", "low then high")

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
                    self.code_in(rule.get(key), self.grades, f"{section}[{k}].{key}", "已声明的等级", "a declared grade")
        for k, rule in enumerate(self.data.get("promotion") or ()):
            for j, code in enumerate(rule.get("from") or ()):
                self.code_in(code, self.grades, f"promotion[{k}].from[{j}]", "已声明的等级", "a declared grade")
        for k, grade in enumerate(self.data.get("grades") or ()):
            for j, code in enumerate(grade.get("next") or ()):
                self.code_in(code, self.grades, f"grades[{k}].next[{j}]", "已声明的等级", "a declared grade")
        if not self.faults:
            self.steps()
        placement = self.data.get("placement") or {}
        for name in ("standards", "bands"):
            for k, item in enumerate(placement.get(name) or ()):
                self.code_in(item["grade"], self.grades, f"placement.{name}[{k}].grade", "已声明的等级", "a declared grade")
        self.code_in(placement.get("otherwise"), self.grades, "placement.otherwise", "已声明的等级", "a declared grade")
        indicators = self.names.indicators
        for k, item in enumerate(self.data.get("circumstances") or ()):
            for j, code in enumerate(item.get("exclude") or ()):
                self.code_in(code, indicators, f"circumstances[{k}].exclude[{j}]", "指标代码", "an indicator code")

    def steps(self) -> None:
        """One step at a time."""
        following = {code: self._following(item) for code, item in self.grades.items()}
        for k, rule in enumerate(self.data.get("promotion") or ()):
            sources = rule.get("from") or []
            if not sources and not rule.get("exceptional") and not any(rule["to"] in f for f in following.values()):
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
                self.fault(f"demotion[{k}].to", "not_one_step", f"{rule['from']} → {to}", "下一级", "one step below")

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
                    self.code_in(item.get(key), self.levels, f"levels.{name}[{k}].{key}", "scale 中的档次", "a level of scale")
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
                    self.fault(path, "weights_sum", sum(to_fraction(s["percent"]) for s in steps), "100", "100")

    def pay(self) -> None:
        """Items exist where they are named; parts of a deferral add to 100."""
        section = self.data.get("pay")
        if not section:
            return
        codes: set[str] = set()
        for k, item in enumerate(section["items"]):
            self._once(item["code"], codes, f"pay.items[{k}].code")
            for key in ("table", "percent_by"):
                if key in item and item[key].get("of", "grade") == "grade":
                    for grade in item[key]["values"]:
                        self.code_in(grade, self.grades, f"pay.items[{k}].{key}.values.{grade}", "已声明的等级", "a declared grade")
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
            self.code_in(item["applies_to"], known, f"adjustments[{k}].applies_to", "维度、total 或 level", "a dimension, total or level")
