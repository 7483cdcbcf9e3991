"""Tiers by rule over many customers: read, decided, written as lines, applied, and the list that shows them.

    python -m tests.benchmarks.bench_tiers [customers]

Prints one JSON line per figure: {"name", "n", "median_s", "ratio", "against"}; the ratio is to adding up the same customers'
transactions in one statement. The rule is the example as it is shipped; a quarter of the customers has none of what it asks.
Starts servers of its own unless DATABASE_URL names one.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_import import database

RULE = Path(__file__).resolve().parents[2] / "examples" / "tier_rules" / "default.yaml"
CUSTOMERS = """
INSERT INTO customers_registry_customer (customer_no, name, name_pinyin, kind, nature, category, tier_id, group_no, industry_code,
    region_code, scale, credit_code, needs, source, unit_id, since, updated_at)
SELECT 'B' || lpad(n::text, 8, '0'), '公司' || n, 'gong si', 'sme', '', (ARRAY['', 'key', 'general'])[1 + n %% 3],
    CASE WHEN n %% 5 = 0 THEN NULL ELSE (SELECT id FROM customers_registry_customertier WHERE "order" = 1 + n %% 3) END, '', '',
    '', '', '', '', '', (SELECT id FROM org_orgunit WHERE code = 'CD'), '2024-01-01', now() FROM generate_series(1, %s) n"""
CONTRACTS = """
INSERT INTO customers_engagement_contract (contract_no, customer_id, amount, signed_on, updated_at)
SELECT 'H' || id, id, (id * 7919) % 30000000, '2025-06-01', now() FROM customers_registry_customer WHERE id % 2 = 0"""
QUARTERS = """
INSERT INTO customers_engagement_customerquarter (customer_id, quarter, amount_fen, transactions)
SELECT c.id, q, (c.id * 104729) % 500000000, 1 + (c.id % 9) FROM customers_registry_customer c,
    (VALUES ('2025-01-01'::date), ('2025-04-01'), ('2025-07-01'), ('2025-10-01')) AS quarters(q) WHERE c.id % 4 > 0"""
OPPORTUNITIES = """
INSERT INTO customers_engagement_opportunity (opportunity_no, customer_id, stage, amount, opened_on, updated_at)
SELECT 'S' || id, id, (ARRAY['prospecting', 'engaging', 'proposal', 'won'])[1 + id % 4], (id * 31) % 4000000, '2026-01-01', now()
FROM customers_registry_customer WHERE id % 3 = 0"""
TOTALS = "SELECT count(*), sum(total) FROM (SELECT sum(amount_fen) AS total FROM customers_engagement_customerquarter GROUP BY customer_id) t"


def report(name: str, n: int, seconds: float, other: float | None = None, **more: Any) -> None:
    ratio = round(seconds / other, 2) if other else None
    line = {
        "name": name,
        "n": n,
        "median_s": round(seconds, 3),
        "ratio": ratio,
        "against": "totals" if other else None,
    }
    print(json.dumps(line | more), flush=True)


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    before = time.perf_counter()
    found = work()
    return found, time.perf_counter() - before


def measure(count: int) -> None:
    """From the rows to the tiers of customers, then the list of a flow."""
    from django.db import connection, transaction
    from django.test import Client

    from customers.registry.models import CustomerTier
    from customers.tiers.engine.deciding import decide
    from customers.tiers.models import TierChange, TierRun
    from customers.tiers.reading import read
    from customers.tiers.selectors import document_of
    from customers.tiers.services.rules import rule_adopt, rule_import
    from customers.tiers.services.runs import run_apply, run_start
    from tests.cast import STAGE, TODAY, stage
    from tests.tiers.world import NOW, run_jobs

    cast = stage()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, [count])
        for statement in (CONTRACTS, QUARTERS, OPPORTUNITIES):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE cmsys_owner")
        cursor.execute("ANALYZE")
        cursor.execute("SET ROLE cmsys_app")
        _none, totals = timed(lambda: cursor.execute(TOTALS))
    report("tiers.totals", count, totals)
    rule = rule_import(actor=STAGE, text=RULE.read_text(encoding="utf-8")).rule
    rule_adopt(actor=STAGE, rule_id=rule.pk, reason="基准", now=NOW)
    document, codes = document_of(rule), dict(CustomerTier.objects.values_list("pk", "code"))
    people, seconds = timed(lambda: read(document, codes, TODAY, None))
    report("tiers.read", len(people), seconds, totals)
    _found, seconds = timed(lambda: decide(document, people))
    report("tiers.decide", len(people), seconds, totals)

    def proposed() -> TierRun:
        run = run_start(actor=STAGE, rule_id=rule.pk, trial=False, today=TODAY, now=NOW)
        run_jobs()
        return TierRun.objects.get(pk=run.pk)

    with transaction.atomic():
        run, seconds = timed(proposed)
    lines = TierChange.objects.filter(run=run).count()
    report("tiers.propose", run.customers, seconds, totals, lines=lines)
    browser = Client()
    browser.force_login(cast.user("cmd"), backend="django.contrib.auth.backends.ModelBackend")
    for name, address in (
        ("tiers.page", f"/tier-runs/{run.number}/"), ("tiers.list", f"/tier-changes/?run={run.number}&before=A&after=C"),
    ):  # fmt: skip
        browser.get(address)
        answer, seconds = timed(lambda address=address: browser.get(address))  # type: ignore[misc]
        assert answer.status_code == 200
        report(name, run.customers, seconds)

    def applied() -> None:
        run_apply(actor=STAGE, run_id=run.pk, reason="基准", now=NOW)
        run_jobs()

    with transaction.atomic():
        _none, seconds = timed(applied)
    run.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    report("tiers.apply", run.done_count, seconds, skipped=run.skipped_count, peak_mb=peak)


def main(arguments: list[str]) -> None:
    with database():
        measure(int(arguments[0]) if arguments else 50_000)


if __name__ == "__main__":
    main(sys.argv[1:])
