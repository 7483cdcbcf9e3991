"""Targets and ratings of the demonstration bank, quarter by quarter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np

from appraisal.figures.models import Target
from appraisal.ratings.models import Rating
from cmsys.demo.loading import load
from cmsys.demo.portfolio import Portfolio

ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")
# How many of each group rate a person; beyond FEW people only the superior does.
RATERS = (("superior", 1, 0.0), ("peer", 3, 1.5), ("customer", 3, 2.5))
FEW = 2000
TARGET_COLUMNS = ("period", "manager_id", "unit_id", "indicator_code", "value", "updated_at")
RATING_COLUMNS = (
    "period", "manager_id", "rater", "rater_group", "indicator_code", "score", "comment", "updated_at",
)  # fmt: skip
COMMENTS = (
    "客户沟通主动，方案讲解清楚",
    "团队配合好，愿意分享",
    "市场信息掌握及时",
    "业务知识还需加强",
    "处理突发情况沉着",
)


def period_of(quarter: date) -> str:
    """`2025Q4` for its first day."""
    return f"{quarter.year}Q{(quarter.month + 2) // 3}"


class Seasons:
    """`quarters` are numbers in `portfolio.quarters`; the last of them may still be running."""

    def __init__(self, portfolio: Portfolio, quarters: list[int], *, now: datetime, today: date) -> None:
        self.portfolio, self.quarters, self.today = portfolio, quarters, today
        self.stamp = now.isoformat()

    def fill(self) -> dict[str, int]:
        """Targets for all these quarters, ratings for those that are over; returns the counts."""
        return {
            "targets": load(Target, TARGET_COLUMNS, self._targets()),
            "ratings": load(Rating, RATING_COLUMNS, self._ratings()),
        }

    def _targets(self) -> Iterator[str]:
        holders = self.portfolio.holders
        expected = self.portfolio.expected()
        owned = self.portfolio.customers.owner
        sizes = np.bincount(owned[owned >= 0], minlength=len(holders))
        for number in self.quarters:
            period = period_of(self.portfolio.quarters[number])
            chance = np.random.default_rng([self.portfolio.seed, 8, number])
            stretch = 1.10 * chance.uniform(0.9, 1.1, len(holders))
            for place, holder in enumerate(holders):
                sales = max(round(expected[place] * stretch[place] / 10_000), 1) * 10_000
                newly = max(round(sizes[place] * 0.028), 1)
                for code, value in (("SALES", sales), ("NEW_CUSTOMERS", newly), ("SATISFACTION", "4.2")):
                    yield f"{period}\t{holder.id}\t\\N\t{code}\t{value}\t{self.stamp}"

    def _ratings(self) -> Iterator[str]:
        holders = self.portfolio.holders
        raters = RATERS if len(holders) <= FEW else RATERS[:1]
        for number in self.quarters:
            quarter = self.portfolio.quarters[number]
            if quarter == self.portfolio.quarters[-1]:
                continue
            ability = self.portfolio.trait(self.portfolio.ability, number, 1.6, 9)
            chance = np.random.default_rng([self.portfolio.seed, 10, number])
            for group, count, lenient in raters:
                for rater in range(count):
                    noise = chance.normal(lenient, 4.0, (len(holders), len(ABILITIES)))
                    scores = np.clip(np.rint((ability[:, None] + noise) * 2) / 2, 0, 100).tolist()
                    yield from self._of_rater(period_of(quarter), group, rater, scores)

    def _of_rater(self, period: str, group: str, rater: int, scores: list[list[float]]) -> Iterator[str]:
        holders = self.portfolio.holders
        for place, holder in enumerate(holders):
            name = {"superior": "主管", "peer": f"同事{rater + 1}", "customer": f"客户{rater + 1}"}[group]
            for number, code in enumerate(ABILITIES):
                said = COMMENTS[(place + rater) % 5] if number == 0 and (place + rater) % 3 == 0 else ""
                score = scores[place][number]
                yield f"{period}\t{holder.id}\t{name}\t{group}\t{code}\t{score}\t{said}\t{self.stamp}"
