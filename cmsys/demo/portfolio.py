"""The customers of the demonstration bank and what they do with it. Pure: arrays for a seed, managers and days.

Everything follows from a few hidden traits: each manager has an ability and a drive that change a little from quarter to
quarter; ratings follow the first, sales the second. Portfolios are uneven on purpose, as they are where nobody allocates.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TIERS = ("A", "B", "C")
TIER_SHARES = (0.05, 0.20, 0.75)
# Transactions a month and the middle of their amounts in yuan, by tier.
RATES = np.array([2.5, 1.4, 0.6])
AMOUNTS = np.array([180_000.0, 42_000.0, 9_000.0])
KINDS = {"CORP": (("sme", 60), ("large", 14), ("government", 8), ("public", 10), ("enterprise", 8)), "RETAIL": (("individual", 100),), "SME": (("sme", 100),)}  # fmt: skip
PRODUCTS = {"CORP": ("对公存款", "流动资金贷款", "银行承兑汇票", "国际结算", "现金管理"), "RETAIL": ("个人存款", "理财产品", "个人贷款", "信用卡分期", "基金"), "SME": ("普惠贷款", "收单结算", "代发工资", "对公存款")}  # fmt: skip
INDUSTRY_CODES = ("C13", "C26", "C35", "C39", "F51", "F52", "G54", "I64", "I65", "J66", "K70", "L72", "M73", "P83", "Q84", "S91")  # fmt: skip
CHANNELS = ("电话", "柜面", "手机银行", "微信")
CAUSES = ("办理时间长", "手续费疑问", "系统故障", "服务态度", "资料反复提交", "产品说明不清")
HISTORY_DAYS = 3 * 365


@dataclass(frozen=True)
class Holder:
    """A manager as far as portfolios need him."""

    id: int
    unit_id: int
    line: str
    region_code: str
    latitude: float
    longitude: float
    capacity: int
    hired_on: date


@dataclass(frozen=True)
class Customers:
    """One column per field; position i is the customer numbered i + 1. `owner` is a position among the holders, or -1;
    `former` the one before `changed`, or -1. Days are ordinals; `since` 0 means a prospect."""

    owner: Ints
    # Whose unit and place a customer has, also one that nobody holds.
    home: Ints
    former: Ints
    changed: Ints
    since: Ints
    tier: Ints
    kind: npt.NDArray[np.str_]
    line: Ints
    industry: Ints
    latitude: Floats
    longitude: Floats

    def __len__(self) -> int:
        return len(self.owner)


@dataclass(frozen=True)
class Sales:
    """Transactions of a run of customers, in their order: position of customer and responsible holder (-1: nobody),
    ordinal of the day, product number, amount in fen."""

    customer: Ints
    holder: Ints
    day: Ints
    product: Ints
    fen: Ints


class Portfolio:
    """Who has whom, and what came of it, between `start` and `today`."""

    LINES = ("CORP", "RETAIL", "SME")

    def __init__(self, holders: list[Holder], customers: int, *, seed: int, start: date, today: date) -> None:
        self.holders, self.seed = holders, seed
        self.start, self.today = start.toordinal(), today.toordinal()
        # One more at the end, for "nobody" (-1).
        self.hired = np.array([*(holder.hired_on.toordinal() for holder in holders), 10**7])
        chance = np.random.default_rng([seed, 1])
        self.ability = np.clip(chance.normal(79, 8, len(holders)), 50, 98)
        self.drive = np.clip(chance.normal(1.0, 0.18, len(holders)), 0.45, 1.6)
        self.rising, self.falling = self._of_unit(0, 3), self._of_unit(1, 2)
        self.ability[self.rising], self.ability[self.falling] = 90, 70
        self.customers = self._customers(customers, chance)

    @cached_property
    def quarters(self) -> list[date]:
        """The first days of the quarters that the data covers, oldest first."""
        first = date.fromordinal(self.start)
        found, day = [], date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
        while day.toordinal() <= self.today:
            found.append(day)
            day = date(day.year + (day.month == 10), (day.month + 2) % 12 + 1, 1)
        return found

    def trait(self, base: Floats, quarter: int, spread: float, stream: int) -> Floats:
        """A trait in a quarter: the base with a slow change and a little luck."""
        chance = np.random.default_rng([self.seed, stream, quarter])
        slope = np.random.default_rng([self.seed, stream]).normal(0, spread / 3, len(base))
        moved = base + slope * (quarter - 2) + chance.normal(0, spread, len(base))
        return np.asarray(moved, dtype=np.float64)

    def drive_of(self, quarter: int) -> Floats:
        """Everybody's drive in a quarter; 1 is what targets expect."""
        return np.clip(self.trait(self.drive, quarter, 0.08, 5) * self._story(quarter), 0.3, 1.9)

    def _story(self, quarter: int) -> Floats:
        """In the first sub-branch, whose supervisor has a password, the last two finished quarters go up for some and down
        for others, so that there is something to decide."""
        told = np.ones(len(self.holders))
        if quarter in range(len(self.quarters) - 3, len(self.quarters) - 1):
            told[self.rising], told[self.falling] = 1.5, 0.45
        return told

    def _of_unit(self, place: int, most: int) -> Ints:
        """Places of the first holders of the unit with that rank."""
        units = sorted({holder.unit_id for holder in self.holders})
        found = [
            n
            for n, holder in enumerate(self.holders)
            if place < len(units) and holder.unit_id == units[place]
        ]
        return np.array(found[:most], dtype=np.int64)

    # --- customers ------------------------------------------------------------------------------------------------
    def _customers(self, count: int, chance: np.random.Generator) -> Customers:
        """Sorted by holder, so that whatever is written in this order lies together in the indexes."""
        weights = np.array([holder.capacity for holder in self.holders], dtype=np.float64)
        weights *= chance.lognormal(0, 0.35, len(self.holders))
        owner = np.sort(chance.choice(len(self.holders), count, p=weights / weights.sum()))
        home = owner.copy()
        owner[chance.random(count) < 0.02] = -1
        lines = np.array([self.LINES.index(holder.line) for holder in self.holders])[home]
        tier = chance.choice(3, count, p=TIER_SHARES)
        since, changed = self._since(count, chance), np.zeros(count, dtype=np.int64)
        former = np.full(count, -1, dtype=np.int64)
        moves = (owner >= 0) & (chance.random(count) < 0.04) & (since > 0) & (since < self.today - 90)
        former[moves] = self._colleague(owner[moves])
        moves &= former >= 0
        first = np.maximum(since, self.start)
        changed[moves] = first[moves] + 30 + (chance.random(moves.sum()) * np.maximum(self.today - first[moves] - 60, 1)).astype(np.int64)  # fmt: skip
        base = np.array([[holder.latitude, holder.longitude] for holder in self.holders])[home]
        place = base + chance.normal(0, 0.035, (count, 2))
        return Customers(
            owner=owner, home=home, former=np.where(moves, former, -1), changed=changed, since=since, tier=tier,
            kind=self._kinds(lines, chance), line=lines, industry=chance.integers(0, len(INDUSTRY_CODES), count),
            latitude=place[:, 0].round(6), longitude=place[:, 1].round(6),
        )  # fmt: skip

    def _since(self, count: int, chance: np.random.Generator) -> Ints:
        """5 % prospects, the newer ones evenly over the time looked at, the others over the three years before it."""
        fate = chance.random(count)
        before = self.start - 1 - (chance.random(count) * HISTORY_DAYS).astype(np.int64)
        within = self.start + (chance.random(count) * (self.today - self.start)).astype(np.int64)
        return np.where(fate < 0.05, 0, np.where(fate < 0.20, within, before))

    def _colleague(self, owners: Ints) -> Ints:
        """The next holder of the same unit; -1 where there is none."""
        units: dict[int, list[int]] = {}
        for place, holder in enumerate(self.holders):
            units.setdefault(holder.unit_id, []).append(place)
        after = np.full(len(self.holders), -1, dtype=np.int64)
        for members in units.values():
            if len(members) > 1:
                after[members] = np.roll(members, -1)
        return after[owners]

    def _kinds(self, lines: Ints, chance: np.random.Generator) -> npt.NDArray[np.str_]:
        kinds = np.empty(len(lines), dtype="<U12")
        for number, line in enumerate(self.LINES):
            rows = np.flatnonzero(lines == number)
            names, shares = zip(*KINDS[line], strict=True)
            kinds[rows] = chance.choice(names, len(rows), p=np.array(shares) / sum(shares))
        return kinds

    # --- what they do ---------------------------------------------------------------------------------------------
    def sales(self, *, size: int = 100_000) -> Iterator[Sales]:
        """All transactions, `size` customers at a time: the first on the day the relation began, then by chance."""
        quarters = np.array([day.toordinal() for day in self.quarters])
        drives = np.array([self.drive_of(number) for number in range(len(quarters))])
        for begin in range(0, len(self.customers), size):
            yield self._sales(begin, min(begin + size, len(self.customers)), quarters, drives)

    def _sales(self, begin: int, end: int, quarters: Ints, drives: Floats) -> Sales:
        chance = np.random.default_rng([self.seed, 2, begin])
        part = slice(begin, end)
        since, tier = self.customers.since[part], self.customers.tier[part]
        first = np.maximum(since + 1, self.start)
        days = np.where(since > 0, np.maximum(self.today - first + 1, 0), 0)
        counts = chance.poisson(RATES[tier] * days / 30.4) + (since > 0)
        rows = np.repeat(np.arange(end - begin), counts)
        opening = np.zeros(len(rows), dtype=bool)
        opening[(np.cumsum(counts) - counts)[counts > 0]] = True
        drawn = first[rows] + (chance.random(len(rows)) * days[rows]).astype(np.int64)
        day = np.where(opening, since[rows], drawn)
        customers = rows + begin
        held = self.holder_on(customers, day)
        quarter = np.clip(np.searchsorted(quarters, day, side="right") - 1, 0, len(quarters) - 1)
        drive = np.where(held >= 0, drives[quarter, np.maximum(held, 0)], 0.8)
        # 0.6 is the spread, so the mean is the middle × e^0.18.
        yuan = AMOUNTS[tier[rows]] * drive * chance.lognormal(0, 0.6, len(rows))
        return Sales(
            customer=customers, holder=held, day=day, product=chance.integers(0, 60, len(rows)),
            fen=np.maximum((yuan * 100).astype(np.int64), 100),
        )  # fmt: skip

    def holder_on(self, customers: Ints, day: Ints) -> Ints:
        """Who was responsible for customers on days; -1 for nobody, also before somebody was hired."""
        former, owner = self.customers.former[customers], self.customers.owner[customers]
        held = np.where((former >= 0) & (day < self.customers.changed[customers]), former, owner)
        return np.where(day >= self.hired[held], held, -1)

    def expected(self) -> Floats:
        """What each holder's portfolio brings in a quarter at drive 1, in yuan: what targets are set from."""
        owned = self.customers.owner >= 0
        middle = RATES * 3 * AMOUNTS * np.exp(0.18)
        worth = middle[self.customers.tier] * (self.customers.since > 0)
        return np.bincount(
            self.customers.owner[owned], weights=worth[owned], minlength=len(self.holders)
        ).astype(np.float64)

    def day(self, ordinal: int) -> date:
        return date.min + timedelta(days=int(ordinal) - 1)
