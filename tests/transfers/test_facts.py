"""Kinds of facts: contracts, transactions, opportunities and tickets by the COPY path (IMP-1, CUS-6)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from cmsys.access.actors import SystemActor
from cmsys.audit.models import Event
from cmsys.facts.models import FactSlice
from cmsys.transfers.models import ImportBatch, State
from cmsys.transfers.services.batches import batch_undo
from customers.engagement.models import Contract, CustomerQuarter, ManagerMonth, Opportunity, Transaction
from customers.registry.models import Assignment, Customer
from customers.service.models import Ticket
from tests.cast import TODAY, Cast
from tests.transfers.conftest import NOW, Bring, contents, counts, errors

SYSTEM = SystemActor("system:tests")
TABLES = (Contract, Transaction, Opportunity, Ticket, ManagerMonth, CustomerQuarter, FactSlice)
TX = "流水号,客户编号,工号,日期,产品,金额,数量"


@pytest.fixture
def customers(cast: Cast) -> dict[str, Customer]:
    """C1 of 城东 belongs to M-CD1 in 2025 and to M-CD2 from 2026 on, C2 to nobody, C3 of 浦东 to M-PD1."""
    made = {}
    for number, unit in (("C1", "CD"), ("C2", "CD"), ("C3", "PD")):
        made[number] = Customer.objects.create(
            customer_no=number, name=f"客户{number}", unit=cast.units[unit]
        )
    for number, employee_no, starts_on, ends_on in (
        ("C1", "M-CD1", date(2025, 1, 1), date(2026, 1, 1)),
        ("C1", "M-CD2", date(2026, 1, 1), None),
        ("C3", "M-PD1", date(2025, 1, 1), None),
    ):
        Assignment.objects.create(
            customer=made[number], manager=cast.managers[employee_no], role="primary", starts_on=starts_on,
            ends_on=ends_on,
        )  # fmt: skip
    return made


def standing() -> dict[str, Any]:
    """All that an undo has to bring back; sums that went and came again have other ids."""
    sums = contents(ManagerMonth, CustomerQuarter, without=("id",))
    return {name: sorted(map(str, rows)) for name, rows in sums.items()} | contents(
        Contract, Transaction, Opportunity, Ticket, Customer, FactSlice
    )


def stamps(model: Any, number: str) -> list[tuple[str, str | None]]:
    return list(model.objects.order_by(number).values_list(number, "manager__employee_no"))


def test_the_responsible_manager_is_stamped_on_arrival(bring: Bring, customers: Any) -> None:
    imported = bring(
        "transactions",
        [
            TX,
            "T1,C1,,2025-12-31,贷款,100.00,1",
            "T2,C1,,2026-01-01,贷款,200,",
            "T3,C1,M-CX1,2025-12-31,贷款,300.5,2",
            "T4,C2,,2025-05-01,存款,400,",
            "T5,C1,,2024-12-31,存款,500,",
        ],
    )
    assert counts(imported.report) == (5, 5, 0, 0, 0)
    assert stamps(Transaction, "transaction_no") == [
        ("T1", "M-CD1"), ("T2", "M-CD2"), ("T3", "M-CX1"), ("T4", None), ("T5", None),
    ]  # fmt: skip
    first = Transaction.objects.get(transaction_no="T3")
    assert (first.product, first.amount, first.quantity) == ("贷款", Decimal("300.50"), Decimal("2.00"))
    assert first.updated_at == NOW


def test_again_nothing_changes(bring: Bring, customers: Any) -> None:
    rows = [TX, "T1,C1,,2025-12-31,贷款,100.00,1", "T2,C2,,2026-01-01,,200,"]
    bring("transactions", rows)
    before = contents(*TABLES, without=())
    again = bring("transactions", rows)
    assert counts(again.report) == (2, 0, 0, 2, 0)
    assert again.batch is not None
    assert contents(*TABLES, without=()) == before


def test_a_late_assignment_restamps_nothing(cast: Cast, bring: Bring, customers: Any) -> None:
    rows = [TX, "T1,C2,,2025-12-31,贷款,100,1"]
    bring("transactions", rows)
    Assignment.objects.create(
        customer=customers["C2"], manager=cast.managers["M-CD2"], role="primary", starts_on=date(2025, 1, 1)
    )
    assert counts(bring("transactions", rows).report) == (1, 0, 0, 1, 0)
    assert stamps(Transaction, "transaction_no") == [("T1", None)]
    # Corrected, it is a dealing of another day, and whoever had the customer then is responsible.
    assert counts(bring("transactions", [TX, "T1,C2,,2025-12-30,,100,"]).report) == (1, 0, 1, 0, 0)
    assert stamps(Transaction, "transaction_no") == [("T1", "M-CD2")]


def test_an_empty_cell_changes_nothing(bring: Bring, customers: Any) -> None:
    bring("transactions", [TX, "T1,C1,M-CX1,2025-12-31,贷款,100,1"])
    assert counts(bring("transactions", [TX, "T1,C1,,2025-12-31,,100,"]).report) == (1, 0, 0, 1, 0)
    row = Transaction.objects.get()
    assert (row.product, row.quantity, row.manager.employee_no) == ("贷款", Decimal(1), "M-CX1")


FAULTY = [
    TX,
    "T1,C1,,2025-12-31,贷款,100,1",
    ",C1,,2025-12-31,贷款,100,1",
    "T3,C9,,2025-12-31,贷款,100,1",
    "T4,C1,M-404,2025-12-31,贷款,100,1",
    "T5,C1,,2025-13-31,贷款,十万,1",
    "T1,C1,,2025-12-31,贷款,100,1",
    "T7,,,2025-12-31,贷款,100,1",
    "T5,C1,,2025-12-31,贷款,100,1",
    "T9,C1,,2025-12-31,贷款,0.001,1",
    "T10,C1,,2025-12-31,贷款,100",
    "T11,C1,,2025-12-31,贷款,100,1,x",
]


def test_faults_are_named_by_cell_and_nothing_is_written(bring: Bring, customers: Any) -> None:
    before = contents(*TABLES, Event, ImportBatch, Customer)
    report = bring("transactions", FAULTY).report
    assert errors(report) == [
        (3, "transaction_no", "missing"), (4, "customer_no", "not_found"), (5, "employee_no", "not_found"),
        (6, "occurred_on", "bad_date"), (6, "amount", "bad_value"), (7, "transaction_no", "duplicate"),
        (8, "customer_no", "missing"), (9, "transaction_no", "duplicate"), (10, "amount", "bad_value"),
        (12, "", "bad_value"),
    ]  # fmt: skip
    assert counts(report) == (11, 2, 0, 0, 9)
    said = {found.row: found.message for found in report.errors}
    assert said[4] == "第 4 行 客户编号：没有“C9”，请核对，或先导入它"
    assert said[7] == "第 7 行 流水号：与第 2 行重复，请只保留一行"
    assert (report.errors[1].value, report.errors[1].index, report.errors[1].header) == ("C9", 1, "客户编号")
    assert contents(*TABLES, Event, ImportBatch, Customer) == before


def test_skip_brings_in_the_good_ones(bring: Bring, customers: Any) -> None:
    imported = bring("transactions", FAULTY, mode="skip")
    assert counts(imported.report) == (11, 2, 0, 0, 9)
    assert [number for number, _who in stamps(Transaction, "transaction_no")] == ["T1", "T10"]


def test_undo_takes_back_what_came_and_restores_what_was(bring: Bring, customers: Any) -> None:
    bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,100,1", "T2,C1,,2025-11-30,贷款,70,"])
    before = standing()
    second = bring("transactions", [TX, "T1,C2,M-CX1,2025-10-01,存款,150,2", "T3,C3,,2025-12-01,存款,9,"])
    assert counts(second.report) == (2, 1, 1, 0, 0)
    assert second.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=second.batch.pk, now=NOW, today=TODAY)
    assert (undone.restored, undone.removed, undone.kept) == (1, 1, [])
    assert standing() == before
    assert ImportBatch.objects.get(pk=second.batch.pk).state == State.UNDONE


def test_undo_keeps_what_was_edited_since_and_can_be_repeated(bring: Bring, customers: Any) -> None:
    first = bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,100,1", "T2,C1,,2025-11-30,贷款,70,"])
    second = bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,101,1"])
    assert first.batch is not None and second.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=first.batch.pk, now=NOW, today=TODAY)
    assert (undone.restored, undone.removed) == (0, 1)
    assert [(kept.row, kept.label, kept.why) for kept in undone.kept] == [(2, "T1", "导入之后又改过")]
    assert [change.label for change in first.batch.changes.all()] == ["T1"]
    assert stamps(Transaction, "transaction_no") == [("T1", "M-CD1")]
    batch_undo(actor=SYSTEM, batch_id=second.batch.pk, now=NOW, today=TODAY)
    again = batch_undo(actor=SYSTEM, batch_id=first.batch.pk, now=NOW, today=TODAY)
    assert (again.removed, again.kept) == (1, [])
    assert not Transaction.objects.exists()
    assert not ManagerMonth.objects.exists()
    assert not CustomerQuarter.objects.exists()
    assert not FactSlice.objects.exists()
