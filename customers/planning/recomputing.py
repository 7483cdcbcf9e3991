"""A draft computed again with what its planner has chosen: of the same day, from the same snapshot (ALC-5).

Nothing of the draft is touched until all choices could be kept; where they cannot, they are named and it stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.utils import timezone
from django.utils.translation import gettext as _

from customers.allocation.engine.blocks import cuts
from customers.allocation.engine.bundle import BlockPlan, Lack
from customers.allocation.engine.problem import NONE, Problem
from customers.allocation.selectors import document_of
from customers.planning.bench import Bench, bench, problem_of
from customers.planning.choices import ChoiceKind
from customers.planning.lines import Lines, lines_of
from customers.planning.models import AllocationPlan, PlanBundle, PlanChoice, PlanStep
from customers.planning.snapshots import packed_answers, unpacked_answers
from customers.planning.solving import Pair, Solved, solve_again
from customers.planning.words import LACKS
from customers.planning.writing import figures, write_solved

# Up to so many customers a draft is computed again while its planner waits; where a move budget binds, which takes ten times
# as long, up to so many.
AT_ONCE, AT_ONCE_BUDGET = 5_000, 1_000
# Lines that differ are kept with the step, so many at most; of choices that clash, so many are tried one by one.
DIFFERING, TRIED = 500, 12


@dataclass(frozen=True)
class Chosen:
    """The choices of a plan with the indices of its problem; those about customers who are not in it are left out."""

    rows: Sequence[PlanChoice]
    locks: list[Pair]
    bars: list[Pair]


def chosen_for(plan: AllocationPlan, problem: Problem) -> Chosen:
    """One query."""
    table = Bench(problem, problem.customers.owner)
    rows: list[PlanChoice] = []
    locks: list[Pair] = []
    bars: list[Pair] = []
    for row in PlanChoice.objects.filter(plan=plan).select_related("customer", "manager").order_by("pk"):
        customer, manager = table.place(row.customer_id), table.seat(row.manager_id)
        if customer is None or manager is None:
            continue
        rows.append(row)
        (locks if row.kind == ChoiceKind.LOCK else bars).append((customer, manager))
    return Chosen(rows, locks, bars)


def percent_of(plan: AllocationPlan) -> int | None:
    """The move budget of a plan: its own, otherwise the policy's; None for none."""
    return document_of(plan.policy).budget_percent if plan.percent is None else plan.percent


def at_once(plan: AllocationPlan) -> bool:
    """Whether a draft is small enough to be computed again in the request."""
    return plan.customers <= AT_ONCE


# --- answers of blocks without choices, kept so that only those are solved again that a choice is about -----------------------
def keep_answers(plan: AllocationPlan, answers: Sequence[BlockPlan]) -> None:
    """Keeps the blocks' answers of a small plan in place of its bundles."""
    PlanBundle.objects.filter(plan=plan).delete()
    if answers and plan.customers <= AT_ONCE:
        PlanBundle.objects.create(plan=plan, number=0, result=packed_answers(answers))


def kept_answers(plan: AllocationPlan, problem: Problem) -> dict[int, BlockPlan]:
    """Block number → its answer without choices; empty when none were kept."""
    row = PlanBundle.objects.filter(plan=plan, number=0).first()
    blocks = cuts(problem)
    if row is None or row.result is None or plan.customers > AT_ONCE:
        return {}
    answers = unpacked_answers(bytes(row.result), blocks)
    return {answer.cut.number: answer for answer in answers if answer.manager is not None}


# --- once more ------------------------------------------------------------------------------------------------------------
def again(plan: AllocationPlan, *, waiting: bool) -> tuple[Problem, Chosen, Solved]:
    """The snapshot, the choices, and the plan with them kept (its `plan` None where they clash). Raises Unplannable, and
    TooLong where somebody is `waiting` and a move budget turns out to bind."""
    problem = problem_of(plan.pk)
    chosen = chosen_for(plan, problem)
    known = kept_answers(plan, problem)
    most = AT_ONCE_BUDGET if waiting else None
    return problem, chosen, solve_again(problem, chosen.locks, chosen.bars, percent_of(plan), known, most)


def write_again(plan: AllocationPlan, problem: Problem, chosen: Chosen, solved: Solved) -> dict[str, Any]:
    """The draft's new lines and figures, and what has changed against those before, as its step keeps it: `figures`
    before, `changed` [customer, manager before, manager now] (keys) and how many. Customers who could not be planned at all
    stay named as they were."""
    assert solved.plan is not None
    old = bench(plan.pk, plan.digest)
    was = {**_figures(plan), "revision": plan.revision - 1}
    found = _with_causes(lines_of(problem, solved.plan.manager), chosen)
    write_solved(plan, solved.problem, solved.plan, found)
    differs = np.flatnonzero(old.manager != solved.plan.manager)
    ids, staff = problem.customers.ids, problem.managers.ids
    changed = [
        [int(ids[at]), _key(staff, int(old.manager[at])), int(staff[solved.plan.manager[at]])]
        for at in differs[:DIFFERING].tolist()
    ]
    return {"figures": was, "changed": changed, "changed_count": len(differs)}


def _key(staff: Any, seat: int) -> int | None:
    return None if seat == NONE else int(staff[seat])


def _figures(plan: AllocationPlan) -> dict[str, Any]:
    return {
        "moves": plan.moves, "forced": plan.forced, "first": plan.first, "objective": plan.objective, "bound": plan.bound,
        "max_mean": plan.after.get("max_mean"), "gini": plan.after.get("gini"), "match": plan.after.get("match"),
        "choices": plan.choices.count(),
    }  # fmt: skip


def _with_causes(found: Lines, chosen: Chosen) -> Lines:
    """The lines with the planner's choices among what takes a customer from his present manager."""
    locks, bars = dict(chosen.locks), set(chosen.bars)
    pairs = list(zip(found.customer.tolist(), found.present.tolist(), strict=True))
    lock = np.array([here != NONE and locks.get(row, here) != here for row, here in pairs], dtype=np.bool_)
    bar = np.array([pair in bars for pair in pairs], dtype=np.bool_)
    return replace(found, broken={**found.broken, "lock": lock, "bar": bar})


# --- what cannot all be kept ------------------------------------------------------------------------------------------------
def clash(plan: AllocationPlan, problem: Problem, chosen: Chosen, lacks: Sequence[Lack]) -> str:
    """Which rule cannot be kept and which choices stand in its way, by name: of those about the same customers and managers
    the ones without which the rest can be kept."""
    involved = _involved(problem, chosen, lacks)
    if len(involved) <= TRIED:
        involved = _least(problem, involved)
    rules = _("、").join(dict.fromkeys(_lack_said(lack) for lack in lacks))
    said = _("；").join(choice_said(row) for row in involved[:10])
    more = _("等 %(n)d 项") % {"n": len(involved)} if len(involved) > 10 else ""
    return _("这些选择不能同时满足（%(rules)s）：%(choices)s%(more)s。草案保持不变。") % {
        "rules": rules, "choices": said, "more": more,
    }  # fmt: skip


def _lack_said(lack: Lack) -> str:
    rule = str(LACKS.get(lack.rule, lack.rule))
    return (
        _("%(rule)s，差 %(n)d 点") % {"rule": rule, "n": lack.missing}
        if lack.rule in ("capacity", "whole")
        else rule
    )


def choice_said(row: PlanChoice) -> str:
    """`欧阳** C-OY 锁定 陈思远，蒋客管（cmd） 03-02 10:00`."""
    return _("%(customer)s %(number)s %(kind)s %(manager)s，%(who)s %(when)s") % {
        "customer": row.customer.masked_name, "number": row.customer.customer_no, "kind": row.get_kind_display(),
        "manager": row.manager.name, "who": row.by_name, "when": timezone.localtime(row.at).strftime("%m-%d %H:%M"),
    }  # fmt: skip


def _involved(problem: Problem, chosen: Chosen, lacks: Sequence[Lack]) -> list[PlanChoice]:
    """The choices in the blocks that cannot be planned."""
    table = Bench(problem, problem.customers.owner)
    customers = [customer for lack in lacks for customer in lack.customers]
    seats = [seat for lack in lacks for seat in lack.managers]
    branches = {int(problem.customers.branch[one]) for one in customers}
    branches |= {int(problem.managers.branch[one]) for one in seats}
    blocks = {int(problem.block[branch]) for branch in branches}
    rows = [
        row
        for row in chosen.rows
        if int(problem.block[problem.customers.branch[table.place(row.customer_id)]]) in blocks
    ]
    return rows or list(chosen.rows)


def _least(problem: Problem, rows: list[PlanChoice]) -> list[PlanChoice]:
    """Of choices that cannot all be kept, those of which none can be left out without the others being kept."""
    kept = list(rows)
    for row in rows:
        fewer = [one for one in kept if one.pk != row.pk]
        if fewer and not _can(problem, fewer):
            kept = fewer
    return kept


def _can(problem: Problem, rows: list[PlanChoice]) -> bool:
    table = Bench(problem, problem.customers.owner)
    pairs: dict[str, list[Pair]] = {ChoiceKind.LOCK: [], ChoiceKind.BAR: []}
    for row in rows:
        place, seat = table.place(row.customer_id), table.seat(row.manager_id)
        if place is not None and seat is not None:
            pairs[row.kind].append((place, seat))
    return not solve_again(problem, pairs[ChoiceKind.LOCK], pairs[ChoiceKind.BAR], None).lacks


def last_change(plan: AllocationPlan) -> PlanStep | None:
    """The step of the last computation with choices, when the plan has been computed more than once."""
    if plan.revision < 2:
        return None
    return PlanStep.objects.filter(plan=plan, verb="draft", data__has_key="changed").order_by("-pk").first()


__all__ = [
    "Chosen",
    "again",
    "at_once",
    "choice_said",
    "clash",
    "figures",
    "keep_answers",
    "last_change",
    "write_again",
]
