"""Contacts through their services and pages, owners and tiers through their pages, the nightly job."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.audit.models import Event
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.schedule import table
from customers.registry.daily import Refreshed
from customers.registry.models import Assignment, Contact, Customer
from customers.registry.services.assignments import assignment_begin
from customers.registry.services.contacts import contact_add, contact_remove, contact_reveal, contact_update
from tests.cast import TODAY
from tests.customers.conftest import Stage
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

CM = "陈思远（cm）"


# --- services of contacts -----------------------------------------------------------------------------------------------------
def test_a_contact_is_entered_masked_in_the_ledger(scene: Stage) -> None:
    with events() as written:
        contact_add(
            actor=scene.cast.user("cm"), today=TODAY, customer_id=scene.pk("C-HD"), name="王海", role="supporter",
            mobile="13912345678", birthday=date(1980, 2, 3),
        )  # fmt: skip
    assert [said(event) for event in written] == [
        {
            "kind": "contact.create", "who": CM, "object": "深圳恒达科技有限公司（C-HD）：王*", "before": {}, "reason": "",
            "after": {
                "name": "王*", "role": "supporter", "mobile": "139****5678", "birthday": "1980-**-**",
                "customer": "深圳恒达科技有限公司（C-HD）",
            },
        }
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({"name": ""}, {"name": ["此字段不能为空。"]}),
        ({"name": "张*"}, {"name": ["收到的是打码后的值，请填写完整内容。"]}),
        ({"mobile": "138****0000"}, {"mobile": ["收到的是打码后的值，请填写完整内容。"]}),
        ({"mobile": "12345"}, {"mobile": ["应为 11 位手机号、带区号的座机，或港澳台号码。"]}),
        ({"birthday": date(2026, 3, 3)}, {"birthday": ["生日不能晚于今天。"]}),
        ({"channel": "pigeon"}, {"channel": ["值 'pigeon' 不是有效选项。"]}),
        ({"marketing": "no"}, {"marketing": ["值 'no' 不是有效选项。"]}),
        ({"role": "boss"}, {"role": ["值 'boss' 不是有效选项。"]}),
        ({"name": "张建国"}, {"name": ["该客户已有同名的联系人，请直接修改那一位，或写明区别。"]}),
    ],
)
def test_what_a_contact_cannot_be(scene: Stage, values: dict[str, Any], errors: dict[str, list[str]]) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        contact_add(
            actor=scene.cast.user("cm"),
            today=TODAY,
            customer_id=scene.pk("C-HD"),
            **{"name": "王海"} | values,
        )
    assert refusal.value.message_dict == errors


def test_changing_and_taking_out_a_contact(scene: Stage) -> None:
    contact, actor = scene.register.contacts["C-HD"], scene.cast.user("cm")
    with nothing_written():
        contact_update(actor=actor, today=TODAY, contact_id=contact.pk, values={"role": "decider"})
    with events() as written:
        contact_update(actor=actor, today=TODAY, contact_id=contact.pk, values={"mobile": "13900001111"})
        contact_remove(actor=actor, contact_id=contact.pk, reason="离职")
    assert not Contact.objects.filter(pk=contact.pk).exists()
    assert [(event.kind, event.before, event.after, event.reason) for event in written] == [
        ("contact.update", {"mobile": "138****5678"}, {"mobile": "139****1111"}, ""),
        (
            "contact.remove",
            {"name": "张**", "role": "decider", "mobile": "139****1111", "birthday": "1975-**-**"}, {}, "离职",
        ),
    ]  # fmt: skip


def test_contacts_of_others_are_out_of_reach(scene: Stage) -> None:
    theirs, actor = scene.register.contacts["C-OY"], scene.cast.user("cm")
    with nothing_written(), pytest.raises(Customer.DoesNotExist):
        contact_add(actor=actor, today=TODAY, customer_id=scene.pk("C-OY"), name="王海")
    with nothing_written(), pytest.raises(Contact.DoesNotExist):
        contact_update(actor=actor, today=TODAY, contact_id=theirs.pk, values={"role": "user"})
    with nothing_written(), pytest.raises(Contact.DoesNotExist):
        contact_remove(actor=actor, contact_id=theirs.pk, reason="x")
    with nothing_written(), pytest.raises(Contact.DoesNotExist):
        contact_reveal(actor=actor, contact_id=theirs.pk, field="mobile", reason="x")
    for who in ("mgr", "cmd"):
        with refused_without("维护客户资料"):
            contact_remove(actor=scene.cast.user(who), contact_id=theirs.pk, reason="x")


def test_a_look_at_a_contact_is_an_event(scene: Stage) -> None:
    contact = scene.register.contacts["C-OY"]
    with events() as written:
        seen = contact_reveal(
            actor=scene.cast.user("mgr"), contact_id=contact.pk, field="mobile", reason="投诉回访"
        )
    assert seen == "13955556666"
    assert [said(event) for event in written] == [
        {
            "kind": "pii.reveal", "who": "李敏（mgr）", "object": "欧阳**（C-OY）：欧阳**", "before": {}, "reason": "投诉回访",
            "after": {"field": "mobile"},
        }
    ]  # fmt: skip
    with nothing_written(), pytest.raises(ValidationError):
        contact_reveal(actor=scene.cast.user("mgr"), contact_id=contact.pk, field="mobile", reason="")
    with pytest.raises(ValueError, match="not masked"):
        contact_reveal(actor=scene.cast.user("mgr"), contact_id=contact.pk, field="role", reason="x")
    with refused_without("查看客户敏感信息原文（记录原因）"):
        contact_reveal(actor=scene.cast.user("da"), contact_id=contact.pk, field="mobile", reason="x")


# --- pages --------------------------------------------------------------------------------------------------------------------
def test_a_revealed_value_is_shown_once_and_hidden_again(scene: Stage) -> None:
    browser = scene.browser("mgr")
    address = f"/customers/C-OY/contacts/{scene.register.contacts['C-OY'].pk}/reveal/mobile/"
    assert "13955556666" not in browser.get(address).content.decode()
    refused = browser.post(address, {"reason": ""})
    assert refused.status_code == 422
    assert "13955556666" not in refused.content.decode()
    html = browser.post(address, {"reason": "回访"}).content.decode()
    assert 'data-hide-after="60"' in html
    assert "13955556666" in html
    assert "欧阳若兰" in browser.post("/customers/C-OY/reveal/", {"reason": "回访"}).content.decode()
    # An institution's name is no secret.
    assert browser.get("/customers/C-HD/reveal/").status_code == 404


def test_channel_and_refusal_are_entered_by_form_and_read_on_the_card(scene: Stage) -> None:
    contact = scene.register.contacts["C-HD"]
    body = {"name": "张建国", "role": "decider", "mobile": "13812345678", "birthday": "1975-06-18"}
    with events() as written:
        answer = scene.browser("cm").post(
            f"/customers/C-HD/contacts/{contact.pk}/", body | {"channel": "wechat", "marketing": "refused"}
        )
    assert answer.status_code == 302
    assert [(event.kind, event.before, event.after) for event in written] == [
        (
            "contact.update",
            {"channel": "", "marketing": ""},
            {"channel": "wechat", "marketing": "refused"},
        )
    ]
    html = scene.browser("cm").get("/customers/C-HD/").content.decode()
    assert [word for word in ("微信", "拒绝营销") if word in html] == ["微信", "拒绝营销"]


def test_a_form_of_a_contact_keeps_what_is_masked_and_left_empty(scene: Stage) -> None:
    browser = scene.browser("da")
    contact = scene.register.contacts["C-OY"]
    address = f"/customers/C-OY/contacts/{contact.pk}/"
    html = browser.get(address).content.decode()
    assert [text for text in ("欧阳若兰", "13955556666", "1988-03-09") if text in html] == []
    assert "已登记 139****6666，不修改请留空。" in html
    assert (
        browser.post(address, {"name": "", "role": "user", "mobile": "", "birthday": ""}).status_code == 302
    )
    kept = Contact.objects.get(pk=contact.pk)
    assert (kept.name, kept.role, kept.mobile, kept.birthday) == (
        "欧阳若兰", "user", "13955556666", date(1988, 3, 9),
    )  # fmt: skip
    own = scene.browser("cm").get(f"/customers/C-HD/contacts/{scene.register.contacts['C-HD'].pk}/")
    assert "13812345678" in own.content.decode()


def test_a_form_of_a_customer_keeps_a_masked_name_that_is_left_empty(scene: Stage) -> None:
    browser = scene.browser("da")
    html = browser.get("/customers/C-OY/edit/").content.decode()
    assert "欧阳若兰" not in html
    assert "已登记 欧阳**，不修改请留空。" in html
    version = Customer.objects.get(customer_no="C-OY").updated_at.isoformat()
    body = {"name": "", "kind": "individual", "unit": "CD", "needs": "理财", "version": version}
    assert browser.post("/customers/C-OY/edit/", body).status_code == 302
    kept = Customer.objects.get(customer_no="C-OY")
    assert (kept.name, kept.needs) == ("欧阳若兰", "理财")
    refused = browser.post(
        "/customers/C-OY/edit/", body | {"name": "欧阳*", "version": kept.updated_at.isoformat()}
    )
    assert refused.status_code == 422
    assert "收到的是打码后的值，请填写完整内容。" in refused.content.decode()


def test_two_people_at_one_form_do_not_overwrite_each_other(scene: Stage) -> None:
    version = Customer.objects.get(customer_no="C-NO").updated_at.isoformat()
    Customer.objects.filter(customer_no="C-NO").update(updated_at=timezone.now())
    body = {"name": "无主贸易公司", "kind": "enterprise", "unit": "BJ", "scale": "大型", "version": version}
    refused = scene.browser("da").post("/customers/C-NO/edit/", body)
    assert (refused.status_code, Customer.objects.get(customer_no="C-NO").scale) == (422, "")
    assert "这条记录已被他人修改" in refused.content.decode()


def test_a_category_without_a_reason_is_refused_at_its_field(scene: Stage) -> None:
    version = Customer.objects.get(customer_no="C-NO").updated_at.isoformat()
    body = {"name": "无主贸易公司", "kind": "enterprise", "unit": "BJ", "category": "key", "version": version}
    refused = scene.browser("da").post("/customers/C-NO/edit/", body)
    assert refused.status_code == 422
    assert refused.context["page"].form.errors == {"reason": ["修改客户分类或客户属性须填写原因。"]}
    assert scene.browser("da").post("/customers/C-NO/edit/", body | {"reason": "拜访"}).status_code == 302


@pytest.mark.parametrize(
    ("manager", "errors"),
    [
        ("M-CX1", {}),
        ("赵立群", {}),
        ("M-404", {"manager": ["没有工号或姓名为“M-404”的客户经理。"]}),
        ("同名", {"manager": ["叫“同名”的不止一人，请填工号。"]}),
    ],
)
def test_an_owner_is_entered_by_number_or_name(scene: Stage, manager: str, errors: dict[str, Any]) -> None:
    people = type(scene.cast.managers["M-CD1"]).objects
    people.filter(employee_no__in=["M-CD2", "M-PD1"]).update(name="同名")
    browser = scene.browser("cmd")
    body = {
        "role": "primary",
        "manager": manager,
        "starts_on": timezone.localdate().isoformat(),
        "reason": "调整",
    }
    answer = browser.post("/customers/C-HD/owner/", body)
    if errors:
        assert answer.status_code == 422
        assert answer.context["page"].form.errors == errors
        assert Customer.objects.get(customer_no="C-HD").owner.employee_no == "M-CD1"
        return
    assert answer.status_code == 302
    assert Customer.objects.get(customer_no="C-HD").owner.employee_no == "M-CX1"
    assert "变更历史" in browser.get("/customers/C-HD/").content.decode()


def test_the_owner_form_offers_the_people_of_the_customers_unit(scene: Stage) -> None:
    html = scene.browser("cmd").get("/customers/C-HD/owner/").content.decode()
    offered = [number for number in scene.cast.managers if f'<option value="{number}">' in html]
    assert offered == ["M-CD1", "M-CD2"]


def test_ending_and_withdrawing_through_the_pages(scene: Stage) -> None:
    browser, today = scene.browser("cmd"), timezone.localdate()
    held = scene.register.assignments["C-HD"].pk
    refused = browser.post(
        f"/customers/C-HD/assignments/{held}/end/", {"ends_on": "2024-01-01", "reason": "离开"}
    )
    assert refused.context["page"].form.errors == {"ends_on": ["结束日期须晚于开始日期 2025-01-01。"]}
    coming = assignment_begin(
        actor=scene.cast.user("cmd"), today=today, customer_id=scene.pk("C-HD"), role="primary", reason="调整",
        manager_id=scene.cast.managers["M-CX1"].pk, starts_on=today + timedelta(days=9),
    )  # fmt: skip
    page = browser.get("/customers/C-HD/").content.decode()
    assert f"/customers/C-HD/assignments/{coming.pk}/withdraw/" in page
    assert "未生效" in page
    assert (
        browser.post(f"/customers/C-HD/assignments/{coming.pk}/withdraw/", {"reason": "取消"}).status_code
        == 302
    )
    assert Assignment.objects.get(pk=held).ends_on is None
    end = {"ends_on": today.isoformat(), "reason": "离开"}
    assert browser.post(f"/customers/C-HD/assignments/{held}/end/", end).status_code == 302
    assert Customer.objects.get(customer_no="C-HD").owner is None
    assert "无主办" in browser.get("/customers/C-HD/").content.decode()


def test_a_manager_registers_a_customer_on_his_telephone(scene: Stage) -> None:
    browser = scene.browser("cm")
    html = browser.get("/customers/new/").content.decode()
    assert 'name="unit"' not in html
    assert 'name="tier"' not in html
    answer = browser.post("/customers/new/", {"customer_no": "C-NEW", "name": "新朋商行", "kind": "sme"})
    assert (answer.status_code, answer["Location"]) == (302, "/customers/C-NEW/")
    assert browser.get("/customers/C-NEW/").status_code == 200
    names = [row["name"] for row in browser.get("/my-customers/").context["page"].rows]
    assert names == ["深圳恒达科技有限公司", "李雪梅", "新朋商行"]


def test_everything_a_customer_went_through_stands_on_its_page(scene: Stage) -> None:
    scene.browser("cmd").post(
        "/customers/C-OY/tier/", {"tier": str(scene.cast.tiers["A"].pk), "reason": "资产提升"}
    )
    html = scene.browser("mgr").get("/customers/C-OY/").content.decode()
    for text in ("登记客户", "登记归属", "调整客户分级", "资产提升", "B 级", "A 级"):
        assert text in html, text
    assert "欧阳若兰" not in html


# --- the night ----------------------------------------------------------------------------------------------------------------
def test_the_nightly_job_brings_owners_up_to_date(scene: Stage) -> None:
    assignment_begin(
        actor=scene.cast.user("cmd"), today=TODAY, customer_id=scene.pk("C-HD"), role="primary", reason="调整",
        manager_id=scene.cast.managers["M-CX1"].pk, starts_on=date(2026, 4, 1),
    )  # fmt: skip
    kind = kind_of("registry.owners_of_today")
    assert [entry.daily_at.isoformat() for entry in table() if entry.kind == kind.code] == ["00:05:00"]
    night = datetime(2026, 3, 31, 16, 5, tzinfo=UTC)  # five past midnight of 1 April in Shanghai
    run = Run(job_id=1, key="", actor=SystemActor("system:schedule"), args=None, cursor=None, now=night)
    chunk = kind.step(run)
    assert (chunk.cursor, chunk.result, chunk.message) == (None, Refreshed(customers=1), "已更新 1 户的主办")
    assert Customer.objects.get(customer_no="C-HD").owner.employee_no == "M-CX1"
    before = Event.objects.count()
    assert kind.step(run).result == Refreshed(customers=0)
    assert Event.objects.count() == before
