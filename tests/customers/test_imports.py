"""The kinds customers, contacts and assignments (interfaces 2): in, again, faulty, moved, taken back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit
from cmsys.transfers.kinds import kind_of
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import Imported, batch_undo, file_check, file_import
from customers.registry.models import Assignment, Contact, Customer
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, TODAY
from tests.customers.conftest import Stage
from tests.transfers.conftest import contents, counts, errors
from tests.transfers.sheets import csv_source

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TABLES = (Customer, Contact, Assignment)
Bring = Callable[..., Imported]


@pytest.fixture
def bring(scene: Stage) -> Bring:
    """bring("customers", line, line, …, user="da", mode="all")."""

    def run(kind: str, *lines: str, user: str = "da", mapping: str = "", **options: Any) -> Imported:
        return file_import(
            actor=scene.cast.user(user), kind=kind_of(kind), source=csv_source(*lines), mapping=mapping, now=NOW,
            today=TODAY, **options,
        )  # fmt: skip

    return run


def checked(scene: Stage, kind: str, *lines: str) -> Report:
    return file_check(
        actor=scene.cast.user("da"), kind=kind_of(kind), source=csv_source(*lines), now=NOW, today=TODAY
    )


def undo(imported: Imported) -> Any:
    assert imported.batch is not None
    return batch_undo(actor=STAGE, batch_id=imported.batch.pk, now=NOW, today=TODAY)


def said(report: Report) -> list[str]:
    return [found.message for found in report.errors]


def owner(number: str) -> str | None:
    return Customer.objects.values_list("owner__employee_no", flat=True).get(customer_no=number)


# --- customers ------------------------------------------------------------------------------------------------------------
FULL = (
    "客户编号,客户名称,客户类型,客户属性,集团编号,行业代码,行政区划代码,纬度,longitude,规模,客户分类,客户等级,统一社会信用代码,需求偏好,来源,unit_code",
    "N-1,北辰物流有限公司,企业,项目类,G-1,G54,110105,39.920000,116.460000,中型,重点客户,A,91110105MA01B2C3D4,仓储融资,转介绍,CX",
    "N-2,王小明,个人客户,,,,110105,,,,一般,b级,,,网点,城西支行",
    "N-3,朝阳区教育局,government,resource,,,,,,,潜在,C 级,,,,BJ",
    "N-4,只有名称,,,,,,,,,,,,,,",
)  # fmt: skip


def test_every_column_comes_in_by_code_or_header_by_code_or_label(bring: Bring, scene: Stage) -> None:
    imported = bring("customers", *FULL)
    assert counts(imported.report) == (4, 4, 0, 0, 0)
    assert imported.report.errors == []
    first = Customer.objects.select_related("tier", "unit").get(customer_no="N-1")
    assert {
        name: str(getattr(first, name))
        for name in (
            "name", "name_pinyin", "kind", "nature", "group_no", "industry_code", "region_code", "latitude", "longitude",
            "scale", "category", "tier", "credit_code", "needs", "source", "unit",
        )
    } == {
        "name": "北辰物流有限公司", "name_pinyin": "bei chen wu liu you xian gong si", "kind": "enterprise", "nature": "project",
        "group_no": "G-1", "industry_code": "G54", "region_code": "110105", "latitude": "39.920000",
        "longitude": "116.460000", "scale": "中型", "category": "key", "tier": "A 级", "credit_code": "91110105MA01B2C3D4",
        "needs": "仓储融资", "source": "转介绍", "unit": "城西支行",
    }  # fmt: skip
    rows = Customer.objects.filter(customer_no__in=["N-2", "N-3", "N-4"]).order_by("customer_no")
    assert list(rows.values_list("kind", "nature", "category", "tier__code", "unit__code")) == [
        ("individual", "", "general", "B", "CX"),
        ("government", "resource", "prospect", "C", "BJ"),
        ("enterprise", "", "", None, None),
    ]
    events = Event.objects.filter(kind="customer.create", object_id=str(rows[0].pk))
    assert [(event.object_label, event.after["name"]) for event in events] == [("王**（N-2）", "王**")]


def test_again_changes_nothing_and_undo_restores(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES)
    first = bring("customers", *FULL)
    after = contents(*TABLES, without=())
    assert counts(bring("customers", *FULL).report) == (4, 0, 0, 4, 0)
    assert contents(*TABLES, without=()) == after
    undone = undo(first)
    assert (undone.removed, undone.restored, undone.kept) == (4, 0, [])
    assert contents(*TABLES) == before


def test_a_known_customer_is_changed_where_the_file_says_something(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES)
    imported = bring(
        "customers", "customer_no,name,tier,category", "C-HD,深圳恒达科技有限公司,B,一般", "C-OY,欧阳若云,,"
    )
    assert counts(imported.report) == (2, 0, 2, 0, 0)
    changed = Customer.objects.select_related("tier").get(customer_no="C-HD")
    assert (changed.name, changed.tier.code, changed.category) == ("深圳恒达科技有限公司", "B", "general")
    cells = {cell.header: (cell.before, cell.after) for cell in imported.report.samples["update"][1].cells}
    assert cells == {"客户名称": ("欧阳**", "欧阳**")}
    assert Customer.objects.get(customer_no="C-OY").name_pinyin == "ou yang ruo yun"
    assert undo(imported).restored == 2
    assert contents(*TABLES) == before


FAULTS = (
    ("N-10,,企业,,,,", [("name", "missing")]),
    (",无编号,企业,,,,", [("customer_no", "missing")]),
    ("N-11,坏类型,外星,,,,", [("kind", "bad_value")]),
    ("N-12,坏分级,企业,D,,,", [("tier", "not_found")]),
    ("N-13,坏机构,企业,,GZ99,,", [("unit_code", "not_found")]),
    ("N-14,坏纬度,企业,,,91,", [("latitude", "bad_value")]),
    ("N-15,坏分类,企业,,,,贵宾", [("category", "bad_value")]),
    ("C-OY,欧阳**,个人,,,,", [("name", "bad_value")]),
    ("C-HD,深圳恒达科技有限公司,,,,,潜在", [("category", "conflict")]),
    ("a/b,斜线,企业,,,,", [("customer_no", "bad_value")]),
    ("N-16,好的,企业,A,CD,,一般", []),
    ("N-16,重复,企业,A,CD,,一般", [("customer_no", "duplicate")]),
)


def test_each_fault_is_found_where_it_stands_and_nothing_comes_in(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES, Event)
    header = "customer_no,name,kind,tier,unit_code,latitude,category"
    imported = bring("customers", header, *(line for line, _found in FAULTS))
    assert imported.batch is None
    assert contents(*TABLES, Event) == before
    assert errors(imported.report) == [
        (row, column, code) for row, (_line, found) in enumerate(FAULTS, start=2) for column, code in found
    ]
    told = "\n".join(said(imported.report))
    for words in (
        "收到“外星”", "没有“D”；现有：A 级、B 级、C 级", "没有“GZ99”", "-90 到 90", "打码后的值", "自 2024-03-01 起已有合作",
        "不能含“/”", "重复",
    ):  # fmt: skip
        assert words in told, words
    again = bring("customers", header, *(line for line, _found in FAULTS), mode="skip")
    assert counts(again.report) == (12, 1, 0, 0, 11)


def test_a_closed_unit_takes_no_customers_and_doubtful_codes_are_told(bring: Bring, scene: Stage) -> None:
    OrgUnit.objects.filter(code="CX").update(closed_on=date(2026, 1, 1))
    header = "customer_no,name,unit_code,credit_code"
    refused = bring("customers", header, "N-1,甲,CX,", "N-2,乙,CD,123", "N-3,丙,CD,91440300708461136T")
    assert errors(refused.report) == [(2, "unit_code", "conflict")]
    assert [warning.message for warning in refused.report.warnings] == [
        "第 3 行 统一社会信用代码：应为 18 位数字或大写字母（不含 I、O、S、V、Z），照原样导入",
        "第 4 行 统一社会信用代码：与客户“C-HD”的统一社会信用代码相同，请核对是否重复建档",
    ]


@pytest.mark.parametrize("who", ["mgr", "cm", "hrh", "sys", "nobody"])
@pytest.mark.parametrize("kind", ["customers", "contacts", "assignments"])
def test_others_import_nothing(bring: Bring, scene: Stage, who: str, kind: str) -> None:
    with pytest.raises(MissingFunction):
        bring(kind, "customer_no,name", "N-1,甲", user=who)


def test_a_customer_somebody_works_with_is_not_taken_back(bring: Bring, scene: Stage) -> None:
    first = bring("customers", "customer_no,name", "N-1,甲公司", "N-2,乙公司")
    bring("assignments", HEAD, "N-1,M-CX1,主办,2026-01-01,", user="cmd")
    undone = undo(first)
    assert (undone.removed, [(kept.label, kept.why) for kept in undone.kept]) == (
        1, [("甲公司（N-1）", "导入之后又改过：主办客户经理")],
    )  # fmt: skip


def test_another_systems_export_comes_in_by_a_mapping(bring: Bring, scene: Stage) -> None:
    mapping = "columns: {customer_no: account, name: account, industry_code: sector}\nconstants: {kind: 企业}\nskip_unknown_columns: true\n"
    imported = bring(
        "customers", "account,sector,revenue", "Acme Corporation,technolgy,1100.04", mapping=mapping
    )
    assert counts(imported.report) == (1, 1, 0, 0, 0)
    found = Customer.objects.get(customer_no="Acme Corporation")
    assert (found.name, found.industry_code, found.kind) == ("Acme Corporation", "technolgy", "enterprise")


# --- contacts -------------------------------------------------------------------------------------------------------------
def test_contacts_by_customer_and_name(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES)
    lines = (
        "客户编号,联系人,角色,手机,生日", "C-HD,张建国,支持者,13800001111,1975-06-18", "C-HD,李新,投资者,,", "C-CX,张建国,,,1980/1/2",
    )  # fmt: skip
    imported = bring("contacts", *lines, user="cmd")
    assert counts(imported.report) == (3, 2, 1, 0, 0)
    known = Contact.objects.get(customer__customer_no="C-HD", name="张建国")
    assert (known.role, known.mobile, known.birthday) == ("supporter", "13800001111", date(1975, 6, 18))
    [event] = Event.objects.filter(kind="contact.update", object_id=str(known.pk))
    assert (event.object_label, event.before, event.after) == (
        "张**", {"role": "decider", "mobile": "138****5678"}, {"role": "supporter", "mobile": "138****1111"},
    )  # fmt: skip
    sample = imported.report.samples["create"][0]
    assert (sample.label, [(cell.header, cell.after) for cell in sample.cells]) == (
        "C-HD 李*", [("客户编号", "深圳恒达科技有限公司（C-HD）"), ("联系人", "李*"), ("角色", "投资者")],
    )  # fmt: skip
    assert counts(bring("contacts", *lines, user="cmd").report) == (3, 0, 0, 3, 0)
    undone = undo(imported)
    assert (undone.removed, undone.restored, undone.kept) == (2, 1, [])
    assert contents(*TABLES) == before


def test_channel_and_refusal_of_contacts_in_the_words_of_files(bring: Bring, scene: Stage) -> None:
    head = "客户编号,联系人,首选渠道,营销意愿"
    refused = bring("contacts", head, "C-HD,张建国,微信,拒绝", "C-OY,欧阳若兰,飞鸽,不知道", user="cmd")
    assert errors(refused.report) == [(3, "channel", "bad_value"), (3, "marketing", "bad_value")]
    bring("contacts", head, "C-HD,张建国,微信,拒绝", "C-HD,刘芳,拜访,接受", user="cmd")
    found = Contact.objects.filter(customer__customer_no="C-HD").values_list("name", "channel", "marketing")
    assert set(found) == {("张建国", "wechat", "refused"), ("刘芳", "visit", "accepted")}


def test_faults_of_contacts(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES, Event)
    imported = bring(
        "contacts", "客户编号,联系人,角色,手机,生日", "C-404,甲,,,", "C-HD,,,,", "C-HD,乙,老板,,", "C-HD,丙,,12345,", "C-HD,丁,,,2027-01-01",
        "C-HD,张*,,,", "C-HD,戊,,138****0000,", "C-HD,己,,,", "C-HD,己,,,",
    )  # fmt: skip
    assert errors(imported.report) == [
        (2, "customer_no", "not_found"), (3, "name", "missing"), (4, "role", "bad_value"), (5, "mobile", "bad_value"),
        (6, "birthday", "bad_date"), (7, "name", "bad_value"), (8, "mobile", "bad_value"), (10, "customer_no", "duplicate"),
    ]  # fmt: skip
    assert contents(*TABLES, Event) == before


# --- assignments ------------------------------------------------------------------------------------------------------------
HEAD = "客户编号,工号,归属类型,开始日期,结束日期"


def history(number: str) -> list[tuple[str, str, date, date | None]]:
    held = Assignment.objects.filter(customer__customer_no=number).order_by("starts_on", "role")
    return list(held.values_list("manager__employee_no", "role", "starts_on", "ends_on"))


def test_an_assignment_moves_the_owner_and_undo_gives_him_back(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES)
    lines = (
        HEAD, "C-HD,M-CX1,主办,2026-02-01,", "C-HD,M-CD1,协办,2026-02-01,", "C-NO,M-PD1,primary,2020-01-01,2021-01-01",
        "C-NO,M-PD1,主办,2024-01-01,", "C-LI,M-CD2,主办,2026-06-01,",
    )  # fmt: skip
    imported = bring("assignments", *lines, user="cmd")
    assert imported.report.errors == []
    assert counts(imported.report) == (5, 5, 0, 0, 0)
    assert history("C-HD")[1:] == [
        ("M-CD1", "primary", date(2025, 1, 1), date(2026, 2, 1)),
        ("M-CD1", "assistant", date(2026, 2, 1), None),
        ("M-CX1", "primary", date(2026, 2, 1), None),
    ]
    assert [owner(number) for number in ("C-HD", "C-NO", "C-LI", "C-OY")] == [
        "M-CX1",
        "M-PD1",
        "M-CD1",
        "M-CD2",
    ]
    assert [warning.message for warning in imported.report.warnings] == [
        "第 2 行 开始日期：现主办陈思远（M-CD1）（自 2025-01-01 起）将于这一天结束",
        "第 6 行 开始日期：现主办陈思远（M-CD1）（自 2025-02-01 起）将于这一天结束",
    ]
    [event, *_rest] = Event.objects.filter(kind="assignment.begin", object_id=str(scene.pk("C-HD"))).order_by(
        "-pk"
    )[:2]
    assert (event.object_label, event.after["role"]) == ("深圳恒达科技有限公司（C-HD）", "协办")
    # The same file again changes nothing, not even the one who gave way.
    after = contents(*TABLES, without=())
    assert counts(bring("assignments", *lines, user="cmd").report) == (5, 0, 0, 5, 0)
    assert contents(*TABLES, without=()) == after
    undone = undo(imported)
    assert (undone.removed, undone.restored, undone.kept) == (5, 2, [])
    assert contents(*TABLES) == before


def test_an_end_may_be_given_later(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES)
    imported = bring("assignments", HEAD, "C-HD,M-CD1,主办,2025-01-01,2026-03-01", user="cmd")
    assert counts(imported.report) == (1, 0, 1, 0, 0)
    assert (history("C-HD")[-1][3], owner("C-HD")) == (date(2026, 3, 1), None)
    assert undo(imported).restored == 1
    assert contents(*TABLES) == before


def test_what_overlaps_is_refused_row_by_row(bring: Bring, scene: Stage) -> None:
    before = contents(*TABLES, Event)
    imported = bring(
        "assignments", HEAD,
        "C-HD,M-CX1,主办,2024-06-01,",
        "C-HD,M-CX1,主办,2025-01-01,2025-02-01",
        "C-NO,M-CX1,主办,2025-01-01,2025-07-01",
        "C-NO,M-CD1,主办,2025-06-30,",
        "C-NO,M-CD2,主办,2025-07-01,",
        "C-NO,M-PD1,主办,2025-09-01,",
        "C-OY,M-CX1,协办,2025-01-01,",
        "C-OY,M-CX1,协办,2025-03-01,",
        "C-HD,M-404,主办,2026-01-01,",
        "C-404,M-CD1,主办,2026-01-01,",
        "C-HD,M-CX1,朋友,2026-01-01,",
        "C-HD,M-CX1,主办,2026-13-01,",
        "C-HD,M-CX1,主办,2026-02-01,2026-02-01",
        "C-HD,M-CD1,主办,2026-02-01,",
        "C-OY,M-CD2,主办,2025-01-01,",
        "C-OY,M-CD2,主办,2025-01-01,",
    )  # fmt: skip
    assert imported.batch is None
    assert contents(*TABLES, Event) == before
    assert errors(imported.report) == [
        (2, "starts_on", "conflict"), (3, "starts_on", "conflict"), (5, "starts_on", "conflict"), (7, "starts_on", "conflict"),
        (9, "starts_on", "conflict"), (10, "employee_no", "not_found"), (11, "customer_no", "not_found"),
        (12, "role", "bad_value"), (13, "starts_on", "bad_date"), (14, "ends_on", "conflict"), (15, "starts_on", "conflict"),
        (17, "customer_no", "duplicate"),
    ]  # fmt: skip
    told = said(imported.report)
    assert told[0] == (
        "第 2 行 开始日期：与已登记的主办重叠（王雅琴（M-CD2），2024-01-01 至 2025-01-01）；"
        "同一客户同一时间只能有一名主办，请改日期"
    )
    assert told[2] == (
        "第 5 行 开始日期：与第 4 行重叠（赵立群（M-CX1），2025-01-01 至 2025-07-01）；请改日期，或在那一行填写结束日期"
    )
    assert told[3] == (
        "第 7 行 开始日期：与第 6 行重叠（王雅琴（M-CD2），2025-07-01 至 …）；请改日期，或在那一行填写结束日期"
    )


def test_overlaps_are_found_across_chunks(
    bring: Bring, scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(kind_of("assignments")), "chunk_size", 1)
    lines = (HEAD, "C-NO,M-CX1,主办,2025-01-01,", "C-NO,M-CD1,主办,2025-06-30,")
    assert errors(checked(scene, "assignments", *lines)) == [(3, "starts_on", "conflict")]
    imported = bring("assignments", *lines, user="cmd", mode="skip")
    assert errors(imported.report) == [(3, "starts_on", "conflict")]
    assert history("C-NO") == [("M-CX1", "primary", date(2025, 1, 1), None)]
    assert owner("C-NO") == "M-CX1"


def test_who_left_holds_only_what_is_over(bring: Bring, scene: Stage) -> None:
    RelationshipManager.objects.filter(employee_no="M-CX1").update(status="left")
    imported = bring(
        "assignments",
        HEAD,
        "C-NO,M-CX1,主办,2020-01-01,2021-01-01",
        "C-NO,M-CX1,主办,2022-01-01,",
        user="cmd",
    )
    assert said(imported.report) == ["第 3 行 工号：赵立群（M-CX1）已离职，不能管户；历史归属请填写结束日期"]


def test_who_follows_stays_when_he_was_changed_since(bring: Bring, scene: Stage) -> None:
    imported = bring("assignments", HEAD, "C-HD,M-CX1,主办,2026-02-01,", user="cmd")
    Assignment.objects.filter(manager=scene.cast.managers["M-CX1"], customer=scene.pk("C-HD")).update(
        ends_on=date(2026, 12, 1)
    )
    undone = undo(imported)
    assert [kept.why for kept in undone.kept] == ["导入之后又改过：结束日期", "接替他的归属没有撤销"]
    assert owner("C-HD") == "M-CX1"


# --- cost -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["customers", "contacts", "assignments"])
def test_queries_do_not_grow_with_the_rows(bring: Bring, scene: Stage, kind: str) -> None:
    def lines(count: int) -> list[str]:
        if kind == "customers":
            return ["customer_no,name,tier,unit_code", *(f"K-{n},公司{n},A,CD" for n in range(count))]
        if kind == "contacts":
            return ["customer_no,name,mobile", *(f"P-{n},联系人{n},13800000000" for n in range(count))]
        return [HEAD, *(f"P-{n},M-CX1,主办,2026-01-01," for n in range(count))]

    Customer.objects.bulk_create(Customer(customer_no=f"P-{n}", name=f"公司{n}") for n in range(60))
    held = [
        Assignment(
            customer=customer,
            manager=scene.cast.managers["M-CD1"],
            role="primary",
            starts_on=date(2025, 1, 1),
        )
        for customer in Customer.objects.filter(customer_no__startswith="P-")
    ]
    Assignment.objects.bulk_create(held)
    spent = []
    for count in (3, 60):
        with CaptureQueriesContext(connection) as checking:
            assert checked(scene, kind, *lines(count)).error_count == 0
        with CaptureQueriesContext(connection) as writing:
            imported = bring(kind, *lines(count), user="cmd")
        with CaptureQueriesContext(connection) as undoing:
            assert undo(imported).kept == []
        spent.append((len(checking), len(writing), len(undoing)))
    assert spent[0] == spent[1]
