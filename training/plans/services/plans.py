"""Plans are proposed, agreed, changed, tracked and dropped here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from training.courses.models import Course
from training.plans.adapters import suggestions
from training.plans.choices import PLAN, ItemState, PlanState
from training.plans.models import PlanItem, TrainingPlan
from training.plans.permissions import PLAN_ACCEPT, PLAN_PROPOSE, PLAN_SIGN, PLAN_TRACK
from training.plans.telling import tell_both, tell_person


@transaction.atomic
def plan_propose(*, actor: Actor, sheet_id: int, ends_on: date, now: datetime, today: date) -> TrainingPlan:
    """A plan from the weak lines of a sheet: up to three courses, each with the line that made it necessary.

    Raises MissingFunction, ScoreSheet.DoesNotExist (the person is out of reach), ValidationError at `sheet` (a plan is
    there already; nothing is weak; the catalogue has no course for what is weak). About eight queries and an event.
    """
    require(actor, PLAN_PROPOSE)
    rows: Any = ScoreSheet.objects.reached_by(actor, PLAN_PROPOSE).select_related("manager", "cycle__scheme")
    sheet: ScoreSheet = rows.select_for_update(of=("self",)).get(pk=sheet_id)
    if TrainingPlan.objects.filter(sheet=sheet).exclude(state=PlanState.DROPPED).exists():
        raise refused("sheet", "exists", _("这张考核表已经有培训计划。"))
    found = suggestions(sheet, today)
    if not found:
        raise refused("sheet", "nothing", _("各项得分都在门槛以上，没有需要补的短板。"))
    if not any(one.offer for one in found):
        names = "、".join(one.line.name for one in found)
        raise refused(
            "sheet",
            "no_course",
            _("课程目录中没有针对 %(names)s 的在开课程，请先补充目录。") % {"names": names},
        )
    plan = TrainingPlan(manager=sheet.manager, sheet=sheet, starts_on=today, ends_on=ends_on)
    plan.full_clean()
    plan.save()
    items = [
        PlanItem(
            plan=plan, course_id=one.offer.id, indicator_code=one.line.code, indicator_name=one.line.name,
            score=one.line.score, limit=one.line.limit, lost=one.line.lost,
        )
        for one in found if one.offer
    ]  # fmt: skip
    PlanItem.objects.bulk_create(items)
    record("training_plan.propose", plan, actor=actor, now=now,
           after={"items": [item.indicator_code for item in items], "ends_on": ends_on})  # fmt: skip
    tell_both(plan, "proposed", _("%(who)s的培训计划待商定") % {"who": plan.manager.name}, now)
    return plan


@transaction.atomic
def plan_accept(*, actor: Actor, plan_id: int, now: datetime) -> TrainingPlan:
    """The person agrees to his own plan; repeating changes nothing. Raises MissingFunction, DoesNotExist, Conflict."""
    require(actor, PLAN_ACCEPT)
    plan = _locked(actor, "accept", plan_id)
    if plan.accepted_at is not None:
        return plan
    _check(plan, "accept")
    plan.accepted_at = now
    return _agreed(plan, actor, "accept", now)


@transaction.atomic
def plan_sign(*, actor: Actor, plan_id: int, now: datetime) -> TrainingPlan:
    """The supervisor agrees; not to a plan of his own. Raises MissingFunction, DoesNotExist, ValidationError, Conflict."""
    require(actor, PLAN_SIGN)
    plan = _locked(actor, "sign", plan_id)
    number = getattr(actor, "employee_no", None)
    if number and number == plan.manager.employee_no:
        raise refused("recusal", "recused", _("这是您本人的计划，须由他人以主管身份同意。"))
    if plan.signed_at is not None:
        return plan
    _check(plan, "sign")
    plan.signed_at, plan.signed_by_id = now, actor.actor_id
    return _agreed(plan, actor, "sign", now)


@transaction.atomic
def item_add(*, actor: Actor, plan_id: int, course_code: str, note: str, now: datetime) -> PlanItem:
    """Another course for a plan that is not agreed yet; agreements given so far are taken back.

    Raises MissingFunction, DoesNotExist, ValidationError at `course` (unknown, not offered, there already), Conflict.
    """
    require(actor, PLAN_PROPOSE)
    plan = _locked(actor, "propose", plan_id)
    _check(plan, "accept")
    course = Course.objects.filter(code=course_code, offered=True).first()
    if course is None:
        raise refused("course", "not_found", _("没有编码为“%(code)s”的在开课程。") % {"code": course_code})
    item = PlanItem(plan=plan, course=course, note=note.strip())
    item.full_clean()
    item.save()
    _anew(plan)
    record("training_plan.item_add", plan, actor=actor, after={"course": course.code}, reason=note, now=now)
    return item


@transaction.atomic
def item_remove(*, actor: Actor, plan_id: int, item_id: int, reason: str, now: datetime) -> TrainingPlan:
    """Takes a course out of a plan that is not agreed yet; one must stay, a plan without courses is dropped instead.

    Raises MissingFunction, DoesNotExist, ValidationError (no reason, the last one), Conflict.
    """
    require(actor, PLAN_PROPOSE)
    plan = _locked(actor, "propose", plan_id)
    _check(plan, "accept")
    item = plan.items.select_related("course").get(pk=item_id)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写去掉这门课程的原因。"))
    if plan.items.count() == 1:
        raise refused("course", "last", _("计划至少要有一门课程；不需要培训时请终止计划。"))
    item.delete()
    _anew(plan)
    record(
        "training_plan.item_remove",
        plan,
        actor=actor,
        before={"course": item.course.code},
        reason=reason,
        now=now,
    )
    return plan


@transaction.atomic
def item_result(
    *,
    actor: Actor,
    plan_id: int,
    item_id: int,
    state: ItemState,
    on: date,
    note: str,
    now: datetime,
    today: date,
) -> PlanItem:
    """How a course went; the plan is done when no course is left. Not before the plan begins nor in the future.

    Raises MissingFunction, DoesNotExist, ValidationError (`state`, `on`; words for anything but completed), Conflict.
    """
    require(actor, PLAN_TRACK)
    plan = _locked(actor, "track", plan_id)
    _check(plan, "result")
    item = plan.items.select_related("course").select_for_update(of=("self",)).get(pk=item_id)
    if item.state != ItemState.PLANNED or state == ItemState.PLANNED:
        raise refused(
            "state",
            "conflict",
            _("这门课程的结果已经登记为“%(state)s”。") % {"state": item.get_state_display()},
        )
    if not plan.starts_on <= on <= today:
        raise refused(
            "on", "bad_date", _("结果日期须在计划开始日 %(day)s 与今天之间。") % {"day": plan.starts_on}
        )
    if state != ItemState.COMPLETED and not note.strip():
        raise refused("note", "missing", _("请说明没有完成的原因。"))
    item.state, item.finished_on, item.note = state, on, note.strip()
    item.save()
    finished = not plan.items.filter(state=ItemState.PLANNED).exists()
    if finished:
        plan.state = PLAN["finish"].target
    plan.save(update_fields=["state", "updated_at"])
    record("training_plan.result", plan, actor=actor, reason=note, now=now,
           after={"course": item.course.code, "state": state, "on": on})  # fmt: skip
    if finished:
        tell_both(plan, "done", _("%(who)s的培训计划已完成") % {"who": plan.manager.name}, now)
    return item


@transaction.atomic
def plan_drop(*, actor: Actor, plan_id: int, reason: str, now: datetime) -> TrainingPlan:
    """Ends a plan before its time, with a reason. Raises MissingFunction, DoesNotExist, ValidationError, Conflict."""
    require(actor, PLAN_PROPOSE)
    plan = _locked(actor, "propose", plan_id)
    transition = _check(plan, "drop")
    PLAN.check_reason(transition, reason)
    before = plan.state
    plan.state = transition.target
    plan.save(update_fields=["state", "updated_at"])
    record("training_plan.drop", plan, actor=actor, before={"state": before}, after={"state": plan.state}, reason=reason, now=now)  # fmt: skip
    tell_person(plan, "dropped", _("您的培训计划已终止"), now, body=reason)
    return plan


def _locked(actor: Actor, action: str, plan_id: int) -> TrainingPlan:
    rows: Any = TrainingPlan.objects.visible_to(actor, action).select_for_update(of=("self",))
    found: TrainingPlan = rows.select_related("manager__unit", "sheet__cycle").get(pk=plan_id)
    return found


def _check(plan: TrainingPlan, verb: str) -> Any:
    return PLAN.check(verb, plan.state, by="", at=None)


def _anew(plan: TrainingPlan) -> None:
    """What both had agreed to was another plan."""
    plan.accepted_at = plan.signed_at = plan.signed_by = None
    plan.save(update_fields=["accepted_at", "signed_at", "signed_by", "updated_at"])


def _agreed(plan: TrainingPlan, actor: Actor, verb: str, now: datetime) -> TrainingPlan:
    both = plan.accepted_at is not None and plan.signed_at is not None
    if both:
        plan.state = PLAN["agree"].target
    plan.save(update_fields=["accepted_at", "signed_at", "signed_by", "state", "updated_at"])
    record(f"training_plan.{verb}", plan, actor=actor, after={"state": plan.state}, now=now)
    if both:
        tell_both(plan, "agreed", _("%(who)s的培训计划已商定，开始执行") % {"who": plan.manager.name}, now)
    return plan
