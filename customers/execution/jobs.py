"""The jobs: carrying out, taking back, and the day itself. Each chunk is one transaction that also writes how far it came;
one that is lost is done again from there, and a line that was done is no longer in the state the job looks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import require
from cmsys.jobs.enqueue import enqueue
from cmsys.jobs.kinds import Chunk, JobKind, JobRefused, Run, register_kind
from customers.execution.books import carry_out
from customers.execution.returning import take_back
from customers.execution.runs import APPLY, REVERT, SETTLE, Executed, PlanRun, Reached
from customers.execution.selectors import DONE, WAITING, counts_of, lines_after
from customers.execution.settling import settle
from customers.execution.telling import tell_applied, tell_reverted
from customers.planning.choices import LineState, PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_APPLY
from customers.planning.services.moving import plan_take


def apply_step(run: Run) -> Chunk:
    """The next lines that are approved; at the end the plan is carried out, and who gives or takes is told."""
    plan, today = _locked(run, PlanState.APPLYING), timezone.localdate(run.now)
    at = _begun(run, plan, WAITING)
    lines = lines_after(plan.pk, WAITING, at.after, run.args.chunk)
    assert plan.effective_on is not None
    if lines:
        done = carry_out(run.actor, plan, lines, run.now, today)
        waiting = done.applied if plan.effective_on > today else 0
        at = _further(at, lines[-1]["customer_id"], done.applied, done.skipped, waiting)
    if len(lines) == run.args.chunk:
        return _going_on(at, _("已执行 %(changed)d 户，未执行 %(left)d 户"))
    counts = counts_of(plan)
    told = {"applied": counts.get(DONE, 0), "skipped": counts.get(LineState.SKIPPED, 0)}
    plan_take(
        actor=run.actor, plan=plan, verb="applied", now=run.now, changes={"applied_at": run.now}, told=told
    )
    tell_applied(plan, run.now, today)
    if at.waiting:
        midnight = timezone.make_aware(datetime.combine(plan.effective_on, time(0, 1)))
        enqueue(SETTLE, str(plan.pk), PlanRun(plan.pk, run.args.chunk), actor=run.actor, due_at=midnight)
    return _finished(plan, at, _("已执行 %(changed)d 户，未执行 %(left)d 户"))


def revert_step(run: Run) -> Chunk:
    """The next lines that were carried out; at the end the plan is taken back."""
    plan, today = _locked(run, PlanState.REVERTING), timezone.localdate(run.now)
    at = _begun(run, plan, DONE)
    lines = lines_after(plan.pk, DONE, at.after, run.args.chunk)
    if lines:
        reason = plan.steps.filter(verb="revert").order_by("-pk").values_list("reason", flat=True).first()
        done = take_back(run.actor, plan, lines, run.now, today, reason or "")
        at = _further(at, lines[-1]["customer_id"], done.reverted, done.kept, 0)
    if len(lines) == run.args.chunk:
        return _going_on(at, _("已撤回 %(changed)d 户，不能撤回 %(left)d 户"))
    counts = counts_of(plan)
    told = {"reverted": counts.get(LineState.REVERTED, 0), "stayed": counts.get(DONE, 0)}
    plan_take(actor=run.actor, plan=plan, verb="reverted", now=run.now, told=told)
    tell_reverted(plan, run.now, today)
    return _finished(plan, at, _("已撤回 %(changed)d 户，不能撤回 %(left)d 户"))


def settle_step(run: Run) -> Chunk:
    """The day has come of a plan that was carried out before it. Lines taken back meanwhile are none of its business."""
    settled = (PlanState.APPLIED, PlanState.REVERTING, PlanState.REVERTED)
    plan, today = _locked(run, *settled), timezone.localdate(run.now)
    at = _begun(run, plan, DONE)
    lines = lines_after(plan.pk, DONE, at.after, run.args.chunk)
    if lines:
        moved = settle(run.actor, plan, lines, run.now, today)
        at = _further(at, lines[-1]["customer_id"], moved, len(lines) - moved, 0)
    if len(lines) == run.args.chunk:
        return _going_on(at, _("已转入新机构 %(changed)d 户"))
    return _finished(plan, at, _("已转入新机构 %(changed)d 户"))


def _locked(run: Run, *states: PlanState) -> AllocationPlan:
    """The plan, so that two workers never do one plan side by side; the rights are those of this moment."""
    require(run.actor, PLAN_APPLY)
    rows = AllocationPlan.objects.reached_by(run.actor, PLAN_APPLY).select_related("policy", "unit")
    plan: AllocationPlan | None = rows.select_for_update(of=("self",)).filter(pk=run.args.plan).first()
    if plan is None or plan.state not in states:
        raise JobRefused(_("方案已不在“%(state)s”，本任务不再执行。") % {"state": states[0].label})
    return plan


def _begun(run: Run, plan: AllocationPlan, state: str) -> Reached:
    return run.cursor or Reached(total=plan.lines.filter(state=state).count())


def _further(at: Reached, after: int, changed: int, left: int, waiting: int) -> Reached:
    return Reached(after, at.changed + changed, at.left + left, at.waiting + waiting, at.total)


def _going_on(at: Reached, said: str) -> Chunk:
    message = said % {"changed": at.changed, "left": at.left}
    return Chunk(cursor=at, done=at.changed + at.left, total=at.total, message=message)


def _finished(plan: AllocationPlan, at: Reached, said: str) -> Chunk:
    message = said % {"changed": at.changed, "left": at.left}
    done = at.changed + at.left
    return Chunk(done=done, total=done, message=message, result=Executed(plan.pk, at.changed, at.left))


def register() -> None:
    """The three kinds of job. Carrying out goes before computing: people wait for it, and it is short."""
    kinds: tuple[tuple[str, object, Callable[[Run], Chunk]], ...] = (
        (APPLY, gettext_lazy("执行分客方案"), apply_step),
        (REVERT, gettext_lazy("撤回分客方案"), revert_step),
        (SETTLE, gettext_lazy("分客方案到期生效"), settle_step),
    )
    for code, label, step in kinds:
        register_kind(
            JobKind(code, label, step, args=PlanRun, cursor=Reached, result=Executed, priority=3)  # type: ignore[arg-type]
        )
