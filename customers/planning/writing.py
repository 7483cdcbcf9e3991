"""A computed plan becomes rows: figures, people, lines; by COPY, in the job's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from io import StringIO
from typing import Any

import numpy as np
from django.db import connection

from customers.allocation.engine.explain import recount
from customers.allocation.engine.measures import Measures, before, measures, totals
from customers.allocation.engine.plan import Plan
from customers.allocation.engine.problem import NONE, Ints, Problem
from customers.planning.choices import LineState
from customers.planning.holds import mark_holds
from customers.planning.lines import Lines, lines_of
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.solving import Solved

MOVE_COLUMNS = (
    "plan_id", "customer_id", "present_id", "proposed_id", "forced", "broken", "effort", "metres", "metres_before", "fit",
    "fit_before", "continuity", "cost", "state", "holds", "note",
)  # fmt: skip
_PEOPLE = """
UPDATE customers_planning_planmanager p SET load_before = v.load_before, load_after = v.load_after,
    customers_before = v.customers_before, customers_after = v.customers_after
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[])
    AS v (manager, load_before, load_after, customers_before, customers_after)
WHERE p.plan_id = %s AND p.manager_id = v.manager"""
NOTHING = "\\N"
NAMED = 50


def write_plan(row: AllocationPlan, whole: Problem, solved: Solved) -> None:
    """Fills the plan (not its state) with what was found: figures before and after, what cannot be met and for whom, people and lines."""
    row.unmet = [unmet(whole, lack) for lack in solved.lacks]
    row.customers, row.managers = len(whole.customers), len(whole.managers)
    if solved.plan is None:
        row.save()
        return
    write_solved(row, solved.problem, solved.plan, lines_of(solved.problem, solved.plan.manager))


def write_solved(row: AllocationPlan, problem: Problem, plan: Plan, found: Lines) -> None:
    """Figures, lines and people of a plan that was found; lines and figures of an earlier computation go."""
    row.digest = plan.digest
    row.held = int((problem.customers.owner != NONE).sum())
    row.moves, row.forced, row.budget = plan.moves, plan.forced, plan.budget
    row.first = int((found.present == NONE).sum())
    row.objective, row.bound = plan.objective, plan.bound
    row.parts = parts_of(problem, plan)
    row.before, row.after = figures(before(problem)), figures(measures(problem, plan.manager))
    row.save()
    _lines(row, problem, found)
    mark_holds(row.pk)
    _people(row, problem, plan.manager)


def parts_of(problem: Problem, plan: Plan) -> dict[str, int]:
    """The objective taken apart: match by term, continuity, load and value; they add up to it exactly."""
    counted = recount(problem, plan.manager)
    return {
        **counted.terms, "continuity": counted.continuity, "load": sum(counted.loads), "value": sum(counted.values),
    }  # fmt: skip


def figures(found: Measures) -> dict[str, Any]:
    """What a person compares: the five figures and what stands behind them; `area_` figures say it within
    each area, among those who take customers: what a plan can do something about."""
    return {
        "served": found.served, "max_mean": found.use_max_over_mean, "gini": found.use_gini, "value_gini": found.value_gini,
        "area_max_mean": found.area_max_over_mean, "area_gini": found.area_gini,
        "over_capacity": found.over_capacity, "mean_metres": found.mean_metres, "match": found.match,
    }  # fmt: skip


def unmet(problem: Problem, lack: Any) -> dict[str, Any]:
    """A rule that cannot be kept, in plain data: keys of the first customers and managers it concerns, and how many."""
    return {
        "rule": lack.rule, "customers": [int(problem.customers.ids[one]) for one in lack.customers[:NAMED]],
        "customers_count": len(lack.customers),
        "managers": [int(problem.managers.ids[one]) for one in lack.managers[:NAMED]],
        "managers_count": len(lack.managers), "missing": int(lack.missing), "proven": bool(lack.proven),
    }  # fmt: skip


def _lines(row: AllocationPlan, problem: Problem, found: Lines) -> None:
    # As statements: the ORM would first fetch every line to look for rows that hang on it, and only answers of offices do.
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM customers_planning_lineside WHERE plan_id = %s", [row.pk])
        cursor.execute("DELETE FROM customers_planning_allocationmove WHERE plan_id = %s", [row.pk])
    copy_rows(AllocationMove._meta.db_table, MOVE_COLUMNS, _move_rows(row.pk, problem, found))


def _move_rows(plan: int, problem: Problem, found: Lines) -> Iterable[str]:
    ids, staff = problem.customers.ids.tolist(), problem.managers.ids.tolist()
    efforts = problem.customers.effort[found.customer].tolist()
    names = list(found.broken)
    broken = np.stack([found.broken[name] for name in names], axis=1).tolist() if len(found) else []
    now, earlier = found.fit.tolist(), found.fit_before.tolist()
    metres, metres_before = found.metres.tolist(), found.metres_before.tolist()
    continuity, cost = found.continuity.tolist(), found.cost.tolist()
    customer, present, proposed = found.customer.tolist(), found.present.tolist(), found.proposed.tolist()
    for place in range(len(found)):
        has = present[place] != NONE
        rules = [name for name, flag in zip(names, broken[place], strict=True) if flag]
        yield "\t".join(
            (
                str(plan), str(ids[customer[place]]), str(staff[present[place]]) if has else NOTHING,
                str(staff[proposed[place]]), "t" if rules else "f", f"{{{','.join(rules)}}}", str(efforts[place]),
                str(metres[place]), str(metres_before[place]) if has else NOTHING, _array(now[place]),
                _array(earlier[place]) if has else NOTHING, str(continuity[place]), str(cost[place]),
                LineState.PROPOSED.value, "{}", "",
            )
        ) + "\n"  # fmt: skip


def _array(values: list[int]) -> str:
    return "{" + ",".join(map(str, values)) + "}"


def _people(row: AllocationPlan, problem: Problem, manager: Ints) -> None:
    """Loads and counts before and after; who counted with what is there already."""
    count, effort = len(problem.managers), problem.customers.effort
    held = np.flatnonzero(problem.customers.owner != NONE)
    owner = problem.customers.owner[held]
    load = totals(effort[held], owner, count), totals(effort, manager, count)
    ones = np.ones(len(effort), dtype=np.int64)
    numbers = totals(ones[held], owner, count), totals(ones, manager, count)
    columns = (problem.managers.ids, *load, *numbers)
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [*(column.tolist() for column in columns), row.pk])


def copy_rows(table: str, columns: Iterable[str], rows: Iterable[str]) -> None:
    """Rows in COPY's text format into a table."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f'COPY "{table}" ({", ".join(columns)}) FROM STDIN', StringIO("".join(rows)))
