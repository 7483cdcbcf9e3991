"""An improvement plan is drawn up, signed, looked after and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.appeals.cases import locked, opening_plan, repeated, supervising
from appraisal.appeals.choices import PlanCause, Progress
from appraisal.appeals.models import ImprovementPlan, PlanCheck, PlanMeasure, PlanStep
from appraisal.appeals.permissions import PLAN_EDIT
from appraisal.appeals.selectors import person_of
from appraisal.appeals.services.taking import case_take
from appraisal.appeals.transitions import PLAN
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.workflow.form import Form
from managers.profiles.models import RelationshipManager

MANAGER = ("manager", "manager__unit")


@dataclass(frozen=True)
class Measure:
    """One thing to do, how it is measured, and until when."""

    text: str
    how: str
    due_on: date


@dataclass(frozen=True)
class Draft:
    """What a plan says, whole: what is left out is gone."""

    goal: str
    coach: str
    starts_on: date
    ends_on: date
    measures: Sequence[Measure]
    checks: Sequence[date]


@transaction.atomic
def plan_open(
    *, actor: Actor, employee_no: str, note: str, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """The supervisor opens a plan by hand, with its reason; three months from today until he says otherwise. Locks the
    person. Raises MissingFunction, RelationshipManager.DoesNotExist (out of scope), ValidationError (himself, a
    relative, one is open already, no reason)."""
    require(actor, PLAN_EDIT)
    people = RelationshipManager.objects.reached_by(actor, PLAN_EDIT).select_for_update(of=("self",))
    manager = people.select_related("unit").get(employee_no=employee_no)
    if form.nonce and (step := PlanStep.objects.filter(nonce=form.nonce).first()):
        if (step.case.manager_id, step.verb, step.actor_id) != (manager.pk, "open", actor.actor_id):
            raise refused("nonce", "conflict", _("表单编号已被使用，请刷新页面后重试。"))
        return step.case
    plan = opening_plan(manager, PlanCause.MANUAL, note.strip(), actor, now, today)
    behalf = supervising(actor, plan, PLAN["issue"], today)
    if not note.strip():
        raise refused("note", "missing", _("请写明为什么要制定改进计划。"))
    if ImprovementPlan.objects.filter(manager=manager, closed_at__isnull=True).exists():
        raise refused("manager", "open", _("%(name)s已有一份未办结的改进计划。") % {"name": manager.name})
    plan.full_clean(exclude=["manager"])
    plan.save()
    plan.steps.create(
        verb="open", actor_id=actor.actor_id, actor_name=actor.actor_name[:120], on_behalf=behalf, from_state="",
        to_state=plan.state, reason=plan.note, nonce=form.nonce or None, at=now,
    )  # fmt: skip
    after = {"manager": manager, "cause": plan.cause, "starts_on": plan.starts_on, "ends_on": plan.ends_on}
    record("improvement.open", plan, actor=actor, after=after, reason=plan.note, now=now)
    return plan


@transaction.atomic
def plan_write(
    *, actor: Actor, plan_id: int, draft: Draft, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """Writes what the plan says, as long as it is a draft. Locks the plan.

    Raises MissingFunction, ImprovementPlan.DoesNotExist (out of scope), ValidationError (himself, a relative; a day
    outside the plan, two check-points on one day), Conflict (issued; changed since the form was opened)."""
    require(actor, PLAN_EDIT)
    plan = locked(ImprovementPlan, actor, plan_id, PLAN["issue"], *MANAGER)
    supervising(actor, plan, PLAN["issue"], today)
    PLAN.check("issue", plan.state, by=plan.moved_by, at=plan.moved_at)
    if form.version and form.version != plan.updated_at.isoformat():
        raise Conflict(_("您打开之后，%(who)s 又修改过这份计划。请刷新页面后再改。") % {"who": plan.moved_by})
    _check_days(draft)
    before = _said(plan)
    plan.goal, plan.coach = draft.goal.strip(), draft.coach.strip()
    plan.starts_on, plan.ends_on = draft.starts_on, draft.ends_on
    plan.moved_at, plan.moved_by = now, actor.actor_name[:120]
    plan.save()
    plan.measures.all().delete()
    PlanMeasure.objects.bulk_create(
        PlanMeasure(plan=plan, position=place, text=one.text.strip(), how=one.how.strip(), due_on=one.due_on)
        for place, one in enumerate(draft.measures, start=1)
    )
    plan.checks.all().delete()
    PlanCheck.objects.bulk_create(PlanCheck(plan=plan, on=day) for day in sorted(draft.checks))
    record("improvement.write", plan, actor=actor, before=before, after=_said(plan), now=now)
    return plan


@transaction.atomic
def plan_issue(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> ImprovementPlan:
    """The supervisor signs the plan and gives it to the person to sign; the person is told. Locks the plan.

    Raises as `plan_write`; ValidationError where goal, coach, measures or check-points are missing."""
    plan, done, behalf = _opened(actor, plan_id, "issue", form, today)
    if done:
        return plan
    PLAN.check("issue", plan.state, by=plan.moved_by, at=plan.moved_at)
    missing = [
        name
        for name, there in (
            (_("改进目标"), plan.goal), (_("辅导人"), plan.coach), (_("措施"), plan.measures.exists()),
            (_("检查点"), plan.checks.exists()),
        )
        if not there
    ]  # fmt: skip
    if missing:
        words = _("还没有填写%(what)s，请先补充。")
        raise refused("plan", "incomplete", words % {"what": "、".join(missing)})
    _take(
        actor, plan, "issue", form, now, behalf, supervisor_id=actor.actor_id, issued_at=now,
        due_on=max(plan.due_on, today),
    )  # fmt: skip
    _tell(plan, "issue", _("您的改进计划待签署"), plan.goal, now)
    return plan


@transaction.atomic
def plan_recall(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> ImprovementPlan:
    """Takes an unsigned plan back to change it; the supervisor's signature goes with it. Locks; raises as `plan_write`."""
    plan, done, behalf = _opened(actor, plan_id, "recall", form, today)
    if not done:
        _take(actor, plan, "recall", form, now, behalf, supervisor_id=None, issued_at=None)
    return plan


@transaction.atomic
def plan_sign(
    *, actor: Actor, plan_id: int, opinion: str, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """The person signs, with an opinion if he has one. Locks the plan. Raises MissingFunction,
    ImprovementPlan.DoesNotExist (somebody else's), Conflict."""
    transition = PLAN["sign"]
    plan = locked(ImprovementPlan, actor, plan_id, transition, *MANAGER)
    if not repeated(plan, actor, "sign", form.nonce):
        _take(actor, plan, "sign", form, now, None, signed_at=now, opinion=opinion.strip())
    return plan


@transaction.atomic
def plan_refusal(
    *, actor: Actor, plan_id: int, witness: str, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """The person would not sign: who saw it, and what was said. The plan runs nevertheless. Locks; raises as
    `plan_write`; ValidationError without a witness, or with the supervisor as his own."""
    plan, done, behalf = _opened(actor, plan_id, "refusal", form, today)
    if done:
        return plan
    seen = witness.strip()
    if not seen:
        raise refused("witness", "missing", _("请填写见证人。"))
    if seen in (actor.actor_name, getattr(actor, "name", ""), plan.manager.name):
        raise refused("witness", "own", _("见证人须是您和本人以外的人。"))
    _take(actor, plan, "refusal", form, now, behalf, witness=seen)
    _tell(plan, "refusal", _("您的改进计划已按拒签登记，开始执行"), plan.goal, now)
    return plan


@transaction.atomic
def plan_check(
    *, actor: Actor, plan_id: int, check_id: int, progress: str, note: str, now: datetime, today: date
) -> PlanCheck:
    """Records what a check-point found, once, on its day or later. Locks the plan.

    Raises MissingFunction, DoesNotExist of plan or check-point, ValidationError (himself, a relative; not yet its day;
    words missing), Conflict (not running; recorded already: who and when)."""
    require(actor, PLAN_EDIT)
    plan = locked(ImprovementPlan, actor, plan_id, PLAN["extend"], *MANAGER)
    supervising(actor, plan, PLAN["extend"], today)
    check: PlanCheck = plan.checks.get(pk=check_id)
    PLAN.check("extend", plan.state, by=plan.moved_by, at=plan.moved_at)
    if check.recorded_at is not None:
        raise Conflict(_("%(who)s 已经登记过这个检查点。") % {"who": check.recorded_by})
    if check.on > today:
        raise refused("on", "early", _("检查日期是 %(day)s，还没有到。") % {"day": check.on})
    if progress not in Progress.values:
        raise refused("progress", "missing", _("请选择检查结果。"))
    if not note.strip():
        raise refused("note", "missing", _("请写明检查情况。"))
    check.progress, check.note = progress, note.strip()
    check.recorded_at, check.recorded_by = now, actor.actor_name[:120]
    check.save()
    plan.save(update_fields=["updated_at"])
    after = {"on": check.on, "progress": progress}
    record("improvement.check", plan, actor=actor, after=after, reason=check.note[:300], now=now)
    return check


@transaction.atomic
def plan_close(
    *, actor: Actor, plan_id: int, passed: bool, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """Says whether the plan was passed, with reasons; the person is told. Locks; raises as `plan_write`.

    ValidationError where a check-point whose day has come is not recorded, or a failure is found before the end."""
    verb = "pass" if passed else "fail"
    plan, done, behalf = _opened(actor, plan_id, verb, form, today)
    if done:
        return plan
    PLAN.check(verb, plan.state, by=plan.moved_by, at=plan.moved_at)
    left = plan.checks.filter(recorded_at__isnull=True, on__lte=today).first()
    if left is not None:
        words = _("%(day)s 的检查点还没有登记，请先登记。")
        raise refused("checks", "missing", words % {"day": left.on})
    if not passed and today < plan.ends_on:
        words = _("计划到 %(day)s 结束，在此之前不能认定未通过。")
        raise refused("ends_on", "early", words % {"day": plan.ends_on})
    _take(actor, plan, verb, form, now, behalf, result=form.reason.strip(), closed_at=now)
    _tell(plan, verb, _("您的改进计划%(result)s") % {"result": plan.get_state_display()}, plan.result, now)
    return plan


@transaction.atomic
def plan_extend(
    *, actor: Actor, plan_id: int, ends_on: date | None, form: Form, now: datetime, today: date
) -> ImprovementPlan:
    """Gives the plan a later end, with reasons, and a check-point on it; the person is told. Locks; raises as
    `plan_write`; ValidationError where the new end is not later."""
    plan, done, behalf = _opened(actor, plan_id, "extend", form, today)
    if done:
        return plan
    if ends_on is None or ends_on <= max(plan.ends_on, today):
        words = _("新的结束日期须晚于 %(day)s。")
        raise refused("ends_on", "order", words % {"day": max(plan.ends_on, today)})
    _take(actor, plan, "extend", form, now, behalf, ends_on=ends_on)
    PlanCheck.objects.get_or_create(plan=plan, on=ends_on)
    _tell(plan, "extend", _("您的改进计划延长到 %(day)s") % {"day": ends_on}, form.reason.strip(), now)
    return plan


@transaction.atomic
def plan_cancel(*, actor: Actor, plan_id: int, form: Form, now: datetime, today: date) -> ImprovementPlan:
    """Human resources cancel a plan, e.g. because its demotion did not stand. Locks the plan. Raises MissingFunction,
    ImprovementPlan.DoesNotExist (out of scope), ValidationError (himself, a relative, no reason), Conflict."""
    plan, done, behalf = _opened(actor, plan_id, "cancel", form, today)
    if not done:
        _take(actor, plan, "cancel", form, now, behalf, closed_at=now, result=form.reason.strip())
        _tell(plan, "cancel", _("您的改进计划已取消"), plan.result, now)
    return plan


def _opened(
    actor: Actor, plan_id: int, verb: str, form: Form, today: date
) -> tuple[ImprovementPlan, bool, Any]:
    transition = PLAN[verb]
    plan = locked(ImprovementPlan, actor, plan_id, transition, *MANAGER)
    if repeated(plan, actor, verb, form.nonce):
        return plan, True, None
    return plan, False, supervising(actor, plan, transition, today)


def _take(
    actor: Actor, plan: ImprovementPlan, verb: str, form: Form, now: datetime, behalf: Any, **changes: Any
) -> None:
    case_take(
        actor=actor, case=plan, machine=PLAN, verb=verb, form=form, now=now, behalf=behalf, changes=changes
    )


def _tell(plan: ImprovementPlan, what: str, title: str, body: str, now: datetime) -> None:
    account = person_of(plan.manager)
    if account is not None:
        url, key = (
            reverse("improvement_plans_detail", args=[plan.pk]),
            f"plan-{plan.pk}-{what}-{now.isoformat()}",
        )
        message_send([account.pk], kind="plan", key=key, title=title, body=body[:500], url=url, now=now)


def _said(plan: ImprovementPlan) -> Mapping[str, Any]:
    return {
        "goal": plan.goal, "coach": plan.coach, "starts_on": plan.starts_on, "ends_on": plan.ends_on,
        "measures": [f"{one.text}（{one.due_on}）" for one in plan.measures.order_by("position")],
        "checks": [one.on for one in plan.checks.order_by("on")],
    }  # fmt: skip


def _check_days(draft: Draft) -> None:
    if draft.ends_on <= draft.starts_on:
        raise refused("ends_on", "order", _("结束日期须晚于开始日期。"))
    period = {"start": draft.starts_on, "end": draft.ends_on}
    for place, one in enumerate(draft.measures, start=1):
        if not one.text.strip() or not one.how.strip():
            raise refused("measures", "missing", _("措施 %(n)d 须写明内容和衡量办法。") % {"n": place})
        if not draft.starts_on <= one.due_on <= draft.ends_on:
            words = _("措施 %(n)d 的完成期限须在计划期内（%(start)s 至 %(end)s）。")
            raise refused("measures", "outside", words % {"n": place, **period})
    if len(set(draft.checks)) < len(draft.checks):
        raise refused("checks", "twice", _("同一天只能有一个检查点。"))
    if any(not draft.starts_on <= day <= draft.ends_on for day in draft.checks):
        words = _("检查日期须在计划期内（%(start)s 至 %(end)s）。")
        raise refused("checks", "outside", words % period)
