"""A cycle of DEMO for the cast: everybody takes part; COMM and TEAM are rated by superiors, peers and themselves."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.services.ratings import Mark
from tests.cast import STAGE, Cast
from tests.figures.schemes import demo_document, store_demo

TODAY = date(2026, 1, 10)
GROUPS = "{superior: 50, peer: 50}"
WITH_SELF = "{superior: 50, peer: 40, self: 10}"


def open_demo(period: str = "2025Q4", *, document: str | None = None) -> Cycle:
    """An open cycle of the quarter; its scheme also asks people to rate themselves."""
    store_demo(document or demo_document().replace(GROUPS, WITH_SELF))
    return cycle_open(actor=STAGE, scheme_code="DEMO", period=period, today=TODAY)


def marks(comm: Any = 88, team: Any = 91, **more: Any) -> dict[str, Mark]:
    """A full sheet."""
    given = {"COMM": comm, "TEAM": team} | more
    return {code: Mark(Decimal(str(score))) for code, score in given.items() if score is not None}


def rate(
    cast: Cast, who: str, group: RaterGroup, *scores: Any, code: str = "COMM", period: str = "2025Q4"
) -> list[Rating]:
    """Ratings as an import would leave them: one for each score, each by another rater of the group."""
    return [
        Rating.objects.create(
            period=period, manager=cast.managers[who], rater=f"{group}-{place}", rater_group=group, indicator_code=code,
            score=Decimal(str(score)), comment=f"看法{place}",
        )
        for place, score in enumerate(scores)
    ]  # fmt: skip
