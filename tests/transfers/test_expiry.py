"""Uploaded files go by themselves when their time is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.schedule import table
from cmsys.transfers.jobs import EXPIRE
from cmsys.transfers.kinds import kind_of as import_kind
from cmsys.transfers.models import ImportFile, State
from cmsys.transfers.services.batches import batch_upload
from tests.cast import STAGE

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def test_it_is_on_the_schedule_every_night() -> None:
    assert [entry.daily_at.isoformat() for entry in table() if entry.kind == EXPIRE] == ["03:20:00"]


@pytest.mark.django_db
def test_a_file_is_kept_for_seven_days_and_not_longer() -> None:
    kind = import_kind("org_units")
    assert kind is not None
    content = "机构编码,机构名称,机构类型\nX1,一支行,支行\n".encode()
    batch = batch_upload(actor=STAGE, kind=kind, name="机构.csv", content=content, now=NOW, today=NOW.date())
    job = kind_of(EXPIRE)

    def night(at: datetime) -> int:
        run = Run(job_id=1, key="", actor=STAGE, args=job.args(), cursor=None, now=at)
        return job.step(run).done

    assert night(NOW + timedelta(days=7, seconds=-1)) == 0
    assert ImportFile.objects.count() == 1
    assert night(NOW + timedelta(days=7)) == 1
    assert ImportFile.objects.count() == 0
    batch.refresh_from_db()
    assert batch.state == State.DISCARDED
