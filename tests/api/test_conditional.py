"""ETag and 304: nothing is sent to who has it already, and nothing that changed is held back."""

from __future__ import annotations

import pytest

from cmsys.accounts.models import User
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_update
from tests.api.conftest import SYSTEM

PATHS = ["/api/v1/org-units/SH/", "/api/v1/org-units/", "/api/v1/org-units/?page_size=2", "/api/v1/schema/"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
def test_who_has_it_gets_304_without_a_body(caller, units, path, form):
    us = caller()
    first = us.get(path)
    again = us.get(path, If_None_Match=form.format(first["ETag"]))
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert again["Cache-Control"] == "private, no-cache"
    assert "Authorization" in again["Vary"]
    assert int(again["RateLimit-Remaining"]) == int(first["RateLimit-Remaining"]) - 1
    assert "Content-Type" not in again


@pytest.mark.parametrize("tag", ['"other"', "nonsense", ""])
def test_who_has_something_else_gets_it_all(caller, units, tag):
    answer = caller().get("/api/v1/org-units/SH/", If_None_Match=tag)
    assert (answer.status_code, answer.json()["code"]) == (200, "SH")


@pytest.mark.parametrize("path", PATHS[:3])
def test_a_change_is_seen_at_once(caller, units, path):
    us = caller()
    tag = us.get(path)["ETag"]
    unit_update(actor=SYSTEM, unit_id=units["HQ"].pk, values={"name": "总行（新）"})
    unit_update(actor=SYSTEM, unit_id=units["SH"].pk, values={"name": "沪分行"})
    assert us.get(path, If_None_Match=tag).status_code == 200


def test_a_change_of_a_related_name_is_seen_though_the_row_stayed(caller, units):
    person = User.objects.create(username="zhang", name="张三", employee_no="A001")
    OrgUnit.objects.filter(code="SH").update(head=person)
    us = caller()
    tag = us.get("/api/v1/org-units/SH/")["ETag"]
    User.objects.filter(pk=person.pk).update(name="张珊")
    answer = us.get("/api/v1/org-units/SH/", If_None_Match=tag)
    assert (answer.status_code, answer.json()["head"]["name"]) == (200, "张珊")


def test_refusals_have_no_etag(caller, units):
    us = caller()
    for path in ("/api/v1/org-units/NONE/", "/api/v1/org-units/?x=1"):
        answer = us.get(path, If_None_Match="*")
        assert answer.status_code in (400, 404)
        assert "ETag" not in answer
