"""A tier rule as a document (CUS-3). Pure.

`read_rule(text)` gives the checked `RuleDocument` or raises RuleError with every fault, each by its path and in words.
A customer gets 0 to 100 points for each measure; the score is Σ weight × points / 100, kept in hundredths (0 to 10 000).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

import yaml

MEASURES = ("contracts", "revenue", "frequency", "potential")
OF_QUARTERS = ("revenue", "frequency")
MONEY = ("contracts", "revenue", "potential")
KINDS = ("enterprise", "government", "public", "large", "sme", "individual")
STAGES = ("prospecting", "engaging", "proposal")
CATEGORIES = ("none", "key", "general", "prospect")
MOST_MONEY = 10**13


class RuleError(ValueError):
    """The document cannot be used; `faults` are (path, sentence)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("；".join(f"{path}：{said}" if path else said for path, said in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class Measure:
    """What is measured and what it is worth. `bands` are (from this value on, points), rising; `shares` are (best so many
    percent, points), widening; exactly one of them is there. Money is in fen. `stages` are percentages by stage."""

    code: str
    weight: int
    bands: tuple[tuple[int, int], ...] = ()
    shares: tuple[tuple[int, int], ...] = ()
    quarters: int = 0
    stages: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tier:
    """A tier from the best down: from a score on (hundredths), or the best so many percent; the last one takes the rest."""

    code: str
    score: int | None = None
    top: int | None = None


@dataclass(frozen=True)
class Limit:
    """No worse than `least`, no better than `most` ("" = no limit), for a category of customers."""

    least: str = ""
    most: str = ""


@dataclass(frozen=True)
class RuleDocument:
    """One version of a rule. `kinds`: the customers it speaks of. `by_share`: tiers by share of customers, not by score.
    `margin`: hundredths by which a score must be beyond the line before a tier is left, None for no margin; `runs`: how
    often in a row it may be beyond the line at all, 1 for at once. `categories`: the category that follows from a tier."""

    code: str
    version: int
    name: str
    kinds: tuple[str, ...]
    measures: tuple[Measure, ...]
    tiers: tuple[Tier, ...]
    margin: int | None = None
    runs: int = 1
    limits: Mapping[str, Limit] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    regulation: str = ""
    source: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def by_share(self) -> bool:
        return any(tier.top is not None for tier in self.tiers)

    @property
    def sticky(self) -> bool:
        """Whether a tier one has is harder to leave than to get."""
        return self.margin is not None or self.runs > 1


KNOWN = ({item.name for item in fields(RuleDocument)} | {"hysteresis"}) - {"source", "margin", "runs"}


def read_rule(text: str) -> RuleDocument:
    """The rule of a YAML (or JSON) text. Raises RuleError."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else ""
        raise RuleError([(where, "不是有效的 YAML，请检查缩进与标点")]) from error
    if not isinstance(data, dict):
        raise RuleError([("", "文档应是一组“键: 值”")])
    return rule_of(data)


def rule_of(data: Mapping[str, Any]) -> RuleDocument:
    """The rule of plain data. Raises RuleError with every fault."""
    check = _Check(data)
    margin, runs = check.hysteresis()
    tiers = check.tiers()
    known = tuple(tier.code for tier in tiers)
    found = RuleDocument(
        code=check.text("code", 40), version=check.number("version", data.get("version", 1), 1, 9999),
        name=check.text("name", 120), regulation=check.text("regulation", 120, needed=False), kinds=check.kinds(),
        measures=check.measures(), tiers=tiers, margin=margin, runs=runs, limits=check.limits(known),
        categories=check.categories(known), source=dict(data),
    )  # fmt: skip
    for key in sorted(set(map(str, data)) - KNOWN):
        check.wrong(key, "没有这个键，请对照示例检查拼写")
    if check.faults:
        raise RuleError(check.faults)
    return found


class _Check:
    """Reads a document and keeps what is wrong with it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.faults: list[tuple[str, str]] = []

    def wrong(self, path: str, said: str) -> None:
        self.faults.append((path, said))

    # --- values -------------------------------------------------------------------------------------------------------
    def text(self, key: str, most: int, needed: bool = True) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or (needed and not value.strip()) or len(value) > most:
            self.wrong(key, f"应是 1 到 {most} 字的文字" if needed else f"应是不超过 {most} 字的文字")
            return ""
        return value.strip()

    def number(self, path: str, value: Any, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong(path, f"应是 {low} 到 {high} 的整数，收到的是 {value!r}")
            return low
        return value

    def hundredths(self, path: str, value: Any, high: int) -> int:
        """A number with at most two decimals, in hundredths."""
        try:
            exact = Decimal(str(value)) * 100
        except InvalidOperation:
            exact = Decimal("NaN")
        good = not isinstance(value, bool) and isinstance(value, (int, float)) and exact.is_finite()
        if not good or exact != exact.to_integral_value() or not 0 <= exact <= high * 100:
            self.wrong(path, f"应是 0 到 {high} 的数，至多两位小数，收到的是 {value!r}")
            return 0
        return int(exact)

    def mapping(self, path: str, value: Any, keys: Sequence[str] = ()) -> dict[str, Any]:
        """Keys and values; with `keys`, no others."""
        if not isinstance(value, dict) or not value:
            self.wrong(path, "应是一组“键: 值”，不能为空")
            return {}
        found = {str(name): item for name, item in value.items()}
        for name in sorted(set(found) - set(keys)) if keys else ():
            self.wrong(f"{path}.{name}", f"没有这一项；可用的有 {'、'.join(keys)}")
        return {name: item for name, item in found.items() if not keys or name in keys}

    # --- parts --------------------------------------------------------------------------------------------------------
    def kinds(self) -> tuple[str, ...]:
        value = self.data.get("kinds", list(KINDS))
        if not isinstance(value, list) or not value:
            self.wrong("kinds", f"应是一列客户类型；可用的有 {'、'.join(KINDS)}")
            return KINDS
        for place, item in enumerate(value):
            if item not in KINDS:
                self.wrong(f"kinds[{place}]", f"没有客户类型 {item!r}；可用的有 {'、'.join(KINDS)}")
            elif item in value[:place]:
                self.wrong(f"kinds[{place}]", f"客户类型 {item!r} 写了两次")
        return tuple(kind for kind in KINDS if kind in value)

    def measures(self) -> tuple[Measure, ...]:
        given = self.mapping("measures", self.data.get("measures"), MEASURES)
        found = tuple(self.measure(code, given[code]) for code in MEASURES if code in given)
        total = sum(measure.weight for measure in found)
        if found and total != 100:
            self.wrong("measures", f"各项权重之和应为 100，现在是 {total}")
        return found

    def measure(self, code: str, value: Any) -> Measure:
        path = f"measures.{code}"
        keys = ["weight", "bands", "shares", *(["quarters"] if code in OF_QUARTERS else []), *(["stages"] if code == "potential" else [])]  # fmt: skip
        given = self.mapping(path, value, keys)
        if ("bands" in given) == ("shares" in given):
            self.wrong(path, "应写 bands（按数值分段）或 shares（按名次占比）之一，不能都写或都不写")
        stages: dict[str, int] = {}
        if code == "potential":
            stages = {
                name: self.number(f"{path}.stages.{name}", item, 0, 100)
                for name, item in self.mapping(f"{path}.stages", given.get("stages", {"engaging": 30, "proposal": 60}), STAGES).items()
            }  # fmt: skip
        return Measure(
            code=code, weight=self.number(f"{path}.weight", given.get("weight"), 1, 100),
            bands=self.bands(f"{path}.bands", given["bands"], code in MONEY) if "bands" in given else (),
            shares=self.shares(f"{path}.shares", given["shares"]) if "shares" in given else (),
            quarters=self.number(f"{path}.quarters", given.get("quarters", 4), 1, 20) if code in OF_QUARTERS else 0,
            stages=stages,
        )  # fmt: skip

    def steps(self, path: str, value: Any, first: str) -> list[tuple[Any, int]]:
        """(what `first` says, points) of a list of small mappings."""
        if not isinstance(value, list) or not value:
            self.wrong(path, f"应是一列 {{{first}: …, points: …}}，不能为空")
            return []
        found = []
        for place, item in enumerate(value):
            given = self.mapping(f"{path}[{place}]", item, (first, "points"))
            found.append(
                (given.get(first), self.number(f"{path}[{place}].points", given.get("points"), 0, 100))
            )
        return found

    def bands(self, path: str, value: Any, money: bool) -> tuple[tuple[int, int], ...]:
        found = []
        for place, (low, points) in enumerate(self.steps(path, value, "from")):
            where = f"{path}[{place}].from"
            found.append(
                (
                    self.hundredths(where, low, MOST_MONEY) if money else self.number(where, low, 0, 10**9),
                    points,
                )
            )
        if any(later[0] <= earlier[0] or later[1] < earlier[1] for earlier, later in pairwise(found)):
            self.wrong(path, "from 应从小到大、不重复，points 不应越来越少")
        return tuple(found)

    def shares(self, path: str, value: Any) -> tuple[tuple[int, int], ...]:
        found = tuple(
            (self.number(f"{path}[{place}].top", top, 1, 100), points)
            for place, (top, points) in enumerate(self.steps(path, value, "top"))
        )
        if any(later[0] <= earlier[0] or later[1] > earlier[1] for earlier, later in pairwise(found)):
            self.wrong(path, "top 应从小到大、不重复，points 不应越来越多")
        return found

    def tiers(self) -> tuple[Tier, ...]:
        value = self.data.get("tiers")
        if not isinstance(value, list) or len(value) < 2:
            self.wrong("tiers", "应是一列分级，从高到低，至少两级，最后一级不写界线")
            return ()
        found, codes, keys = [], list[str](), set[str]()
        for place, item in enumerate(value):
            path = f"tiers[{place}]"
            given = self.mapping(path, item, ("code", "score", "top"))
            code = given.get("code")
            if not isinstance(code, str) or not code or code in codes:
                self.wrong(f"{path}.code", f"应是不重复的分级编码，收到的是 {code!r}")
                code = f"?{place}"
            codes.append(code)
            lines = [key for key in ("score", "top") if key in given]
            last = place == len(value) - 1
            if len(lines) != (0 if last else 1):
                self.wrong(
                    path, "最后一级收下其余客户，不写界线" if last else "应写 score（得分）或 top（占比）之一"
                )
            keys |= set(lines)
            found.append(Tier(
                code, self.hundredths(f"{path}.score", given["score"], 100) if "score" in given else None,
                self.number(f"{path}.top", given["top"], 1, 100) if "top" in given else None,
            ))  # fmt: skip
        if len(keys) > 1:
            self.wrong("tiers", "各级应都按 score，或都按 top，不能混用")
        elif any(
            (later.score or 0) >= (earlier.score or 0) if "score" in keys else (later.top or 0) <= (earlier.top or 0)
            for earlier, later in pairwise(found[:-1])
        ):  # fmt: skip
            self.wrong("tiers", "从高到低：score 应越来越小，top（累计占比）应越来越大")
        return tuple(found)

    def hysteresis(self) -> tuple[int | None, int]:
        if self.data.get("hysteresis") is None:
            return None, 1
        given = self.mapping("hysteresis", self.data["hysteresis"], ("points", "runs"))
        margin = self.hundredths("hysteresis.points", given["points"], 100) if "points" in given else None
        if margin == 0 and given["points"] == 0:
            self.wrong("hysteresis.points", "应大于 0；不要缓冲时去掉这个键")
        runs = self.number("hysteresis.runs", given["runs"], 2, 12) if "runs" in given else 1
        return margin, runs

    def limits(self, codes: Sequence[str]) -> dict[str, Limit]:
        if self.data.get("limits") is None:
            return {}
        found = {}
        for name, item in self.mapping("limits", self.data["limits"], CATEGORIES).items():
            given = self.mapping(f"limits.{name}", item, ("min", "max"))
            for key, code in given.items():
                if code not in codes:
                    self.wrong(f"limits.{name}.{key}", f"tiers 里没有分级 {code!r}")
            limit = Limit(str(given.get("min", "")), str(given.get("max", "")))
            places = [codes.index(code) for code in (limit.most, limit.least) if code in codes]
            if len(places) == 2 and places[0] > places[1]:
                self.wrong(f"limits.{name}", "max 不能低于 min")
            found[name] = limit
        return found

    def categories(self, codes: Sequence[str]) -> dict[str, str]:
        if self.data.get("categories") is None:
            return {}
        if self.data.get("limits") is not None:
            self.wrong(
                "categories", "limits 以客户分类为依据，categories 又由分级推出客户分类，两者不能同时写"
            )
        found = {}
        given = self.mapping("categories", self.data["categories"])
        for code, item in given.items():
            if code not in codes:
                self.wrong(f"categories.{code}", f"tiers 里没有分级 {code!r}")
            if item not in ("key", "general"):
                self.wrong(
                    f"categories.{code}",
                    f"应是 key（重点）或 general（一般），收到的是 {item!r}；未合作的客户一律为潜在",
                )
            found[code] = str(item)
        for code in codes:
            if given and code not in given:
                self.wrong(f"categories.{code}", "没有写这一级的客户分类")
        return found
