"""Cancelling and retrying: who may, from which state, with an event each; and who sees which jobs."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.jobs.kinds import Chunk
from cmsys.jobs.lease import advance, begin, fail
from cmsys.jobs.models import Job
from cmsys.jobs.permissions import JOB_EDIT, JOB_VIEW
from cmsys.jobs.services.jobs import job_cancel, job_retry
from cmsys.jobs.work import work_on
from cmsys.org.models import OrgUnit, RoleGrant
from tests.jobs.conftest import SYSTEM, again, count_job, notes
from tests.jobs.room import At

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


@pytest.fixture
def people(db: None) -> dict[str, User]:
    unit = OrgUnit.objects.create(code="HO", name="总行", kind="head", path="/1/", opened_on=date(2001, 1, 1))
    found = {}
    for name, role, side in (("sys", "SYS", 1), ("hrh", "HRH", 0), ("aud", "AUD", 3), ("none", None, 0)):
        found[name] = User.objects.create(username=name, name=name, password="-")
        if role:
            RoleGrant.objects.create(
                user=found[name], role=role, unit=unit, side=side, starts_on=date(2020, 1, 1)
            )
    return found


def events() -> list[tuple[str, dict[str, str], dict[str, str]]]:
    rows = Event.objects.filter(resource="jobs").order_by("id")
    return list(rows.values_list("kind", "before", "after"))


def failed_job(**more: object) -> Job:
    job = count_job(3, **more)  # type: ignore[arg-type]
    lease = begin(job.pk)
    assert lease is not None
    advance(lease, Chunk(At(1), 1, 3))
    fail(lease, "盘满", final=True)
    return again(job)


# --- who sees what -----------------------------------------------------------------------------------------------------
def test_the_administrator_sees_all_jobs_and_others_their_own(people: dict[str, User]) -> None:
    own = {name: count_job(key=name, actor=person) for name, person in people.items()}
    system = count_job(key="system")

    def seen(name: str) -> set[int]:
        return set(Job.objects.visible_to(people[name]).values_list("pk", flat=True))

    assert seen("sys") == {job.pk for job in own.values()} | {system.pk}
    assert seen("hrh") == {own["hrh"].pk}
    assert seen("aud") == {own["aud"].pk}
    assert seen("none") == set()


def test_every_role_reaches_jobs() -> None:
    for function in (JOB_VIEW, JOB_EDIT):
        assert set(function.reach) == set(Role)
        assert [role for role, reach in function.reach.items() if reach == "all"] == [Role.SYS]


# --- cancelling --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("running", [False, True])
def test_an_open_job_is_cancelled_with_an_event(running: bool, people: dict[str, User]) -> None:
    job = count_job(actor=people["hrh"])
    if running:
        assert begin(job.pk) is not None
    job_cancel(actor=people["hrh"], job_id=job.pk, now=NOW)
    row = again(job)
    assert (row.state, row.finished_at, row.lease_token) == ("cancelled", NOW, None)
    assert events() == [("job.cancel", {"state": "running" if running else "queued"}, {"state": "cancelled"})]
    job_cancel(actor=people["hrh"], job_id=job.pk, now=NOW)
    assert len(events()) == 1, "repeating changes nothing"
    work_on(job.pk)
    assert notes() == []


def test_a_finished_job_cannot_be_cancelled(db: None) -> None:
    job = count_job(1)
    work_on(job.pk)
    with pytest.raises(ValidationError) as refused:
        job_cancel(actor=SYSTEM, job_id=job.pk, now=NOW)
    assert refused.value.code == "ended"
    assert (again(job).state, events()) == ("done", [])


# --- retrying ----------------------------------------------------------------------------------------------------------
def test_a_failed_job_goes_on_from_its_cursor(people: dict[str, User]) -> None:
    job = failed_job(actor=people["hrh"])
    job_retry(actor=people["sys"], job_id=job.pk, now=NOW)
    row = again(job)
    assert (row.state, row.attempt, row.error, row.finished_at, row.progress_done) == (
        "queued",
        0,
        "",
        None,
        1,
    )
    assert events() == [("job.retry", {"state": "failed"}, {"state": "queued"})]
    work_on(job.pk)
    assert (again(job).state, notes()) == ("done", ["k:1", "k:2"])


def test_a_cancelled_job_can_be_taken_up_again(db: None) -> None:
    job = count_job(2)
    job_cancel(actor=SYSTEM, job_id=job.pk, now=NOW)
    job_retry(actor=SYSTEM, job_id=job.pk, now=NOW)
    work_on(job.pk)
    assert (again(job).state, notes()) == ("done", ["k:0", "k:1"])


def test_what_did_not_fail_is_not_retried(db: None) -> None:
    job = count_job(1)
    with pytest.raises(ValidationError) as refused:
        job_retry(actor=SYSTEM, job_id=job.pk, now=NOW)
    assert (refused.value.code, events()) == ("not_failed", [])


def test_a_retry_beside_an_open_job_of_the_same_name_is_refused(db: None) -> None:
    job = failed_job()
    count_job(3)
    with pytest.raises(ValidationError) as refused:
        job_retry(actor=SYSTEM, job_id=job.pk, now=NOW)
    assert (refused.value.code, again(job).state, events()) == ("open", "failed", [])


# --- who may -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("service", [job_cancel, job_retry])
@pytest.mark.parametrize(("name", "refusal"), [("none", MissingFunction), ("aud", Job.DoesNotExist)])
def test_others_may_not(
    service: object, name: str, refusal: type[Exception], people: dict[str, User]
) -> None:
    job = failed_job(actor=people["hrh"]) if service is job_retry else count_job(actor=people["hrh"])
    with pytest.raises(refusal):
        service(actor=people[name], job_id=job.pk, now=NOW)  # type: ignore[operator]
    assert (again(job).state, events()) == (job.state, [])
