"""Regrading by itself: due when HR said, once for each period, caught up once after a downtime."""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from appraisal.cycles.models import Cycle
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import RegradeSchedule
from appraisal.scoring.runs import REGRADE, SCHEDULE
from appraisal.scoring.services.schedules import schedule_set
from appraisal.scoring.timetable import due_periods, latest_due, next_moment
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.jobs import schedule as clock
from cmsys.jobs.models import Job
from cmsys.jobs.schedule import enqueue_due
from tests.appraisal.world import EXAMPLES, steps
from tests.cast import STAGE, Cast

pytestmark = pytest.mark.django_db
CHINA = ZoneInfo("Asia/Shanghai")
MADE = datetime(2025, 6, 15, 12, 0, tzinfo=CHINA)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


@pytest.fixture(autouse=True)
def only_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_table", {})


@pytest.fixture
def plan(cast: Cast, db: None) -> RegradeSchedule:
    scheme_import(actor=STAGE, text=(EXAMPLES / "demo.yaml").read_text())
    return schedule_set(
        actor=cast.user("hrh"), scheme_code="DEMO", enabled=True, days_after=5, at=time(2, 30), now=MADE
    )


def tick(now: datetime) -> list[Job]:
    with transaction.atomic():
        return [job for job in enqueue_due(now) if job.kind == SCHEDULE]


def serve(job: Job, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: now)
    list(steps(job))
    monkeypatch.undo()
    monkeypatch.setattr(clock, "_table", {})


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2025-07-05 02:29:59", None),
        ("2025-07-05 02:30:00", ("2025Q2", "2025-07-05 02:30:00")),
        ("2025-10-05 02:29:59", ("2025Q2", "2025-07-05 02:30:00")),
        ("2025-10-05 02:30:00", ("2025Q3", "2025-10-05 02:30:00")),
        # Away over two ends of quarters: the later one only.
        ("2026-03-01 00:00:00", ("2025Q4", "2026-01-05 02:30:00")),
    ],
)
def test_when_it_is_due(plan: RegradeSchedule, now: str, due: tuple[str, str] | None) -> None:
    found = [(str(one.period), one.moment) for one in due_periods(at(now))]
    assert found == ([] if due is None else [(due[0], at(due[1]))])
    assert latest_due(at(now)) == (None if due is None else at(due[1]))


def test_the_next_one(plan: RegradeSchedule) -> None:
    period, moment = next_moment(plan, "quarter", MADE)
    assert (str(period), moment) == ("2025Q2", at("2025-07-05 02:30:00"))


def test_the_cycle_is_opened_and_regraded_once(
    plan: RegradeSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at("2025-10-06 04:30:00")
    (job,) = tick(now)
    assert (job.scheduled_for, job.actor_name) == (at("2025-10-05 02:30:00"), "system:schedule")
    assert tick(now) == []
    serve(job, now, monkeypatch)
    cycle = Cycle.objects.get()
    assert (cycle.scheme_code, cycle.period, cycle.members.count()) == ("DEMO", "2025Q3", 4)
    regrading = Job.objects.get(kind=REGRADE)
    assert (regrading.key, regrading.state) == (str(cycle.pk), "queued")
    plan.refresh_from_db()
    assert (plan.last_due, plan.last_period, plan.last_outcome) == (
        at("2025-10-05 02:30:00"), "2025Q3", f"任务 {regrading.pk}"
    )  # fmt: skip
    assert tick(at("2025-10-07 04:30:00")) == []
    assert due_periods(at("2026-01-05 02:29:59")) == []
    assert [str(one.period) for one in due_periods(at("2026-01-05 02:30:00"))] == ["2025Q4"]


def test_a_kind_is_asked_for_its_moments_by_one_room_only(db: None) -> None:
    clock.run_when(SCHEDULE, latest_due)
    with pytest.raises(ValueError, match="scheduled twice"):
        clock.run_when(SCHEDULE, lambda now: None)


def test_a_downtime_of_half_a_year_is_caught_up_once(
    plan: RegradeSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at("2026-02-01 09:00:00")
    (job,) = tick(now)
    serve(job, now, monkeypatch)
    assert list(Cycle.objects.values_list("period", flat=True)) == ["2025Q4"]
    assert Job.objects.filter(kind=REGRADE).count() == 1
    assert tick(at("2026-02-01 09:00:10")) == []


def test_an_open_cycle_is_regraded_and_a_closed_one_left_alone(
    plan: RegradeSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = at("2025-10-06 04:30:00")
    (job,) = tick(now)
    serve(job, now, monkeypatch)
    Job.objects.filter(kind=REGRADE).delete()
    Cycle.objects.update(state="closed", closed_at=now)
    RegradeSchedule.objects.update(last_due=None)
    Job.objects.filter(kind=SCHEDULE).delete()
    (again,) = tick(now)
    serve(again, now, monkeypatch)
    assert Job.objects.filter(kind=REGRADE).count() == 0
    plan.refresh_from_db()
    assert plan.last_outcome == "周期已结束，没有再定级"


def test_a_plan_that_is_off_or_was_made_later_catches_nothing_up(plan: RegradeSchedule, cast: Cast) -> None:
    hrh = cast.user("hrh")
    schedule_set(actor=hrh, scheme_code="DEMO", enabled=False, days_after=5, at=time(2, 30), now=MADE)
    assert tick(at("2025-10-06 04:30:00")) == []
    schedule_set(actor=hrh, scheme_code="DEMO", enabled=True, days_after=5, at=time(2, 30), now=at("2025-10-06 05:00:00"))  # fmt: skip
    assert tick(at("2025-10-06 05:00:10")) == []
    assert len(tick(at("2026-01-05 02:30:00"))) == 1


def test_two_plans_due_at_the_same_moment_are_served_by_one_look(
    plan: RegradeSchedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme_import(actor=STAGE, text=(EXAMPLES / "ct.yaml").read_text())
    schedule_set(actor=STAGE, scheme_code="CT", enabled=True, days_after=5, at=time(2, 30), now=MADE)
    now = at("2025-10-06 04:30:00")
    (job,) = tick(now)
    serve(job, now, monkeypatch)
    assert sorted(Cycle.objects.values_list("scheme_code", flat=True)) == ["CT", "DEMO"]
    assert Job.objects.filter(kind=REGRADE).count() == 2


def test_setting_it_is_an_event_and_the_same_again_is_none(plan: RegradeSchedule, cast: Cast) -> None:
    (event,) = Event.objects.filter(kind="schedule.set")
    assert event.after == {"enabled": True, "days_after": 5, "at": "02:30:00"}
    same = schedule_set(actor=cast.user("hrh"), scheme_code="DEMO", enabled=True, days_after=5, at=time(2, 30), now=at("2025-08-01 00:00:00"))  # fmt: skip
    assert same.since == MADE
    assert Event.objects.filter(kind="schedule.set").count() == 1
    schedule_set(actor=cast.user("hrh"), scheme_code="DEMO", enabled=True, days_after=6, at=time(2, 30), now=at("2025-08-01 00:00:00"))  # fmt: skip
    event = Event.objects.filter(kind="schedule.set").latest("id")
    assert (event.before, event.after) == ({"days_after": 5}, {"days_after": 6})


@pytest.mark.parametrize("name", ["hrb", "mgr", "cm", "sys", "nobody"])
def test_only_head_office_hr_sets_it(plan: RegradeSchedule, cast: Cast, name: str) -> None:
    with pytest.raises(MissingFunction):
        schedule_set(
            actor=cast.user(name), scheme_code="DEMO", enabled=False, days_after=1, at=time(1), now=MADE
        )
    plan.refresh_from_db()
    assert plan.enabled


@pytest.mark.parametrize(("code", "days"), [("NONE", 5), ("DEMO", 181)])
def test_what_is_refused(plan: RegradeSchedule, code: str, days: int) -> None:
    with pytest.raises(ValidationError):
        schedule_set(actor=STAGE, scheme_code=code, enabled=True, days_after=days, at=time(1), now=MADE)
    assert RegradeSchedule.objects.get().days_after == 5
