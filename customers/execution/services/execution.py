"""An approved plan is carried out, a plan that was carried out is taken back: asked for here, done by the jobs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from cmsys.access.actors import Actor
from cmsys.jobs.enqueue import enqueue
from cmsys.workflow.form import Form
from customers.execution.runs import APPLY, AT_ONCE, REVERT, PlanRun
from customers.planning.cases import plan_locked, repeated
from customers.planning.choices import LineState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_APPLY
from customers.planning.services.moving import plan_take


@transaction.atomic
def plan_apply(
    *, actor: Actor, plan_id: int, form: Form, now: datetime, today: date, chunk: int = AT_ONCE
) -> AllocationPlan:
    """Begins to carry out an approved plan. A day that has passed gives way to today: nobody gets customers for days on
    which somebody else looked after them. The same form sent twice begins once.

    Locks the plan. Raises MissingFunction, AllocationPlan.DoesNotExist (out of reach), Conflict (not approved any more, or
    changed since the form's version), ValidationError (somebody else's form).
    """
    plan = plan_locked(actor, plan_id, PLAN_APPLY)
    if repeated(plan, actor, "apply", form.nonce):
        return plan
    lines = plan.lines.filter(state=LineState.APPROVED).count()
    changes: dict[str, Any] = {}
    if plan.effective_on is not None and plan.effective_on < today:
        changes["effective_on"] = today
    plan_take(
        actor=actor, plan=plan, verb="apply", now=now, form=form, changes=changes, told={"lines": lines}
    )
    enqueue(APPLY, str(plan.pk), PlanRun(plan.pk, chunk), actor=actor)
    return plan


@transaction.atomic
def plan_revert(
    *, actor: Actor, plan_id: int, form: Form, now: datetime, today: date, chunk: int = AT_ONCE
) -> AllocationPlan:
    """Begins to take back a plan that was carried out, with a reason. The same form sent twice begins once.

    Locks the plan. Raises MissingFunction, AllocationPlan.DoesNotExist (out of reach), Conflict, ValidationError (no
    reason, somebody else's form).
    """
    plan = plan_locked(actor, plan_id, PLAN_APPLY)
    if repeated(plan, actor, "revert", form.nonce):
        return plan
    lines = plan.lines.filter(state=LineState.APPLIED).count()
    plan_take(
        actor=actor, plan=plan, verb="revert", now=now, form=form, told={"lines": lines, "on": str(today)}
    )
    enqueue(REVERT, str(plan.pk), PlanRun(plan.pk, chunk), actor=actor)
    return plan
