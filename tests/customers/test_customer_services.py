"""Customers: registered, changed, classified, looked up; each with its event, names of people masked in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from customers.registry.models import Assignment, Customer
from customers.registry.services.customers import customer_create, customer_reveal, customer_update
from customers.registry.services.tiers import customer_tier
from managers.profiles.models import RelationshipManager
from tests.cast import TODAY
from tests.customers.conftest import Stage
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

DA, CM, CMD = "沈数据（da）", "陈思远（cm）", "蒋客管（cmd）"


def create(scene: Stage, who: str = "da", **values: Any) -> Customer:
    given: dict[str, Any] = {"customer_no": "C-NEW", "name": "新兴商贸有限公司"}
    if who == "da":
        given["unit"] = scene.cast.units["CX"]
    return customer_create(actor=scene.cast.user(who), today=TODAY, **given | values)


def update(scene: Stage, number: str, who: str = "da", reason: str = "", **values: Any) -> Customer:
    return customer_update(
        actor=scene.cast.user(who), customer_id=scene.pk(number), values=values, reason=reason
    )


# --- entry ----------------------------------------------------------------------------------------------------------------
def test_registering_an_institution(scene: Stage) -> None:
    with events() as written:
        customer = create(scene, tier=scene.cast.tiers["B"], kind="sme", credit_code="91310000MA1FL0AB2C")
    stored = Customer.objects.get(customer_no="C-NEW")
    assert (stored.pk, stored.name_pinyin, stored.state, stored.owner) == (
        customer.pk, "xin xing shang mao you xian gong si", "prospect", None,
    )  # fmt: skip
    assert stored.search_key == "c-new 新兴商贸有限公司 xinxingshangmaoyouxiangongsi"
    assert stored.list_name == "xin xing shang mao you xian gong si"
    assert [said(event) for event in written] == [
        {
            "kind": "customer.create", "who": DA, "object": "新兴商贸有限公司（C-NEW）", "before": {}, "reason": "",
            "after": {
                "customer_no": "C-NEW", "name": "新兴商贸有限公司", "unit": "城西支行", "tier": "B 级", "kind": "sme",
                "credit_code": "91310000MA1FL0AB2C",
            },
        }
    ]  # fmt: skip


def test_of_a_person_the_ledger_and_what_is_searched_hold_the_family_name(scene: Stage) -> None:
    with events() as written:
        create(scene, name="欧阳修远", kind="individual")
    stored = Customer.objects.get(customer_no="C-NEW")
    assert (stored.name, stored.search_key, stored.list_name) == ("欧阳修远", "c-new", "ou")
    [event] = written
    assert (event.object_label, event.after["name"]) == ("欧阳**（C-NEW）", "欧阳**")


def test_a_manager_registers_a_customer_for_himself(scene: Stage) -> None:
    with events() as written:
        customer = create(scene, who="cm")
    assert (customer.unit.code, customer.owner.employee_no) == ("CD", "M-CD1")
    assert list(Assignment.objects.filter(customer=customer).values_list("role", "starts_on", "ends_on")) == [
        ("primary", TODAY, None)
    ]
    assert [(event.kind, event.actor_name) for event in written] == [
        ("customer.create", CM), ("assignment.begin", CM),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"customer_no": "C-HD"}, {"customer_no": ["具有 客户编号 的 客户 已存在。"]}),
        ({"customer_no": "a/b"}, {"customer_no": ["客户编号不能含“/”，也不能是 new；请换一个编号。"]}),
        ({"name": ""}, {"name": ["此字段不能为空。"]}),
        ({"kind": "alien"}, {"kind": ["值 'alien' 不是有效选项。"]}),
        ({"name": "张*", "kind": "individual"}, {"name": ["收到的是打码后的值，请填写完整内容。"]}),
        ({"latitude": 91}, {"__all__": ["纬度须在 -90 到 90 之间"]}),
        (
            {"credit_code": "1234"},
            {"credit_code": ["统一社会信用代码应为 18 位数字或大写字母（不含 I、O、S、V、Z）。"]},
        ),
        (
            {"credit_code": "91440300708461136T"},
            {"credit_code": ["统一社会信用代码已登记在另一客户名下（深圳恒达科技有限公司（C-HD）），请核对；确属同一客户的不要重复建档。"]},
        ),
    ],
)  # fmt: skip
def test_what_a_customer_cannot_be(
    scene: Stage, values: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(scene, **values)
    assert refusal.value.message_dict == errors


def test_a_duplicate_out_of_sight_is_told_without_its_name(scene: Stage) -> None:
    code = "91310000MA1FL0AB2C"
    Customer.objects.filter(customer_no="C-PD").update(credit_code=code)
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(scene, who="cm", credit_code=code)
    assert refusal.value.message_dict == {
        "credit_code": ["统一社会信用代码已登记在另一客户名下，请核对；确属同一客户的不要重复建档。"]
    }


def test_a_manager_registers_nowhere_else_sets_no_tier_and_must_be_at_work(scene: Stage) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(scene, who="cm", unit=scene.cast.units["CX"])
    assert refusal.value.message_dict == {"unit": ["只能登记在本人所在机构“城东支行”。"]}
    with refused_without("评定客户分级"):
        create(scene, who="cm", tier=scene.cast.tiers["A"])
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status="left")
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(scene, who="cm")
    assert refusal.value.message_dict == {"unit": ["您的账号没有对应的在职客户经理档案，不能登记客户。"]}


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "hrh", "hrb", "mgr", "cmd", "trn", "nobody"])
def test_who_has_nothing_to_do_with_it_registers_nothing(scene: Stage, who: str) -> None:
    with refused_without("维护客户资料"):
        create(scene, who=who)


# --- change ---------------------------------------------------------------------------------------------------------------
def test_changing_says_what_differs_and_why(scene: Stage) -> None:
    with events() as written:
        update(scene, "C-HD", reason="年度复核", category="key", scale="中型", kind="enterprise")
    assert [said(event) for event in written] == [
        {
            "kind": "customer.update", "who": DA, "object": "深圳恒达科技有限公司（C-HD）", "reason": "年度复核",
            "before": {"category": "", "scale": ""}, "after": {"category": "key", "scale": "中型"},
        }
    ]  # fmt: skip


def test_nothing_new_is_no_event(scene: Stage) -> None:
    with nothing_written():
        update(scene, "C-HD", name="深圳恒达科技有限公司")


def test_a_new_name_is_found_by_its_pinyin(scene: Stage) -> None:
    update(scene, "C-NO", name="天成实业")
    assert Customer.objects.get(customer_no="C-NO").name_pinyin == "tian cheng shi ye"


def test_who_was_a_person_stays_masked_in_the_event(scene: Stage) -> None:
    with events() as written:
        update(scene, "C-LI", name="雪梅商行", kind="enterprise")
    assert [(event.before["name"], event.after["name"]) for event in written] == [("李**", "雪***")]


@pytest.mark.parametrize("values", [{"category": "key"}, {"nature": "project"}])
def test_classifying_by_hand_needs_a_reason(scene: Stage, values: dict[str, str]) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        update(scene, "C-HD", **values)
    assert refusal.value.message_dict == {"reason": ["修改客户分类或客户属性须填写原因。"]}


def test_who_has_signed_is_no_prospect_any_more(scene: Stage) -> None:
    update(scene, "C-NO", reason="初访", category="prospect")
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        update(scene, "C-HD", reason="误", category="prospect")
    assert refusal.value.message_dict == {
        "category": ["该客户自 2024-03-01 起已有合作，不能再分为潜在客户。"]
    }


def test_a_manager_changes_his_own_customers_and_does_not_move_them(scene: Stage) -> None:
    update(scene, "C-HD", who="cm", scale="大型")
    for number in ("C-OY", "C-CX", "C-PD"):
        with nothing_written(), pytest.raises(Customer.DoesNotExist):
            update(scene, number, who="cm", scale="大型")
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        update(scene, "C-HD", who="cm", unit=scene.cast.units["PD"])
    assert refusal.value.message_dict == {"unit": ["所属机构由客户管理部门或数据管理员调整。"]}


@pytest.mark.parametrize("who", ["mgr", "cmd", "hrh"])
def test_others_change_nothing(scene: Stage, who: str) -> None:
    with refused_without("维护客户资料"):
        update(scene, "C-HD", who=who, scale="大型")


def test_what_follows_from_other_rows_is_not_typed(scene: Stage) -> None:
    for values in ({"owner": None}, {"since": TODAY}, {"tier": scene.cast.tiers["A"]}, {"customer_no": "X"}):
        with nothing_written(), pytest.raises(ValueError, match="not editable here"):
            update(scene, "C-HD", **values)


# --- tier -----------------------------------------------------------------------------------------------------------------
def test_a_tier_is_set_by_hand_with_a_reason(scene: Stage) -> None:
    with events() as written:
        customer_tier(
            actor=scene.cast.user("cmd"), customer_id=scene.pk("C-HD"), tier=scene.cast.tiers["B"], reason="价值下降"
        )  # fmt: skip
    assert Customer.objects.get(customer_no="C-HD").tier == scene.cast.tiers["B"]
    assert [said(event) for event in written] == [
        {
            "kind": "customer.tier", "who": CMD, "object": "深圳恒达科技有限公司（C-HD）", "reason": "价值下降",
            "before": {"tier": "A 级"}, "after": {"tier": "B 级"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tier", "reason", "errors"),
    [("A", "再评", {"tier": ["已经是“A 级”。"]}), ("B", "  ", {"reason": ["请填写原因。"]})],
)
def test_a_tier_that_does_not_change_or_has_no_reason(
    scene: Stage, tier: str, reason: str, errors: dict[str, list[str]]
) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        customer_tier(
            actor=scene.cast.user("cmd"), customer_id=scene.pk("C-HD"), tier=scene.cast.tiers[tier], reason=reason
        )  # fmt: skip
    assert refusal.value.message_dict == errors


@pytest.mark.parametrize("who", ["mgr", "cm", "hrh"])
def test_a_tier_is_not_set_by_others(scene: Stage, who: str) -> None:
    with refused_without("评定客户分级"):
        customer_tier(actor=scene.cast.user(who), customer_id=scene.pk("C-HD"), tier=None, reason="x")


# --- a look at a name -------------------------------------------------------------------------------------------------------
def test_looking_at_a_name_is_an_event_with_its_reason(scene: Stage) -> None:
    with events() as written:
        name = customer_reveal(actor=scene.cast.user("mgr"), customer_id=scene.pk("C-OY"), reason="回访")
    assert name == "欧阳若兰"
    assert [said(event) for event in written] == [
        {
            "kind": "pii.reveal", "who": "李敏（mgr）", "object": "欧阳**（C-OY）", "before": {}, "reason": "回访",
            "after": {"field": "name"},
        }
    ]  # fmt: skip


def test_without_a_reason_only_ones_own_customer(scene: Stage) -> None:
    assert customer_reveal(actor=scene.cast.user("cm"), customer_id=scene.pk("C-LI"), reason="") == "李雪梅"
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        customer_reveal(actor=scene.cast.user("cmd"), customer_id=scene.pk("C-LI"), reason=" ")
    assert refusal.value.message_dict == {"reason": ["请填写查看原因。"]}


def test_a_look_ends_where_the_reach_ends(scene: Stage) -> None:
    with nothing_written(), pytest.raises(Customer.DoesNotExist):
        customer_reveal(actor=scene.cast.user("mgr"), customer_id=scene.pk("C-PD"), reason="好奇")
    with refused_without("查看客户敏感信息原文（记录原因）"):
        customer_reveal(actor=scene.cast.user("da"), customer_id=scene.pk("C-OY"), reason="好奇")


def test_the_database_refuses_places_that_are_none(scene: Stage) -> None:
    with pytest.raises(IntegrityError, match="registry_customer_longitude"), transaction.atomic():
        Customer.objects.filter(customer_no="C-HD").update(longitude=181)
