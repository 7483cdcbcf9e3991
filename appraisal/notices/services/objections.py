"""Objections are lodged and answered here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.cases import due_again, flagged
from appraisal.grading.choices import Flag
from appraisal.grading.services.moving import decision_move
from appraisal.notices import permissions
from appraisal.notices.choices import LineState, ObjectionState
from appraisal.notices.closing import check_handler, close_if_done, close_moot, tell_objector
from appraisal.notices.drafting import lock_cases
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice
from appraisal.notices.services.publishing import line_clear
from appraisal.notices.transitions import OBJECTION
from appraisal.notices.words import ANSWER_DAYS, account_of, closed_said
from cmsys.access.actors import Actor, SystemActor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form

SYSTEM = SystemActor("system:notices")


@transaction.atomic
def objection_lodge(
    *, actor: Actor, notice_id: int, line_id: int, text: str, facts: str, now: datetime, today: date
) -> NoticeObjection:
    """An objection to one person on a notice that runs today, by somebody of its audience. The same person twice about the
    same line is one objection. Locks the line.

    Raises MissingFunction, PublicNotice.DoesNotExist (not addressed to him), ValidationError (`notice`: outside its
    days; `line`: not on it, or his own; `text`, `facts` empty).
    """
    require(actor, permissions.OBJECTION_LODGE)
    if actor.actor_id is None:
        raise refused("line", "nameless", _("异议须由本人实名提出。"))
    notice = PublicNotice.objects.addressed_to(actor).get(pk=notice_id)
    if not notice.is_open(today):
        raise refused("notice", "closed", closed_said(notice))
    line = _line(notice, line_id)
    if line.decision.manager.employee_no == getattr(actor, "employee_no", None):
        raise refused("line", "own", _("这是您本人的事项。对自己的定级结果有意见，请提出申诉。"))
    for field, value in (("text", text), ("facts", facts)):
        if not value.strip():
            raise refused(field, "missing", _("请写明异议内容和事实依据，以便核实。"))
    known = NoticeObjection.objects.filter(
        line=line, objector=actor.actor_id, state=ObjectionState.OPEN
    ).first()
    if known is not None:
        return known
    objection = NoticeObjection(
        line=line, objector_id=actor.actor_id, text=text.strip(), facts=facts.strip(), lodged_at=now,
        due_on=add_working_days(today, ANSWER_DAYS),
    )  # fmt: skip
    objection.full_clean()
    objection.save()
    after = {"notice": notice.number, "manager": line.name, "due_on": objection.due_on}
    record("objection.lodge", objection, actor=actor, after=after, now=now)
    _tell_concerned(line, objection, now)
    return objection


def _line(notice: PublicNotice, line_id: int) -> NoticeLine:
    rows = NoticeLine.objects.select_for_update(of=("self",)).select_related("decision__manager")
    line = rows.filter(notice=notice, pk=line_id, state=LineState.STANDING).first()
    if line is None:
        raise refused("line", "not_on_it", _("这一项已不在公示中，请刷新页面后选择。"))
    return line


def _tell_concerned(line: NoticeLine, objection: NoticeObjection, now: datetime) -> None:
    """That there is an objection; neither who nor what."""
    account = account_of(line.decision.manager.employee_no)
    if account is not None:
        message_send(
            [account.pk], kind="objection.lodged", key=f"objection:{objection.pk}:lodged", now=now,
            title=_("有人对您的公示提出异议"), url=reverse("notices_detail", args=[line.notice_id]),
            body=_("人力资源正在核实，答复前暂不生效。核实时可能向您了解情况。"),
        )  # fmt: skip


@transaction.atomic
def objection_answer(
    *,
    actor: Actor,
    objection_id: int,
    verdict: str,
    answer: str,
    now: datetime,
    today: date,
    version: str = "",
) -> NoticeObjection:
    """Answers an objection in writing: `reject`, or `uphold`, which sends the case back to review and takes it off the
    notice. A rejected one lets the line clear at once when the notice is over. Locks the case, the notice and the objection.

    Raises MissingFunction, NoticeObjection.DoesNotExist (out of scope), ValidationError (`recusal`: concerned, related, or
    has decided on the case or lodged this himself; `reason`: no answer), Conflict (answered already, or changed since).
    """
    require(actor, permissions.OBJECTION_HANDLE)
    reached: Any = NoticeObjection.objects.reached_by(actor, permissions.OBJECTION_HANDLE)
    place = reached.values("line__notice_id", "line__decision_id").get(pk=objection_id)
    lock_cases([place["line__decision_id"]])
    notice = PublicNotice.objects.select_for_update().get(pk=place["line__notice_id"])
    rows = reached.select_for_update(of=("self",)).select_related(
        "line__decision__manager", "line__decision__unit"
    )
    objection: NoticeObjection = rows.get(pk=objection_id)
    transition = OBJECTION[verdict]
    check_handler(actor, objection, verdict, today)
    OBJECTION.check(verdict, objection.state, by=objection.answered_name, at=objection.answered_at)
    if version and version != objection.updated_at.isoformat():
        raise Conflict(_("您打开之后，这一异议有变动。请刷新页面后再答复。"))
    OBJECTION.check_reason(transition, answer)
    objection.state, objection.answer, objection.answered_at = (
        ObjectionState(transition.target),
        answer.strip(),
        now,
    )
    objection.answered_by_id, objection.answered_name = actor.actor_id, actor.actor_name[:120]
    objection.save()
    record(
        f"objection.{verdict}", objection, actor=actor, before={"state": ObjectionState.OPEN.value},
        after={"state": objection.state}, reason=answer, now=now,
    )  # fmt: skip
    tell_objector(objection, now)
    if verdict == "uphold":
        _send_back(actor, notice, objection, now, today)
    else:
        line_clear(actor=SYSTEM, line_id=objection.line_id, now=now, today=today)
    return objection


def _send_back(
    actor: Actor, notice: PublicNotice, objection: NoticeObjection, now: datetime, today: date
) -> None:
    line = objection.line
    decision_move(
        actor=actor, decision_id=line.decision_id, verb="uphold", now=now, today=today,
        form=Form(reason=_("公示异议成立：%(answer)s") % {"answer": objection.answer[:400]}, data={"objection": objection.pk}),
        changes=lambda decision: {
            "effective_from": None, "reviewed_by": None, "confirmed_by": None, "assignee": None,
            "due_on": due_again(decision.round, today), "flags": flagged(decision, Flag.UPHELD),
        },
    )  # fmt: skip
    line.state, line.closed_at = LineState.STRUCK, now
    line.save(update_fields=["state", "closed_at"])
    close_moot(actor, line, now)
    close_if_done(actor, notice, now)
