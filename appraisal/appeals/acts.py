"""What a reader can do with a case as it stands: the buttons of its page, and nothing that would be refused."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError

from appraisal.appeals.cases import hearing_of, supervising
from appraisal.appeals.choices import BEFORE_EFFECT
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.transitions import APPEAL, PLAN
from cmsys.access.actors import Actor, may
from cmsys.workflow.transitions import Machine, Transition

# Only whoever hears the appeal.
OWN_HEARING = frozenset({"stay", "resume", "decide"})


def appeal_acts(actor: Actor, appeal: GradeAppeal, today: date) -> list[str]:
    """Verbs in the order of the table. `appeal.decision` comes loaded with manager and unit."""
    found = []
    for transition in _reached(APPEAL, actor, appeal):
        verb = transition.verb
        if verb in OWN_HEARING and appeal.handler_id != actor.actor_id:
            continue
        early = appeal.decision.state in BEFORE_EFFECT
        if (verb == "stay" and (appeal.suspended or not early)) or (
            verb == "resume" and not appeal.suspended
        ):
            continue
        if verb != "withdraw" and not _allowed(hearing_of, actor, appeal, transition, today):
            continue
        found.append("comment" if verb == "remark" else verb)
    return found


def plan_acts(actor: Actor, plan: ImprovementPlan, today: date) -> list[str]:
    """Verbs in the order of the table, `write` before them. `plan.manager` comes loaded with its unit."""
    found = []
    for transition in _reached(PLAN, actor, plan):
        verb = transition.verb
        if verb != "sign" and not _allowed(supervising, actor, plan, transition, today):
            continue
        if verb == "fail" and today < plan.ends_on:
            continue
        found += ["write", verb] if verb == "issue" else [verb]
    return found


def may_check(actor: Actor, plan: ImprovementPlan, today: date) -> bool:
    """Whether the reader records the check-points of a running plan."""
    return "extend" in plan_acts(actor, plan, today)


def _reached(machine: Machine, actor: Actor, case: Any) -> list[Transition]:
    """The transitions that leave the case's state and whose function reaches it; one query."""
    leaving = [one for one in machine.from_state(case.state) if one.function and may(actor, one.function)]
    if not leaving:
        return []
    named = {one.verb: one.function for one in leaving}
    rights = (
        type(case).objects.filter(pk=case.pk).with_rights(actor, **{f"may_{k}": v for k, v in named.items()})
    )
    reached = rights.values(*[f"may_{verb}" for verb in named]).first() or {}
    return [one for one in leaving if reached.get(f"may_{one.verb}")]


def _allowed(check: Any, actor: Actor, case: Any, transition: Transition, today: date) -> bool:
    try:
        check(actor, case, transition, today)
    except ValidationError:
        return False
    return True
