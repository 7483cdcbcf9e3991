"""The one way a plan moves: check, write, note the step, one event. Every verb of the table goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cmsys.access.actors import Actor, require
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.workflow.form import Form
from customers.planning.cases import check_version
from customers.planning.models import AllocationPlan, PlanStep
from customers.planning.transitions import PLAN


def plan_take(
    *, actor: Actor, plan: AllocationPlan, verb: str, now: datetime, form: Form | None = None, behalf: User | None = None,
    changes: Mapping[str, Any] | None = None, told: Mapping[str, Any] | None = None,
) -> PlanStep:  # fmt: skip
    """Takes one transition of a locked plan and returns its step; `changes` are fields it sets, `told` what the step and the
    event say besides. The caller has asked for the transition's function where it reaches other rows than the plan.

    Raises MissingFunction, Conflict (another state, or changed since the form's version: who and when), ValidationError
    (no reason). An update, two inserts.
    """
    form = form or Form()
    transition = PLAN.check(verb, plan.state, by=plan.moved_by, at=plan.moved_at)
    if transition.function is not None:
        require(actor, transition.function)
    check_version(plan, form)
    PLAN.check_reason(transition, form.reason)
    given, said = dict(changes or {}), dict(told or {})
    before = {"state": plan.state, **{name: getattr(plan, name) for name in given}}
    source, plan.state = plan.state, transition.target
    for name, value in given.items():
        setattr(plan, name, value)
    plan.moved_at, plan.moved_by = now, actor.actor_name[:120]
    plan.save(update_fields=["state", *given, "moved_at", "moved_by", "updated_at"])
    step = plan.steps.create(
        verb=verb, actor_id=actor.actor_id, actor_name=actor.actor_name[:120], on_behalf=behalf, from_state=source,
        to_state=transition.target, reason=form.reason.strip(), data=said, nonce=form.nonce or None, at=now,
    )  # fmt: skip
    after: dict[str, Any] = {"state": plan.state, **{name: getattr(plan, name) for name in given}, **said}
    if behalf is not None:
        after["on_behalf"] = str(behalf)
    record(f"plan.{verb}", plan, actor=actor, before=before, after=after, reason=form.reason, now=now)
    return step
