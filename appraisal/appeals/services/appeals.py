"""An appeal is lodged, withdrawn, commented on, taken up and handed on."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.appeals.cases import hearing_of, opened, repeated, tell_person
from appraisal.appeals.choices import ANSWER_DAYS, BEFORE_EFFECT, OPEN_APPEALS, TOLD, AppealState, Ground
from appraisal.appeals.models import AppealStep, GradeAppeal
from appraisal.appeals.permissions import APPEAL_LODGE
from appraisal.appeals.selectors import window_of
from appraisal.appeals.services.taking import case_take
from appraisal.appeals.transitions import APPEAL
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form


@transaction.atomic
def appeal_lodge(
    *, actor: Actor, decision_id: int, ground: str, text: str, wish: str, form: Form, now: datetime, today: date
) -> GradeAppeal:  # fmt: skip
    """The person appeals against the decision about himself; the same form again gives the appeal it made. Locks the
    decision.

    Raises MissingFunction, GradeDecision.DoesNotExist (somebody else's, or not known to him yet), ValidationError
    (nothing to appeal against any more, outside the window, answered before, one is open, words missing).
    """
    require(actor, APPEAL_LODGE)
    rows = GradeDecision.objects.reached_by(actor, APPEAL_LODGE).select_for_update(of=("self",))
    decision = rows.select_related("round", "cycle", "manager", "grade").get(pk=decision_id)
    if form.nonce and (step := AppealStep.objects.filter(nonce=form.nonce).first()):
        if (step.case.decision_id, step.verb, step.actor_id) != (decision.pk, "lodge", actor.actor_id):
            raise refused("nonce", "conflict", _("表单编号已被使用，请刷新页面后重试。"))
        return step.case
    told, last = _window(decision, today)
    _check_words(ground, text, wish)
    _check_others(decision, told)
    appeal = GradeAppeal(
        decision=decision, against=decision.grade, ground=ground, text=text.strip(), wish=wish.strip(), told_on=told,
        window_ends_on=last, lodged_at=now, due_on=add_working_days(today, ANSWER_DAYS), moved_at=now,
        moved_by=actor.actor_name[:120],
    )  # fmt: skip
    appeal.full_clean()
    appeal.save()
    appeal.steps.create(
        verb="lodge", actor_id=actor.actor_id, actor_name=actor.actor_name[:120], from_state="",
        to_state=AppealState.LODGED, nonce=form.nonce or None, at=now,
    )  # fmt: skip
    after = {"decision": decision, "ground": ground, "told_on": told, "window_ends_on": last}
    record("appeal.lodge", appeal, actor=actor, after=after, now=now)
    return appeal


@transaction.atomic
def appeal_withdraw(*, actor: Actor, appeal_id: int, form: Form, now: datetime, today: date) -> GradeAppeal:
    """The person takes his appeal back while it is not answered; a stay ends with it. Locks decision and appeal.

    Raises MissingFunction, GradeAppeal.DoesNotExist (somebody else's), Conflict (answered or withdrawn already).
    """
    appeal, done = _opened(actor, appeal_id, "withdraw", form)
    if not done:
        case_take(
            actor=actor, case=appeal, machine=APPEAL, verb="withdraw", form=form, now=now,
            changes={"suspended": False},
        )  # fmt: skip
    return appeal


@transaction.atomic
def appeal_comment(*, actor: Actor, appeal_id: int, form: Form, now: datetime, today: date) -> GradeAppeal:
    """The supervisor's statement, read by whoever hears the appeal and by the person. Locks the appeal.

    Raises MissingFunction, GradeAppeal.DoesNotExist (out of scope), ValidationError (his own, a relative's; no words),
    Conflict (not open any more).
    """
    appeal, done = _opened(actor, appeal_id, "comment", form)
    verb = "remark" if appeal.state == AppealState.HEARING else "comment"
    if done or repeated(appeal, actor, "remark", form.nonce):
        return appeal
    _decision, behalf = hearing_of(actor, appeal, APPEAL[verb], today)
    case_take(actor=actor, case=appeal, machine=APPEAL, verb=verb, form=form, now=now, behalf=behalf)
    return appeal


@transaction.atomic
def appeal_accept(*, actor: Actor, appeal_id: int, form: Form, now: datetime, today: date) -> GradeAppeal:
    """Takes an appeal up; from now on the actor answers it. The person is told. Locks the appeal.

    Raises MissingFunction, GradeAppeal.DoesNotExist (out of scope), ValidationError (himself, a relative, a deputy of
    the person, or whoever took a step on the decision before), Conflict (taken up by somebody else: who and when).
    """
    appeal, done = _opened(actor, appeal_id, "accept", form)
    if done:
        return appeal
    decision, behalf = hearing_of(actor, appeal, APPEAL["accept"], today)
    case_take(
        actor=actor, case=appeal, machine=APPEAL, verb="accept", form=form, now=now, behalf=behalf,
        changes={"handler_id": actor.actor_id},
    )  # fmt: skip
    said = _("您对 %(period)s 等级变更的申诉已受理") % {"period": decision.cycle.period}
    body = _("由 %(who)s 办理，%(due)s 前答复。") % {"who": actor.actor_name, "due": appeal.due_on}
    tell_person(appeal, "accept", said, body, now)
    return appeal


@transaction.atomic
def appeal_release(*, actor: Actor, appeal_id: int, form: Form, now: datetime, today: date) -> GradeAppeal:
    """Gives an appeal back, for somebody else to take up; also for a colleague who is away. A stay ends with it; the
    deadline stays. Locks decision and appeal. Raises as `appeal_comment`."""
    appeal, done = _opened(actor, appeal_id, "release", form)
    if done:
        return appeal
    _decision, behalf = hearing_of(actor, appeal, APPEAL["release"], today)
    case_take(
        actor=actor, case=appeal, machine=APPEAL, verb="release", form=form, now=now, behalf=behalf,
        changes={"handler_id": None, "suspended": False},
    )  # fmt: skip
    return appeal


@transaction.atomic
def appeal_stay(
    *, actor: Actor, appeal_id: int, stay: bool, form: Form, now: datetime, today: date
) -> GradeAppeal:
    """The decision waits for the answer, or does so no longer. Only whoever hears the appeal says so, and only before
    the decision is in effect. Locks decision and appeal.

    Raises MissingFunction, GradeAppeal.DoesNotExist (heard by somebody else), Conflict (in effect; said already).
    """
    verb = "stay" if stay else "resume"
    appeal, done = _opened(actor, appeal_id, verb, form, own=True)
    if done:
        return appeal
    decision, behalf = hearing_of(actor, appeal, APPEAL[verb], today)
    if decision.state not in BEFORE_EFFECT:
        words = _("等级变更现在是“%(state)s”，不能再暂缓生效或解除暂缓。")
        raise Conflict(words % {"state": decision.get_state_display()})
    if appeal.suspended is stay:
        raise Conflict(_("已经暂缓生效。") if stay else _("没有暂缓生效。"))
    case_take(
        actor=actor, case=appeal, machine=APPEAL, verb=verb, form=form, now=now, behalf=behalf,
        changes={"suspended": stay},
    )  # fmt: skip
    return appeal


def _opened(
    actor: Actor, appeal_id: int, verb: str, form: Form, *, own: bool = False
) -> tuple[GradeAppeal, bool]:
    """The appeal, locked after its decision, and whether this very form was taken before. `own`: only one's own hearing."""
    return opened(actor, appeal_id, APPEAL[verb], form.nonce, own=own)


def _window(decision: GradeDecision, today: date) -> tuple[date, date]:
    if decision.state not in TOLD:
        standing = DecisionState(decision.state).label
        words = _("等级变更现在是“%(state)s”，没有可以申诉的结果。") % {"state": standing}
        raise refused("decision", "state", words)
    window = window_of(decision)
    if window is None:
        raise refused("decision", "untold", _("没有这项等级变更的公示、送达或生效记录，请联系人事部门。"))
    if not window.is_open(today):
        words = _(
            "申诉须在知悉后 %(days)d 个工作日内提出：%(told)s 知悉，%(last)s 截止，今天是 %(today)s。"
        ) % {"days": window.days, "told": window.told_on, "last": window.ends_on, "today": today}
        raise refused("window", "outside", words)
    return window.told_on, window.ends_on


def _check_words(ground: str, text: str, wish: str) -> None:
    if ground not in Ground.values:
        raise refused("ground", "unknown", _("请选择理由类别。"))
    if not text.strip():
        raise refused("text", "missing", _("请写明事实与理由。"))
    if not wish.strip():
        raise refused("wish", "missing", _("请写明您请求怎样处理。"))


def _check_others(decision: GradeDecision, told: date) -> None:
    for state, decided_at in decision.appeals.values_list("state", "decided_at"):
        if state in OPEN_APPEALS:
            raise refused("decision", "open", _("对这项等级变更已经提出申诉，正在办理，不能重复提出。"))
        # Decided on anew and told anew, a decision can be appealed anew.
        if decided_at is not None and timezone.localdate(decided_at) >= told:
            words = _("对这项等级变更的申诉已于 %(day)s 答复，不能再次提出。")
            raise refused("decision", "answered", words % {"day": timezone.localdate(decided_at)})
