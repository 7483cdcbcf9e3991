"""Plans in the browser: from the card of a sheet to the registered result; who sees which number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.permissions.house import clients_of
from tests.training.conftest import Classroom
from training.plans.models import TrainingPlan

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_from_the_sheet_to_the_result(classroom: Classroom, signed_in: SignedIn) -> None:
    mgr, cm, trn = signed_in("mgr"), signed_in("cm"), signed_in("trn")
    sheet = classroom.sheets["M-CD1"]
    card = text(mgr.get(f"/score-sheets/{sheet.pk}/"))
    assert "沟通协调：70 分，门槛 80；补到门槛可加 6 分" in card
    assert "拟定培训计划" in card
    assert "拟定培训计划" not in text(signed_in("hrh").get(f"/score-sheets/{sheet.pk}/"))
    preview = text(mgr.get(f"/score-sheets/{sheet.pk}/training-plan/"))
    assert "沟通协调（70 分，门槛 80）：沟通进阶" in preview
    answer = mgr.post(f"/score-sheets/{sheet.pk}/training-plan/", {"ends_on": "2099-12-31"})
    plan = TrainingPlan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/training-plans/{plan.pk}/")
    assert "培训计划已拟定" in text(mgr.get(answer["Location"]))
    assert "主管同意" in text(mgr.get(f"/training-plans/{plan.pk}/"))
    assert mgr.post(f"/training-plans/{plan.pk}/sign/").status_code == 302
    own = text(cm.get(f"/training-plans/{plan.pk}/"))
    assert "本人同意" in own
    assert "70 / 80" in own
    assert cm.post(f"/training-plans/{plan.pk}/accept/").status_code == 302
    plan.refresh_from_db()
    assert plan.state == "agreed"
    item = plan.items.first()
    assert item is not None
    shown = text(trn.get(f"/training-plans/{plan.pk}/"))
    assert "登记结果" in shown
    # The training administrator learns which course for what, and no score.
    assert "70 / 80" not in shown
    url = f"/training-plans/{plan.pk}/courses/{item.pk}/result/"
    refused = trn.post(url, {"state": "failed", "on": plan.starts_on.isoformat(), "note": ""})
    assert refused.status_code == 422
    assert "请说明没有完成的原因。" in text(refused)
    assert (
        trn.post(url, {"state": "completed", "on": plan.starts_on.isoformat(), "note": ""}).status_code == 302
    )
    item.refresh_from_db()
    assert (item.state, item.finished_on) == ("completed", plan.starts_on)


def test_a_deadline_before_the_beginning_is_refused_at_its_field(
    classroom: Classroom, signed_in: SignedIn
) -> None:
    answer = signed_in("mgr").post(
        f"/score-sheets/{classroom.sheets['M-CD1'].pk}/training-plan/", {"ends_on": "2020-01-01"}
    )
    assert answer.status_code == 422
    assert "完成期限须晚于开始日期" in text(answer)
    assert not TrainingPlan.objects.exists()


def test_the_list_filters_and_shows_what_it_costs(classroom: Classroom, signed_in: SignedIn) -> None:
    mgr = signed_in("mgr")
    for number in ("M-CD1", "M-CD2"):
        mgr.post(f"/score-sheets/{classroom.sheets[number].pk}/training-plan/", {"ends_on": "2099-12-31"})
    listed = text(mgr.get("/training-plans/"))
    assert "陈思远" in listed
    assert "王雅琴" in listed
    assert "1,000" in listed
    one = text(mgr.get("/training-plans/?course=TALK-2"))
    assert ("陈思远" in one, "王雅琴" in one) == (True, False)
    assert "没有符合条件的培训计划" in text(mgr.get("/training-plans/?overdue=true"))


def test_a_competency_takes_codes_as_people_write_them(classroom: Classroom, signed_in: SignedIn) -> None:
    from training.courses.models import Competency

    trn = signed_in("trn")
    answer = trn.post("/competencies/new/", {"code": "RISK", "name": "风险识别", "indicators": "overdue、npl OVERDUE", "version": ""})  # fmt: skip
    assert answer.status_code == 302
    assert Competency.objects.get(code="RISK").indicators == ["OVERDUE", "NPL"]


def test_a_client_asks_for_the_plans_of_a_course(classroom: Classroom, signed_in: SignedIn) -> None:
    sheet = classroom.sheets["M-CD1"]
    signed_in("mgr").post(f"/score-sheets/{sheet.pk}/training-plan/", {"ends_on": "2099-12-31"})
    client = clients_of(classroom.cast, "training:read")["client"]
    for course, found in (("TALK-2", ["M-CD1"]), ("RISK-1", []), ("no such course", [])):
        answer = client.get("/api/v1/training-plans/", {"course": course})
        assert answer.status_code == 200, answer.content
        assert [plan["manager"]["employee_no"] for plan in answer.json()["results"]] == found
