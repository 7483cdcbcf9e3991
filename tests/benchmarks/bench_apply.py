"""Carrying out a plan of fifty thousand moves, and taking it back, beside a bare UPDATE … FROM of the same rows and a loop
over single customers, in one run.

    python -m tests.benchmarks.bench_apply [moves [customers]]

Prints one JSON line per figure: {"name", "n", "median_s", "ratio", "against"}; `ratio` is the time per row over that of
`against`. `apply.floor` writes former, new assignment and owner in three statements and keeps no trace of it; `apply.loop`
is what entering each by hand does, measured on a sample. `apply.chunk` is the longest transaction. Rooms that follow the
lines (handovers) are left out, and measured on their own as `apply.followed`. Starts a server of its own unless
DATABASE_URL names one.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.benchmarks.bench_import import database

NOW = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
PEOPLE, SAMPLE, TIMES = 500, 200, 3
_FLOOR = (
    """UPDATE customers_registry_assignment a SET ends_on = '{day}', updated_at = now()
    FROM customers_planning_allocationmove l
    WHERE l.plan_id = {plan} AND a.customer_id = l.customer_id AND a.role = 'primary' AND a.ends_on IS NULL""",
    """INSERT INTO customers_registry_assignment (customer_id, manager_id, role, starts_on, updated_at)
    SELECT customer_id, proposed_id, 'primary', '{day}', now() FROM customers_planning_allocationmove WHERE plan_id = {plan}""",
    """UPDATE customers_registry_customer c SET owner_id = l.proposed_id, updated_at = now()
    FROM customers_planning_allocationmove l WHERE l.plan_id = {plan} AND c.id = l.customer_id""",
)


def report(
    name: str, n: int, seconds: float, against: str = "", other: float | None = None, **more: Any
) -> None:
    """One line; `other` is the time per row of `against`."""
    ratio = None if other is None else round(seconds / n / other, 2)
    line = {
        "name": name,
        "n": n,
        "median_s": round(seconds, 4),
        "ratio": ratio,
        "against": against or None,
        **more,
    }
    print(json.dumps(line), flush=True)


@contextmanager
def nobody_following() -> Iterator[None]:
    from customers.planning import followers

    kept = list(followers._applied), list(followers._reverted)
    followers._applied.clear()
    followers._reverted.clear()
    try:
        yield
    finally:
        followers._applied.extend(kept[0])
        followers._reverted.extend(kept[1])


class Bank:
    """Customers in turn with five hundred managers, and a plan that gives each of some of them to the next one."""

    def __init__(self, moves: int, customers: int) -> None:
        from cmsys.access.actors import SystemActor
        from cmsys.accounts.services.users import user_create
        from cmsys.org.models import OrgUnit
        from customers.planning.models import AllocationMove
        from managers.profiles.models import RelationshipManager
        from tests.execution.many import furnish, moving, plan_of

        self.actor = SystemActor("system:bench")
        unit = OrgUnit.objects.create(
            code="HO", name="基准行", kind="branch", opened_on=date(2000, 1, 1), path="/1/"
        )
        people = RelationshipManager.objects.bulk_create(
            RelationshipManager(employee_no=f"M{k:05d}", name=f"经理{k}", unit=unit, status="active") for k in range(PEOPLE)
        )  # fmt: skip
        furnish(customers, people)
        by = user_create(actor=self.actor, username="bench", name="基准", password="Bench-password-1")
        self.plan = plan_of(_policy(), unit, by, TODAY, NOW)
        moving(self.plan, people, rules=False)
        keys = self.plan.lines.order_by("customer_id").values_list("pk", flat=True)
        AllocationMove.objects.filter(pk__in=list(keys[moves:])).delete()
        self.n = self.plan.lines.count()
        _analyze()

    def run(self, step: Callable[..., Any], day: date) -> list[float]:
        """Seconds of each chunk, one transaction after the other."""
        from cmsys.audit.acting import acting_as
        from cmsys.jobs.kinds import Run
        from customers.execution.runs import PlanRun

        cursor, spent = None, []
        now = NOW + (day - TODAY)
        while True:
            begun = time.perf_counter()
            with acting_as(self.actor):
                chunk = step(Run(0, "", self.actor, PlanRun(self.plan.pk), cursor, now))
            spent.append(time.perf_counter() - begun)
            cursor = chunk.cursor
            if cursor is None:
                return spent

    def apply(self, day: date) -> list[float]:
        from customers.execution.jobs import apply_step

        self._stand("applying", "approved", day)
        return self.run(apply_step, day)

    def revert(self, day: date) -> list[float]:
        from customers.execution.jobs import revert_step

        self._stand("reverting", None, None)
        return self.run(revert_step, day)

    def _stand(self, state: str, lines: str | None, day: date | None) -> None:
        from customers.planning.models import AllocationPlan

        changes: dict[str, Any] = {"state": state}
        if day is not None:
            changes["effective_on"] = day
        AllocationPlan.objects.filter(pk=self.plan.pk).update(**changes)
        if lines is not None:
            self.plan.lines.update(state=lines, former=None, assignment=None)
        _analyze()


def _policy() -> Any:
    import yaml

    from cmsys.access.actors import SystemActor
    from cmsys.org.models import BusinessLine
    from customers.allocation.services.policies import policy_import
    from managers.careers.services.grades import grade_define
    from tests.planning.world import DEFAULT

    actor = SystemActor("system:bench")
    data = yaml.safe_load(DEFAULT.read_text(encoding="utf-8"))
    for order, code in enumerate(code for code in data["capacity"] if code != "none"):
        grade_define(actor=actor, code=code, name=code, order=order + 1)
    BusinessLine.objects.get_or_create(code="CORP", defaults={"name": "公司业务"})
    return policy_import(actor=actor, text=yaml.safe_dump(data, allow_unicode=True)).policy


def _analyze() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SET ROLE cmsys_app")


def floor(bank: Bank, day: date) -> float:
    """The bare statements in one transaction; taken back."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        begun = time.perf_counter()
        for statement in _FLOOR:
            cursor.execute(statement.format(plan=bank.plan.pk, day=day))
        spent = time.perf_counter() - begun
        transaction.set_rollback(True)
    return spent


def loop(bank: Bank, day: date) -> float:
    """Entering each by hand, on a sample; taken back."""
    from django.db import transaction

    from customers.registry.services.assignments import assignment_begin

    lines = list(bank.plan.lines.order_by("pk").values_list("customer_id", "proposed_id")[:SAMPLE])
    with transaction.atomic():
        begun = time.perf_counter()
        for customer, manager in lines:
            assignment_begin(
                actor=bank.actor, today=day, customer_id=customer, manager_id=manager, role="primary", starts_on=day,
                reason="基准",
            )  # fmt: skip
        spent = time.perf_counter() - begun
        transaction.set_rollback(True)
    return spent


def main() -> int:
    moves = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    customers = int(sys.argv[2]) if len(sys.argv) > 2 else max(100_000, moves)
    with database():
        bank = Bank(moves, customers)
        with nobody_following():
            floors = [floor(bank, TODAY) for _time in range(TIMES)]
            looped = loop(bank, TODAY)
            rounds = []
            for number in range(TIMES):
                day = TODAY + timedelta(days=number)
                rounds.append((bank.apply(day), bank.revert(day)))
        applied = statistics.median(sum(one) for one, _back in rounds)
        returned = statistics.median(sum(back) for _one, back in rounds)
        bare = statistics.median(floors)
        report("apply.floor", bank.n, bare)
        report("apply.work", bank.n, applied, "apply.floor", bare / bank.n, chunks=len(rounds[0][0]))
        report("apply.chunk", 1000, max(max(one) for one, _back in rounds))
        report("apply.revert", bank.n, returned, "apply.floor", bare / bank.n)
        report("apply.loop", SAMPLE, looped, "apply.work", applied / bank.n)
        followed = sum(bank.apply(TODAY + timedelta(days=TIMES)))
        report("apply.followed", bank.n, followed, "apply.work", applied / bank.n)
    return 0


if __name__ == "__main__":
    sys.exit(main())
