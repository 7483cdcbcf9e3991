"""An allocation policy as a document (ALC-1): the four principles of 004 as weights and hard rules. Pure.

`read_policy(text)` gives the checked `PolicyDocument` or raises PolicyError with every fault, each by its path and in words.
Weights are whole numbers; the cost of a pair is Σ weight × how badly it fits (0 to 1000 thousandths); what a move costs and
what unequal load costs are measured on the same scale. Effort and capacity are points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from typing import Any

import yaml

MOST = 1_000_000
AREAS = ("subbranch", "branch", "all")
INTAKES = ("open", "keep", "closed")
STATUSES = ("probation", "active", "on_leave", "seconded")
# 综合评价 of the sheet: ability, experience, results.
PARTS = ("ability", "experience", "results")


class PolicyError(ValueError):
    """The document cannot be used; `faults` are (path, sentence)."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("；".join(f"{path}：{said}" if path else said for path, said in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True)
class TierRules:
    """What a customer tier asks: effort points, how much its match counts, the grade it should and must have (codes), what a
    move costs by tenure band, certificates the manager must hold."""

    effort: int
    weight: int = 1
    wanted_grade: str = ""
    minimum_grade: str = ""
    move_price: tuple[int, ...] = (0,)
    certificates: tuple[str, ...] = ()


@dataclass(frozen=True)
class PolicyDocument:
    """One version of a policy.

    weights: expertise 专业匹配, proximity 区域就近, shortfall and waste (grade below and above what the tier should have),
    merit 综合评价, fairness 负荷均衡, value_fairness. merit_cap: permille above which merit counts no more.
    tiers: by tier code, `none` for customers without one. capacity: points by grade code, `none` for no grade.
    tenure_bands: rising months with the present manager. area: the units whose customers are shared out together.
    budget_percent: at most so many of the customers who have a manager may move; None for no limit. evaluation: weights
    of the sheet's parts, adding up to 100, and for how many months it holds. lines: which kinds of customers a business
    line serves. industries: names under which managers state an industry, by section letter of GB/T 4754.
    complaint_months: for how long a manager to whom an upheld complaint was laid may not look after who complained.
    intake: what a manager of a status may take. review_days: working days the units concerned have to answer a plan.
    """

    code: str
    version: int
    name: str
    weights: Mapping[str, int]
    merit_cap: int
    tiers: Mapping[str, TierRules]
    capacity: Mapping[str, int]
    tenure_bands: tuple[int, ...]
    area: str
    far_km: int
    grade_span: int
    budget_percent: int | None
    tenure_limit_months: int | None
    complaint_months: int | None
    key_limit: int | None
    together: bool
    evaluation: Mapping[str, int]
    evaluation_months: int
    review_months: int
    first_contact_days: int
    lines: Mapping[str, tuple[str, ...]]
    industries: Mapping[str, tuple[str, ...]]
    intake: Mapping[str, str]
    review_days: int = 5
    regulation: str = ""
    unit: str = ""
    source: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


WEIGHTS = {"expertise": 30, "proximity": 20, "shortfall": 20, "waste": 5, "merit": 5, "fairness": 2000, "value_fairness": 0}  # fmt: skip
LINES = {
    "CORP": ("enterprise", "large", "sme", "government", "public"),
    "RETAIL": ("individual",),
    "SME": ("sme",),
}
KINDS = ("enterprise", "government", "public", "large", "sme", "individual")
INDUSTRIES = {
    "A": ("农林牧渔", "现代农业"), "B": ("采矿业",), "C": ("制造业",), "D": ("电力热力燃气水", "新能源"), "E": ("建筑业",),
    "F": ("批发零售",), "G": ("交通物流", "交通运输"), "H": ("住宿餐饮",), "I": ("信息技术",), "J": ("金融业",),
    "K": ("房地产",), "L": ("租赁和商务服务",), "M": ("科学研究和技术服务",), "N": ("水利环境",), "O": ("居民服务",),
    "P": ("教育",), "Q": ("医药卫生", "卫生"), "R": ("文化体育娱乐",), "S": ("公共管理",),
}  # fmt: skip
INTAKE = {"probation": "open", "active": "open", "on_leave": "keep", "seconded": "closed"}
KNOWN = {item.name for item in fields(PolicyDocument)} - {"source"}


def read_policy(text: str) -> PolicyDocument:
    """The policy of a YAML (or JSON) text. Raises PolicyError."""
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else ""
        raise PolicyError([(where, "不是有效的 YAML，请检查缩进与标点")]) from error
    if not isinstance(data, dict):
        raise PolicyError([("", "文档应是一组“键: 值”")])
    return policy_of(data)


def policy_of(data: Mapping[str, Any]) -> PolicyDocument:
    """The policy of plain data, with what is usual where nothing is said. Raises PolicyError with every fault."""
    check = _Check(data)
    found = PolicyDocument(
        code=check.text("code"), version=check.whole("version", 1, 1, 9999), name=check.text("name"),
        weights=check.numbers("weights", WEIGHTS), merit_cap=check.whole("merit_cap", 800, 0, 1000),
        tiers=check.tiers(), capacity=check.numbers("capacity", {}, needed=True),
        tenure_bands=check.rising("tenure_bands"), area=check.one_of("area", AREAS, "subbranch"),
        far_km=check.whole("far_km", 20, 1, 5000), grade_span=check.whole("grade_span", 3, 1, 20),
        budget_percent=check.maybe("budget_percent", 0, 100),
        tenure_limit_months=check.maybe("tenure_limit_months", 1, 600),
        complaint_months=check.maybe("complaint_months", 1, 120), key_limit=check.maybe("key_limit", 1, 10_000),
        together=check.flag("together", True), evaluation=check.evaluation(),
        evaluation_months=check.whole("evaluation_months", 12, 1, 36), review_months=check.whole("review_months", 3, 1, 36),
        first_contact_days=check.whole("first_contact_days", 5, 1, 60), review_days=check.whole("review_days", 5, 1, 30),
        lines=check.lists("lines", LINES, KINDS), industries=check.lists("industries", INDUSTRIES),
        intake=check.intake(), regulation=check.text("regulation", needed=False), unit=check.text("unit", needed=False),
        source=dict(data),
    )  # fmt: skip
    check.strangers(KNOWN)
    check.bands(found)
    check.end()
    return found


class _Check:
    """Reads a document and keeps what is wrong with it."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.faults: list[tuple[str, str]] = []

    def wrong(self, path: str, said: str) -> None:
        self.faults.append((path, said))

    def end(self) -> None:
        if self.faults:
            raise PolicyError(self.faults)

    def strangers(self, known: set[str]) -> None:
        for key in sorted(set(map(str, self.data)) - known):
            self.wrong(key, "没有这个键，请对照示例检查拼写")

    def text(self, key: str, needed: bool = True) -> str:
        value = self.data.get(key, "")
        if not isinstance(value, str) or (needed and not value.strip()) or len(value) > 120:
            self.wrong(key, "应是 1 到 120 字的文字" if needed else "应是不超过 120 字的文字")
            return ""
        return value.strip()

    def number(self, path: str, value: Any, low: int, high: int) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.wrong(path, f"应是 {low} 到 {high} 的整数，收到的是 {value!r}")
            return low
        return value

    def whole(self, key: str, usual: int, low: int, high: int) -> int:
        return self.number(key, self.data.get(key, usual), low, high)

    def maybe(self, key: str, low: int, high: int) -> int | None:
        value = self.data.get(key)
        return None if value is None else self.number(key, value, low, high)

    def flag(self, key: str, usual: bool) -> bool:
        value = self.data.get(key, usual)
        if not isinstance(value, bool):
            self.wrong(key, "应是 true 或 false")
        return bool(value)

    def one_of(self, key: str, known: Sequence[str], usual: str) -> str:
        value = self.data.get(key, usual)
        if value not in known:
            self.wrong(key, f"应是 {'、'.join(known)} 之一，收到的是 {value!r}")
            return usual
        return str(value)

    def mapping(self, key: str, usual: Mapping[str, Any], needed: bool = False) -> Mapping[str, Any]:
        value = self.data.get(key)
        if value is None and not needed:
            return usual
        if not isinstance(value, dict) or (needed and not value):
            self.wrong(key, "应是一组“键: 值”，不能为空")
            return usual
        return {str(name): item for name, item in value.items()}

    def numbers(self, key: str, usual: Mapping[str, int], needed: bool = False) -> dict[str, int]:
        given = self.mapping(key, {}, needed)
        if usual:
            for name in sorted(set(given) - set(usual)):
                self.wrong(f"{key}.{name}", f"没有这一项；可用的有 {'、'.join(usual)}")
        merged = {**usual, **given}
        return {name: self.number(f"{key}.{name}", item, 0, MOST) for name, item in merged.items()}

    def rising(self, key: str) -> tuple[int, ...]:
        value = self.data.get(key, [])
        if not isinstance(value, list):
            self.wrong(key, "应是一列月数")
            return ()
        found = tuple(self.number(f"{key}[{place}]", item, 1, 1200) for place, item in enumerate(value))
        if any(later <= earlier for earlier, later in pairwise(found)):
            self.wrong(key, "月数应从小到大，不重复")
        return found

    def words(self, path: str, value: Any, known: Sequence[str] = ()) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(path, "应是一列文字")
            return ()
        for item in value:
            if known and item not in known:
                self.wrong(path, f"没有“{item}”；可用的有 {'、'.join(known)}")
        return tuple(value)

    def lists(self, key: str, usual: Mapping[str, tuple[str, ...]], known: Sequence[str] = ()) -> dict[str, tuple[str, ...]]:  # fmt: skip
        given = self.mapping(key, {})
        return {**usual, **{name: self.words(f"{key}.{name}", item, known) for name, item in given.items()}}

    def intake(self) -> dict[str, str]:
        given = self.mapping("intake", {})
        for name, item in given.items():
            if name not in STATUSES or item not in INTAKES:
                self.wrong(
                    f"intake.{name}",
                    f"状态应是 {'、'.join(STATUSES)} 之一，取值应是 {'、'.join(INTAKES)} 之一",
                )
        return {**INTAKE, **{name: str(item) for name, item in given.items()}}

    def evaluation(self) -> dict[str, int]:
        found = self.numbers("evaluation", {"ability": 40, "experience": 20, "results": 40})
        if sum(found.values()) != 100:
            self.wrong("evaluation", f"三部分权重之和应为 100，现在是 {sum(found.values())}")
        return found

    def tiers(self) -> dict[str, TierRules]:
        found = {}
        given = self.mapping("tiers", {}, needed=True)
        if given and "none" not in given:
            self.wrong("tiers.none", "请写明没有分级的客户按几点工作量计")
        for code, item in given.items():
            path = f"tiers.{code}"
            if not isinstance(item, dict):
                self.wrong(path, "应是一组“键: 值”")
                continue
            for key in sorted(set(item) - {entry.name for entry in fields(TierRules)}):
                self.wrong(f"{path}.{key}", "没有这个键")
            prices = item.get("move_price", [0])
            if not isinstance(prices, list) or not prices:
                self.wrong(f"{path}.move_price", "应是一列整数，比 tenure_bands 多一个")
                prices = [0]
            found[code] = TierRules(
                effort=self.number(f"{path}.effort", item.get("effort"), 1, 10_000),
                weight=self.number(f"{path}.weight", item.get("weight", 1), 1, 1000),
                wanted_grade=str(item.get("wanted_grade", "")), minimum_grade=str(item.get("minimum_grade", "")),
                move_price=tuple(self.number(f"{path}.move_price[{n}]", price, 0, MOST) for n, price in enumerate(prices)),
                certificates=self.words(f"{path}.certificates", item.get("certificates", [])),
            )  # fmt: skip
        return found

    def bands(self, found: PolicyDocument) -> None:
        wanted = len(found.tenure_bands) + 1
        for code, tier in found.tiers.items():
            if len(tier.move_price) not in (1, wanted):
                self.wrong(
                    f"tiers.{code}.move_price",
                    f"应有 {wanted} 个数（比 tenure_bands 多一个）或只有 1 个，现在有 {len(tier.move_price)} 个",
                )
