"""The ladder of grades in the browser: entered, renamed, refused with the reason at its field."""

from __future__ import annotations

from typing import Any

import pytest

from cmsys.audit.models import Event
from managers.careers.models import Grade
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def test_human_resources_enter_and_rename_a_grade(cast: Cast, signed_in: Any) -> None:
    hrh = signed_in("hrh")
    body = {"code": "CHIEF", "name": "资深客户经理", "series": "business", "order": "4"}
    answer = hrh.post("/grades/new/", body)
    assert (answer.status_code, answer["Location"]) == (302, "/grades/CHIEF/")
    grade = Grade.objects.get(code="CHIEF")
    assert Event.objects.get(kind="grade_definition.create", object_id=str(grade.pk)).after["order"] == 4
    version = grade.updated_at.isoformat()
    assert (
        hrh.post("/grades/CHIEF/edit/", body | {"name": "首席客户经理", "version": version}).status_code
        == 302
    )
    assert Grade.objects.get(code="CHIEF").name == "首席客户经理"
    assert "首席客户经理" in hrh.get("/grades/").content.decode()


def test_a_taken_place_is_refused_with_nothing_written(cast: Cast, signed_in: Any) -> None:
    before = list(Grade.objects.order_by("pk").values_list())
    answer = signed_in("hrh").post(
        "/grades/new/", {"code": "X", "name": "重复", "series": "business", "order": "2"}
    )
    assert answer.status_code == 422
    assert "同一序列中这个次序已有等级" in answer.content.decode()
    assert list(Grade.objects.order_by("pk").values_list()) == before
