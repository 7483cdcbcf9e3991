"""What ends with the last line of a notice, and with a line that is struck; who must leave an objection to others."""

from __future__ import annotations

from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.recusals import check_recusal, on_behalf
from appraisal.notices.choices import LineState, NoticeState, ObjectionState
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice
from appraisal.notices.transitions import NOTICE, OBJECTION
from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send


def close_if_done(actor: Actor, notice: PublicNotice, now: datetime) -> None:
    """Ends a locked notice on which nobody stands any more; withdrawn where nobody was cleared. Two queries, an event."""
    states = set(notice.lines.values_list("state", flat=True))
    if LineState.STANDING in states:
        return
    verb = "end" if LineState.CLEARED in states else "withdraw"
    before = notice.state
    NOTICE.check(verb, before, by=notice.published_by, at=notice.published_at)
    notice.state, notice.closed_at = NoticeState(NOTICE[verb].target), now
    notice.save(update_fields=["state", "closed_at", "updated_at"])
    record(
        f"notice.{verb}",
        notice,
        actor=actor,
        before={"state": before},
        after={"state": notice.state},
        now=now,
    )


def close_moot(actor: Actor, line: NoticeLine, now: datetime) -> None:
    """Closes what is still open about a line that was struck, and tells those who objected."""
    for objection in NoticeObjection.objects.select_for_update().filter(line=line, state=ObjectionState.OPEN):
        objection_close(actor, objection, now)


def objection_close(actor: Actor, objection: NoticeObjection, now: datetime) -> None:
    """The promotion is on notice no more: there is nothing left to decide about it."""
    before = objection.state
    OBJECTION.check("close", before, by=objection.answered_name, at=objection.answered_at)
    objection.state, objection.answered_at = ObjectionState.MOOT, now
    objection.answer = _("该公示事项已撤下，不再晋升；您的异议随之办结。")
    objection.save(update_fields=["state", "answered_at", "answer", "updated_at"])
    record(
        "objection.close", objection, actor=actor, before={"state": before}, after={"state": objection.state}, now=now
    )  # fmt: skip
    tell_objector(objection, now)


def tell_objector(objection: NoticeObjection, now: datetime) -> None:
    """The answer goes to whoever asked, and to nobody else."""
    message_send(
        [objection.objector_id], kind="objection.answered", key=f"objection:{objection.pk}:answered", now=now,
        title=_("您的公示异议已答复：%(state)s") % {"state": objection.get_state_display()},
        body=objection.answer, url=reverse("notice_objections_detail", args=[objection.pk]),
    )  # fmt: skip


def check_handler(actor: Actor, objection: NoticeObjection, verdict: str, today: date) -> None:
    """Raises ValidationError at `recusal` where the actor must leave this to somebody else."""
    if objection.objector_id == actor.actor_id:
        raise refused("recusal", "own", _("这是您本人提出的异议，须由他人办理。"))
    decision, transition = objection.line.decision, OBJECTION[verdict]
    check_recusal(actor, decision, transition, on_behalf(actor, decision, transition), today)
