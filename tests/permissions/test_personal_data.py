"""Personal data: who gets it masked, who in full, who not at all (2.1 "Manager PII"); and whose log is whose."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from cmsys.access.roles import Role
from cmsys.audit.models import Event
from cmsys.org.services.grants import role_grant
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE
from tests.permissions.house import House, signed_in

pytestmark = pytest.mark.django_db

MASKED = ("139****1111", "m**@example.com", "1990-**-**")
IN_FULL = ("13900001111", "m-cd2@example.com", "1990-05-17")
PERSONAL_COLUMNS = "?columns=mobile&columns=email"


def page(house: House, who: str, address: str) -> str:
    answer = house.persons[who].get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize("who", ["hrh", "hrb", "mgr"])
def test_personal_data_is_masked_on_page_drawer_and_list(house: House, who: str) -> None:
    for address in ("/managers/M-CD2/", "/managers/M-CD2/?drawer=1"):
        html = page(house, who, address)
        assert [text for text in MASKED if text not in html] == []
        assert [text for text in IN_FULL if text in html] == []
    html = page(house, who, "/managers/" + PERSONAL_COLUMNS)
    assert MASKED[0] in html
    assert MASKED[1] in html
    assert [text for text in IN_FULL if text in html] == []


@pytest.mark.parametrize("who", ["cmd", "trn"])
@pytest.mark.parametrize(
    "address", ["/managers/M-CD2/", "/managers/M-CD2/?drawer=1", "/managers/" + PERSONAL_COLUMNS]
)
def test_those_without_personal_data_do_not_even_see_it_masked(house: House, who: str, address: str) -> None:
    html = page(house, who, address)
    assert "王雅琴" in html
    assert [text for text in (*MASKED, *IN_FULL, "手机", "邮箱", "出生日期") if text in html] == []


def test_a_person_sees_his_own_data_in_full_and_needs_no_reason(house: House) -> None:
    html = page(house, "cm", "/managers/M-CD1/")
    assert [text for text in ("13812345678", "m-cd1@example.com", "1990-05-17") if text not in html] == []
    assert "查看原文" not in html
    assert reverse("manager_contact") in html
    answer = house.persons["cm"].post("/managers/M-CD1/reveal/mobile/", {"reason": ""})
    assert answer.status_code == 200
    assert "13812345678" in answer.content.decode()


def test_a_supervisor_is_offered_the_mobile_number_only(house: House) -> None:
    html = page(house, "mgr", "/managers/M-CD2/")
    offered = [
        field for field in ("mobile", "email", "birth_date") if f"/managers/M-CD2/reveal/{field}/" in html
    ]
    assert offered == ["mobile"]


@pytest.mark.parametrize("fmt", ["csv"])
def test_the_export_carries_masked_values_only(house: House, fmt: str) -> None:
    text = page(house, "hrb", f"/managers/export.{fmt}{PERSONAL_COLUMNS}").removeprefix("\ufeff")
    rows = [line for line in text.splitlines() if not line.startswith("#")]
    assert sorted(rows[1:]) == [
        "王雅琴,139****1111,m**@example.com",
        "赵立群,137****2222,m**@example.com",
        "陈思远,138****5678,m**@example.com",
    ]


def edited(house: House, **values: str) -> Any:
    manager = RelationshipManager.objects.get(employee_no="M-CD2")
    body = {
        "name": "王雅琴", "unit": "CD", "status": "active", "education": "bachelor", "hire_date": "2018-07-01", "industries": "",
        "line": str(house.cast.line.pk), "version": manager.updated_at.isoformat(),
    }  # fmt: skip
    return house.persons["hrb"].post("/managers/M-CD2/edit/", body | values)


def test_the_form_shows_no_clear_text_and_keeps_what_is_left_empty(house: House) -> None:
    html = page(house, "hrb", "/managers/M-CD2/edit/")
    assert [text for text in MASKED if text not in html] == []
    assert [text for text in IN_FULL if text in html] == []
    assert edited(house, major="会计学").status_code == 302
    manager = RelationshipManager.objects.get(employee_no="M-CD2")
    assert (manager.mobile, manager.email, manager.birth_date, manager.major) == (
        "13900001111", "m-cd2@example.com", date(1990, 5, 17), "会计学",
    )  # fmt: skip


def test_a_new_number_is_taken_and_a_masked_one_is_not(house: House) -> None:
    assert edited(house, mobile="13822223333").status_code == 302
    assert RelationshipManager.objects.get(employee_no="M-CD2").mobile == "13822223333"
    answer = edited(house, mobile="138****3333")
    assert answer.status_code == 422
    assert "收到的是打码后的值，请填写完整内容。" in answer.content.decode()
    assert RelationshipManager.objects.get(employee_no="M-CD2").mobile == "13822223333"


def test_two_roles_never_lend_each_other_their_units(house: House) -> None:
    """HR of 北京分行 who also plans training for all: he reads 浦东's profile, without personal data, history, buttons."""
    user = house.cast.user("hrb")
    role_grant(
        actor=STAGE,
        user=user,
        role=Role.TRN,
        unit=house.cast.units["HO"],
        starts_on=date(2020, 1, 1),
        reason="兼任",
    )
    browser = signed_in(house.cast.user("hrb"))
    far = browser.get("/managers/M-PD1/").content.decode()
    near = browser.get("/managers/M-CD1/").content.decode()
    for text in (
        "变更历史",
        "手机",
        "/managers/M-XX/edit/",
        "/managers/M-XX/grades/new/",
        "/managers/M-XX/certificates/new/",
    ):
        assert text.replace("XX", "PD1") not in far, text
        assert text.replace("XX", "CD1") in near, text
    listed = browser.get("/managers/" + PERSONAL_COLUMNS).content.decode()
    assert "周婷" in listed
    assert "136****3333" not in listed
    assert "138****5678" in listed


@pytest.mark.parametrize("who", ["sys", "sec"])
def test_the_sign_in_log_is_the_auditors_alone(house: House, who: str) -> None:
    """2.1 "Audit & login log read": AUD. The page of an account says how it was changed, not when it was used."""
    Event.objects.create(
        at="2026-03-02T01:00:00Z", kind="auth.sign_in", resource="users", object_id=str(house.cast.users["mgr"].pk),
        actor_name="李敏（mgr）", after={"address": "10.9.8.7"},
    )  # fmt: skip
    html = page(house, who, f"/users/{house.cast.users['mgr'].pk}/")
    assert "新建账号" in html
    assert "10.9.8.7" not in html
    assert "登录被拒" not in html
    assert "10.9.8.7" in page(house, "aud", "/events/?kind=auth.sign_in")
