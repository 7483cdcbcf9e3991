"""The kinds managers and posts; the roster of 300 with 40 faults (MGR-1, ORG-2, IMP-1)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from cmsys.access.actors import MissingFunction, SystemActor
from cmsys.access.roles import Role
from cmsys.audit.models import Event
from cmsys.org.models import BusinessLine
from cmsys.org.services.grants import role_grant
from cmsys.org.services.units import unit_close
from cmsys.transfers.engine.source import Source
from cmsys.transfers.marking import RED, marked_workbook
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import batch_undo
from managers.careers.models import Post
from managers.profiles.models import GradeRecord, RelationshipManager
from managers.profiles.services.certificates import certificate_add
from managers.profiles.services.managers import manager_update
from tests.cast import TODAY, Cast
from tests.transfers.conftest import NOW, Bring, contents, counts, errors
from tests.transfers.roster import FAULTS, PLACE, faulty_roster, roster
from tests.transfers.sheets import xlsx_bytes

SYSTEM = SystemActor("system:tests")
TABLES = (RelationshipManager, GradeRecord)


# --- the roster -------------------------------------------------------------------------------------------------------
def test_forty_faults_come_back_as_exactly_those_cells(bring: Bring) -> None:
    before = contents(*TABLES, Event)
    imported = bring("managers", faulty_roster())
    assert imported.batch is None
    assert contents(*TABLES, Event) == before
    found = {(item.row, item.index): item for item in imported.report.errors}
    wanted = {(row, PLACE[header]): (code, words) for row, header, _value, code, words in FAULTS}
    assert set(found) == set(wanted)
    assert len(FAULTS) == len(imported.report.errors) == 40
    for place, (code, words) in wanted.items():
        assert found[place].code == code
        assert words in found[place].message
        assert found[place].message.startswith(f"第 {place[0]} 行 ")
    assert counts(imported.report) == (300, 260, 0, 0, 40)


def test_the_marked_workbook_is_the_sheet_they_sent(bring: Bring) -> None:
    content = xlsx_bytes(faulty_roster())
    source = Source.of_bytes("名册.xlsx", content)
    report = bring("managers", source).report
    sheet = load_workbook(io.BytesIO(marked_workbook(source, report.errors, report.header_row))).active
    original = load_workbook(io.BytesIO(content)).active
    red = {
        (cell.row, cell.column - 1)
        for line in sheet.iter_rows()
        for cell in line
        if cell.fill.start_color.rgb == RED
    }
    assert red == {(row, PLACE[header]) for row, header, *_rest in FAULTS}
    assert {(cell.row, cell.column - 1) for line in sheet.iter_rows() for cell in line if cell.comment} == red
    for ours, theirs in zip(sheet.iter_rows(max_col=len(PLACE)), original.iter_rows(), strict=True):
        assert [cell.value for cell in ours] == [cell.value for cell in theirs]
    column = len(PLACE) + 1
    assert sheet.cell(1, column).value == "错误原因"
    said = {row: sheet.cell(row, column).value for row in range(2, 302) if sheet.cell(row, column).value}
    assert set(said) == {row for row, *_rest in FAULTS}
    assert said[75] == "客户容量：应为整数，收到“十二万”"


def test_mended_it_goes_in_then_changes_nothing_then_undo_restores(bring: Bring) -> None:
    before = contents(*TABLES)
    rows = faulty_roster()
    marked = marked_workbook(
        source := Source.of_bytes("a.xlsx", xlsx_bytes(rows)),
        (bad := bring("managers", source).report).errors,
        1,
    )
    assert bad.error_count == 40
    book = load_workbook(io.BytesIO(marked))
    for row, header, *_rest in FAULTS:
        book.active.cell(row, PLACE[header] + 1).value = roster()[row - 1][PLACE[header]]
    out = io.BytesIO()
    book.save(out)
    mended = Source.of_bytes("改好.xlsx", out.getvalue())

    first = bring("managers", mended)
    assert counts(first.report) == (300, 300, 0, 0, 0)
    assert first.report.errors == []
    after = contents(*TABLES, without=())
    assert Event.objects.filter(kind="manager.create", object_label__contains="（N").count() == 300
    again = bring("managers", mended)
    assert counts(again.report) == (300, 0, 0, 300, 0)
    assert contents(*TABLES, without=()) == after

    assert first.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=first.batch.pk, now=NOW, today=TODAY)
    assert (undone.removed, undone.restored, undone.kept) == (300, 0, [])
    assert contents(*TABLES) == before


def test_skip_brings_in_the_260_good_ones(bring: Bring) -> None:
    imported = bring("managers", faulty_roster(), mode="skip")
    assert counts(imported.report) == (300, 260, 0, 0, 40)
    assert RelationshipManager.objects.filter(employee_no__startswith="N").count() == 260


def test_queries_do_not_grow_with_the_rows(bring: Bring, check: Callable[..., Report]) -> None:
    spent = []
    for count in (10, 300):
        with CaptureQueriesContext(connection) as checking:
            assert check("managers", roster(count)).error_count == 0
        with CaptureQueriesContext(connection) as writing:
            imported = bring("managers", roster(count))
        assert imported.batch is not None
        with CaptureQueriesContext(connection) as undoing:
            assert batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY).kept == []
        spent.append((len(checking), len(writing), len(undoing)))
    assert spent[0] == spent[1]


# --- changes ----------------------------------------------------------------------------------------------------------
HEAD = "工号,姓名,所属机构,等级,手机,擅长行业,入职日期"


def test_a_changed_row_changes_its_cells_and_says_so_once(bring: Bring) -> None:
    before = Event.objects.count()
    imported = bring("managers", [HEAD, "M-CD1,陈思远,CD,SENIOR,13911112222,制造业；农业,2018-07-01"])
    assert counts(imported.report) == (1, 0, 1, 0, 0)
    manager = RelationshipManager.objects.get(employee_no="M-CD1")
    assert (manager.grade and manager.grade.code, manager.mobile, manager.industries) == (
        "SENIOR",
        "13911112222",
        ["制造业", "农业"],
    )
    event = Event.objects.order_by("id")[before]
    assert event.kind == "manager.update"
    assert event.before == {"grade": "中级客户经理", "mobile": "138****5678", "industries": []}
    assert event.after == {"grade": "高级客户经理", "mobile": "139****2222", "industries": ["制造业", "农业"]}
    records = GradeRecord.objects.filter(manager=manager).order_by("starts_on")
    assert [(r.grade.code, r.starts_on, r.ends_on, r.cause) for r in records] == [
        ("MIDDLE", date(2018, 7, 1), TODAY, "hired"),
        ("SENIOR", TODAY, None, "imported"),
    ]


def test_undo_of_a_change_restores_grade_history_and_clear_values(bring: Bring) -> None:
    before = contents(*TABLES)
    imported = bring(
        "managers",
        [HEAD, "M-CD1,陈思宁,CX,SENIOR,13911112222,制造业,2019-07-01", "M-PD1,周婷,PD,,,,2018-07-01"],
    )
    assert counts(imported.report) == (2, 0, 1, 1, 0)
    assert imported.batch is not None
    later = TODAY + timedelta(days=9)
    undone = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=later)
    assert (undone.restored, undone.removed, undone.kept) == (1, 0, [])
    assert contents(*TABLES) == before
    event = Event.objects.filter(kind="manager.update").order_by("-id")[0]
    assert (event.before["mobile"], event.after["mobile"]) == ("139****2222", "138****5678")


def test_undo_keeps_what_was_edited_or_is_used(bring: Bring, cast: Cast) -> None:
    imported = bring(
        "managers", [HEAD, "A1,甲,CD,,,,", "A2,乙,CD,,,,", "A3,丙,CD,,,,", "M-CD1,陈思远,CD,,13911112222,,"]
    )
    people = {m.employee_no: m for m in RelationshipManager.objects.all()}
    manager_update(actor=SYSTEM, manager_id=people["A1"].pk, values={"major": "法学"})
    certificate_add(actor=SYSTEM, manager_id=people["A2"].pk, name="AFP", issued_on=date(2025, 1, 1))
    manager_update(actor=SYSTEM, manager_id=people["M-CD1"].pk, values={"major": "法学"})
    assert imported.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert [(kept.row, kept.label, kept.why) for kept in undone.kept] == [
        (2, "甲（A1）", "导入之后又改过：专业"),
        (3, "乙（A2）", "已被“资格证书”引用，不能删除"),
    ]
    people = {m.employee_no: m for m in RelationshipManager.objects.all()}
    assert (people["M-CD1"].mobile, people["M-CD1"].major) == ("13812345678", "法学")
    assert "A3" not in people


def test_a_second_grade_on_the_same_day_is_a_conflict(bring: Bring) -> None:
    bring("managers", [HEAD, "M-CD1,陈思远,CD,SENIOR,,,"])
    again = bring("managers", [HEAD, "M-CD1,陈思远,CD,JUNIOR,,,"])
    assert errors(again.report) == [(2, "grade_code", "conflict")]


def test_units_are_found_by_code_or_by_a_name_that_is_theirs_alone(bring: Bring, cast: Cast) -> None:
    bring("org_units", ["机构编码,机构名称,机构类型", "D1,重名支行,支行", "D2,重名支行,支行"])
    imported = bring("managers", [HEAD, "A1,甲,城东支行,,,,", "A2,乙,重名支行,,,,"], mode="skip")
    assert RelationshipManager.objects.get(employee_no="A1").unit.code == "CD"
    assert errors(imported.report) == [(3, "unit_code", "not_found")]
    assert imported.report.errors[0].reason == "叫“重名支行”的不止一个，请改填编码"


def test_closed_units_take_nobody_in(bring: Bring, cast: Cast) -> None:
    unit_close(actor=SYSTEM, unit_id=cast.units["CX"].pk, on=TODAY, today=TODAY, reason="撤并")
    imported = bring("managers", [HEAD, "A1,甲,CX,,,,", "M-CX1,赵立群,CX,,13911112222,,"])
    assert errors(imported.report) == [(2, "unit_code", "conflict")]


# --- scope ------------------------------------------------------------------------------------------------------------
def test_a_branch_imports_its_own_subtree_only(bring: Bring) -> None:
    before = contents(*TABLES)
    imported = bring(
        "managers",
        [
            HEAD,
            "A1,甲,CD,,,,",
            "A2,乙,PD,,,,",
            "M-PD1,周婷,PD,,13911112222,,",
            "M-PD1x,周,浦东支行,,,,",
            "M-CD1,陈思远,SH,,,,",
        ],
        user="hrb",
    )
    assert errors(imported.report) == [
        (3, "unit_code", "out_of_scope"),
        (4, "employee_no", "out_of_scope"),
        (4, "unit_code", "out_of_scope"),
        (5, "unit_code", "out_of_scope"),
        (6, "unit_code", "out_of_scope"),
    ]
    assert contents(*TABLES) == before
    assert "周婷" not in imported.report.errors[1].message


def test_posts_of_other_branches_do_not_exist_for_a_branch(bring: Bring) -> None:
    imported = bring("managers", ["工号,姓名,所属机构,岗位编码", "A1,甲,CD,P-PD"], user="hrb")
    assert errors(imported.report) == [(2, "post_code", "not_found")]


def test_a_grant_for_one_line_imports_that_line_only(bring: Bring, cast: Cast) -> None:
    retail = BusinessLine.objects.create(code="RETAIL", name="零售业务")
    role_grant(
        actor=SYSTEM, user=cast.users["nobody"], role=Role.HRB, unit=cast.units["BJ"], line=retail,
        starts_on=date(2020, 1, 1), reason="测试",
    )  # fmt: skip
    imported = bring(
        "managers",
        [
            "工号,姓名,所属机构,条线",
            "A1,甲,CD,零售业务",
            "A2,乙,CD,公司业务",
            "A3,丙,CD,",
            "M-CD1,陈思远,CD,零售业务",
        ],
        user="nobody",
    )
    assert errors(imported.report) == [
        (3, "line", "out_of_scope"),
        (4, "line", "out_of_scope"),
        (5, "employee_no", "out_of_scope"),
    ]


@pytest.mark.parametrize("user", ["mgr", "cm", "cmd", "da", "trn", "sys", "sec", "aud", "nobody"])
@pytest.mark.parametrize("kind", ["managers", "posts"])
def test_others_import_neither_people_nor_posts(bring: Bring, user: str, kind: str) -> None:
    with pytest.raises(MissingFunction):
        bring(kind, ["工号,姓名", "A1,甲"], user=user)


def test_somebody_elses_batch_cannot_be_undone_by_a_branch(bring: Bring, cast: Cast) -> None:
    imported = bring("managers", [HEAD, "A1,甲,CD,,,,"])
    assert imported.batch is not None
    with pytest.raises(type(imported.batch).DoesNotExist):
        batch_undo(actor=cast.user("hrb"), batch_id=imported.batch.pk, now=NOW, today=TODAY)
    mine = bring("managers", [HEAD, "A2,乙,CD,,,,"], user="hrb")
    assert mine.batch is not None
    assert batch_undo(actor=cast.user("hrb"), batch_id=mine.batch.pk, now=NOW, today=TODAY).removed == 1


# --- posts ------------------------------------------------------------------------------------------------------------
def test_posts_come_in_change_and_go(bring: Bring) -> None:
    before = contents(Post)
    rows = [
        "岗位编码,岗位名称,序列,编制,所属机构",
        "P-CD,公司客户经理岗,业务序列,5,城东支行",
        "P-NEW,专家岗,专家,,",
        "P-X,岗,,,火星",
    ]
    imported = bring("posts", rows, mode="skip")
    assert counts(imported.report) == (3, 1, 1, 0, 1)
    new = Post.objects.get(code="P-NEW")
    assert (new.series, new.headcount, new.unit) == ("expert", None, None)
    assert Post.objects.get(code="P-CD").headcount == 5
    assert counts(bring("posts", rows, mode="skip").report) == (3, 0, 0, 2, 1)
    assert imported.batch is not None
    batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert contents(Post) == before


def test_nothing_to_undo_is_said(bring: Bring) -> None:
    imported = bring("posts", ["岗位编码,岗位名称", "P-NEW,岗"])
    assert imported.batch is not None
    batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    with pytest.raises(ValidationError, match="已撤销"):
        batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
