"""Regrading a whole bank beside a Django-style loop and beside reading and writing the same rows, in one run.

    python -m tests.benchmarks.bench_regrade [managers [customers [months]]]

Prints one JSON line per figure: {"name", "n", "median_s", "ratio", "against"}; `ratio` is median / median of `against`.
`regrade.work` is everything from the first figure to the publication, without what the job machinery adds; the
explanations follow it (`regrade.reasons`). The loop is measured on a sample and scaled up. The last figure is the same
regrading with a tenth of the transactions. Starts a server of its own unless DATABASE_URL names one.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from tests.benchmarks.bench_import import database

NOW = datetime(2026, 2, 10, 2, 0, tzinfo=UTC)
TODAY, PERIOD = date(2026, 2, 10), "2025Q4"
SAMPLE, TIMES = 60, 3
SCHEME = Path(__file__).resolve().parents[2] / "examples" / "schemes" / "ct.yaml"


def report(name: str, n: int, seconds: float, against: str | None = None, other: float | None = None, **more: Any) -> None:  # fmt: skip
    ratio = None if other is None else round(seconds / other, 3)
    line = {"name": name, "n": n, "median_s": round(seconds, 4), "ratio": ratio, "against": against, **more}
    print(json.dumps(line), flush=True)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.perf_counter()
    found = work()
    return time.perf_counter() - before, found


# --- the regrading ----------------------------------------------------------------------------------------------------
class Regrading:
    """A cycle and its regrading, chunk by chunk as a worker does it, each chunk in a transaction of its own."""

    def __init__(self) -> None:
        from appraisal.cycles.services.cycles import cycle_open
        from appraisal.schemes.services.schemes import scheme_import
        from cmsys.access.actors import SystemActor

        self.actor = SystemActor("system:bench")
        scheme_import(actor=self.actor, text=SCHEME.read_text())
        self.cycle = cycle_open(actor=self.actor, scheme_code="CT", period=PERIOD, today=TODAY)
        self.n = self.cycle.members.filter(included=True).count()

    def clear(self) -> None:
        """As if the cycle had never been graded."""
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SET ROLE cmsys_owner")
            cursor.execute("TRUNCATE appraisal_scoring_sheetline, appraisal_scoring_scoresheet CASCADE")
            cursor.execute("RESET ROLE")
            cursor.execute("SET ROLE cmsys_app")

    def run(self) -> dict[str, float]:
        """Seconds by phase."""
        from django.db import transaction
        from django.utils import timezone

        from appraisal.scoring.regrade import regrade_step
        from appraisal.scoring.services.regrading import regrade
        from cmsys.jobs.kinds import Run
        from cmsys.jobs.models import Job

        job = regrade(actor=self.actor, cycle_id=self.cycle.pk)
        from appraisal.scoring.runs import RegradeArgs

        args, cursor = RegradeArgs(self.cycle.pk), None
        found: dict[str, float] = {}
        while True:
            phase = cursor.phase if cursor else "figures"
            before = time.perf_counter()
            with transaction.atomic():
                chunk = regrade_step(Run(job.pk, job.key, self.actor, args, cursor, timezone.now()))
            found[phase] = found.get(phase, 0) + time.perf_counter() - before
            cursor = chunk.cursor
            if cursor is None:
                Job.objects.filter(pk=job.pk).delete()
                return found


def work_of(phases: dict[str, float]) -> float:
    return sum(phases.get(phase, 0) for phase in ("figures", "results", "publish"))


# --- the floor --------------------------------------------------------------------------------------------------------
class Floor:
    """Reading what the engine reads, and writing the same rows the same way, with nothing in between."""

    def __init__(self, regrading: Regrading) -> None:
        from django.db import connection

        self.regrading, self.texts = regrading, {}
        with connection.cursor() as cursor:
            for table, columns in self._tables().items():
                from io import StringIO

                out = StringIO()
                cursor.copy_expert(f"COPY (SELECT {columns}) TO STDOUT", out)
                self.texts[table] = out.getvalue()

    @staticmethod
    def _tables() -> dict[str, str]:
        return {
            "stagedsheet": "0, manager_id, unit_id, grade_code, ability, performance, total, quadrant, level, proposal,"
            " proposed_grade, digest FROM appraisal_scoring_scoresheet",
            "stagedline": "0, s.manager_id, l.position, l.dimension, l.code, l.name, l.kind, l.source, l.raw, l.target,"
            " l.score, l.weight, l.stated_weight, l.contribution, l.note FROM appraisal_scoring_sheetline l"
            " JOIN appraisal_scoring_scoresheet s ON s.id = l.sheet_id",
        }

    def read(self) -> int:
        """The sums of the quarter, targets, ratings, the people and their grades: as rows in Python."""
        from django.db import connection

        queries = (
            "SELECT manager_id, sum(amount_fen) FROM customers_engagement_managermonth"
            " WHERE month >= '2025-10-01' AND month < '2026-01-01' GROUP BY 1",
            "SELECT developed_by_id, count(*) FROM customers_registry_customer"
            " WHERE since >= '2025-10-01' AND since < '2026-01-01' GROUP BY 1",
            "SELECT manager_id, avg(rating) FROM customers_service_ticket WHERE opened_at >= '2025-09-30 16:00+00'"
            " AND opened_at < '2025-12-31 16:00+00' GROUP BY 1",
            "SELECT a.manager_id, sum(q.amount_fen), sum(p.amount_fen) FROM customers_engagement_customerquarter q"
            " JOIN customers_registry_assignment a ON a.customer_id = q.customer_id AND a.role = 'primary'"
            " AND a.starts_on <= '2025-12-31' AND (a.ends_on IS NULL OR a.ends_on > '2025-12-31')"
            " LEFT JOIN customers_engagement_customerquarter p ON p.customer_id = q.customer_id AND p.quarter = '2025-07-01'"
            " WHERE q.quarter = '2025-10-01' GROUP BY 1",
            "SELECT indicator_code, manager_id, value FROM appraisal_figures_target WHERE period = '2025Q4'",
            "SELECT manager_id, indicator_code, rater_group, sum(score), count(*) FROM appraisal_ratings_rating"
            " WHERE period = '2025Q4' GROUP BY 1, 2, 3",
            "SELECT m.manager_id, p.employee_no, m.unit_id, m.grade_code FROM appraisal_cycles_cyclemember m"
            " JOIN managers_profiles_relationshipmanager p ON p.id = m.manager_id WHERE m.included",
        )
        rows = 0
        with connection.cursor() as cursor:
            for query in queries:
                cursor.execute(query)
                rows += len(cursor.fetchall())
        return rows

    def write(self) -> None:
        from django.db import transaction

        from appraisal.scoring.services.publishing import _replace
        from appraisal.scoring.staging import LINE_COLUMNS, SHEET_COLUMNS, copy_rows, forget

        with transaction.atomic():
            copy_rows("stagedsheet", SHEET_COLUMNS, [self.texts["stagedsheet"]])
            copy_rows("stagedline", LINE_COLUMNS, [self.texts["stagedline"]])
        with transaction.atomic():
            _replace(self.regrading.cycle.pk, 0, NOW)
        before = time.perf_counter()
        forget(0)
        self.aside = time.perf_counter() - before


# --- the loop ---------------------------------------------------------------------------------------------------------
CENTS = Decimal("0.01")


def _ratio(actual: Decimal, target: Decimal | None, cap: int) -> Decimal:
    if not target:
        return Decimal(0)
    return min(100 * actual / target, Decimal(cap)).quantize(CENTS, ROUND_HALF_UP)


def loop(regrading: Regrading, count: int) -> int:
    """One person after the other with the ORM, from the records themselves; rows saved one by one, then rolled back."""
    from django.db import transaction
    from django.db.models import Avg, Sum

    from appraisal.figures.models import Target
    from appraisal.ratings.models import Rating
    from appraisal.scoring.models import ScoreSheet, SheetLine
    from customers.engagement.models import Transaction
    from customers.registry.models import Customer
    from customers.service.models import Ticket

    first, last, before = date(2025, 10, 1), date(2026, 1, 1), date(2025, 7, 1)
    members = regrading.cycle.members.filter(included=True).select_related("manager").order_by("?")[:count]
    saved = 0
    with transaction.atomic():
        for member in members:
            manager = member.manager
            mine = Transaction.objects.filter(manager=manager)
            now = mine.filter(occurred_on__gte=first, occurred_on__lt=last).aggregate(x=Sum("amount"))[
                "x"
            ] or Decimal(0)
            then = mine.filter(occurred_on__gte=before, occurred_on__lt=first).aggregate(x=Sum("amount"))["x"]
            newly = Customer.objects.filter(developed_by=manager, since__gte=first, since__lt=last).count()
            liked = Ticket.objects.filter(manager=manager, opened_at__date__gte=first, opened_at__date__lt=last).aggregate(x=Avg("rating"))["x"]  # fmt: skip
            goals = {t.indicator_code: t.value for t in Target.objects.filter(manager=manager, period=PERIOD)}
            growth = 100 * (now - then) / then if then else Decimal(0)
            parts = {
                "SALES": (now, 30, _ratio(now, goals.get("SALES"), 120)),
                "NEW_CUSTOMERS": (
                    Decimal(newly),
                    20,
                    _ratio(Decimal(newly), goals.get("NEW_CUSTOMERS"), 120),
                ),
                "SATISFACTION": (liked, 20, _ratio(Decimal(liked or 0), goals.get("SATISFACTION"), 110)),
                "GROWTH": (growth, 15, min(max(60 + 4 * growth, Decimal(0)), Decimal(120)).quantize(CENTS)),
            }
            for code, weight in (("COMMUNICATION", 25), ("RELATIONSHIP", 20), ("MARKET", 20), ("KNOWLEDGE", 15), ("ADAPTABILITY", 10), ("TEAMWORK", 10)):  # fmt: skip
                scores = [
                    r.score
                    for r in Rating.objects.filter(manager=manager, period=PERIOD, indicator_code=code)
                ]
                mean = (sum(scores, Decimal(0)) / len(scores)).quantize(CENTS) if scores else Decimal(0)
                parts[code] = (mean, weight, mean)
            sheet = ScoreSheet(
                cycle=regrading.cycle, manager=manager, unit_id=member.unit_id, proposal="hold"
            )
            sheet.performance = sum((s * w / 85 for c, (_x, w, s) in parts.items() if c in ("SALES", "NEW_CUSTOMERS", "SATISFACTION", "GROWTH")), Decimal(0)).quantize(CENTS)  # fmt: skip
            sheet.ability = sum((s * w / 100 for c, (_x, w, s) in parts.items() if len(c) > 6 and c not in ("NEW_CUSTOMERS", "SATISFACTION")), Decimal(0)).quantize(CENTS)  # fmt: skip
            sheet.save()
            for position, (code, (raw, weight, score)) in enumerate(parts.items(), start=1):
                SheetLine(
                    sheet=sheet, position=position, dimension="performance", code=code, name=code, kind="indicator",
                    raw=None if raw is None else Decimal(raw).quantize(CENTS), score=score, weight=weight,
                    contribution=score * weight / 100,
                ).save()  # fmt: skip
            saved += 1
        transaction.set_rollback(True)
    return saved


# --- the run ----------------------------------------------------------------------------------------------------------
def fill(managers: int, customers: int, months: int) -> int:
    from django.db import transaction

    from cmsys.demo.filling import fill as fill_bank

    with transaction.atomic():
        filled = fill_bank(
            managers=managers, customers=customers, months=months, seed=1, today=TODAY, now=NOW
        )
    _analyze()
    return int(filled.transactions)


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE cmsys_owner")
        cursor.execute("ANALYZE")
        cursor.execute("SET ROLE cmsys_app")


def keep_a_tenth() -> int:
    """Nine of ten transactions go, with the sums left as they are: the same figures from a tenth of the rows."""
    from django.db import connection, transaction

    table = "customers_engagement_transaction"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE cmsys_owner")
        cursor.execute(
            f"CREATE TEMPORARY TABLE tenth ON COMMIT DROP AS SELECT * FROM {table} WHERE id %% 10 = 0", ()
        )
        cursor.execute(f"TRUNCATE {table}")
        cursor.execute(f"INSERT INTO {table} SELECT * FROM tenth")
        kept = int(cursor.rowcount)
    _analyze()
    return kept


def measure(regrading: Regrading, times: int) -> tuple[float, dict[str, float]]:
    """Median work from an empty cycle, and the phases of that run."""
    found = []
    for _number in range(times):
        regrading.clear()
        phases = regrading.run()
        found.append((work_of(phases), phases))
    return sorted(found, key=lambda item: item[0])[len(found) // 2]


def main(managers: int = 20_000, customers: int = 1_000_000, months: int = 15) -> None:
    with database():
        seconds, transactions = timed(lambda: fill(managers, customers, months))
        report("regrade.filling", transactions, seconds, customers=customers)
        regrading = Regrading()
        n = regrading.n
        regrading.run()
        floor = Floor(regrading)
        reads = statistics.median(timed(floor.read)[0] for _number in range(TIMES))
        writes = []
        for _number in range(TIMES):
            regrading.clear()
            writes.append(timed(floor.write)[0] - floor.aside)
        least = reads + statistics.median(writes)
        work, phases = measure(regrading, TIMES)
        again = regrading.run()
        sample = min(SAMPLE, n)
        regrading.clear()
        seconds, done = timed(lambda: loop(regrading, sample))
        scaled = seconds / done * n
        report("regrade.floor", n, least, read_s=round(reads, 4), write_s=round(statistics.median(writes), 4))
        report("regrade.django_loop", n, scaled, "regrade.floor", least, sample=done)
        shown = {phase: round(value, 3) for phase, value in phases.items()}
        report("regrade.work", n, work, "regrade.floor", least, transactions=transactions, phases=shown)
        report("regrade.work", n, work, "regrade.django_loop", scaled)
        report("regrade.reasons", n, phases["reasons"])
        report("regrade.again", n, work_of(again), "regrade.work", work)
        kept = keep_a_tenth()
        fewer, _phases = measure(regrading, TIMES)
        report("regrade.work", n, work, f"regrade.work with {kept} transactions", fewer)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
