"""A rule worked by hand, the small bank's customers with dealings, and how the jobs of a run are run in a test.

2026-03-02 lies in the first quarter; the four whole quarters before it begin on 2025-01-01.

                 contracts in force   revenue, 4 quarters   transactions   potential     score
C-HD  A 企业     6 000 000 元 → 80    500 000 元 → 60       12 → 60        0             40·80+30·60+20·60       = 62.00
C-CX  B 中小     900 000 → 0          2 000 000 → 100       30 → 100       500 000×60%   30·100+20·100+10·50     = 55.00
C-PD  A 大型     0                    0                     0              0             0
C-NO  – 企业     20 000 000 → 100     0                     0              0             40.00
C-LI, C-OY 个人  not spoken of
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from django.db import transaction

from cmsys.jobs.documents import dump, load
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.models import OPEN, Job, JobState
from cmsys.jobs.work import actor_of
from customers.engagement.models import Contract, CustomerQuarter, Opportunity
from customers.registry.models import Customer
from customers.tiers.models import TierChange, TierRule, TierRun
from customers.tiers.services.rules import rule_adopt, rule_import
from customers.tiers.services.runs import run_start
from tests.cast import STAGE, TODAY

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
RULE: dict[str, Any] = {
    "code": "KHFJ", "version": 1, "name": "对公客户分级", "kinds": ["enterprise", "government", "public", "large", "sme"],
    "measures": {
        "contracts": {"weight": 40, "bands": [
            {"from": 1_000_000, "points": 50}, {"from": 5_000_000, "points": 80}, {"from": 20_000_000, "points": 100},
        ]},
        "revenue": {"weight": 30, "quarters": 4, "bands": [{"from": 500_000, "points": 60}, {"from": 2_000_000, "points": 100}]},
        "frequency": {"weight": 20, "quarters": 4, "bands": [{"from": 12, "points": 60}, {"from": 24, "points": 100}]},
        "potential": {"weight": 10, "stages": {"engaging": 30, "proposal": 60}, "bands": [{"from": 300_000, "points": 50}]},
    },
    "tiers": [{"code": "A", "score": 60}, {"code": "B", "score": 40}, {"code": "C"}],
}  # fmt: skip


def text(**changes: Any) -> str:
    """The rule with keys put in place of others; None takes one away."""
    given = {key: value for key, value in (RULE | changes).items() if value is not None}
    return yaml.safe_dump(given, allow_unicode=True, sort_keys=False)


def rule(adopted: bool = True, **changes: Any) -> TierRule:
    made = rule_import(actor=STAGE, text=text(**changes)).rule
    return rule_adopt(actor=STAGE, rule_id=made.pk, reason="测试", now=NOW) if adopted else made


def dealings() -> None:
    """What the table above says."""
    by = {customer.customer_no: customer for customer in Customer.objects.all()}
    for number, amount, starts, ends in (
        ("C-HD", 6_000_000, date(2025, 1, 1), date(2027, 1, 1)),
        ("C-HD", 9_000_000, date(2024, 1, 1), date(2026, 3, 2)),  # ended today
        ("C-CX", 900_000, date(2025, 6, 1), None),
        ("C-NO", 20_000_000, date(2026, 3, 2), None),
        ("C-PD", 8_000_000, date(2026, 3, 3), None),  # begins tomorrow
    ):
        Contract.objects.create(
            contract_no=f"{number}-{starts}", customer=by[number], amount=Decimal(amount), signed_on=date(2024, 1, 1),
            starts_on=starts, ends_on=ends,
        )  # fmt: skip
    for number, quarter, yuan, count in (
        ("C-HD", date(2025, 1, 1), 300_000, 5),
        ("C-HD", date(2025, 10, 1), 200_000, 7),
        ("C-HD", date(2024, 10, 1), 9_000_000, 99),  # a quarter too early
        ("C-CX", date(2025, 7, 1), 2_000_000, 30),
        ("C-PD", date(2026, 1, 1), 9_000_000, 99),  # the quarter under way
    ):
        CustomerQuarter.objects.create(
            customer=by[number], quarter=quarter, amount_fen=yuan * 100, transactions=count
        )
    for number, stage, closed in (
        ("C-CX", "proposal", None),
        ("C-PD", "won", None),
        ("C-PD", "proposal", TODAY),
    ):
        Opportunity.objects.create(
            opportunity_no=f"{number}-{stage}", customer=by[number], stage=stage, amount=Decimal(500_000),
            opened_on=date(2026, 1, 1), closed_on=closed,
        )  # fmt: skip


def run_jobs(only: str = "customers.tiers", stop_after: int | None = None) -> int:
    """Every open job of tiers to its end, chunk by chunk, or until so many chunks are done; how many were."""
    done = 0
    while job := Job.objects.filter(kind__startswith=only, state__in=OPEN).order_by("pk").first():
        kind = kind_of(job.kind)
        cursor = load(kind.cursor, job.cursor) if job.cursor else None
        with transaction.atomic():
            chunk = kind.step(Run(job.pk, job.key, actor_of(job), load(kind.args, job.args), cursor, NOW))
        done += 1
        if chunk.cursor is not None:
            Job.objects.filter(pk=job.pk).update(cursor=dump(chunk.cursor))
        else:
            Job.objects.filter(pk=job.pk).update(
                state=JobState.DONE, finished_at=NOW, result=dump(chunk.result)
            )
        if stop_after is not None and done >= stop_after:
            break
    return done


def ran(
    of: TierRule, *, trial: bool = False, today: date = TODAY, against: TierRule | None = None
) -> TierRun:
    """A run from the request to its lines."""
    run = run_start(
        actor=STAGE,
        rule_id=of.pk,
        trial=trial,
        today=today,
        now=NOW,
        against_id=against.pk if against else None,
    )
    run_jobs()
    run.refresh_from_db()
    return run


def lines(run: TierRun) -> list[tuple[Any, ...]]:
    """(customer, before, after, outcome, settled, score)."""
    rows = TierChange.objects.filter(run=run).order_by("customer__customer_no")
    return list(
        rows.values_list(
            "customer__customer_no", "before__code", "after__code", "outcome", "settled", "score"
        )
    )


def tiers() -> dict[str, str | None]:
    return dict(Customer.objects.values_list("customer_no", "tier__code"))


__all__ = ["NOW", "TODAY", "dealings", "lines", "ran", "rule", "run_jobs", "text", "tiers"]
