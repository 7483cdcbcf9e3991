"""Starting a regrading and planning it, in the browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client as Browser
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_close, cycle_open
from appraisal.figures.models import Reading, Target
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import RegradeSchedule, ScoreSheet
from cmsys.audit.models import Event
from cmsys.jobs.models import Job
from tests.appraisal.world import finish
from tests.cast import STAGE, TODAY, Cast
from tests.permissions.rooms.b1_cycles import DOCUMENT

SignedIn = Callable[[str], Browser]


@pytest.fixture
def cycle(cast: Cast) -> Cycle:
    scheme_import(actor=STAGE, text=DOCUMENT.format(code="DEMO", version=1))
    return cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q4", today=TODAY)


def figures(cast: Cast) -> None:
    for number, sold in (("M-CD1", 90), ("M-CD2", 40)):
        manager = cast.managers[number]
        Target.objects.create(period="2025Q4", manager=manager, indicator_code="SALES", value=100)
        Reading.objects.create(period="2025Q4", manager=manager, indicator_code="SALES", value=sold)


@pytest.mark.django_db
def test_hr_runs_the_grading_and_the_page_shows_what_came_of_it(
    cast: Cast, signed_in: SignedIn, cycle: Cycle
) -> None:
    figures(cast)
    hr = signed_in("hrh")
    page = hr.get(f"/cycles/{cycle.pk}/").content.decode()
    assert "还没有定级结果" in page
    assert f"/cycles/{cycle.pk}/regrade/" in page
    assert hr.post(f"/cycles/{cycle.pk}/regrade/", {"unit": ""}).status_code == 302
    job = Job.objects.get(kind="scoring.regrade")
    waiting = hr.get(f"/cycles/{cycle.pk}/").content.decode()
    assert "正在定级" in waiting
    assert f"/cycles/{cycle.pk}/regrade/" not in waiting
    finish(job)
    assert list(
        ScoreSheet.objects.order_by("manager__employee_no").values_list("manager__employee_no", "proposal")
    ) == [("M-CD1", "promotion"), ("M-CD2", "hold"), ("M-CX1", "not_rated"), ("M-PD1", "not_rated")]
    page = hr.get(f"/cycles/{cycle.pk}/").content.decode()
    assert f'?cycle={cycle.pk}&amp;proposal=promotion">1</a>' in page
    assert f'?cycle={cycle.pk}&amp;proposal=not_rated">2</a>' in page
    assert ScoreSheet.objects.get(manager__employee_no="M-CD1").performance == 90
    # A supervisor sees his own people's results only: one up, one not.
    own = signed_in("mgr").get(f"/cycles/{cycle.pk}/").content.decode()
    assert f'?cycle={cycle.pk}&amp;proposal=not_rated">0</a>' in own
    assert "/regrade/" not in own


@pytest.mark.django_db
def test_a_closed_cycle_cannot_be_started(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    Cycle.objects.filter(pk=cycle.pk).update(graded_at=timezone.now())
    cycle_close(actor=STAGE, cycle_id=cycle.pk, now=timezone.now())
    assert signed_in("hrh").post(f"/cycles/{cycle.pk}/regrade/", {"unit": ""}).status_code == 404
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_a_second_start_is_told_about_the_first(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    hr = signed_in("hrh")
    assert hr.post(f"/cycles/{cycle.pk}/regrade/", {"unit": "CD"}).status_code == 302
    answer = hr.post(f"/cycles/{cycle.pk}/regrade/", {"unit": ""})
    assert answer.status_code == 422
    assert "正在定级" in answer.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.django_db
def test_the_schedule_of_a_scheme_is_set_and_changed(cast: Cast, signed_in: SignedIn, cycle: Cycle) -> None:
    hr = signed_in("hrh")
    body = {"scheme_code": "DEMO", "enabled": "on", "days_after": "5", "at": "02:30"}
    assert hr.post("/regrade-schedules/new/", body).status_code == 302
    schedule = RegradeSchedule.objects.get()
    assert (schedule.scheme_code, schedule.enabled, schedule.days_after, str(schedule.at)) == ("DEMO", True, 5, "02:30:00")  # fmt: skip
    page = hr.get("/regrade-schedules/").content.decode()
    assert "示例方案" in page
    version = schedule.updated_at.isoformat()
    changed = {"days_after": "200", "at": "03:00", "version": version}
    assert hr.post(f"/regrade-schedules/{schedule.pk}/edit/", changed).status_code == 422
    changed["days_after"] = "10"
    assert hr.post(f"/regrade-schedules/{schedule.pk}/edit/", changed).status_code == 302
    schedule.refresh_from_db()
    assert (schedule.enabled, schedule.days_after) == (False, 10)
    assert Event.objects.filter(kind="schedule.set").count() == 2
    assert signed_in("hrb").get("/regrade-schedules/").status_code == 403
