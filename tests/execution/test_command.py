"""`manage.py apply_plan`."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cmsys.jobs.models import Job
from customers.execution.management.commands import apply_plan
from customers.planning.models import AllocationPlan
from managers.profiles.models import RelationshipManager, Status
from tests.cast import Cast
from tests.customers.stage import Register
from tests.execution.world import approved, owners, run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the command waits, somebody works."""
    monkeypatch.setattr(apply_plan.time, "sleep", lambda _seconds: run_jobs(timezone.now()))


def test_it_carries_out_and_says_what_it_left(cast: Cast, stage: Register, worker: None) -> None:
    approved(cast, {"C-HD": "M-CD2", "C-CX": "M-PD1"}, timezone.localdate())
    RelationshipManager.objects.filter(employee_no="M-PD1").update(status=Status.LEFT)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("apply_plan", "FK-2026-0001", "--json", stdout=out)
    assert ended.value.code == 1
    told = json.loads(out.getvalue())
    assert (told["applied"], told["skipped"], told["reasons"]) == (1, 1, {"接收人已离职": 1})
    assert owners()["C-HD"] == "M-CD2"
    # Asked again it says the same, and does nothing.
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("apply_plan", "FK-2026-0001", stdout=out)
    assert "已执行 1 户，未执行 1 户\n  1 户：接收人已离职" in out.getvalue()
    assert Job.objects.filter(kind="execution.apply").count() == 1


def test_it_says_when_nobody_works_and_what_it_cannot_do(cast: Cast, stage: Register) -> None:
    approved(cast, {"C-HD": "M-CD2"})
    for arguments, code, words in (
        (("FK-2026-0001", "--wait", "0"), 3, "任务继续"), (("FK-NONE",), 2, "没有编号为“FK-NONE”的方案"),
    ):  # fmt: skip
        with pytest.raises(CommandError, match=words) as refused:
            call_command("apply_plan", *arguments)
        assert refused.value.returncode == code
    AllocationPlan.objects.update(state="discarded")
    with pytest.raises(CommandError, match="已放弃") as refused:
        call_command("apply_plan", "FK-2026-0001")
    assert refused.value.returncode == 2
