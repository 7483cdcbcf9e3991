"""Transactions by the COPY path, beside a plain COPY, the bare INSERT and a loop of single rows, in one run.

    python -m tests.benchmarks.bench_import [rows]

Prints one JSON line per figure: {"name", "n", "median_s", "ratio", "against"}; `ratio` is the time per row over that of
`against`. `peak_mb` is what the process grew by. Starts a server of its own unless DATABASE_URL names one.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

# Ten dealings a customer in the year, as in performance.md 2; each began years ago.
CUSTOMERS, MANAGERS = 20_000, 1_000
NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
COLUMNS = "transaction_no,customer_no,employee_no,occurred_on,product,amount,quantity"
PRODUCTS = ("流动资金贷款", "结构性存款", "基金定投", "对公结算", "信用卡", "保险代销", "贵金属", "国际结算")


@contextmanager
def database() -> Iterator[None]:
    """A migrated database, worked with as the app."""
    from tests.embedded import start_cluster

    folder, cluster = Path(tempfile.mkdtemp(prefix="cmsys-bench-", dir="/tmp")), None
    try:
        if not os.environ.get("DATABASE_URL"):
            cluster = start_cluster(folder)
            os.environ["DATABASE_URL"] = cluster.url()
        os.environ["DJANGO_SETTINGS_MODULE"] = "cmsys.settings.test"
        import django

        django.setup()
        from django.core.management import call_command

        from cmsys.local.roles import APP
        from tests.conftest import work_as

        call_command("migrate", verbosity=0)
        work_as(APP, django.db.connection)
        yield
        django.db.connection.close()
    finally:
        if cluster is not None:
            cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def furnish() -> None:
    """Customers, managers, and who looks after whom."""
    from cmsys.org.models import OrgUnit
    from customers.registry.models import Assignment, Customer
    from managers.profiles.models import RelationshipManager

    unit = OrgUnit.objects.create(
        code="B", name="基准行", kind="branch", opened_on=date(2000, 1, 1), path="/1/"
    )
    managers = RelationshipManager.objects.bulk_create(
        RelationshipManager(employee_no=f"M{k:05d}", name=f"经理{k}", unit=unit) for k in range(MANAGERS)
    )
    customers = Customer.objects.bulk_create(
        (
            Customer(customer_no=f"C{k:07d}", name=f"客户{k}", unit=unit, since=date(2020, 1, 1))
            for k in range(CUSTOMERS)
        ),
        batch_size=5000,
    )
    Assignment.objects.bulk_create(
        (
            Assignment(
                customer=customer, manager=managers[k % MANAGERS], role="primary", starts_on=date(2020, 1, 1)
            )
            for k, customer in enumerate(customers)
        ),
        batch_size=5000,
    )


def write_file(path: Path, rows: int, run: int) -> None:
    """A year of dealings; one in ten names its manager, the others leave that to the assignments."""
    dice = random.Random(run)
    with path.open("w", encoding="utf-8") as file:
        file.write(COLUMNS + "\n")
        for k in range(rows):
            stated = f"M{dice.randrange(MANAGERS):05d}" if k % 10 == 0 else ""
            day = date(2025, 1, 1) + timedelta(days=dice.randrange(365))
            file.write(
                f"T{run}-{k:09d},C{dice.randrange(CUSTOMERS):07d},{stated},{day},{dice.choice(PRODUCTS)},"
                f"{dice.randrange(10**8) / 100:.2f},{dice.randrange(1, 9)}\n"
            )


def import_file(path: Path) -> Any:
    """As the command does it: one batch, one transaction."""
    from cmsys.access.actors import SystemActor
    from cmsys.transfers.engine.source import Source
    from cmsys.transfers.kinds import kind_of
    from cmsys.transfers.services.batches import file_import

    kind = kind_of("transactions")
    assert kind is not None
    return file_import(
        actor=SystemActor("system:bench"), kind=kind, source=Source.of_path(path), now=NOW, today=TODAY
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    before = time.perf_counter()
    result = work()
    return time.perf_counter() - before, result


def plain_copy(path: Path) -> None:
    """The floor: the same file into a bare table, nothing looked at."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor, path.open(encoding="utf-8") as file:
        cursor.execute(
            "CREATE TEMPORARY TABLE bare (a text, b text, c text, d date, e text, f numeric, g numeric) ON COMMIT DROP"
        )
        cursor.copy_expert("COPY bare FROM STDIN WITH (FORMAT csv, HEADER)", file, 256 * 1024)


def bare_insert(count: int) -> float:
    """What the table with its indexes costs by itself: rows of it inserted once more under new keys, taken back."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE ready ON COMMIT DROP AS SELECT nextval(pg_get_serial_sequence("
            "'customers_engagement_transaction', 'id')) AS id, 'X' || transaction_no AS transaction_no, customer_id,"
            " manager_id, occurred_on, product, amount, quantity, updated_at FROM customers_engagement_transaction LIMIT %s",
            [count],
        )
        before = time.perf_counter()
        cursor.execute(
            "INSERT INTO customers_engagement_transaction (id, transaction_no, customer_id, manager_id, occurred_on,"
            " product, amount, quantity, updated_at) SELECT * FROM ready"
        )
        spent = time.perf_counter() - before
        transaction.set_rollback(True)
    return spent


def row_by_row(path: Path, count: int) -> None:
    """The usual loop: look the customer up, find the owner, save, add to the sums."""
    import csv

    from django.db import transaction
    from django.db.models import F, Q

    from customers.engagement.models import CustomerQuarter, ManagerMonth, Transaction
    from customers.registry.models import Assignment, Customer
    from managers.profiles.models import RelationshipManager

    with transaction.atomic(), path.open(encoding="utf-8") as file:
        for _number, line in zip(range(count), csv.DictReader(file), strict=False):
            customer = Customer.objects.get(customer_no=line["customer_no"])
            day = date.fromisoformat(line["occurred_on"])
            if line["employee_no"]:
                manager = RelationshipManager.objects.get(employee_no=line["employee_no"])
            else:
                manager = Assignment.objects.select_related("manager").get(
                    Q(ends_on=None) | Q(ends_on__gt=day), customer=customer, role="primary", starts_on__lte=day
                ).manager  # fmt: skip
            row = Transaction.objects.create(
                transaction_no=line["transaction_no"], customer=customer, manager=manager, occurred_on=day,
                product=line["product"], amount=line["amount"], quantity=line["quantity"],
            )  # fmt: skip
            fen = round(float(row.amount) * 100)
            for model, key in (
                (ManagerMonth, {"manager": manager, "month": day.replace(day=1)}),
                (
                    CustomerQuarter,
                    {"customer": customer, "quarter": date(day.year, (day.month - 1) // 3 * 3 + 1, 1)},
                ),
            ):
                kept, _made = model.objects.get_or_create(
                    **key, defaults={"amount_fen": 0, "transactions": 0}
                )
                model.objects.filter(pk=kept.pk).update(
                    amount_fen=F("amount_fen") + fen, transactions=F("transactions") + 1
                )
        transaction.set_rollback(True)


def day_into_sums(count: int) -> float:
    """A day's transactions into the sums of managers and customers, as an arrival does it; taken back."""
    from django.db import transaction

    from customers.engagement import rollups

    delta = f"(SELECT 1 AS sign, x.* FROM customers_engagement_transaction x ORDER BY x.id LIMIT {count})"
    with transaction.atomic():
        spent, _none = timed(lambda: rollups.add(delta))
        transaction.set_rollback(True)
    return spent


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(name: str, n: int, seconds: float, ratio: float, against: str, **more: float) -> None:
    line = {"name": name, "n": n, "median_s": round(seconds, 4), "ratio": round(ratio, 3), "against": against}
    print(json.dumps(line | {key: round(value, 1) for key, value in more.items()}), flush=True)


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with database(), tempfile.TemporaryDirectory() as folder:
        furnish()
        small, paths = Path(folder) / "small.csv", []
        write_file(small, rows // 10, 9)
        for run in (1, 2, 3):
            paths.append(Path(folder) / f"{run}.csv")
            write_file(paths[-1], rows, run)
        import_file(small)
        before = peak()
        spent = []
        for path in paths:
            seconds, imported = timed(lambda path=path: import_file(path))
            assert imported.report.created == rows, imported.report.errors[:3]
            spent.append(seconds)
        grown = peak() - before
        again, imported = timed(lambda: import_file(paths[0]))
        assert imported.report.unchanged == rows
        floor = statistics.median(timed(lambda: plain_copy(paths[0]))[0] for _turn in range(3))
        insert = bare_insert(rows)
        sample = max(rows // 200, 200)
        loop, _none = timed(lambda: row_by_row(small_sample(small, Path(folder), sample), sample))
        day = min(137_000, rows)
        sums = day_into_sums(day)
        ours = statistics.median(spent)
        say(
            "import_transactions",
            rows,
            ours,
            ours / floor,
            "plain_copy",
            rows_per_s=rows / ours,
            peak_mb=grown,
        )
        say(
            "import_transactions_unchanged", rows, again, again / floor, "plain_copy", rows_per_s=rows / again
        )
        say("plain_copy", rows, floor, 1.0, "plain_copy", rows_per_s=rows / floor)
        say("bare_insert", rows, insert, insert / ours, "import_transactions", rows_per_s=rows / insert)
        say(
            "row_by_row",
            sample,
            loop,
            loop / sample / (ours / rows),
            "import_transactions",
            rows_per_s=sample / loop,
        )
        say(
            "day_into_sums",
            day,
            sums,
            sums / day / (ours / rows),
            "import_transactions",
            us_per_row=sums / day * 1e6,
        )
    return 0


def small_sample(path: Path, folder: Path, count: int) -> Path:
    """The first rows of a file under keys of their own."""
    sample = folder / "sample.csv"
    lines = path.read_text(encoding="utf-8").splitlines()[: count + 1]
    sample.write_text("\n".join([lines[0], *(f"S{line}" for line in lines[1:])]) + "\n", encoding="utf-8")
    return sample


if __name__ == "__main__":
    sys.exit(main())
