"""The neutral allocation document (interfaces.md 4): read strictly, every number an exact scaled integer.

Whatever is wrong is told by path in Chinese and English, all faults at once (the first `MOST_FAULTS` of them). Unknown
keys of a manager or a customer are ignored; any other unknown key, and a key written twice, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

PLACES = 6
EXACT = 2**53  # every sum stays below it: exact in int64 and in a double alike
MOST_CELLS, MOST_FAULTS = 10_000_000, 100
KEYS = ("sense", "managers", "customers", "cost", "effort", "forbidden", "pinned", "fairness")
OPTIONAL = ("forbidden", "pinned", "fairness")
MESSAGES: dict[str, tuple[str, str]] = {
    "missing_key": ("缺少必填项", "a required key is missing"),
    "unknown_key": ("出现未定义的项", "an unknown key"),
    "bad_type": ("类型不对", "wrong type"),
    "bad_value": ("取值不在允许范围内", "value not allowed"),
    "bad_length": ("项数不对", "wrong number of items"),
    "duplicate": ("重复", "duplicate"),
    "not_a_number": ("不是可接受的数字", "not an acceptable number"),
    "too_many_places": ("小数位数过多", "too many decimals"),
    "too_small": ("数值过小", "value too small"),
    "out_of_range": ("超出可精确计算的范围", "outside the range that can be computed exactly"),
    "unknown_reference": ("引用了不存在的序号", "refers to an index that does not exist"),
    "document_too_large": ("文档过大", "document too large"),
    "input_syntax": ("不是合法的 JSON", "not valid JSON"),
    "more": ("其余错误未列出", "further faults are not listed"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: `path` like cost[3][7], a `code` of MESSAGES, what was found, what is meant."""

    path: str
    code: str
    found: str
    expected_zh: str
    expected_en: str

    @property
    def zh(self) -> str:
        """The message in Chinese."""
        place = re.sub(r"^line (\d+), column (\d+)$", r"第 \1 行第 \2 列", self.path) or "文档"
        return f"{place}：{MESSAGES[self.code][0]}；实际为 {self.found}；应为 {self.expected_zh}"

    @property
    def en(self) -> str:
        """The message in English."""
        place = self.path or "document"
        return f"{place}: {MESSAGES[self.code][1]}; found {self.found}; expected {self.expected_en}"


class DocumentError(ValueError):
    """The document cannot be used; `faults` are in document order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(fault.en for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Problem:
    """m managers, n customers; numbers are integers in units of 10^-places.

    cost, effort int64[m, n] and capacity int64[m]; `allowed` bool[m, n] (not forbidden; pins not yet applied);
    `pins` pairs (manager, customer) as written, possibly contradictory; `weight` of the fairness term.
    `uniform`: no customer's effort depends on the manager.
    """

    sense: str
    managers: tuple[str | int, ...]
    customers: tuple[str | int, ...]
    cost: NDArray[np.int64]
    effort: NDArray[np.int64]
    capacity: NDArray[np.int64]
    allowed: NDArray[np.bool_]
    pins: tuple[tuple[int, int], ...]
    weight: Fraction
    cost_places: int
    effort_places: int

    @property
    def uniform(self) -> bool:
        """Whether every customer costs every manager the same effort."""
        return bool(self.effort.size == 0 or (self.effort == self.effort[:1]).all())


def read_problem(text: str) -> Problem:
    """The problem of a JSON text; DocumentError lists what is wrong. About 1 µs per number."""
    try:
        data = json.loads(text, parse_float=Decimal, parse_constant=str, object_pairs_hook=_once)
    except DocumentError:
        raise
    except (ValueError, RecursionError) as error:
        where = (
            f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        )
        raise DocumentError(
            [Fault(where, "input_syntax", str(error)[:60], "合法的 JSON", "valid JSON")]
        ) from None
    return read_problem_data(data)


def read_problem_data(data: Any) -> Problem:
    """The problem of plain data (numbers as int or Decimal), as `read_problem`."""
    return _Reader().read(data)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _value in pairs:
            if key in seen:
                raise DocumentError([Fault("", "duplicate", key[:60], "每个键只出现一次", "each key once")])
            seen.add(key)
    return result


def _shown(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return {dict: "映射 (mapping)", list: "列表 (list)"}[type(value)]
    if value is None:
        return "null"
    return str(value)[:40] if not isinstance(value, bool) else str(value).lower()


class _Full(Exception):
    """As many faults as anyone wants to read have been found."""


class _Reader:
    """One reading: collects faults, then builds the problem."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, path: str, code: str, found: str, zh: str, en: str) -> None:
        if len(self.faults) == MOST_FAULTS:
            self.faults.append(
                Fault("", "more", f"> {MOST_FAULTS}", "先改正以上各处", "the above mended first")
            )
            raise _Full
        self.faults.append(Fault(path, code, found, zh, en))

    def read(self, data: Any) -> Problem:
        """Everything once through; raises DocumentError with the faults of all parts."""
        try:
            problem = self._read(data)
        except _Full:
            problem = None
        if self.faults or problem is None:
            raise DocumentError(self.faults)
        return problem

    def _read(self, data: Any) -> Problem | None:
        if not isinstance(data, dict):
            self.fault("", "bad_type", _shown(data), "一个映射（键: 值）", "a mapping")
            return None
        self._keys("", data, KEYS, OPTIONAL)
        if data.get("sense", "min") not in ("min", "max"):
            self.fault("sense", "bad_value", _shown(data["sense"]), "min 或 max", "min or max")
        managers = self._ids(data, "managers")
        customers = self._ids(data, "customers")
        weight = self._fairness(data.get("fairness"), data.get("sense"))
        if managers is None or customers is None:
            return None
        m, n = len(managers), len(customers)
        if m * n > MOST_CELLS:
            self.fault("", "document_too_large", f"{m} × {n}", f"不超过 {MOST_CELLS} 个组合", f"at most {MOST_CELLS} pairs")  # fmt: skip
            return None
        cost, cost_places = self._matrix(data, "cost", m, n, one_row=False)
        effort, capacity, effort_places = self._efforts(data, m, n)
        forbidden = self._pairs(data, "forbidden", m, n)
        pins = self._pairs(data, "pinned", m, n)
        if self.faults or cost is None or effort is None or capacity is None:
            return None
        allowed = np.ones((m, n), dtype=np.bool_)
        for i, j in forbidden:
            allowed[i, j] = False
        return Problem(data["sense"], managers, customers, cost, effort, capacity, allowed, tuple(pins), weight,
                       cost_places, effort_places)  # fmt: skip

    def _keys(
        self, path: str, data: dict[str, Any], known: tuple[str, ...], optional: tuple[str, ...]
    ) -> None:
        """Missing and unknown keys of one mapping."""
        listed = "、".join(known)
        for key in known:
            if key not in data and key not in optional:
                self.fault(f"{path}{key}", "missing_key", "无 (nothing)", f"写出 {key}", f"{key} to be given")
        for key in data:
            if key not in known:
                self.fault(f"{path}{key[:40]}", "unknown_key", key[:40], listed, f"one of {', '.join(known)}")

    def _ids(self, data: dict[str, Any], name: str) -> tuple[str | int, ...] | None:
        """Ids of managers or customers, text or whole numbers, each once."""
        if name not in data:
            return None
        rows = data[name]
        if not isinstance(rows, list):
            self.fault(name, "bad_type", _shown(rows), "一个列表", "a list")
            return None
        found: dict[str | int, int] = {}
        for k, row in enumerate(rows):
            path = f"{name}[{k}]"
            if not isinstance(row, dict):
                self.fault(path, "bad_type", _shown(row), "一个含 id 的映射", "a mapping with an id")
                continue
            value: Any = row.get("id")
            if "id" not in row:
                self.fault(f"{path}.id", "missing_key", "无 (nothing)", "写出 id", "id to be given")
            elif type(value) not in (str, int):
                self.fault(f"{path}.id", "bad_type", _shown(value), "文本或整数", "text or a whole number")
            elif value in found:
                first = f"{name}[{found[value]}]"
                zh, en = f"与 {first} 不同的 id", f"an id other than that of {first}"
                self.fault(f"{path}.id", "duplicate", _shown(value), zh, en)
            else:
                found[value] = k
        return tuple(row.get("id", k) if isinstance(row, dict) else k for k, row in enumerate(rows))

    def _fairness(self, data: Any, sense: Any) -> Fraction:
        """The weight; 0 without the term. Evenness is asked for by a positive weight under min, a negative under max."""
        if data is None:
            return Fraction(0)
        if not isinstance(data, dict):
            self.fault(
                "fairness", "bad_type", _shown(data), "一个含 weight 的映射", "a mapping with a weight"
            )
            return Fraction(0)
        self._keys("fairness.", data, ("weight", "measure"), ("measure",))
        if data.get("measure", "load") != "load":
            self.fault("fairness.measure", "bad_value", _shown(data["measure"]), "load", "load")
        least = None if sense == "max" else 0
        value = self._number("fairness.weight", data["weight"], least) if "weight" in data else 0
        return Fraction(value) if value else Fraction(0)

    def _number(self, path: str, value: Any, least: int | None = None) -> int | Decimal | None:
        """The value as int or Decimal with at most PLACES decimals, or None after a fault."""
        if type(value) is float:
            value = Decimal(repr(value))
        if type(value) is not int and not (type(value) is Decimal and value.is_finite()):
            self.fault(path, "not_a_number", _shown(value), "一个数字", "a number")
            return None
        if not -EXACT <= value <= EXACT:
            self.fault(
                path, "out_of_range", str(value)[:30], f"绝对值不超过 {EXACT}", f"at most {EXACT} in size"
            )
            return None
        if least is not None and value < least:
            self.fault(path, "too_small", str(value), f"不小于 {least}", f"at least {least}")
            return None
        if type(value) is Decimal and _places(value) > PLACES:
            self.fault(path, "too_many_places", str(value)[:40], f"不超过 {PLACES} 位小数", f"at most {PLACES} decimals")  # fmt: skip
            return None
        return value

    def _row(self, path: str, row: Any, n: int, least: int | None) -> list[int | Decimal]:
        """n numbers; zeros stand where a fault was noted."""
        if not isinstance(row, list):
            self.fault(path, "bad_type", _shown(row), f"{n} 个数字的列表", f"a list of {n} numbers")
            return [0] * n
        if len(row) != n:
            self.fault(path, "bad_length", str(len(row)), f"{n} 项（每位客户一项）", f"{n}, one per customer")
            return [0] * n
        quick = all(type(value) is int for value in row) and n > 0
        if quick and max(row) <= EXACT and min(row) >= (-EXACT if least is None else least):
            return row
        return [self._number(f"{path}[{j}]", value, least) or 0 for j, value in enumerate(row)]

    def _rows(
        self, data: dict[str, Any], name: str, m: int, n: int, one_row: bool
    ) -> list[list[int | Decimal]] | None:
        """The rows of a matrix as written (one or m), each of n numbers; None when the shape is wrong."""
        rows = data.get(name)
        if name not in data:
            return None
        if not isinstance(rows, list):
            self.fault(name, "bad_type", _shown(rows), "列表的列表", "a list of lists")
            return None
        if one_row and rows and not any(isinstance(row, list) for row in rows):
            return [self._row(name, rows, n, 0)]
        if len(rows) != m and not (one_row and len(rows) == 1):
            one = ("或 1 ", "or 1 ") if one_row else ("", "")
            self.fault(name, "bad_length", str(len(rows)), f"{m} {one[0]}行（每位客户经理一行）", f"{m} {one[1]}rows, one per manager")  # fmt: skip
            return None
        return [self._row(f"{name}[{i}]", row, n, 0 if one_row else None) for i, row in enumerate(rows)]

    def _matrix(
        self, data: dict[str, Any], name: str, m: int, n: int, *, one_row: bool
    ) -> tuple[NDArray[np.int64] | None, int]:
        """The cost matrix in scaled integers and its places."""
        rows = self._rows(data, name, m, n, one_row)
        if rows is None or self.faults:
            return None, 0
        places = max((_widest(row) for row in rows), default=0)
        if self._total(rows) * 10**places > EXACT:
            self._too_wide(name, places)
            return None, places
        return np.array([_units(row, places) for row in rows], dtype=np.int64).reshape(m, n), places

    def _efforts(
        self, data: dict[str, Any], m: int, n: int
    ) -> tuple[NDArray[np.int64] | None, NDArray[np.int64] | None, int]:
        """Effort as int64[m, n] (one row repeated) and capacity as int64[m], in the same units."""
        rows = self._rows(data, "effort", m, n, one_row=True)
        limits = [self._capacity(i, row) for i, row in enumerate(data.get("managers", []))]
        if rows is None or self.faults:
            return None, None, 0
        places = max(_widest(limits), max((_widest(row) for row in rows), default=0))
        if sum(limits) * 10**places > EXACT:
            self._too_wide("managers", places)
        if self._total(rows) * 10**places > EXACT:
            self._too_wide("effort", places)
        if self.faults:
            return None, None, places
        effort = np.array([_units(row, places) for row in rows], dtype=np.int64).reshape(len(rows), n)
        whole = effort if len(rows) == m else np.broadcast_to(effort, (m, n))
        return whole, np.array(_units(limits, places), dtype=np.int64), places

    def _capacity(self, i: int, row: Any) -> int | Decimal:
        """The capacity of manager i, 0 after a fault."""
        if not isinstance(row, dict):
            return 0
        if "capacity" not in row:
            self.fault(f"managers[{i}].capacity", "missing_key", "无 (nothing)", "写出 capacity", "capacity to be given")  # fmt: skip
            return 0
        return self._number(f"managers[{i}].capacity", row["capacity"], 0) or 0

    @staticmethod
    def _total(rows: list[list[int | Decimal]]) -> int | Decimal:
        """The most any assignment can add up to in size."""
        total: Any = 0
        for column in zip(*rows, strict=True) if rows else ():
            total += max(map(abs, column))
        return total

    def _too_wide(self, path: str, places: int) -> None:
        zh = f"以 10^-{places} 为单位时合计不超过 {EXACT}"
        self.fault(path, "out_of_range", "合计过大 (sum too large)", zh, f"at most {EXACT} in all, in units of 10^-{places}")  # fmt: skip

    def _pairs(self, data: dict[str, Any], name: str, m: int, n: int) -> list[tuple[int, int]]:
        """Pairs [manager, customer]; a pair written twice says no more than once."""
        rows = data.get(name, [])
        if not isinstance(rows, list):
            self.fault(name, "bad_type", _shown(rows), "[客户经理序号, 客户序号] 的列表", "a list of [manager, customer]")  # fmt: skip
            return []
        found: dict[tuple[int, int], None] = {}
        for k, pair in enumerate(rows):
            if not (isinstance(pair, list) and len(pair) == 2 and all(type(part) is int for part in pair)):
                self.fault(
                    f"{name}[{k}]",
                    "bad_type",
                    _shown(pair),
                    "[客户经理序号, 客户序号]",
                    "[manager, customer]",
                )
                continue
            for part, (value, count) in enumerate(zip(pair, (m, n), strict=True)):
                if not 0 <= value < count:
                    self.fault(f"{name}[{k}][{part}]", "unknown_reference", str(value)[:30], f"0 至 {count - 1}", f"0 to {count - 1}")  # fmt: skip
            found[pair[0], pair[1]] = None
        return list(found)


def _places(value: Decimal) -> int:
    """Decimals that matter: 0 for 1E+3, 2 for 12.50000000 as well as for 12.50."""
    _sign, digits, exponent = value.as_tuple()
    places = -int(exponent)
    if places <= PLACES:
        return max(places, 0)
    kept = len(digits)
    while places > 0 and kept > 0 and digits[kept - 1] == 0:
        places, kept = places - 1, kept - 1
    return 0 if kept == 0 else places


def _widest(row: list[int | Decimal]) -> int:
    return max((_places(value) for value in row if type(value) is Decimal), default=0)


def _units(row: list[int | Decimal], places: int) -> list[int]:
    """The numbers as integers of 10^-places; exact, because none has more places."""
    if places == 0 and all(type(value) is int for value in row):
        return row  # type: ignore[return-value]
    return [int(value * 10**places) for value in row]
