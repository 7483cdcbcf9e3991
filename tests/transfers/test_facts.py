"""Kinds of facts: contracts, transactions, opportunities and tickets by the COPY path (IMP-1, CUS-6)."""

from __future__ import annotations

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cmsys.access.actors import MissingFunction, SystemActor
from cmsys.audit.models import Event
from cmsys.facts import passage
from cmsys.facts.engine import flow
from cmsys.facts.engine.flow import blocks, staged_columns
from cmsys.facts.models import FactSlice
from cmsys.transfers.description import described
from cmsys.transfers.engine.mapping import Mapping
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.marking import RED, marked_workbook
from cmsys.transfers.models import ImportBatch, State
from cmsys.transfers.services.batches import batch_undo
from cmsys.transfers.template import template_workbook
from customers.engagement.imports import TransactionKind
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


# --- each kind --------------------------------------------------------------------------------------------------------
def test_contracts(bring: Bring, customers: Any) -> None:
    rows = [
        "合同编号,客户编号,合同金额,签约日期,生效日期,到期日期",
        "K1,C1,1000000,2025-03-01,2025-03-01,2026-03-01",
        "K2,C2,5.5,2025-03-02,,",
        "K3,C1,1,2025-03-01,2025-03-01,2025-03-01",
    ]
    imported = bring("contracts", rows, mode="skip")
    assert errors(imported.report) == [(4, "ends_on", "conflict")]
    assert imported.report.errors[0].reason == "结束日期须晚于开始日期"
    assert stamps(Contract, "contract_no") == [("K1", "M-CD1"), ("K2", None)]
    # One date of two is corrected: it is held against the one that stands.
    late = bring("contracts", ["合同编号,到期日期", "K1,2025-02-01"])
    assert errors(late.report) == [(2, "ends_on", "conflict")]
    assert counts(bring("contracts", ["合同编号,到期日期", "K1,2026-04-01"]).report) == (1, 0, 1, 0, 0)
    assert Contract.objects.get(contract_no="K1").ends_on == date(2026, 4, 1)


def test_a_new_row_needs_its_required_columns_a_known_one_does_not(bring: Bring, customers: Any) -> None:
    bring("contracts", ["合同编号,客户编号,金额,签订日期", "K1,C1,1,2025-03-01"])
    report = bring("contracts", ["合同编号,金额", "K1,2", "K9,3"], mode="skip").report
    assert counts(report) == (2, 0, 1, 0, 1)
    assert [(found.row, found.column, found.code) for found in report.errors] == [
        (1, "customer_no", "missing"), (1, "signed_on", "missing"),
    ]  # fmt: skip


def test_opportunities(bring: Bring, customers: Any) -> None:
    imported = bring(
        "opportunities",
        [
            "商机编号,客户编号,工号,阶段,金额,创建日期,关闭日期",
            "O1,C1,,跟进中,,2025-12-31,",
            "O2,C1,M-CX1,won,12.30,2025-12-01,2025-12-31",
            "O3,C1,,线索,,,",
            "O4,C1,,lost,,2025-12-02,2025-12-01",
        ],
        mode="skip",
    )
    assert errors(imported.report) == [(5, "closed_on", "conflict")]
    # Without a day of its own an opportunity belongs to whoever has the customer on the day of the import.
    assert stamps(Opportunity, "opportunity_no") == [("O1", "M-CD1"), ("O2", "M-CX1"), ("O3", "M-CD2")]
    assert list(Opportunity.objects.order_by("opportunity_no").values_list("stage", "amount")) == [
        ("engaging", None), ("won", Decimal("12.30")), ("prospecting", None),
    ]  # fmt: skip


TICKETS = "工单编号,客户编号,工单类型,渠道,受理时间,响应时间,解决时间,评价,原因,是否成立,责任人工号"


def test_tickets(bring: Bring, customers: Any) -> None:
    imported = bring(
        "tickets",
        [
            TICKETS,
            "G1,C1,投诉,电话,2025-12-31 23:30,2026-01-01 00:10:05,2026/1/2 8:00,4.5,手续费,成立,M-CD1",
            "G2,C1,咨询,,2026-01-01,,,,,,",
            "G3,C1,咨询,,2026-01-01 10:00,2026-01-01 09:59,2025-12-31 10:00,6,,也许,M-404",
            "G4,C1,咨询,,2026-01-01 25:00,,,,,否,",
        ],
        user="cmd",
        mode="skip",
    )
    assert errors(imported.report) == [
        (4, "rating", "bad_value"), (4, "upheld", "bad_value"), (5, "opened_at", "bad_date"),
    ]  # fmt: skip
    first, second = Ticket.objects.order_by("ticket_no")
    assert first.opened_at == datetime(2025, 12, 31, 15, 30, tzinfo=UTC)
    assert first.responded_at == datetime(2025, 12, 31, 16, 10, 5, tzinfo=UTC)
    assert first.manager is not None and first.responsible is not None
    assert (first.manager.employee_no, first.responsible.employee_no) == ("M-CD1", "M-CD1")
    assert (first.rating, first.upheld, second.upheld, second.rating) == (Decimal("4.5"), True, None, None)
    # The wall clock decides: opened at midnight of New Year, when the customer had changed hands.
    assert stamps(Ticket, "ticket_no") == [("G1", "M-CD1"), ("G2", "M-CD2")]
    late = [TICKETS, "G5,C1,咨询,,2026-01-01 10:00,2026-01-01 09:59,2025-12-31 10:00,,,,M-404"]
    assert errors(bring("tickets", late, user="cmd").report) == [
        (2, "responsible", "not_found"), (2, "responded_at", "conflict"), (2, "resolved_at", "conflict"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("contracts", ["contract_no", "customer_no", "amount", "signed_on", "starts_on", "ends_on"]),
        ("transactions", ["transaction_no", "customer_no", "employee_no", "occurred_on", "product", "amount", "quantity"]),
        ("opportunities", ["opportunity_no", "customer_no", "employee_no", "stage", "amount", "opened_on", "closed_on"]),
        ("tickets", ["ticket_no", "customer_no", "kind", "channel", "opened_at", "responded_at", "resolved_at", "rating",
                     "cause", "upheld", "responsible"]),
    ],
)  # fmt: skip
def test_columns_template_and_example(kind: str, codes: list[str], customers: Any, bring: Bring) -> None:
    found = kind_of(kind)
    assert found is not None
    document = described(found)
    assert [column["code"] for column in document["columns"]] == codes
    assert document["key"] == codes[:1]
    content = template_workbook(found)
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    assert [cell.value.rstrip("*") for cell in sheet[1]] == [str(column.header) for column in found.columns]
    # Handed in as it is, it holds nothing but its example.
    empty = bring(kind, Source.of_bytes("模板.xlsx", content), user="cmd" if kind == "tickets" else "hrh")
    assert [found.message for found in empty.report.errors] == ["文件只有表头，没有数据。请填写后再上传。"]


# --- reach ------------------------------------------------------------------------------------------------------------
def test_a_branch_brings_in_its_own_customers_and_managers_only(bring: Bring, customers: Any) -> None:
    bring("transactions", [TX, "T9,C3,,2025-12-31,,1,"])
    rows = [
        TX,
        "T1,C1,,2025-12-31,,100,",
        "T2,C3,,2025-12-31,,100,",
        "T3,C1,M-PD1,2025-12-31,,100,",
        "T4,C2,,2025-12-31,,100,",
        "T9,C1,,2025-12-31,,100,",
        "T5,C2,M-CX1,2025-12-31,,100,",
    ]
    imported = bring("transactions", rows, user="hrb", mode="skip")
    assert errors(imported.report) == [
        (3, "customer_no", "out_of_scope"), (4, "employee_no", "out_of_scope"), (5, "customer_no", "out_of_scope"),
        (6, "transaction_no", "out_of_scope"),
    ]  # fmt: skip
    assert imported.report.errors[2].reason == "“C2”当天没有您管辖范围内的责任客户经理"
    assert stamps(Transaction, "transaction_no") == [("T1", "M-CD1"), ("T5", "M-CX1"), ("T9", "M-PD1")]


def test_what_moved_out_of_reach_is_not_taken_back(cast: Cast, bring: Bring, customers: Any) -> None:
    imported = bring("transactions", [TX, "T1,C1,,2025-12-31,,100,"], user="hrb")
    assert imported.batch is not None
    manager = cast.managers["M-CD1"]
    manager.unit = cast.units["PD"]
    manager.save()
    undone = batch_undo(actor=cast.user("hrb"), batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert [kept.why for kept in undone.kept] == ["已不在您的管辖范围内"]
    assert Transaction.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "user"), [("transactions", "cm"), ("transactions", "mgr"), ("tickets", "hrh")]
)
def test_without_the_function_nothing_comes_in(kind: str, user: str, bring: Bring, customers: Any) -> None:
    before = contents(*TABLES, Event)
    with pytest.raises(MissingFunction):
        bring(kind, [TX, "T1,C1,,2025-12-31,,100,"], user=user)
    assert contents(*TABLES, Event) == before


# --- mappings, formats, the two ways through --------------------------------------------------------------------------
MAPPED = """
where: {状态: [成交]}
distinct: true
columns:
  transaction_no: {template: "{年}-{号}"}
  customer_no: 户
  employee_no: {lookup: {file: agents.csv, on: 姓名, take: employee_no}}
  occurred_on: 日
  amount: 额
values: {customer_no: {甲: C1}}
constants: {product: 存款}
dates: {occurred_on: "%d-%m-%y"}
skip_unknown_columns: true
"""


def test_every_part_of_a_mapping_works_in_the_stream(bring: Bring, customers: Any, tmp_path: Path) -> None:
    (tmp_path / "agents.csv").write_text("姓名,employee_no\n陈思远,M-CD1\n", encoding="utf-8")
    rows = [
        "年,号,户,姓名,日,额,状态,别的",
        "25,1,甲,陈思远,31-12-25,100,成交,x",
        "25,1,甲,陈思远,30-12-25,999,成交,x",
        "25,2,甲,,31-12-25,5,流失,x",
        "25,3,C2,,01-12-25,7,成交,",
        "25,4,甲,无名,01-12-25,8,成交,",
        "25,,甲,,01-12-25,8,成交,",
    ]
    imported = bring("transactions", rows, mapping=MAPPED, folders=(tmp_path,), mode="skip")
    report = imported.report
    assert counts(report) == (4, 2, 0, 0, 2)
    assert (report.skipped, report.mapped) == (2, 4)
    assert errors(report) == [(6, "employee_no", "not_found"), (7, "transaction_no", "missing")]
    assert list(
        Transaction.objects.order_by("transaction_no").values_list(
            "transaction_no",
            "customer__customer_no",
            "manager__employee_no",
            "occurred_on",
            "product",
            "amount",
        )
    ) == [
        ("25-1", "C1", "M-CD1", date(2025, 12, 31), "存款", Decimal(100)),
        ("25-3", "C2", None, date(2025, 12, 1), "存款", Decimal(7)),
    ]


def test_a_workbook_goes_the_same_way(bring: Bring, customers: Any) -> None:
    rows = [
        TX.split(","),
        ["T1", "C1", None, date(2025, 12, 31), "贷款", 100.5, 2],
        ["T2", "C9", None, "2025-12-31", None, 1, None],
    ]
    imported = bring("transactions", rows, mode="skip")
    assert counts(imported.report) == (2, 1, 0, 0, 1)
    assert (imported.report.errors[0].row, imported.report.errors[0].index) == (3, 1)
    assert Transaction.objects.get().amount == Decimal("100.50")


CELLS = st.sampled_from(
    ["", " ", "T1", " T2 ", "'=1", "'x", "a\\b", "C1", "贷款", "１２", "1,234.50", "12.345", "-7", "1e3", "2025-12-31", "2025/1/2",
     "20250102", "十万", "a\tb", "\u3000x\u3000", "\u200bT3", "#5", "# 导出水印：x", "999999999999999", "9999999999999999"]
)  # fmt: skip


# Mostly rows that are right but for a cell or two: only they show whether both ways see the same.
GOOD = (
    ("T1", "T2", "#5", "# 导出水印：x", "'=1", "T202503010001"), ("C1", "'C2"), ("", "M-CD1"),
    ("2025-12-31", "2025/1/2", "20250102"), ("贷款", "", "a\\b"), ("12", "-7.5", "1,234.50"), ("", "1"),
)  # fmt: skip
ROWS = st.tuples(*(st.one_of(*[st.sampled_from(good)] * 7, CELLS) for good in GOOD)).map(list)


def _plain(line: str) -> list[Any]:
    """The fields of a line; amount and quantity as numbers."""
    *fields, amount, quantity = line.split("\t")
    return [
        *fields,
        *(str(Decimal(text).normalize()) if text != "\\N" else text for text in (amount, quantity)),
    ]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.one_of(ROWS, ROWS, ROWS, st.lists(CELLS, min_size=7, max_size=8)), min_size=1, max_size=12)
)
def test_the_quick_way_reads_what_the_long_way_reads(rows: list[list[str]]) -> None:
    """Cell for cell: what COPY gets, which rows are refused and why."""
    out = io.StringIO()
    csv.writer(out).writerows([TX.split(","), *rows])
    source = Source.of_bytes("a.csv", out.getvalue().encode())

    def reading() -> Reading:
        return Reading(open_sheet(source), TransactionKind.columns, Mapping(), {})

    def told(rows: list[Row]) -> list[tuple[Any, ...]]:
        return [(row.number, [(item.column, item.code, item.text) for item in row.problems]) for row in rows]

    quick, slow = reading(), reading()
    found = list(blocks(quick))
    long = [row for number, cells in slow.lines if (row := slow.take(number, cells)) is not None]
    lines = "".join(block.text for block in found).splitlines()
    wanted = [flow._slowly(row, staged_columns(slow)).rstrip("\n") for row in long]
    # 12 and 12.00 are one number to the table.
    assert sorted(_plain(line) for line in lines) == sorted(_plain(line) for line in wanted)
    assert told([row for block in found for row in block.refused]) == told(
        [row for row in long if row.problems]
    )
    assert quick.read == len(long)


def test_a_hundred_thousand_lines_pass_in_constant_memory() -> None:
    def peak(rows: int) -> int:
        text = TX + "\n" + "".join(f"T{k},C{k % 97},,2025-12-31,贷款,{k}.5,1\n" for k in range(rows))
        source = Source.of_bytes("a.csv", text.encode())
        tracemalloc.start()
        reading = Reading(open_sheet(source), TransactionKind.columns, Mapping(), {})
        assert sum(block.text.count("\n") for block in blocks(reading)) == rows == reading.read
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    small, large = peak(20_000), peak(100_000)
    assert large < 1.3 * small


# --- what people see --------------------------------------------------------------------------------------------------
def test_the_preview_shows_values_before_and_after(
    cast: Cast, check: Any, bring: Bring, customers: Any
) -> None:
    bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,100,1"])
    report = check(
        "transactions", [TX, "T1,C2,,2025-12-31,,100,", "T2,C1,,2026-01-01,存款,5,", "T3,C9,,2026-01-01,,5,"]
    )
    assert counts(report) == (3, 1, 1, 0, 1)
    changed = {cell.header: (cell.before, cell.after) for cell in report.samples["update"][0].cells}
    assert changed == {
        "客户编号": ("客户C1（C1）", "客户C2（C2）"), "责任客户经理": (str(cast.managers["M-CD1"]), ""),
    }  # fmt: skip
    assert [(row.row, row.label) for row in report.samples["create"]] == [(3, "T2")]
    assert [(row.row, row.label) for row in report.samples["error"]] == [(4, "T3")]


def test_the_marked_workbook_has_the_bad_cells_red(bring: Bring, customers: Any) -> None:
    source = Source.of_bytes("a.csv", "\n".join(FAULTY[:4]).encode())
    report = bring("transactions", source).report
    sheet = load_workbook(io.BytesIO(marked_workbook(source, report.errors, report.header_row))).active
    red = {
        (cell.row, cell.column)
        for line in sheet.iter_rows()
        for cell in line
        if cell.fill.start_color.rgb == RED
    }
    assert red == {(3, 1), (4, 2)}


def test_one_event_for_a_slice_and_one_for_the_batch(bring: Bring, customers: Any) -> None:
    bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,100,1", "T2,C1,,2025-12-31,贷款,100,1"])
    batch = ImportBatch.objects.get()
    event = Event.objects.get(kind="transaction.import")
    assert (event.resource, event.object_id) == ("transactions", f"{batch.pk}-1")
    assert event.after == {"batch": batch.pk, "slice": 1, "created": 2, "updated": 0}
    assert Event.objects.get(kind="import.commit").after["created"] == 2
    batch_undo(actor=SYSTEM, batch_id=batch.pk, now=NOW, today=TODAY)
    assert Event.objects.get(kind="transaction.import_undo").after == {
        "batch": batch.pk, "slice": 1, "removed": 2, "restored": 0,
    }  # fmt: skip


def test_a_row_changed_between_look_and_update_undoes_the_whole_import(
    bring: Bring, customers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,100,1"])
    before = contents(*TABLES, Customer)
    make_ready = passage.make_ready

    def overtaken(*arguments: Any, **options: Any) -> Any:
        made = make_ready(*arguments, **options)
        Transaction.objects.update(updated_at=NOW + timedelta(seconds=1))
        return made

    monkeypatch.setattr(passage, "make_ready", overtaken)
    imported = bring("transactions", [TX, "T1,C1,,2025-12-31,贷款,200,1", "T2,C1,,2025-12-31,贷款,5,1"])
    assert imported.batch is None
    assert [found.code for found in imported.report.errors] == ["conflict"]
    assert contents(*TABLES, Customer) == before
