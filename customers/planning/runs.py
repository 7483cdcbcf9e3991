"""What the jobs of a plan are asked, remember and answer."""

from __future__ import annotations

from dataclasses import dataclass

from cmsys.jobs.documents import Document

READ, BUNDLE, MERGE = "allocation.rebalance", "allocation.bundle", "allocation.merge"
AGAIN, CURVE, PRICE = "allocation.again", "allocation.curve", "allocation.price"


@dataclass(frozen=True)
class PlanArgs(Document):
    """Which plan; `bundle` for one part of it (or one rule), `revision` for one computation of it."""

    plan: int
    bundle: int = 0
    revision: int = 0


@dataclass(frozen=True)
class PlanDone(Document):
    """What a step did."""

    plan: int = 0
    customers: int = 0
    bundles: int = 0
    moves: int = 0
