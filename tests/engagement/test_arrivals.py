"""Dealings arrive: stamps, beginnings of customers, sums by delta; any sequence of them; the nightly check."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmsys.audit.models import Event
from cmsys.jobs.kinds import JobRefused, Run, kind_of
from cmsys.jobs.schedule import table
from customers.engagement.jobs import VERIFY, verify_step
from customers.engagement.models import CustomerQuarter, ManagerMonth, Transaction
from customers.engagement.rollups import differences
from customers.registry.models import Customer
from tests.cast import stage
from tests.engagement.arrivals import (
    CT,
    NOW,
    SYSTEM,
    TX,
    beginnings,
    bring,
    counted,
    expected_beginnings,
    furnish,
    sums,
    take_back,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def world(db: None) -> None:
    furnish(stage())


# --- sums -------------------------------------------------------------------------------------------------------------
def test_transactions_add_up_per_manager_and_month_and_per_customer_and_quarter() -> None:
    bring(
        "transactions",
        [
            TX,
            "T1,C1,,2025-06-30,,100.05,",
            "T2,C1,,2025-07-01,,10,",
            "T3,C1,,2025-06-01,,0.50,",
            "T4,C2,,2025-06-02,,7,",
        ],
    )
    assert sums() == (
        {("M-CD1", date(2025, 6, 1)): (10_055, 2), ("M-CD2", date(2025, 7, 1)): (1_000, 1)},
        {
            ("C1", date(2025, 4, 1)): (10_055, 2), ("C1", date(2025, 7, 1)): (1_000, 1),
            ("C2", date(2025, 4, 1)): (700, 1),
        },
    )  # fmt: skip


def test_a_correction_moves_the_old_sum_and_the_new_one() -> None:
    bring("transactions", [TX, "T1,C1,,2025-06-30,,100,", "T2,C1,,2025-06-29,,1,"])
    second = bring("transactions", [TX, "T1,C3,,2025-10-01,,90,"])
    assert sums() == (
        {("M-CD1", date(2025, 6, 1)): (100, 1), ("M-PD1", date(2025, 10, 1)): (9_000, 1)},
        {("C1", date(2025, 4, 1)): (100, 1), ("C3", date(2025, 10, 1)): (9_000, 1)},
    )
    take_back(second.batch)
    assert sums() == (
        {("M-CD1", date(2025, 6, 1)): (10_100, 2)},
        {("C1", date(2025, 4, 1)): (10_100, 2)},
    )


def test_sums_of_nothing_are_not_kept() -> None:
    first = bring(
        "transactions", [TX, "T1,C1,,2025-06-30,,0,", "T2,C3,,2025-06-29,,-5,", "T3,C3,,2025-06-29,,5,"]
    )
    assert sums()[0] == {("M-CD1", date(2025, 6, 1)): (0, 1), ("M-PD1", date(2025, 6, 1)): (0, 2)}
    take_back(first.batch)
    assert not ManagerMonth.objects.exists()
    assert not CustomerQuarter.objects.exists()


# --- beginnings -------------------------------------------------------------------------------------------------------
def test_a_customer_begins_with_its_first_transaction_and_whoever_was_responsible() -> None:
    bring("transactions", [TX, "T1,C1,,2025-08-01,,1,", "T2,C1,,2025-06-30,,1,", "T3,C2,,2025-05-05,,1,"])
    assert beginnings() == {
        "C1": (date(2025, 6, 30), "M-CD1"), "C2": (date(2025, 5, 5), None), "C3": (None, None),
    }  # fmt: skip


def test_a_contract_decides_over_transactions_and_undo_gives_them_back() -> None:
    bring("transactions", [TX, "T1,C1,,2025-03-01,,1,"])
    contracts = bring("contracts", [CT, "K2,C1,5,2025-09-01,,", "K1,C1,5,2025-08-01,,"])
    assert beginnings()["C1"] == (date(2025, 8, 1), "M-CD2")
    bring("transactions", [TX, "T0,C1,,2025-01-05,,1,"])
    assert beginnings()["C1"] == (date(2025, 8, 1), "M-CD2")
    take_back(contracts.batch)
    assert beginnings()["C1"] == (date(2025, 1, 5), "M-CD1")


def test_undo_of_the_only_dealing_makes_a_prospect_again() -> None:
    imported = bring("transactions", [TX, "T1,C1,,2025-03-01,,1,"])
    assert Event.objects.get(kind="customer.dated").after == {"customers": 1}
    take_back(imported.batch)
    assert beginnings()["C1"] == (None, None)


def test_customers_whose_beginning_stands_are_not_touched() -> None:
    bring("transactions", [TX, "T1,C1,,2025-03-01,,1,"])
    before = Customer.objects.get(customer_no="C1").updated_at
    bring("transactions", [TX, "T2,C1,,2025-03-02,,1,"], now=NOW.replace(hour=5))
    assert Customer.objects.get(customer_no="C1").updated_at == before


# --- any sequence -----------------------------------------------------------------------------------------------------
ROW = st.builds(
    lambda number, customer, manager, day, fen: (
        f"T{number},{customer},{manager},{day},,{Decimal(fen) / 100},"
    ),
    st.integers(1, 8),
    st.sampled_from(("C1", "C2", "C3")),
    st.sampled_from(("", "", "M-CX1")),
    st.dates(date(2025, 5, 20), date(2025, 7, 10)),
    st.integers(-500, 500),
)
SIGNED = st.builds(
    lambda number, customer, day: f"K{number},{customer},1,{day},,",
    st.integers(1, 4),
    st.sampled_from(("C1", "C2", "C3")),
    st.dates(date(2025, 5, 20), date(2025, 7, 10)),
)


def _unique(rows: list[str]) -> list[str]:
    return list({row.split(",")[0]: row for row in rows}.values())


STEP = st.one_of(
    st.tuples(st.just("transactions"), st.lists(ROW, min_size=1, max_size=6).map(_unique)),
    st.tuples(st.just("contracts"), st.lists(SIGNED, min_size=1, max_size=3).map(_unique)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, min_size=2, max_size=7))
def test_whatever_comes_and_goes_the_sums_are_those_of_the_rows(steps: list[tuple[str, object]]) -> None:
    from django.db import transaction

    with transaction.atomic():
        batches = []
        for verb, what in steps:
            if verb == "undo":
                if batches:
                    assert isinstance(what, int)
                    take_back(batches.pop(what % len(batches)))
            else:
                assert isinstance(what, list)
                batch = bring(verb, [TX if verb == "transactions" else CT, *what]).batch
                if batch is not None:
                    batches.append(batch)
            assert sums() == counted()
            assert beginnings() == expected_beginnings()
        assert differences(1, managers=100, customers=100) == []
        transaction.set_rollback(True)


# --- the nightly check ------------------------------------------------------------------------------------------------
def _run() -> Run:
    return Run(1, "", SYSTEM, None, None, NOW)


def test_the_nightly_check_agrees_with_what_is_right() -> None:
    bring("transactions", [TX, "T1,C1,,2025-06-30,,100,", "T2,C3,,2025-07-01,,10,"])
    Customer.objects.filter(customer_no="C3").update(since=date(2019, 1, 1))
    chunk = verify_step(_run())
    assert chunk.cursor is None
    assert chunk.result.seed == date(2026, 3, 2).toordinal()
    assert any(entry.kind == VERIFY for entry in table())
    assert str(kind_of(VERIFY).label) == "核对交易汇总"


@pytest.mark.parametrize(
    ("spoil", "key"),
    [
        (lambda: ManagerMonth.objects.update(amount_fen=1), "客户经理月汇总 M-CD1 2025-06-01: (1, 1) ≠ (10000, 1)"),
        (lambda: ManagerMonth.objects.update(transactions=2), "客户经理月汇总 M-CD1 2025-06-01: (10000, 2) ≠ (10000, 1)"),
        (lambda: ManagerMonth.objects.all().delete(), "客户经理月汇总 M-CD1 2025-06-01: (0, 0) ≠ (10000, 1)"),
        (lambda: CustomerQuarter.objects.update(quarter=date(2025, 7, 1)), "客户季汇总 C1 2025-07-01: (10000, 1) ≠ (0, 0)"),
        (lambda: Transaction.objects.update(amount=9), "客户季汇总 C1 2025-04-01: (10000, 1) ≠ (900, 1)"),
        (lambda: Customer.objects.filter(customer_no="C1").update(since=date(2025, 7, 1)), "建立合作日期 C1"),
    ],
)  # fmt: skip
def test_the_nightly_check_fails_with_the_key(spoil: object, key: str) -> None:
    bring("transactions", [TX, "T1,C1,,2025-06-30,,100,"])
    spoil()  # type: ignore[operator]
    with pytest.raises(JobRefused, match="汇总与明细不一致") as refusal:
        verify_step(_run())
    assert key in str(refusal.value)


# --- cost -------------------------------------------------------------------------------------------------------------
def test_the_number_of_statements_does_not_depend_on_the_rows() -> None:
    spent = []
    for count in (3, 400):
        rows = [TX, *(f"{count}-{k},C{1 + k % 3},,2025-0{1 + k % 9}-11,,{k},1" for k in range(count))]
        with CaptureQueriesContext(connection) as writing:
            imported = bring("transactions", rows)
        assert imported.report.created == count
        with CaptureQueriesContext(connection) as undoing:
            take_back(imported.batch)
        spent.append((len(writing), len(undoing)))
    assert spent[0] == spent[1]
