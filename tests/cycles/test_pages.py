"""Schemes and cycles in the browser: brought in, succeeded, opened, looked at, closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client as Browser
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleMember, CycleState
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.services.schemes import scheme_import
from cmsys.audit.models import Event
from managers.profiles.models import RelationshipManager, Status
from tests.cast import STAGE, TODAY, Cast
from tests.permissions.rooms.b1_cycles import DOCUMENT

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]


def document(version: int = 1, code: str = "DEMO") -> str:
    return DOCUMENT.format(code=code, version=version)


@pytest.fixture
def scheme(cast: Cast) -> SchemeVersion:
    return scheme_import(actor=STAGE, text=document()).version


@pytest.fixture
def cycle(cast: Cast, scheme: SchemeVersion) -> Cycle:
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.ON_LEAVE)
    return cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q4", today=TODAY)


def test_hr_pastes_a_document_and_sees_its_page(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in("hrh").post("/schemes/import/", {"document": document()}, follow=True)
    stored = SchemeVersion.objects.get()
    assert (stored.code, stored.version, stored.name, stored.cycle) == ("DEMO", 1, "示例方案", "quarter")
    assert answer.redirect_chain == [(f"/schemes/{stored.pk}/", 302)]
    page = answer.content.decode()
    assert "示例方案 v1" in page
    assert "code: DEMO" in page
    assert Event.objects.filter(kind="scheme.create", object_id=str(stored.pk)).count() == 1


def test_a_faulty_document_is_refused_with_every_place_and_stays_in_the_form(
    cast: Cast, signed_in: SignedIn
) -> None:
    faulty = document().replace("weight: 100, source", "weight: 90, source").replace("cap: 120", "cup: 120")
    answer = signed_in("hrh").post("/schemes/import/", {"document": faulty})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "cup" in page
    assert "dimensions" in page
    assert "cup: 120" in answer.context["page"].form["document"].value()
    assert not SchemeVersion.objects.exists()


def test_a_used_version_is_succeeded_not_changed(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    browser = signed_in("hrh")
    begun = browser.get(f"/schemes/import/?from={cycle.scheme_id}").content.decode()
    assert "code: DEMO" in begun
    changed = document().replace("cap: 120", "cap: 150")
    answer = browser.post("/schemes/import/", {"document": changed})
    assert answer.status_code == 422
    assert "version 提高到 2" in answer.content.decode()
    assert browser.post("/schemes/import/", {"document": changed.replace("version: 1", "version: 2")}).status_code == 302  # fmt: skip
    assert list(SchemeVersion.objects.values_list("version", flat=True)) == [2, 1]


def test_the_document_is_handed_out_as_it_came_in(
    cast: Cast, signed_in: SignedIn, scheme: SchemeVersion
) -> None:
    answer = signed_in("cm").get(f"/schemes/{scheme.pk}/download/")
    assert answer.content.decode() == document()
    assert answer["Content-Disposition"] == 'attachment; filename="DEMO-v1.yaml"'


def test_an_empty_form_says_what_to_do(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in("hrh").post("/schemes/import/", {})
    assert answer.status_code == 422
    assert "请上传文件，或粘贴文本" in answer.content.decode()


def test_opening_freezes_who_takes_part(cast: Cast, signed_in: SignedIn, scheme: SchemeVersion) -> None:
    RelationshipManager.objects.filter(employee_no="M-CD2").update(status=Status.LEFT)
    answer = signed_in("hrh").post("/cycles/open/", {"scheme_code": "DEMO", "period": "2025Q4"}, follow=True)
    cycle = Cycle.objects.get()
    assert answer.redirect_chain == [(f"/cycles/{cycle.pk}/", 302)]
    page = answer.content.decode()
    assert "2025-10-01 — 2025-12-31" in page
    assert "3 人参评" in page
    assert "已离职" in page
    left = CycleMember.objects.get(manager__employee_no="M-CD2")
    assert (left.included, left.reason) == (False, "已离职")


@pytest.mark.parametrize(
    ("period", "sentence"),
    [("2025H2", "应写作 2025Q4 这样"), ("2099Q1", "还不能开启"), ("nonsens", "应写作 2025Q4 这样")],
)
def test_a_period_that_does_not_fit_is_refused_at_its_field(
    cast: Cast, signed_in: SignedIn, scheme: SchemeVersion, period: str, sentence: str
) -> None:
    answer = signed_in("hrh").post("/cycles/open/", {"scheme_code": "DEMO", "period": period})
    assert answer.status_code == 422
    assert sentence in str(answer.context["page"].form["period"].errors)
    assert not Cycle.objects.exists()


def test_a_cycle_ends_only_when_it_was_graded(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    browser = signed_in("hrh")
    assert "结束周期" not in browser.get(f"/cycles/{cycle.pk}/").content.decode()
    assert browser.post(f"/cycles/{cycle.pk}/close/").status_code == 422
    Cycle.objects.filter(pk=cycle.pk).update(graded_at=timezone.now())
    assert browser.post(f"/cycles/{cycle.pk}/close/").status_code == 302
    cycle.refresh_from_db()
    assert cycle.state == CycleState.CLOSED
    assert browser.get(f"/cycles/{cycle.pk}/close/").status_code == 404


def numbers(answer: Any) -> list[str]:
    return [row["cells"][1]["text"] for row in answer.context["page"].rows]


def test_members_within_reach_with_the_reason_of_those_left_out(
    cast: Cast, signed_in: SignedIn, cycle: Cycle
) -> None:
    assert sorted(numbers(signed_in("hrh").get("/cycle-members/"))) == ["M-CD1", "M-CD2", "M-CX1", "M-PD1"]
    assert sorted(numbers(signed_in("mgr").get("/cycle-members/"))) == ["M-CD1", "M-CD2"]
    left_out = signed_in("hrb").get(f"/cycle-members/?cycle={cycle.pk}&included=false")
    assert numbers(left_out) == ["M-CD2"]
    assert "休假中" in left_out.content.decode()


def test_the_list_of_cycles_counts_who_takes_part(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q3", today=date(2026, 3, 2))
    rows = signed_in("cm").get("/cycles/?state=open").context["page"].rows
    assert [(row["cells"][0]["text"], row["cells"][4]["text"]) for row in rows] == [("2025Q4", "3"), ("2025Q3", "3")]  # fmt: skip
