"""What every step on a plan asks first: the plan, locked; whether this very form was sent before; whether it is still the one
that was read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict
from cmsys.workflow.form import Form
from cmsys.workflow.steps import step_of
from customers.planning.models import AllocationPlan, PlanStep


def plan_locked(actor: Actor, plan_id: int, function: Function) -> AllocationPlan:
    """The plan, locked, with unit and policy. Raises MissingFunction, AllocationPlan.DoesNotExist (out of reach)."""
    require(actor, function)
    rows = AllocationPlan.objects.reached_by(actor, function).select_for_update(of=("self",))
    found: AllocationPlan = rows.select_related("unit", "policy").get(pk=plan_id)
    return found


def repeated(plan: AllocationPlan, actor: Actor, verb: str, nonce: str) -> PlanStep | None:
    """The step this very form made. Another person's number, or one of another act, is a mistake and is refused."""
    return step_of(PlanStep.objects.all(), "plan_id", plan.pk, actor=actor, verb=verb, nonce=nonce)


def check_version(plan: AllocationPlan, form: Form) -> None:
    """Raises Conflict when somebody has moved the plan since the person opened it."""
    if form.version and form.version != plan.updated_at.isoformat():
        words = _("您打开之后，%(who)s 又办理过这一方案。请刷新页面后再定。")
        raise Conflict(words % {"who": plan.moved_by or _("系统")})
