"""The kind org_units: a tree from rows in any order (ORG-1, IMP-1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.access.actors import MissingFunction, SystemActor
from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit, UnitPlacement
from cmsys.org.services.units import unit_close, unit_create, unit_update
from cmsys.transfers.models import ImportBatch, ImportChange
from cmsys.transfers.report import Report
from cmsys.transfers.services.batches import batch_undo
from tests.cast import TODAY, Cast
from tests.transfers.conftest import NOW, Bring, contents, counts, errors

HEAD = "机构编码,机构名称,机构类型,上级机构编码,行政区划代码,纬度,经度,负责人工号"
SYSTEM = SystemActor("system:tests")


def _lines(*rows: str) -> list[str]:
    return [HEAD, *rows]


def test_children_may_stand_before_their_parents(bring: Bring) -> None:
    imported = bring(
        "org_units",
        _lines(
            "T1,团队一,团队,GZ01,,,,",
            "GZ01,天河支行,支行,GZ,440106,23.1291,113.264400,",
            "GZ,广州分行,分行,HO,,,,",
        ),
    )
    assert counts(imported.report) == (3, 3, 0, 0, 0)
    units = {unit.code: unit for unit in OrgUnit.objects.select_related("parent")}
    assert units["T1"].path == f"{units['HO'].path}{units['GZ'].pk}/{units['GZ01'].pk}/{units['T1'].pk}/"
    assert (units["GZ01"].latitude, units["GZ01"].longitude) == (Decimal("23.129100"), Decimal("113.264400"))
    placed = UnitPlacement.objects.get(unit=units["T1"])
    assert (placed.parent, placed.starts_on, placed.ends_on) == (units["GZ01"], TODAY, None)


def test_one_event_for_each_object_and_one_for_the_batch(bring: Bring) -> None:
    before = Event.objects.count()
    imported = bring(
        "org_units",
        _lines("GZ,广州分行,分行,HO,,,,", "BJ,北京分行,分行,HO,110000,,,", "SH,上海分行,分行,HO,,,,"),
    )
    assert counts(imported.report) == (3, 1, 1, 1, 0)
    events = list(Event.objects.order_by("id")[before:])
    assert [(e.kind, e.object_label) for e in events] == [
        ("unit.create", "广州分行"),
        ("unit.update", "北京分行"),
        ("import.commit", "机构：data.csv"),
    ]
    assert events[1].before == {"region_code": ""}
    assert events[1].after == {"region_code": "110000"}
    assert imported.batch is not None
    assert events[1].reason == f"导入批次 {imported.batch.pk}"
    assert {name: events[2].after[name] for name in ("read", "created", "updated", "unchanged", "refused")} == {
        "read": 3, "created": 1, "updated": 1, "unchanged": 1, "refused": 0,
    }  # fmt: skip


def test_second_import_changes_nothing(bring: Bring) -> None:
    rows = _lines("GZ,广州分行,分行,HO,440100,23.1291,113.2644,M-CD1", "GZ01,天河支行,支行,GZ,,,,")
    bring("org_units", rows)
    before, events = contents(OrgUnit, UnitPlacement, without=()), Event.objects.count()
    again = bring("org_units", rows)
    assert counts(again.report) == (2, 0, 0, 2, 0)
    assert contents(OrgUnit, UnitPlacement, without=()) == before
    assert Event.objects.count() == events + 1


def test_empty_cells_change_nothing(bring: Bring, cast: Cast) -> None:
    unit_update(
        actor=SYSTEM,
        unit_id=cast.units["BJ"].pk,
        values={"region_code": "110000", "latitude": Decimal("39.9")},
    )
    assert counts(bring("org_units", _lines("BJ,北京分行,分行,,,,,")).report) == (1, 0, 0, 1, 0)


def test_a_file_with_few_columns_changes_known_units_only(bring: Bring) -> None:
    rows = ["机构编码,行政区划代码", "BJ,110000", "NEW,440000"]
    refused = bring("org_units", rows)
    assert refused.batch is None
    assert errors(refused.report) == [(1, "name", "missing"), (1, "kind", "missing")]
    taken = bring("org_units", rows, mode="skip")
    assert counts(taken.report) == (2, 0, 1, 0, 1)
    assert OrgUnit.objects.get(code="BJ").region_code == "110000"


def test_every_fault_is_reported_and_nothing_is_written(bring: Bring) -> None:
    before = contents(OrgUnit, UnitPlacement, Event, ImportBatch)
    imported = bring(
        "org_units",
        _lines(
            "GZ,广州分行,分行,HO,,,,",
            ",无编码,分行,HO,,,,",
            "X1,,支行,NOWHERE,,,,",
            "X2,某支行,分公司,HO,,91,abc,",
            "GZ,又一个,分行,HO,,,,",
            "X3,团队,团队,X1,,,,",
        ),
    )
    assert imported.batch is None
    assert errors(imported.report) == [
        (3, "code", "missing"),
        (4, "name", "missing"),
        (4, "parent_code", "not_found"),
        (5, "kind", "bad_value"),
        (5, "latitude", "bad_value"),
        (5, "longitude", "bad_value"),
        (6, "code", "duplicate"),
        (7, "parent_code", "conflict"),
    ]
    assert [found.message for found in imported.report.errors[:5]] == [
        "第 3 行 机构编码：必填，不能为空",
        "第 4 行 机构名称：必填，不能为空",
        "第 4 行 上级机构编码：没有“NOWHERE”，请核对，或先导入它",
        "第 5 行 机构类型：应为 总部、分行、支行、部门、团队 之一，收到“分公司”",
        "第 5 行 纬度：应在 -90 到 90 之间，收到“91”",
    ]
    assert counts(imported.report) == (6, 1, 0, 0, 5)
    assert contents(OrgUnit, UnitPlacement, Event, ImportBatch) == before


def test_skip_brings_the_good_rows_in(bring: Bring) -> None:
    imported = bring("org_units", _lines("GZ,广州分行,分行,HO,,,,", "X2,某支行,分公司,HO,,,,"), mode="skip")
    assert counts(imported.report) == (2, 1, 0, 0, 1)
    assert imported.is_in
    assert set(OrgUnit.objects.filter(code__in=["GZ", "X2"]).values_list("code", flat=True)) == {"GZ"}


def test_circles_are_refused(bring: Bring) -> None:
    imported = bring("org_units", _lines("A,甲,分行,B,,,,", "B,乙,分行,A,,,,", "BJ,北京分行,分行,CD,,,,"))
    assert errors(imported.report) == [
        (2, "parent_code", "conflict"),
        (3, "parent_code", "conflict"),
        (4, "parent_code", "conflict"),
    ]


def test_a_move_keeps_the_tree_of_earlier_days(bring: Bring, cast: Cast) -> None:
    imported = bring("org_units", _lines("CX,城西支行,支行,SH,,,,", "GZ,广州分行,分行,CX,,,,"))
    assert counts(imported.report) == (2, 1, 1, 0, 0)
    unit = OrgUnit.objects.get(code="CX")
    assert unit.path == f"{cast.units['SH'].path or OrgUnit.objects.get(code='SH').path}{unit.pk}/"
    assert OrgUnit.objects.get(code="GZ").path == f"{unit.path}{OrgUnit.objects.get(code='GZ').pk}/"
    placements = list(
        UnitPlacement.objects.filter(unit=unit).order_by("starts_on").values_list("parent__code", "ends_on")
    )
    assert placements == [("BJ", TODAY), ("SH", None)]


def test_an_unknown_head_is_a_warning(bring: Bring) -> None:
    imported = bring("org_units", _lines("GZ,广州分行,分行,HO,,,,E404", "SH,上海分行,分行,HO,,,,M-CD1"))
    assert imported.is_in
    assert [(w.row, w.column, w.code) for w in imported.report.warnings] == [(2, "head", "not_found")]
    assert OrgUnit.objects.get(code="SH").head is not None
    assert OrgUnit.objects.get(code="GZ").head is None


def test_closed_parents_take_no_new_units(bring: Bring, cast: Cast) -> None:
    unit_close(actor=SYSTEM, today=TODAY, unit_id=cast.units["CX"].pk, on=TODAY, reason="撤并")
    imported = bring("org_units", _lines("N1,新团队,团队,CX,,,,"))
    assert errors(imported.report) == [(2, "parent_code", "conflict")]


@pytest.mark.parametrize("user", ["hrb", "mgr", "cm", "cmd", "da", "trn", "sys", "sec", "aud", "nobody"])
def test_only_head_office_imports_units(bring: Bring, user: str) -> None:
    with pytest.raises(MissingFunction):
        bring("org_units", _lines("GZ,广州分行,分行,HO,,,,"), user=user)


def test_undo_restores_the_tables(bring: Bring) -> None:
    before = contents(OrgUnit, UnitPlacement)
    imported = bring(
        "org_units",
        _lines(
            "GZ,广州分行,分行,HO,,,,",
            "GZ01,天河支行,支行,GZ,,,,",
            "CX,城西分理处,支行,SH,110102,39.9,116.3,M-CD1",
        ),
    )
    assert contents(OrgUnit, UnitPlacement) != before
    assert imported.batch is not None
    undone = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert (undone.restored, undone.removed, undone.kept, undone.batch.state) == (1, 2, [], "undone")
    assert contents(OrgUnit, UnitPlacement) == before
    kinds = list(Event.objects.order_by("-id").values_list("kind", flat=True)[:4])
    assert kinds == ["import.undo", "unit.remove", "unit.remove", "unit.update"]
    with pytest.raises(ValidationError, match="没有可撤销的内容"):
        batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)


def test_undo_on_a_later_day_moves_back_from_that_day(bring: Bring) -> None:
    imported = bring("org_units", _lines("CX,城西支行,支行,SH,,,,"))
    assert imported.batch is not None
    later = TODAY + timedelta(days=3)
    batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW + timedelta(days=3), today=later)
    rows = UnitPlacement.objects.filter(unit__code="CX").order_by("starts_on")
    assert [(row.parent.code, row.ends_on) for row in rows] == [("BJ", TODAY), ("SH", later), ("BJ", None)]
    assert f"/{OrgUnit.objects.get(code='BJ').pk}/" in str(OrgUnit.objects.get(code="CX").path)


def test_undo_keeps_and_names_what_was_touched_since(bring: Bring, cast: Cast) -> None:
    imported = bring(
        "org_units",
        _lines(
            "GZ,广州分行,分行,HO,,,,",
            "GZ01,天河支行,支行,GZ,,,,",
            "BJ,北京一分行,分行,HO,,,,",
            "SH,上海分行,分行,HO,310000,,,",
        ),
    )
    assert imported.batch is not None
    unit_update(actor=SYSTEM, unit_id=cast.units["BJ"].pk, values={"name": "首都分行"})
    unit_create(
        actor=SYSTEM,
        today=TODAY,
        code="GZ02",
        name="越秀支行",
        kind="subbranch",
        parent=OrgUnit.objects.get(code="GZ"),
    )
    undone = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert [(kept.row, kept.label, kept.why) for kept in undone.kept] == [
        (2, "广州分行", "已被“机构”引用，不能删除"),
        (4, "北京一分行", "导入之后又改过：机构名称"),
    ]
    assert (undone.restored, undone.removed, undone.batch.state) == (1, 1, "partly_undone")
    assert OrgUnit.objects.get(code="SH").region_code == ""
    assert not OrgUnit.objects.filter(code="GZ01").exists()
    assert set(ImportChange.objects.exclude(kept="").values_list("label", flat=True)) == {
        "广州分行",
        "北京一分行",
    }
    OrgUnit.objects.filter(code="GZ02").delete()
    again = batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY)
    assert (again.removed, [kept.row for kept in again.kept]) == (1, [4])


def _many(count: int) -> list[str]:
    return _lines(
        *(
            f"U{number},机构{number},团队,{'HO' if number % 3 else f'U{number + 1}'},,,,"
            for number in range(count)
        )
    )


def test_queries_do_not_grow_with_the_rows(bring: Bring, check: Callable[..., Report]) -> None:
    spent = []
    for count in (11, 302):
        with CaptureQueriesContext(
            connection,
        ) as checking:
            assert check("org_units", _many(count)).created == count
        with CaptureQueriesContext(connection) as writing:
            imported = bring("org_units", _many(count))
        assert counts(imported.report)[:2] == (count, count)
        assert imported.batch is not None
        with CaptureQueriesContext(connection) as undoing:
            assert batch_undo(actor=SYSTEM, batch_id=imported.batch.pk, now=NOW, today=TODAY).kept == []
        spent.append((len(checking), len(writing), len(undoing)))
    assert spent[0] == spent[1]


def test_a_key_taken_in_the_meantime_writes_nothing_and_says_so(
    bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cmsys.transfers.org_units import OrgUnitKind

    create_many = OrgUnitKind.create_many

    def after_somebody_else(self: OrgUnitKind, rows: Any, instances: Any, context: Any) -> None:
        OrgUnit.objects.bulk_create([OrgUnit(code=instances[0].code, name="别人", kind="branch")])
        create_many(self, rows, instances, context)

    monkeypatch.setattr(OrgUnitKind, "create_many", after_somebody_else)
    before = contents(OrgUnit, UnitPlacement, ImportBatch, ImportChange, Event)
    imported = bring("org_units", _lines("GZ,广州分行,分行,HO,,,,"))
    assert imported.batch is None
    assert errors(imported.report) == [(0, "", "conflict")]
    assert "同时改动" in imported.report.errors[0].message
    assert contents(OrgUnit, UnitPlacement, ImportBatch, ImportChange, Event) == before
