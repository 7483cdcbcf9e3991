"""Everything the JSON Schema cannot say: sums, references, order of bands, steps of the ladder, circles, formulas."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from .checks_ladder import Data, LadderChecks
from .exact import NumberError, to_fraction
from .faults import Fault, SchemeError, label_faults
from .formula import FormulaError, parse
from .inputs import event_rows
from .methods import COMPARING, compares
from .names import BUILTIN_FACTS, MAX_CHAIN, nearest
from .periods import KIND_OF_CYCLE, parse_period
from .shape import found_text, shape_faults

GRAMMAR = {"number": "数字", "name": "名称", "operator": "运算符", "end": "结尾"}
SIGNS = {
    "×": ("乘号", "*"), "＊": ("乘号", "*"), "✕": ("乘号", "*"), "·": ("乘号", "*"), "÷": ("除号", "/"),
    "／": ("除号", "/"), "＋": ("加号", "+"), "－": ("减号", "-"), "−": ("减号", "-"), "–": ("减号", "-"),
    "—": ("减号", "-"), "（": ("左括号", "("), "）": ("右括号", ")"), "，": ("逗号", ","), "、": ("逗号", ","),
    "；": ("逗号", ","), "＞": ("大于号", ">"), "＜": ("小于号", "<"), "＝": ("等号", "="), "≥": ("不小于", ">="),
    "≤": ("不大于", "<="), "≠": ("不等于", "!="), "％": ("百分数", "/ 100"), "%": ("百分数", "/ 100"),
    "。": ("小数点", "."), "．": ("小数点", "."),
}  # fmt: skip
EVENT_METHODS = ("deduct", "veto", "per_unit", "bands", "linear", "step", "threshold", "direct")


def check(data: Data) -> None:
    """SchemeError with every fault of a document; returns quietly when it can be built."""
    faults = shape_faults(data)
    if not faults:
        faults = _Checker(data).run()
    if faults:
        raise SchemeError(label_faults(faults, data))


class _Checker(LadderChecks):
    def __init__(self, data: Data) -> None:
        super().__init__(data)
        self.read_at: dict[str, dict[str, list[str]]] = {"event": {}, "reading": {}}

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
        self.anchored()
        self.parameter_keys()
        self.effective()
        self.matrix()
        self.zeroed()
        self.ladder()
        self.level_section()
        self.pay()
        self.grade_parameters()
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
                self.once(item["code"], seen, f"dimensions[{d}].indicators[{k}].code")
        for section, key in (("dimensions", "code"), ("grades", "code"), ("measures", "code"), ("quotas", "code"),
                             ("gates", "code"), ("vetoes", "code"), ("circumstances", "code"), ("adjustments", "code"),
                             ("facts", "name"), ("events", "code"), ("readings", "code")):  # fmt: skip
            seen = set()
            for k, item in enumerate(self.data.get(section) or ()):
                self.once(item[key], seen, f"{section}[{k}].{key}")
        places: set[tuple[str, Any]] = set()
        for k, item in enumerate(self.data.get("grades") or ()):
            place = (item.get("track", ""), to_fraction(item["order"]))
            if place in places:
                self.fault(
                    f"grades[{k}].order", "duplicate", item["order"], "同一序列内不重复", "once per track"
                )
            places.add(place)

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
                        zh, en = (
                            "points 只用于 kind: points 的维度",
                            "points only in dimensions of kind points",
                        )
                        self.fault(f"{path}.points", "unknown_key", "points", zh, en)
                    weights.append(weight)
                if len(weights) == len(dimension["indicators"]):
                    self._hundred(weights, f"dimensions[{d}].indicators")
            else:
                for k, item in enumerate(dimension["indicators"]):
                    if "weight" in item:
                        path = f"dimensions[{d}].indicators[{k}].weight"
                        self.fault(
                            path,
                            "unknown_key",
                            "weight",
                            "kind: points 的维度用 points",
                            "points in such a dimension",
                        )
        if any("weight" in item for item in rows):
            for d, item in enumerate(rows):
                if "weight" not in item:
                    self.fault(
                        f"dimensions[{d}].weight",
                        "missing_key",
                        "无",
                        "各维度都写权重或都不写",
                        "all or none",
                    )
            if all("weight" in item for item in rows):
                self._hundred([item["weight"] for item in rows], "dimensions")

    def _hundred(self, weights: list[Any], path: str) -> None:
        names = {
            w["param"] for w in weights if isinstance(w, Mapping) and w["param"] in self.names.parameters
        }
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
                    note = (
                        f"{found_text(total)} ({', '.join(f'{k}={v}' for k, v in chosen.items())})"
                        if chosen
                        else total
                    )
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
            hit = all(
                chosen.get(key) in (row[key] if isinstance(row[key], list) else [row[key]]) for key in keys
            )
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
            self.fault(
                f"{path}.method.type", "source_method", f"source {source}, method {kind}", allowed, allowed
            )
        if not compares(item["method"]) and ("against" in item or "on_target" in item):
            key = "against" if "against" in item else "on_target"
            zh, en = f"仅用于 {', '.join(COMPARING)}", f"only with {', '.join(COMPARING)}"
            self.fault(f"{path}.{key}", "unknown_key", key, zh, en)
        if source == "formula" and "reads" in item:
            self.fault(
                f"{path}.reads",
                "unknown_key",
                "reads",
                "formula 与 reads 二者之一",
                "either formula or reads",
            )
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
                    fixed = {"group": ("all",), "of": ("all", "rated")}.get(name, ())
                    if value not in fixed and not (name == "value" and key == "by"):
                        self.reference(value, inner)
                elif name == "param" and isinstance(value, str) and value not in self.names.parameters:
                    names = ", ".join(sorted(self.names.parameters)) or "-"
                    self.fault(
                        inner,
                        "unknown_reference",
                        value,
                        f"已声明的参数：{names}",
                        f"a declared parameter: {names}",
                    )
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
        kind, _, code = name.partition(".")
        if kind in self.read_at and code:
            self.read_at[kind].setdefault(code, []).append(path)
        if path.startswith("pay.") and name.startswith("pay."):
            if name[4:] in {item["code"] for item in self.data["pay"]["items"]} | {"total"}:
                return
        elif self.names.known(name):
            return
        near = self.names.suggestions(name)
        self.fault(
            path, "unknown_reference", name, f"存在的名称，例如 {near}", f"a name that exists, such as {near}"
        )

    def formula(self, text: str, path: str) -> None:
        """Grammar, bounds and names of a formula."""
        try:
            tree = parse(text)
        except FormulaError as error:
            where = f"{error.found} @ {error.position}"
            zh = re.sub(r"number|name|operator|end", lambda word: GRAMMAR[word.group()], error.expected)
            sign = SIGNS.get(error.found)
            if error.code == "formula_syntax" and sign:
                self.fault(path, error.code, where, f"{sign[0]}请用 {sign[1]}", sign[1])
                return
            self.fault(path, error.code, where, zh, error.expected)
            return
        for name in tree.names():
            self.reference(name, path)

    def comparison(self, leaf: Data, path: str) -> None:
        """History exists for what is counted over; lists go with in, one value with the rest."""
        counted = [key for key in ("consecutive", "offset", "times") if key in leaf]
        if counted and leaf.get("consecutive") != 1 and not self.names.historic(leaf["value"]):
            zh, en = (
                "维度、总分、等级、档次、指标得分等有历史的数值",
                "a value with history: a dimension, total, grade, level, score",
            )
            self.fault(f"{path}.{counted[0]}", "no_history", leaf["value"], zh, en)
        if (leaf["op"] in ("in", "not_in")) != isinstance(leaf["than"], list):
            self.fault(f"{path}.than", "bad_type", found_text(leaf["than"]), "in / not_in 用列表，其余用单个值",
                       "a list with in and not_in, else one value")  # fmt: skip
        known = {"grade": set(self.grades), "level": set(self.levels)}.get(leaf["value"])
        if known:
            for value in leaf["than"] if isinstance(leaf["than"], list) else [leaf["than"]]:
                if isinstance(value, str) and value not in known:
                    names = ", ".join(sorted(known))
                    self.fault(
                        f"{path}.than", "unknown_reference", value, f"下列之一：{names}", f"one of {names}"
                    )

    def limits(self, data: Data, path: str) -> None:
        """floor not above cap."""
        floor, cap = data.get("floor"), data.get("cap")
        if floor is None or cap is None or isinstance(floor, Mapping) or isinstance(cap, Mapping):
            return
        if to_fraction(floor) > to_fraction(cap):
            self.fault(
                f"{path}.floor" if path else "floor", "floor_above_cap", floor, f"≤ {cap}", f"<= {cap}"
            )

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
                self.fault(
                    f"{where}.from",
                    "bad_bands",
                    low,
                    f"{last}（接上一区间）",
                    f"{last} (where the band before ends)",
                )
            if high is None and k < len(rows) - 1:
                self.fault(
                    f"{where}.to",
                    "bad_bands",
                    "无",
                    "只有最后一个区间可以不封顶",
                    "only the last band may be open",
                )
                return
            if low is not None and high is not None and to_fraction(low) >= to_fraction(high):
                self.fault(where, "bad_bands", f"{low} – {high}", "from 小于 to", "from below to")
            last = high

    def points(self, rows: Any, path: str) -> None:
        """x of the points of a line increases."""
        for k, (before, after) in enumerate(itertools.pairwise(rows)):
            if to_fraction(before[0]) >= to_fraction(after[0]):
                self.fault(f"{path}[{k + 1}]", "bad_points", after[0], f"> {before[0]}", f"> {before[0]}")

    # --- codes of the input ----------------------------------------------------------------------------------------
    def anchored(self) -> None:
        """Events and readings that formulas, conditions and coefficients read are declared ones, where the document
        declares them, and never a misspelling of a code that an indicator, veto, bonus or deduction counts."""
        for kind, section in (("event", "events"), ("reading", "readings")):
            firm = {code for code, item in self.names.indicators.items() if item["source"] == kind}
            if kind == "event":
                firm |= {row["event"] for row in event_rows(self.data)}
            declared = {item["code"] for item in self.data.get(section) or ()}
            for code, paths in self.read_at[kind].items():
                if code in firm or code in declared:
                    continue
                near = nearest(code, firm | declared, close=section not in self.data)
                if section not in self.data and (near is None or len(paths) > 1):
                    continue
                zh = f"您是否想写 {kind}.{near}？" if near else ""
                en = f"did you mean {kind}.{near}? " if near else ""
                zh += f"指标、否决、加减分用到的代码，或在 {section} 中声明"
                en += f"a code that an indicator, veto, bonus or deduction uses, or one declared in {section}"
                self.fault(paths[0], "unknown_reference", f"{kind}.{code}", zh, en)

    def parameter_keys(self) -> None:
        """What a parameter is looked up by is a fact of the scheme, where it declares facts."""
        if self.names.facts is None:
            return
        known = {*self.names.facts, *BUILTIN_FACTS, "unit", "grade"}
        for name, section in (self.data.get("parameters") or {}).items():
            for k, row in enumerate(section.get("by") or ()):
                for key in row:
                    if key != "value":
                        zh, en = "unit、grade 或已声明的人员事实", "unit, grade or a declared fact"
                        self.code_in(key, known, f"parameters.{name}.by[{k}].{key}", zh, en)

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

    def zeroed(self) -> None:
        """A veto that sets the total to zero needs a total: dimensions with weights."""
        if all("weight" in item for item in self.data["dimensions"]):
            return
        zh, en = "各维度都写 weight（有总分）才能用", "dimensions with weights, so that there is a total"
        rows = [(f"vetoes[{k}].score", row) for k, row in enumerate(self.data.get("vetoes") or ())]
        rows += [(f"dimensions[{d}].indicators[{k}].method.score", item["method"])
                 for d, dimension in enumerate(self.data["dimensions"])
                 for k, item in enumerate(dimension["indicators"]) if item["method"]["type"] == "veto"]  # fmt: skip
        for path, row in rows:
            if row.get("score") == "zero":
                self.fault(path, "bad_value", "zero", zh, en)

    def matrix(self) -> None:
        """Both axes exist; limits of a nine-box rise."""
        matrix = self.data.get("matrix")
        if not matrix:
            return
        for axis in ("ability", "performance"):
            if axis not in self.names.dimensions:
                self.fault(
                    f"matrix.{axis}", "unknown_reference", axis, "同名维度", "a dimension of that name"
                )
            limits = matrix[axis]
            plain = isinstance(limits, list) and not any(isinstance(value, Mapping) for value in limits)
            if plain and to_fraction(limits[0]) >= to_fraction(limits[1]):
                self.fault(f"matrix.{axis}", "bad_bands", found_text(limits), "由低到高", "low then high")
