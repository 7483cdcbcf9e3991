"""Who gets in and what he sees: 401, 403, 404, and rows of the client's unit only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import AccessToken

from cmsys.api.models import Client
from cmsys.api.services.clients import client_revoke
from cmsys.audit.models import Event
from tests.api.conftest import SYSTEM
from tests.cast import stage

PATHS = ["/api/v1/org-units/", "/api/v1/org-units/SH/", "/api/v1/schema/"]


def codes(answer) -> list[str]:
    return [row["code"] for row in answer.json()["results"]]


@pytest.mark.parametrize("path", PATHS)
def test_without_a_token_there_is_401_and_how_to_get_one(units, path):
    answer = Browser().get(path)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="cmsys"'
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    ["Bearer wrong", "Bearer ", "bearer x", "Bearer a b", "Bearer é", "Bearer \x00", "Bearer " + "x" * 5000],
)
def test_a_token_that_is_none_is_401(units, header):
    answer = Browser().get("/api/v1/org-units/", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert answer["WWW-Authenticate"] == 'Bearer realm="cmsys", error="invalid_token"'


def test_a_token_in_the_address_is_not_looked_at(caller, units):
    us = caller()
    assert Browser().get(f"/api/v1/org-units/?access_token={us.token}").status_code == 401


def test_a_person_with_a_session_gets_no_data(units, django_user_model):
    browser = Browser()
    browser.force_login(
        django_user_model.objects.create(username="zhang", name="张三", must_change_password=False)
    )
    assert browser.get("/api/v1/org-units/").status_code == 401


def test_the_token_ends_with_its_time_with_its_client_and_with_a_revocation(caller, units):
    us = caller()
    assert us.get("/api/v1/org-units/").status_code == 200
    AccessToken.objects.update(expires=timezone.now())
    assert us.get("/api/v1/org-units/").status_code == 401
    us.sign_in()
    Client.objects.update(expires_at=timezone.now())
    assert us.get("/api/v1/org-units/").status_code == 401
    Client.objects.update(expires_at=timezone.now() + timedelta(days=1), revoked_at=timezone.now())
    assert us.get("/api/v1/org-units/").status_code == 401
    Client.objects.update(revoked_at=None)
    assert us.get("/api/v1/org-units/").status_code == 200
    client_revoke(actor=SYSTEM, now=timezone.now(), client_id=us.client.pk, reason="")
    assert us.get("/api/v1/org-units/").status_code == 401


@pytest.mark.parametrize("path", ["/api/v1/org-units/", "/api/v1/org-units/SH/", "/api/v1/org-units/NONE/"])
def test_a_token_without_the_scope_is_403_and_the_ledger_knows(caller, units, path):
    us = caller("managers:read")
    answer = us.get(path)
    assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope")
    assert answer.json()["detail"] == "访问令牌没有“查看机构与岗位”的权限（org:read）。"
    assert answer["WWW-Authenticate"] == 'Bearer realm="cmsys", error="insufficient_scope", scope="org:read"'
    [event] = Event.objects.filter(kind="access.denied")
    assert (event.actor_name, event.object_label, event.success) == ("接口客户端：数据仓库", path, False)
    assert event.request_id == answer.json()["request_id"] == answer["X-Request-Id"]


def test_a_scope_taken_from_the_client_is_gone_from_tokens_it_already_has(caller, units):
    us = caller("org:read", "managers:read")
    assert us.get("/api/v1/org-units/").status_code == 200
    Client.objects.update(allowed_scopes=["managers:read"])
    assert us.get("/api/v1/org-units/").status_code == 403


def test_a_narrow_token_of_a_wide_client_stays_narrow(caller, units):
    us = caller("org:read", "managers:read")
    us.sign_in(scope="managers:read")
    assert us.get("/api/v1/org-units/").status_code == 403


def test_a_client_of_a_unit_sees_its_subtree_and_404_elsewhere(caller, units):
    us = caller(unit=units["SH"])
    assert codes(us.get("/api/v1/org-units/")) == ["SH", "SH-PD"]
    assert us.get("/api/v1/org-units/SH-PD/").status_code == 200
    hidden, absent = us.get("/api/v1/org-units/BJ/"), us.get("/api/v1/org-units/NONE/")
    assert (hidden.status_code, absent.status_code) == (404, 404)
    same = {"type", "title", "status", "detail", "code", "errors"}
    assert {key: hidden.json()[key] for key in same} == {key: absent.json()[key] for key in same}


def test_filters_do_not_reach_beyond_the_scope(caller, units):
    us = caller(unit=units["SH"])
    for query in ("under=HQ", "under=BJ", "code=BJ", "code=HQ"):
        assert codes(us.get(f"/api/v1/org-units/?{query}")) == []


def test_a_client_whose_unit_has_no_place_in_the_tree_sees_nothing(caller, units):
    us = caller(unit=units["BJ"])
    type(units["BJ"]).objects.filter(code="BJ").update(path=None)
    assert codes(us.get("/api/v1/org-units/")) == []


def test_a_view_that_names_no_function_is_refused(caller, units):
    from cmsys.api.authorization import HasScope
    from cmsys.api.views import ApiView

    assert HasScope().has_permission(None, ApiView()) is False


def test_requests_run_in_the_clients_name(caller, units, monkeypatch):
    from cmsys.api.resources.org_units import OrgUnitViewSet
    from cmsys.audit.acting import acting

    seen = []
    monkeypatch.setattr(
        OrgUnitViewSet, "filter_queryset", lambda self, rows: (seen.append(acting()), rows)[1], raising=False
    )
    answer = caller().get("/api/v1/org-units/")
    [us] = seen
    assert us.actor.actor_name == "接口客户端：数据仓库"
    assert (us.request_id, us.address) == (answer["X-Request-Id"], "127.0.0.1")
    assert acting() is None


def test_managers_of_a_unit_can_be_asked_for_without_the_scope_of_units(caller, db):
    cast = stage()
    whole, branch = caller("managers:read"), caller("managers:read", unit=cast.units["BJ"], name="北京")

    def people(us, unit: str) -> list[str]:
        found = us.get(f"/api/v1/managers/?unit={unit}").json()["results"]
        return sorted(row["employee_no"] for row in found)

    assert people(whole, "BJ") == ["M-CD1", "M-CD2", "M-CX1"]
    assert people(branch, "CD") == ["M-CD1", "M-CD2"]
    # Beyond the client's own unit there is nobody, whether the unit exists or not.
    assert people(branch, "SH") == people(branch, "NOWHERE") == []
