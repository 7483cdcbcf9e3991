"""Units: opened, changed, moved, closed, each with its event; the tree of every earlier day stays known."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from cmsys.org.models import OrgUnit, UnitKind, UnitPlacement
from cmsys.org.services.units import check_placeable, unit_close, unit_create, unit_move, unit_update
from managers.profiles.permissions import MANAGER_EDIT
from tests.cast import STAGE, TODAY, Cast
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

LABEL = "维护机构与岗位"
HR = "郑人事（hrh）"
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
NOBODY = 999_999_999


def create(cast: Cast, who: str = "hrh", **values: Any) -> OrgUnit:
    given: dict[str, Any] = {
        "code": "NEW",
        "parent": cast.units["BJ"],
        "name": "新支行",
        "kind": UnitKind.SUBBRANCH,
    }
    return unit_create(actor=cast.user(who), today=TODAY, **given | values)


def tree(day: date) -> dict[str, str | None]:
    """Who stood below whom on a day."""
    placements = UnitPlacement.objects.filter(starts_on__lte=day).exclude(ends_on__lte=day)
    return dict(placements.values_list("unit__code", "parent__code"))


def codes_below(code: str) -> list[str]:
    path = OrgUnit.objects.get(code=code).path
    return sorted(OrgUnit.objects.filter(path__startswith=path).values_list("code", flat=True))


def test_opening_a_unit(cast: Cast) -> None:
    with events() as written:
        unit = create(cast, opened_on=APRIL)
    assert unit.path == f"{cast.units['BJ'].path}{unit.pk}/"
    assert list(unit.placements.values_list("parent__code", "starts_on", "ends_on")) == [("BJ", APRIL, None)]
    assert [said(event) for event in written] == [
        {
            "kind": "unit.create", "who": HR, "object": "新支行", "before": {}, "reason": "",
            "after": {"code": "NEW", "name": "新支行", "kind": "subbranch", "parent": "北京分行", "opened_on": "2026-04-01"},
        }
    ]  # fmt: skip


def test_a_unit_without_a_date_stands_from_today_and_one_without_a_parent_is_a_root(cast: Cast) -> None:
    assert create(cast).placements.get().starts_on == TODAY
    root = create(cast, code="ROOT", parent=None)
    assert root.path == f"/{root.pk}/"
    assert root.depth == 0


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"code": "CD"}, "code", "具有 机构编码 的 机构 已存在。"),
        ({"name": ""}, "name", "此字段不能为空。"),
        ({"name": "行" * 121}, "name", "确保该变量包含不超过 120 字符 (目前字符数 121)。"),
        ({"kind": "castle"}, "kind", "值 'castle' 不是有效选项。"),
        ({"latitude": 91}, "__all__", "纬度须在 -90 到 90 之间"),
        ({"longitude": -181}, "__all__", "经度须在 -180 到 180 之间"),
        ({"opened_on": MAY, "closed_on": APRIL}, "__all__", "撤销日期须晚于设立日期"),
    ],
)
def test_what_a_unit_cannot_be(cast: Cast, values: dict[str, Any], field: str, message: str) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast, **values)
    assert refusal.value.message_dict == {field: [message]}


def test_nothing_is_opened_below_a_closed_unit(cast: Cast) -> None:
    OrgUnit.objects.filter(code="BJ").update(closed_on=APRIL)
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast)
    assert refusal.value.message_dict == {"parent": ["上级机构“北京分行”已撤销。"]}


def test_changing_a_unit_says_only_what_differs_and_nothing_the_second_time(cast: Cast) -> None:
    values = {"name": "城东中心支行", "kind": "subbranch", "head": cast.users["mgr"]}
    with events() as written:
        unit_update(actor=cast.user("sys"), unit_id=cast.units["CD"].pk, values=values, reason="更名")
    assert [said(event) for event in written] == [
        {
            "kind": "unit.update", "who": "孙系统（sys）", "object": "城东中心支行", "reason": "更名",
            "before": {"name": "城东支行", "head": None}, "after": {"name": "城东中心支行", "head": "李敏（mgr）"},
        }
    ]  # fmt: skip
    with nothing_written():
        unit_update(actor=cast.user("sys"), unit_id=cast.units["CD"].pk, values=values)


def test_a_field_that_has_a_service_of_its_own_is_not_changed_here(cast: Cast) -> None:
    for field in ("parent", "path", "code"):
        with nothing_written(), pytest.raises(ValueError, match=f"not editable here: \\['{field}'\\]"):
            unit_update(actor=cast.user("sys"), unit_id=cast.units["CD"].pk, values={field: "x"})


def test_a_move_keeps_the_tree_of_earlier_days_and_takes_the_subtree_along(cast: Cast) -> None:
    team = create(cast, code="TEAM", parent=cast.units["CX"], kind=UnitKind.TEAM, opened_on=date(2010, 1, 1))
    with events() as written:
        moved = unit_move(
            actor=cast.user("hrh"),
            unit_id=cast.units["CX"].pk,
            parent_id=cast.units["SH"].pk,
            on=APRIL,
            today=APRIL,
            reason="划转",
        )
    assert (tree(date(2026, 3, 31))["CX"], tree(APRIL)["CX"]) == ("BJ", "SH")
    assert tree(APRIL)["TEAM"] == "CX"
    assert codes_below("SH") == ["CX", "PD", "SH", "TEAM"]
    assert codes_below("BJ") == ["BJ", "CD"]
    team.refresh_from_db()
    assert team.path == f"{moved.path}{team.pk}/"
    assert [said(event) for event in written] == [
        {
            "kind": "unit.move", "who": HR, "object": "城西支行", "reason": "划转",
            "before": {"parent": "北京分行"}, "after": {"parent": "上海分行", "on": "2026-04-01"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize("below", ["BJ", "CD"])
def test_a_unit_is_not_moved_below_itself(cast: Cast, below: str) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        unit_move(
            actor=cast.user("sys"),
            unit_id=cast.units["BJ"].pk,
            parent_id=cast.units[below].pk,
            on=APRIL,
            today=APRIL,
            reason="x",
        )
    assert refusal.value.message_dict == {"parent": ["机构不能移到自己或自己的下级之下。"]}


def test_moves_go_forward_in_time(cast: Cast) -> None:
    def move(parent: str, on: date) -> None:
        unit_move(
            actor=cast.user("sys"),
            unit_id=cast.units["CX"].pk,
            parent_id=cast.units[parent].pk,
            on=on,
            today=on,
            reason="x",
        )

    move("SH", APRIL)
    for day in (date(2026, 3, 31), APRIL):
        with nothing_written(), pytest.raises(ValidationError) as refusal:
            move("HO", day)
        assert refusal.value.message_dict == {"on": ["调整日期须晚于上一次调整（2026-04-01）。"]}
    move("HO", date(2026, 4, 2))
    assert [tree(day)["CX"] for day in (date(2026, 3, 31), APRIL, date(2026, 4, 2))] == ["BJ", "SH", "HO"]


def test_moving_to_where_it_is_changes_nothing_and_a_closed_parent_takes_nothing(cast: Cast) -> None:
    with nothing_written():
        unit_move(
            actor=cast.user("sys"),
            unit_id=cast.units["CX"].pk,
            parent_id=cast.units["BJ"].pk,
            on=APRIL,
            today=APRIL,
            reason="x",
        )
    OrgUnit.objects.filter(code="SH").update(closed_on=APRIL)
    with nothing_written(), pytest.raises(ValidationError, match="上级机构“上海分行”已撤销"):
        unit_move(
            actor=cast.user("sys"),
            unit_id=cast.units["CX"].pk,
            parent_id=cast.units["SH"].pk,
            on=MAY,
            today=MAY,
            reason="x",
        )


def test_the_database_refuses_two_parents_on_one_day(cast: Cast) -> None:
    with pytest.raises(IntegrityError, match="org_placement_one_parent_a_day"), transaction.atomic():
        UnitPlacement.objects.create(unit=cast.units["CX"], parent=cast.units["SH"], starts_on=APRIL)
    with pytest.raises(IntegrityError, match="org_placement_period"), transaction.atomic():
        UnitPlacement.objects.create(
            unit=cast.units["CX"], parent=None, starts_on=date(1999, 2, 1), ends_on=date(1999, 2, 1)
        )


def test_closing_a_unit_and_what_stands_in_its_way(cast: Cast) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        unit_close(actor=cast.user("hrh"), unit_id=cast.units["SH"].pk, on=APRIL, today=APRIL, reason="合并")
    assert refusal.value.messages == ["“上海分行”下还有未撤销的机构，请先移走或撤销它们。"]
    unit_close(actor=cast.user("hrh"), unit_id=cast.units["PD"].pk, on=APRIL, today=APRIL, reason="合并")
    with events() as written:
        unit_close(actor=cast.user("hrh"), unit_id=cast.units["SH"].pk, on=APRIL, today=APRIL, reason="合并")
    assert [said(event) for event in written] == [
        {
            "kind": "unit.close", "who": HR, "object": "上海分行", "reason": "合并",
            "before": {"closed_on": None}, "after": {"closed_on": "2026-04-01"},
        }
    ]  # fmt: skip
    assert cast.managers["M-PD1"].unit.code == "PD"
    with nothing_written(), pytest.raises(ValidationError, match="撤销日期须晚于设立日期"):
        unit_close(
            actor=cast.user("hrh"),
            unit_id=cast.units["CX"].pk,
            on=date(2001, 1, 1),
            today=date(2001, 1, 1),
            reason="x",
        )


@pytest.mark.parametrize("who", ["sec", "aud", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_without_the_function_nothing_is_written(cast: Cast, who: str) -> None:
    actor, unit = cast.user(who), cast.units["CD"].pk
    with refused_without(LABEL):
        create(cast, who)
    with refused_without(LABEL):
        unit_update(actor=actor, unit_id=unit, values={"name": "x"})
    with refused_without(LABEL):
        unit_move(actor=actor, unit_id=unit, parent_id=cast.units["SH"].pk, on=APRIL, today=APRIL, reason="x")
    with refused_without(LABEL):
        unit_close(actor=actor, unit_id=unit, on=APRIL, today=APRIL, reason="x")


def test_a_unit_that_is_not_there_does_not_exist(cast: Cast) -> None:
    actor = cast.user("sys")
    with nothing_written(), pytest.raises(OrgUnit.DoesNotExist):
        unit_update(actor=actor, unit_id=NOBODY, values={"name": "x"})
    with nothing_written(), pytest.raises(OrgUnit.DoesNotExist):
        unit_move(
            actor=actor, unit_id=cast.units["CD"].pk, parent_id=NOBODY, on=APRIL, today=APRIL, reason="x"
        )
    with nothing_written(), pytest.raises(OrgUnit.DoesNotExist):
        unit_close(actor=actor, unit_id=NOBODY, on=APRIL, today=APRIL, reason="x")


def test_who_may_put_something_where(cast: Cast) -> None:
    check_placeable(cast.user("hrb"), cast.units["CX"], MANAGER_EDIT)
    check_placeable(cast.user("hrb"), None, MANAGER_EDIT)
    with pytest.raises(ValidationError) as refusal:
        check_placeable(cast.user("hrb"), cast.units["PD"], MANAGER_EDIT)
    assert refusal.value.message_dict == {"unit": ["机构不在您的管理范围内。"]}
    assert refusal.value.error_dict["unit"][0].code == "out_of_scope"
    closed = OrgUnit(code="X", name="旧支行", closed_on=APRIL)
    with pytest.raises(ValidationError) as refusal:
        check_placeable(cast.user("hrb"), closed, MANAGER_EDIT)
    assert refusal.value.message_dict == {"unit": ["机构“旧支行”已撤销。"]}


@pytest.mark.parametrize(
    "name", ["𠮷野支行", "㛃村分理处", "买买提·吐尔逊支行", "行" * 30, "Ünïcode & <b>支行</b>"]
)
def test_names_are_kept_to_the_last_character(cast: Cast, name: str) -> None:
    unit = create(cast, name=name)
    assert OrgUnit.objects.get(pk=unit.pk).name == name


def test_a_move_or_a_closing_of_tomorrow_is_refused_today(cast: Cast) -> None:
    """The path and the closing count at once, so a day to come must not be written today."""
    hrh, unit = cast.user("hrh"), cast.units["CD"].pk
    before = OrgUnit.objects.get(pk=unit).path
    for verb, more in ((unit_move, {"parent_id": cast.units["SH"].pk}), (unit_close, {})):
        with pytest.raises(ValidationError) as refusal:
            verb(actor=hrh, today=date(2026, 3, 31), unit_id=unit, on=date(2026, 4, 1), reason="x", **more)
        assert refusal.value.message_dict == {"on": ["日期不能晚于今天（2026-03-31），请到当天再办理。"]}
    unchanged = OrgUnit.objects.get(pk=unit)
    assert (unchanged.path, unchanged.closed_on) == (before, None)


def test_the_tree_shows_siblings_by_their_code(cast: Cast, client: Client) -> None:
    """Opened later, and so with a higher number, but earlier in the alphabet."""
    unit_create(actor=STAGE, today=APRIL, code="AA", name="安徽分行", kind="branch", parent=cast.units["HO"])
    client.force_login(cast.user("hrh"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/org-units/tree/").content.decode()
    places = [page.index(f">{name}</a>") for name in ("总行", "安徽分行", "北京分行", "城东支行", "上海分行")]
    assert places == sorted(places)
