"""The kinds targets and readings: keys of several columns, a person or a unit, what is refused, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.figures.models import Reading, Target
from cmsys.audit.models import Event
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import batch_undo
from tests.cast import TODAY, Cast
from tests.figures.schemes import store_demo
from tests.transfers.conftest import NOW, Bring, contents, counts, errors

pytestmark = pytest.mark.django_db

TARGETS = [
    "期间,工号,机构编码,指标编码,目标值",
    "2025Q4,M-CD1,,SALES,3000",
    '2025Q4,M-CD2,,SALES,"4,500.25"',
    "2025q4,,CD,SALES,9000",
    "2025M3,,城西支行,SALES,-12.5",
]
READINGS = [
    "period,employee_no,indicator_code,value,source",
    "2025Q4,M-CD1,SALES,3482,财务部报表",
    "2025Q4,M-CD1,OVERDUE,1.0,",
]


def targets() -> list[tuple[Any, ...]]:
    rows = Target.objects.order_by("pk")
    return [
        (
            t.period,
            t.manager and t.manager.employee_no,
            t.unit and t.unit.code,
            t.indicator_code,
            f"{t.value.normalize():f}",
        )
        for t in rows
    ]


def test_targets_of_people_and_of_units_come_in_and_again_change_nothing(cast: Cast, bring: Bring) -> None:
    store_demo()
    imported = bring("targets", TARGETS)
    assert counts(imported.report) == (4, 4, 0, 0, 0)
    assert targets() == [
        ("2025Q4", "M-CD1", None, "SALES", "3000"),
        ("2025Q4", "M-CD2", None, "SALES", "4500.25"),
        ("2025Q4", None, "CD", "SALES", "9000"),
        ("2025M03", None, "CX", "SALES", "-12.5"),
    ]
    assert counts(bring("targets", TARGETS).report) == (4, 0, 0, 4, 0)
    changed = bring("targets", [TARGETS[0], "2025Q4,,CD,SALES,9500"])
    assert counts(changed.report) == (1, 0, 1, 0, 0)
    assert changed.batch is not None
    assert imported.batch is not None
    batch_undo(actor=cast.user("hrh"), batch_id=changed.batch.pk, reason="误", now=NOW, today=TODAY)
    assert targets()[2][4] == "9000"
    batch_undo(actor=cast.user("hrh"), batch_id=imported.batch.pk, reason="误", now=NOW, today=TODAY)
    assert targets() == []
    assert sorted(set(Event.objects.filter(kind__startswith="target.").values_list("kind", flat=True))) == [
        "target.create", "target.remove", "target.update",
    ]  # fmt: skip


def test_readings_come_in_by_the_codes_of_their_columns(cast: Cast, bring: Bring) -> None:
    store_demo()
    imported = bring("readings", READINGS, user="da")
    assert counts(imported.report) == (2, 2, 0, 0, 0)
    assert [(r.indicator_code, f"{r.value.normalize():f}", r.source) for r in Reading.objects.order_by("pk")] == [
        ("SALES", "3482", "财务部报表"), ("OVERDUE", "1", ""),
    ]  # fmt: skip
    assert counts(bring("readings", READINGS, user="da").report) == (2, 0, 0, 2, 0)
    assert imported.batch is not None
    batch_undo(actor=cast.user("da"), batch_id=imported.batch.pk, reason="误", now=NOW, today=TODAY)
    assert not Reading.objects.exists()


TARGET_FAULTS = {
    "2025Q5,M-CD1,,SALES,1": ("period", "bad_value"),
    "2025Q4,M-404,,SALES,1": ("employee_no", "not_found"),
    "2025Q4,,X404,SALES,1": ("unit_code", "not_found"),
    "2025Q4,M-CX1,CX,SALES,1": ("unit_code", "conflict"),
    "2025Q4,,,SALES,1": ("employee_no", "missing"),
    "2025Q4,M-CX1,,SALE,1": ("indicator_code", "not_found"),
    "2025Q4,M-CX1,,COMM,1": ("indicator_code", "not_found"),
    "2025Q4,M-CX1,,SALES,一千": ("value", "bad_value"),
    "2025Q4,M-CX1,,OVERDUE,1.1234567": ("value", "bad_value"),
    "2025Q4,M-CD2,,SALES,": ("value", "missing"),
}


def test_every_fault_comes_back_at_its_cell_and_nothing_is_written(cast: Cast, bring: Bring) -> None:
    store_demo()
    before = contents(Target, Event)
    imported = bring("targets", [TARGETS[0], *TARGET_FAULTS])
    assert [(column, code) for _row, column, code in errors(imported.report)] == list(TARGET_FAULTS.values())
    assert contents(Target, Event) == before


def test_hr_of_a_branch_imports_for_its_own_people_and_units(
    cast: Cast, check: Callable[..., Report]
) -> None:
    store_demo()
    rows = [
        TARGETS[0],
        "2025Q4,M-CX1,,SALES,1",
        "2025Q4,M-PD1,,SALES,1",
        "2025Q4,,BJ,SALES,1",
        "2025Q4,,SH,SALES,1",
    ]
    assert errors(check("targets", rows, user="hrb")) == [
        (3, "employee_no", "out_of_scope"), (5, "unit_code", "out_of_scope"),
    ]  # fmt: skip


def test_a_target_twice_is_found_however_unit_and_period_are_written(
    cast: Cast, check: Callable[..., Report]
) -> None:
    store_demo()
    rows = [TARGETS[0], "2025M3,,CX,SALES,1", "2025M03,,城西支行,SALES,2"]
    assert errors(check("targets", rows)) == [(3, "period", "duplicate")]


def test_a_file_costs_the_same_queries_for_three_rows_and_for_thirty(
    cast: Cast, check: Callable[..., Report]
) -> None:
    store_demo()
    check("targets", [TARGETS[0], "2025Q4,M-CD1,,SALES,1", "2025Q4,,CD,SALES,1"])

    def asked(count: int) -> int:
        rows = [f"{2000 + n}Q1,M-CD1,,SALES,{n}" for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            report = check("targets", [TARGETS[0], *rows, "2025Q4,,CD,SALES,1"])
        assert counts(report) == (count + 1, count + 1, 0, 0, 0)
        return len(queries)

    assert asked(2) == asked(30)
