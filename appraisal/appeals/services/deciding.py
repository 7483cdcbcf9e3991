"""An appeal is answered; what follows for the grade is never worse than what was appealed against."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.appeals.cases import hearing_of, opened, remedies_for, tell_person
from appraisal.appeals.choices import BEFORE_EFFECT, TOLD, Outcome, Remedy
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.services.plans import plan_cancel
from appraisal.appeals.services.taking import case_take
from appraisal.appeals.transitions import APPEAL
from appraisal.grading.cases import due_again
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_WITHDRAW
from appraisal.grading.services.confirming import decision_withdraw
from appraisal.grading.services.effect import decision_correct
from appraisal.grading.services.moving import decision_move
from appraisal.grading.voiding import voided
from cmsys.access.actors import Actor, may
from cmsys.access.refusals import refused
from cmsys.workflow.form import Form
from managers.careers.models import Grade


@dataclass(frozen=True)
class Answer:
    """What is answered: the outcome, what follows, and the grade where a better one is given."""

    outcome: str
    remedy: str
    grade_code: str = ""


@transaction.atomic
def appeal_decide(
    *, actor: Actor, appeal_id: int, answer: Answer, form: Form, now: datetime, today: date
) -> GradeAppeal:  # fmt: skip
    """Answers an appeal with reasons; the person is told. Locks decision and appeal.

    `overturn` takes a demotion back: withdrawn before its day (by whoever may withdraw), corrected to the grade before
    after it, and its improvement plan is cancelled. `grade` gives a better grade to one in effect; `review` sends one
    not yet in effect back to the supervisor; `data` leaves it, for a new regrading to propose anew.
    Raises MissingFunction, GradeAppeal.DoesNotExist (heard by somebody else), ValidationError (kept out; outcome and
    remedy do not fit each other or the state of the decision; a grade that is worse or the same; no reasons), Conflict.
    """
    appeal, done = opened(actor, appeal_id, APPEAL["decide"], form.nonce, own=True)
    if done:
        return appeal
    decision, behalf = hearing_of(actor, appeal, APPEAL["decide"], today)
    APPEAL.check("decide", appeal.state, by=appeal.moved_by, at=appeal.moved_at)
    APPEAL.check_reason(APPEAL["decide"], form.reason)
    _check_answer(actor, answer, decision)
    grade = _grade(answer, decision)
    case_take(
        actor=actor, case=appeal, machine=APPEAL, verb="decide", form=form, now=now, behalf=behalf,
        changes={
            "outcome": answer.outcome, "remedy": answer.remedy, "new_grade": grade, "answer": form.reason.strip(),
            "decided_at": now, "suspended": False,
        },
    )  # fmt: skip
    _follow(actor, decision, answer, grade, form, now, today)
    title = _("您对 %(period)s 等级变更的申诉已答复：%(outcome)s") % {
        "period": decision.cycle.period, "outcome": appeal.get_outcome_display(),
    }  # fmt: skip
    tell_person(appeal, "decide", title, str(appeal.get_remedy_display()), now)
    return appeal


def _check_answer(actor: Actor, answer: Answer, decision: GradeDecision) -> None:
    if answer.outcome not in Outcome.values:
        raise refused("outcome", "unknown", _("请选择结论。"))
    if answer.remedy not in Remedy.values:
        raise refused("remedy", "unknown", _("请选择处理办法。"))
    if answer.outcome == Outcome.REJECTED and answer.remedy != Remedy.NONE:
        raise refused("remedy", "rejected", _("申诉不成立时，只能维持原等级变更。"))
    if answer.outcome == Outcome.UPHELD and answer.remedy == Remedy.NONE and decision.state in TOLD:
        raise refused("remedy", "upheld", _("申诉成立时，须选择怎样更正。"))
    if answer.remedy not in remedies_for(decision):
        words = _("等级变更现在是“%(state)s”，不能“%(remedy)s”。") % {
            "state": DecisionState(decision.state).label, "remedy": Remedy(answer.remedy).label,
        }  # fmt: skip
        raise refused("remedy", "state", words)
    early = answer.remedy == Remedy.OVERTURN and decision.state in BEFORE_EFFECT
    if early and not may(actor, DECISION_WITHDRAW):
        words = _("撤销尚未生效的降级须由总行人事办理：请转出这件申诉，或选“退回重新复核”。")
        raise refused("remedy", "withdraw", words)


def _grade(answer: Answer, decision: GradeDecision) -> Grade | None:
    """The grade that is given, if one is. Never below the one the decision gave."""
    if answer.remedy == Remedy.OVERTURN:
        return decision.previous_grade
    if answer.remedy != Remedy.GRADE:
        return None
    grade = Grade.objects.filter(code=answer.grade_code).first()
    if grade is None:
        raise refused("grade_code", "missing", _("请选择改定的等级。"))
    given = decision.grade
    if given is None:
        return grade
    if grade.series != given.series:
        raise refused("grade_code", "series", _("改定的等级须与原等级在同一序列。"))
    if grade.order < given.order:
        words = _("申诉不得使结果更差：原等级变更为“%(given)s”，“%(new)s”更低。")
        raise refused("grade_code", "worse", words % {"given": given.name, "new": grade.name})
    if grade.pk == given.pk:
        words = _("“%(given)s”就是原等级变更的结果；不改等级请选“维持原等级变更”。")
        raise refused("grade_code", "same", words % {"given": given.name})
    return grade


def _follow(
    actor: Actor, decision: GradeDecision, answer: Answer, grade: Grade | None, form: Form, now: datetime, today: date
) -> None:  # fmt: skip
    # The step on the decision is another act: the form's number and version belong to the appeal.
    own = replace(
        form, nonce="", version="", reason=_("申诉成立：%(why)s") % {"why": form.reason.strip()[:480]}
    )
    if answer.remedy == Remedy.REVIEW:
        verb = "uphold" if decision.state == DecisionState.ON_NOTICE else "void"
        moved = decision_move(
            actor=actor, decision_id=decision.pk, verb=verb, form=own, now=now, today=today,
            changes={
                "reviewed_by": None, "confirmed_by": None, "assignee": None, "effective_from": None,
                "due_on": due_again(decision.round, today),
            },
        )  # fmt: skip
        # What was published or served on its strength falls with it.
        voided(moved.decision, now)
    elif answer.remedy == Remedy.OVERTURN and decision.state in BEFORE_EFFECT:
        decision_withdraw(actor=actor, decision_id=decision.pk, form=own, now=now, today=today)
    elif grade is not None:
        decision_correct(actor=actor, decision_id=decision.pk, grade=grade, form=own, now=now, today=today)
    if answer.remedy == Remedy.OVERTURN:
        plan = ImprovementPlan.objects.filter(decision=decision, closed_at__isnull=True).first()
        if plan is not None:
            plan_cancel(actor=actor, plan_id=plan.pk, form=own, now=now, today=today)
