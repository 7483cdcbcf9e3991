"""The demonstration bank's customers: the same for a seed, and as consistent as if they had come in day by day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from django.db import connection
from django.db.models import F, Sum

from appraisal.figures.models import Target
from appraisal.ratings.models import Rating
from cmsys.audit.acting import acting_as
from cmsys.demo.filling import ACTOR, fill, first_day
from cmsys.demo.names import names_for
from cmsys.demo.portfolio import Holder, Portfolio
from customers.engagement.models import Contract, Transaction
from customers.registry.models import Assignment, Customer
from customers.service.models import Ticket

TODAY = date(2026, 11, 22)


def holders(count: int = 12) -> list[Holder]:
    return [
        Holder(number, number // 3, ("CORP", "RETAIL", "SME")[number % 3], "110000", 39.9, 116.4, 60, date(2020, 1, 1))
        for number in range(count)
    ]  # fmt: skip


def portfolio(seed: int = 5) -> Portfolio:
    return Portfolio(holders(), 300, seed=seed, start=date(2025, 7, 1), today=TODAY)


def test_the_same_seed_gives_the_same_customers_and_sales() -> None:
    first, second, other = portfolio(), portfolio(), portfolio(6)
    assert np.array_equal(first.customers.owner, second.customers.owner)
    assert not np.array_equal(first.customers.since, other.customers.since)
    pairs = list(zip(first.sales(size=70), second.sales(size=70), strict=True))
    assert len(pairs) == 5
    for one, two in pairs:
        assert np.array_equal(one.fen, two.fen)
        assert np.array_equal(one.day, two.day)


def test_nobody_sells_before_he_is_hired_or_after_today() -> None:
    bank = portfolio()
    bank.hired[:-1] = date(2026, 1, 1).toordinal()
    for sales in bank.sales():
        assert sales.day.max() <= TODAY.toordinal()
        assert set(sales.holder[sales.day < date(2026, 1, 1).toordinal()].tolist()) == {-1}


def test_names_read_as_they_are_written() -> None:
    names, readings = names_for(np.array(["individual", "government", "large"] * 20), 1)
    assert names_for(np.array(["individual", "government", "large"] * 20), 1) == (names, readings)
    assert all(name.endswith("公司") for name in names[2::3])
    assert all("局" in name for name in names[1::3])
    assert all(2 <= len(name) <= 4 for name in names[0::3])
    assert all(reading and "  " not in reading for reading in readings)


@pytest.mark.parametrize(
    ("today", "months", "expected"),
    [
        (TODAY, None, date(2025, 7, 1)),
        (date(2026, 1, 5), None, date(2024, 10, 1)),
        (TODAY, 12, date(2025, 11, 1)),
    ],
)
def test_the_first_day(today: date, months: int | None, expected: date) -> None:
    assert first_day(today, months) == expected


@pytest.fixture
def filled(db: None, tmp_path: Path) -> Iterator[None]:
    with acting_as(ACTOR):
        counts = fill(
            managers=24, customers=900, months=None, seed=3, today=TODAY, now=datetime(2026, 11, 22, 4, tzinfo=UTC)
        )  # fmt: skip
        assert counts.customers == 900
        yield


def test_every_row_agrees_with_the_others(filled: None) -> None:
    assert Customer.objects.count() == 900
    open_primary = Assignment.objects.filter(role="primary", ends_on=None)
    assert open_primary.filter(manager=F("customer__owner")).count() == open_primary.count()
    assert Customer.objects.exclude(owner=None).count() == open_primary.count()
    with connection.cursor() as cursor:
        # The manager on a transaction, contract and ticket is the primary one of its day, by the assignments.
        for table, day in (
            ("engagement_transaction", "occurred_on"),
            ("engagement_contract", "signed_on"),
            ("service_ticket", "(opened_at at time zone 'Asia/Shanghai')::date"),
        ):
            cursor.execute(
                f"SELECT count(*) FROM customers_{table} t LEFT JOIN customers_registry_assignment a"
                " ON a.customer_id = t.customer_id AND a.role = 'primary'"
                f" AND daterange(a.starts_on, a.ends_on) @> {day}"
                " WHERE a.manager_id IS DISTINCT FROM t.manager_id"
            )
            assert cursor.fetchone() == (0,), table
        # A relation begins with the first contract, or else the first transaction.
        cursor.execute(
            "SELECT count(*) FROM customers_registry_customer c WHERE c.since IS DISTINCT FROM coalesce("
            "(SELECT min(signed_on) FROM customers_engagement_contract t WHERE t.customer_id = c.id),"
            "(SELECT min(occurred_on) FROM customers_engagement_transaction t WHERE t.customer_id = c.id))"
        )
        assert cursor.fetchone() == (0,)
    assert Contract.objects.exclude(customer__tier__code__in="AB").count() == 0
    assert Ticket.objects.filter(upheld=True, responsible=None).count() == 0


def test_the_sums_are_those_of_the_rows(filled: None) -> None:
    with connection.cursor() as cursor:
        for table, key, column, unit in (
            ("managermonth", "manager_id", "month", "month"),
            ("customerquarter", "customer_id", "quarter", "quarter"),
        ):
            cursor.execute(
                f"SELECT count(*) FROM (SELECT {key}, date_trunc('{unit}', occurred_on)::date AS at,"
                " (sum(amount) * 100)::bigint AS fen, count(*) AS rows FROM customers_engagement_transaction"
                f" WHERE {key} IS NOT NULL GROUP BY 1, 2) raw FULL JOIN customers_engagement_{table} kept"
                f" ON kept.{key} = raw.{key} AND kept.{column} = raw.at"
                " WHERE kept.amount_fen IS DISTINCT FROM raw.fen OR kept.transactions IS DISTINCT FROM raw.rows"
            )
            assert cursor.fetchone() == (0,), table


def test_targets_for_five_quarters_and_ratings_for_the_four_that_are_over(filled: None) -> None:
    periods = ["2025Q4", "2026Q1", "2026Q2", "2026Q3"]
    assert sorted(Target.objects.values_list("period", flat=True).distinct().order_by()) == [
        *periods,
        "2026Q4",
    ]
    assert sorted(Rating.objects.values_list("period", flat=True).distinct().order_by()) == periods
    people = Target.objects.filter(period="2026Q4", indicator_code="SALES").count()
    assert Rating.objects.count() == people * 4 * 6 * (1 + 3 + 3)
    worth = Transaction.objects.aggregate(all=Sum("amount"))["all"]
    assert worth > Decimal(0)
