"""Carrying out and taking back in the browser, and the list of who looked after whom on a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cmsys.jobs.models import Job
from managers.profiles.models import RelationshipManager, Status
from tests.cast import Cast
from tests.customers.stage import Register, thirty_customers
from tests.execution.world import approved, carry_out, lines, owners, run_jobs

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
PLAN = "/allocation-plans/FK-2026-0001/"


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def hidden(response: Any, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', response.content.decode())
    assert found is not None
    return found[1]


def test_a_plan_is_carried_out_and_taken_back_by_its_page(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    today = timezone.localdate()
    approved(cast, {"C-HD": "M-CD2", "C-CX": "M-PD1"}, today)
    RelationshipManager.objects.filter(employee_no="M-PD1").update(status=Status.LEFT)
    cmd = signed_in("cmd")
    assert f'href="{PLAN}apply/"' in text(cmd.get(PLAN))
    page = cmd.get(f"{PLAN}apply/")
    assert f"已批准的 2 户客户，自 {today} 起由新的主办负责" in text(page)
    body = {"nonce": hidden(page, "nonce"), "version": hidden(page, "version")}
    for _click in range(2):
        assert cmd.post(f"{PLAN}apply/", body)["Location"] == PLAN
    assert Job.objects.filter(kind="execution.apply").count() == 1
    assert "由后台任务分批办理" in text(cmd.get(PLAN))
    run_jobs(timezone.now())
    page = cmd.get(PLAN)
    for part in (
        "接收人已离职",
        "1 户",
        "/allocation-moves/?plan=FK-2026-0001&amp;state=skipped",
        f"自 {today} 起的新主办",
    ):
        assert part in text(page)
    listed = text(cmd.get("/allocation-moves/?plan=FK-2026-0001&state=skipped"))
    assert "城西机械厂" in listed
    assert "接收人已离职" in listed
    assert "深圳恒达" not in listed
    assert owners()["C-HD"] == "M-CD2"
    history = text(cmd.get(PLAN))
    assert ("<dt>未执行</dt>" in history, "<dt>skipped</dt>" in history) == (True, False)

    page = cmd.get(f"{PLAN}revert/")
    assert "归属恢复到执行之前，如同没有执行过。" in text(page)
    body = {
        "nonce": hidden(page, "nonce"),
        "version": hidden(page, "version"),
        "reason": "名单有误",
        "number": "FK-2026",
    }
    wrong = cmd.post(f"{PLAN}revert/", body)
    assert (wrong.status_code, owners()["C-HD"]) == (422, "M-CD2")
    assert "与方案编号“FK-2026-0001”不一致。" in text(wrong)
    assert cmd.post(f"{PLAN}revert/", body | {"number": "FK-2026-0001", "reason": ""}).status_code == 422
    assert cmd.post(f"{PLAN}revert/", body | {"number": "FK-2026-0001"}).status_code == 302
    run_jobs(timezone.now())
    assert owners()["C-HD"] == "M-CD1"
    assert f'href="{PLAN}revert/"' not in text(cmd.get(PLAN))


def test_what_cannot_be_done_any_more_has_no_page_and_no_button(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    plan = approved(cast, {"C-HD": "M-CD2"}, unit="CD")
    cmd = signed_in("cmd")
    assert cmd.get(f"{PLAN}revert/").status_code == 409
    carry_out(plan)
    assert cmd.get(f"{PLAN}apply/").status_code == 409
    assert cmd.post(f"{PLAN}apply/", {"nonce": "x", "version": ""}).status_code == 409
    mgr = signed_in("mgr")
    seen = text(mgr.get(PLAN))
    assert "执行情况" in seen
    assert "revert/" not in seen
    assert (mgr.get(f"{PLAN}apply/").status_code, mgr.post(f"{PLAN}revert/", {}).status_code) == (403, 403)


def test_a_job_that_failed_is_said_with_the_way_to_try_again(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    plan = approved(cast, {"C-HD": "M-CD2"}, timezone.localdate())
    cmd = signed_in("cmd")
    page = cmd.get(f"{PLAN}apply/")
    cmd.post(f"{PLAN}apply/", {"nonce": hidden(page, "nonce"), "version": hidden(page, "version")})
    Job.objects.update(state="failed", error="执行进程中断，没有留下原因", finished_at=timezone.now())
    seen = text(cmd.get(PLAN))
    assert "“执行分客方案”已失败：执行进程中断，没有留下原因" in seen
    assert 'href="/jobs/"' in seen
    assert lines(plan) == {"C-HD": ("approved", "")}


def test_a_day_that_has_passed_is_said_before_it_gives_way(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    approved(cast, {"C-HD": "M-CD2"}, date(2020, 1, 1))
    assert "批准的生效日 2020-01-01 已过，将自今天起生效。" in text(signed_in("cmd").get(f"{PLAN}apply/"))


def test_who_looked_after_whom_on_a_day(cast: Cast, stage: Register, signed_in: SignedIn) -> None:
    """C-HD was 王雅琴's in 2024 and is 陈思远's since 2025."""
    cmd = signed_in("cmd")
    then = text(cmd.get("/assignments/?on=2024-06-01"))
    assert ("深圳恒达科技有限公司" in then, "王雅琴" in then, "城西机械厂" in then) == (True, True, False)
    assert "陈思远" not in then
    now = text(cmd.get("/assignments/?on=2025-01-01&customer=C-HD"))
    assert ("陈思远" in now, "王雅琴" in now) == (True, False)
    assert "/customers/C-HD/" in now
    of_wang = text(cmd.get("/assignments/?owner=M-CD2&on=2026-03-02"))
    assert ("欧阳**" in of_wang, "欧阳若兰" in of_wang, "恒达" in of_wang) == (True, False, False)
    assert "城西机械厂" in text(cmd.get("/assignments/"))
    assert "城西机械厂" not in text(cmd.get(f"/assignments/?unit={cast.units['CD'].pk}"))
    assert "浦东港务" not in text(cmd.get("/assignments/?since=2025-02-01"))
    assert cmd.get("/assignments/?on=yesterday").status_code == 400
    # Who reaches only his own customers sees only those, whatever he asks for.
    own = text(signed_in("cm").get("/assignments/?on=2026-03-02"))
    assert ("深圳恒达" in own, "李**" in own, "欧阳" in own) == (True, True, False)
    assert signed_in("hrh").get("/assignments/").status_code == 403
    # The ways there: from the register, and from a manager's customers.
    assert 'href="/assignments/"' in text(cmd.get("/customers/"))
    assert "/assignments/?owner=M-CD2" in text(signed_in("mgr").get("/managers/M-CD2/"))
    assert "/assignments/" not in text(signed_in("hrh").get("/managers/M-CD2/"))


def test_after_a_plan_the_days_before_it_read_as_before(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    today = timezone.localdate()
    carry_out(approved(cast, {"C-CX": "M-PD1"}, today), today)
    cmd = signed_in("cmd")
    yesterday = text(cmd.get(f"/assignments/?customer=C-CX&on={today - timedelta(days=1)}"))
    assert ("赵立群" in yesterday, "周婷" in yesterday) == (True, False)
    assert "周婷" in text(cmd.get(f"/assignments/?customer=C-CX&on={today}&since={today}"))


def test_pages_cost_the_same_for_one_line_and_thirty(
    cast: Cast, stage: Register, signed_in: SignedIn
) -> None:
    today, cmd = timezone.localdate(), signed_in("cmd")

    def counted(url: str) -> int:
        cmd.get(url)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert cmd.get(url).status_code == 200
        return len(queries)

    carry_out(approved(cast, {"C-HD": "M-CD2"}, today), today)
    few = [counted(PLAN), counted("/assignments/"), counted("/allocation-moves/")]
    thirty_customers(cast)
    moves = {f"K-{n:02}": "M-CD2" for n in range(30)}
    carry_out(approved(cast, moves, today, number="FK-2026-0002"), today)
    many = [
        counted("/allocation-plans/FK-2026-0002/"),
        counted("/assignments/"),
        counted("/allocation-moves/"),
    ]
    assert many == few
    assert max(many) <= 25
