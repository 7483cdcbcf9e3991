"""Approved plans with lines as they come out of approval, and how their jobs are run in a test.

Today is 2026-03-02, a Monday. At the beginning (tests/customers/stage.py): C-HD and C-LI 陈思远 M-CD1, C-OY 王雅琴 M-CD2,
C-CX 赵立群 M-CX1, C-PD 周婷 M-PD1, C-NO nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cmsys.audit.acting import acting_as
from cmsys.jobs.documents import dump, load
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.models import OPEN, Job, JobState
from cmsys.jobs.work import actor_of
from cmsys.org.models import OrgUnit
from cmsys.workflow.form import Form
from customers.allocation.models import AllocationPolicy
from customers.execution.services.execution import plan_apply, plan_revert
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.registry.models import Assignment, Customer
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, TODAY, Cast
from tests.planning.world import policy

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


def at(day: date) -> datetime:
    """Ten in the morning."""
    return datetime.combine(day, time(10, 0), SHANGHAI)


def approved(
    cast: Cast, moves: Mapping[str, str], on: date = TODAY, *, number: str = "FK-2026-0001", unit: str = "HO",
    holds: Mapping[str, list[str]] | None = None, policy_: AllocationPolicy | None = None,
) -> AllocationPlan:  # fmt: skip
    """A plan that gives customers (by number) to managers (by employee number); present ones as the books say today."""
    plan = AllocationPlan.objects.create(
        number=number, policy=policy_ or AllocationPolicy.objects.first() or policy(), unit=cast.units[unit], as_of=TODAY,
        state=PlanState.APPROVED, approved_by=cast.users["cmd"], approved_at=NOW, effective_on=on,
        before={"max_mean": 1, "gini": 0, "match": 0}, after={"max_mean": 1, "gini": 0, "match": 0},
    )  # fmt: skip
    owners = dict(Customer.objects.values_list("customer_no", "owner_id"))
    keys = dict(Customer.objects.values_list("customer_no", "pk"))
    staff = dict(RelationshipManager.objects.values_list("employee_no", "pk"))
    AllocationMove.objects.bulk_create(
        AllocationMove(
            plan=plan, customer_id=keys[customer], present_id=owners[customer], proposed_id=staff[manager], effort=1,
            metres=0, fit=[0] * 5, cost=0, state=LineState.APPROVED, holds=(holds or {}).get(customer, []),
        )
        for customer, manager in moves.items()
    )  # fmt: skip
    return plan


def run_jobs(
    now: datetime = NOW, *, kinds: Iterable[str] = ("execution.apply", "execution.revert")
) -> list[Job]:
    """Every open job of these kinds, chunk by chunk, each chunk in a transaction of its own."""
    done = []
    for job in Job.objects.filter(kind__in=kinds, state__in=OPEN).order_by("pk"):
        kind = kind_of(job.kind)
        cursor = None
        while True:
            with acting_as(actor_of(job)):
                chunk = kind.step(Run(job.pk, job.key, actor_of(job), load(kind.args, job.args), cursor, now))
            cursor = chunk.cursor
            if cursor is None:
                break
        Job.objects.filter(pk=job.pk).update(
            state=JobState.DONE, finished_at=now, result=dump(chunk.result), progress_done=chunk.done,
            progress_total=chunk.total, message=chunk.message,
        )  # fmt: skip
        job.refresh_from_db()
        done.append(job)
    return done


def carry_out(
    plan: AllocationPlan, on: date = TODAY, *, chunk: int = 1000, actor: Any = STAGE
) -> AllocationPlan:
    """From approved to applied."""
    plan_apply(actor=actor, plan_id=plan.pk, form=Form(), now=at(on), today=on, chunk=chunk)
    run_jobs(at(on))
    plan.refresh_from_db()
    return plan


def take_back(plan: AllocationPlan, on: date = TODAY, *, chunk: int = 1000) -> AllocationPlan:
    """From applied to reverted."""
    plan_revert(actor=STAGE, plan_id=plan.pk, form=Form(reason="方案有误"), now=at(on), today=on, chunk=chunk)
    run_jobs(at(on))
    plan.refresh_from_db()
    return plan


def settle_day(on: date) -> None:
    """Midnight: what is due then."""
    from customers.registry.owners import set_owners

    set_owners(today=on, now=at(on))
    run_jobs(at(on), kinds=("execution.settle",))


def history() -> list[tuple[str, str, date, date | None]]:
    """Every primary assignment: customer, manager, from, to."""
    rows = Assignment.objects.filter(role="primary").order_by("customer__customer_no", "starts_on")
    return list(rows.values_list("customer__customer_no", "manager__employee_no", "starts_on", "ends_on"))


def of(customer: str) -> list[tuple[str, date, date | None]]:
    """The primary assignments of one customer."""
    return [row[1:] for row in history() if row[0] == customer]


def owners() -> dict[str, str | None]:
    return dict(Customer.objects.order_by("customer_no").values_list("customer_no", "owner__employee_no"))


def units() -> dict[str, str | None]:
    return dict(Customer.objects.order_by("customer_no").values_list("customer_no", "unit__code"))


def lines(plan: AllocationPlan) -> dict[str, tuple[str, str]]:
    """Customer → state and note of its line."""
    rows = plan.lines.order_by("customer__customer_no").values_list("customer__customer_no", "state", "note")
    return {customer: (state, note) for customer, state, note in rows}


def days(first: date, number: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(number)]


def unit(code: str) -> OrgUnit:
    return OrgUnit.objects.get(code=code)
