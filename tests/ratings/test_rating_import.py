"""The kind ratings: rows by period, person, rater and indicator; what is refused; idempotent; taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from appraisal.cycles.models import Cycle
from appraisal.ratings.models import Rating
from cmsys.audit.models import Event
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import batch_undo
from tests.cast import TODAY, Cast
from tests.ratings.stage import open_demo
from tests.transfers.conftest import NOW, Bring, contents, counts, errors

pytestmark = pytest.mark.django_db

HEADER = "期间,被评人工号,评价人,评价关系,指标编码,评分,评语"
GOOD = [
    HEADER,
    "2025Q4,M-CD1,100001,上级,COMM,88,稳重",
    "2025q4,M-CD1,王雅琴,同级,COMM,84.5,",
    "2025Q4,M-CD1,客户甲,customer,COMM,90,",
    "2025Q4,M-CD1,M-CD1,自评,TEAM,100,",
]


def stored() -> list[tuple[str, ...]]:
    rows = Rating.objects.order_by("pk")
    return [
        (r.period, r.manager.employee_no, r.rater, r.rater_group, r.indicator_code, f"{r.score}", r.comment)
        for r in rows
    ]


def test_ratings_come_in_by_code_or_label_of_the_relation_and_again_change_nothing(
    cast: Cast, bring: Bring
) -> None:
    open_demo()
    before = contents(Rating)
    imported = bring("ratings", GOOD)
    assert counts(imported.report) == (4, 4, 0, 0, 0)
    assert stored() == [
        ("2025Q4", "M-CD1", "100001", "superior", "COMM", "88.00", "稳重"),
        ("2025Q4", "M-CD1", "王雅琴", "peer", "COMM", "84.50", ""),
        ("2025Q4", "M-CD1", "客户甲", "customer", "COMM", "90.00", ""),
        ("2025Q4", "M-CD1", "M-CD1", "self", "TEAM", "100.00", ""),
    ]
    events = Event.objects.count()
    assert counts(bring("ratings", GOOD).report) == (4, 0, 0, 4, 0)
    assert Event.objects.count() == events + 1  # the import itself
    changed = bring("ratings", [HEADER, "2025Q4,M-CD1,王雅琴,同级,COMM,60,"])
    assert counts(changed.report) == (1, 0, 1, 0, 0)
    assert stored()[1][5] == "60.00"
    assert imported.batch is not None
    assert changed.batch is not None
    batch_undo(actor=cast.user("hrh"), batch_id=changed.batch.pk, reason="误导入", now=NOW, today=TODAY)
    assert stored()[1][5] == "84.50"
    batch_undo(actor=cast.user("hrh"), batch_id=imported.batch.pk, reason="误导入", now=NOW, today=TODAY)
    assert contents(Rating) == before


FAULTS = {
    "2025-Q4,M-CD1,r0,同级,COMM,80,": ("period", "bad_value"),
    ",M-CD1,r1,同级,COMM,80,": ("period", "missing"),
    "2025Q4,M-404,r2,同级,COMM,80,": ("employee_no", "not_found"),
    "2025Q4,M-CD1,,同级,COMM,80,": ("rater", "missing"),
    "2025Q4,M-CD1,r3,朋友,COMM,80,": ("rater_group", "bad_value"),
    "2025Q4,M-CD1,r4,,COMM,80,": ("rater_group", "missing"),
    "2025Q4,M-CD1,r5,同级,COM,80,": ("indicator_code", "not_found"),
    "2025Q4,M-CD1,r6,同级,SALES,80,": ("indicator_code", "not_found"),
    "2025Q4,M-CD1,r7,同级,COMM,100.01,": ("score", "bad_value"),
    "2025Q4,M-CD1,r8,同级,COMM,-1,": ("score", "bad_value"),
    "2025Q4,M-CD1,r9,同级,COMM,80.125,": ("score", "bad_value"),
    "2025Q4,M-CD1,r10,同级,COMM,优,": ("score", "bad_value"),
    "2025Q4,M-CD1,r11,同级,COMM,,": ("score", "missing"),
    "2025Q4,M-CD1,M-CD1,同级,COMM,80,": ("rater_group", "conflict"),
    "2025Q4,M-CD1,M-CD2,本人,COMM,80,": ("rater", "conflict"),
}


def test_every_fault_comes_back_at_its_cell_and_nothing_is_written(cast: Cast, bring: Bring) -> None:
    open_demo()
    before = contents(Rating, Event)
    imported = bring("ratings", [HEADER, *FAULTS])
    found = errors(imported.report)
    assert [(column, code) for _row, column, code in found] == list(FAULTS.values())
    assert [row for row, _column, _code in found] == list(range(2, 2 + len(FAULTS)))
    assert contents(Rating, Event) == before
    said = imported.report.errors[6].message
    assert "没有考核方案用到指标“COM”，是不是“COMM”（沟通协调）？" in said


def test_one_rater_twice_for_one_indicator_is_found_however_the_period_is_written(
    cast: Cast, check: Callable[..., Report]
) -> None:
    open_demo("2025Q4")
    rows = [HEADER, "2025M3,M-CD1,a,同级,COMM,80,", "2025M03,M-CD1,a,同级,COMM,90,"]
    assert errors(check("ratings", rows)) == [(3, "period", "duplicate")]


def test_hr_of_a_branch_imports_for_its_own_people(cast: Cast, check: Callable[..., Report]) -> None:
    open_demo()
    rows = [HEADER, "2025Q4,M-CX1,a,同级,COMM,80,", "2025Q4,M-PD1,a,同级,COMM,80,"]
    assert errors(check("ratings", rows, user="hrb")) == [(3, "employee_no", "out_of_scope")]


def test_what_a_closed_cycle_was_graded_on_is_not_changed_by_a_file(
    cast: Cast, bring: Bring, check: Callable[..., Report]
) -> None:
    cycle = open_demo()
    imported = bring("ratings", GOOD)
    Cycle.objects.filter(pk=cycle.pk).update(state="closed", closed_at=datetime(2026, 2, 1, tzinfo=UTC))
    # The same again is no change; a new rater or another score is.
    assert counts(check("ratings", GOOD)) == (4, 0, 0, 4, 0)
    rows = [
        HEADER,
        "2025Q4,M-CD1,100001,上级,COMM,89,稳重",
        "2025Q4,M-CD1,新人,同级,COMM,80,",
        "2025Q3,M-CD1,b,同级,COMM,80,",
    ]
    found = check("ratings", rows)
    assert errors(found) == [(2, "period", "conflict"), (3, "period", "conflict")]
    assert "2025Q4 的考核周期已结束，评分不能再改" in found.errors[0].message
    assert imported.batch is not None
    batch_undo(actor=cast.user("hrh"), batch_id=imported.batch.pk, reason="误", now=NOW, today=TODAY)
    assert len(stored()) == 4
    Cycle.objects.filter(pk=cycle.pk).update(state="open", closed_at=None)
    batch_undo(actor=cast.user("hrh"), batch_id=imported.batch.pk, reason="误", now=NOW, today=TODAY)
    assert stored() == []


def test_the_preview_shows_neither_rater_nor_score(cast: Cast, check: Callable[..., Report]) -> None:
    open_demo()
    report = check("ratings", GOOD)
    [first, *_rest] = report.samples["create"]
    assert first.label == "2025Q4 M-CD1 COMM"
    shown = {cell.header: cell.after for cell in first.cells}
    assert (shown["评价人"], shown["评分"], shown["评语"]) == ("***", "***", "***")
    assert "100001" not in str(report.samples)


def test_before_any_scheme_every_code_is_taken(cast: Cast, check: Callable[..., Report]) -> None:
    assert counts(check("ratings", [HEADER, "2025Q4,M-CD1,a,同级,WHATEVER,80,"])) == (1, 1, 0, 0, 0)
