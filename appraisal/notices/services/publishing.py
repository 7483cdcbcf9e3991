"""Notices go out, pass, and are taken down here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from appraisal.grading.services.moving import decision_move
from appraisal.notices.choices import LineState, NoticeState, ObjectionState
from appraisal.notices.closing import close_if_done, close_moot
from appraisal.notices.drafting import (
    Wording,
    check_wording,
    lock_cases,
    locked,
    refuse_stale,
    said,
    standing,
)
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice
from appraisal.notices.numbering import next_number
from appraisal.notices.permissions import NOTICE_EDIT
from appraisal.notices.services.drafts import notice_draft
from appraisal.notices.words import effective_from, last_day
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.workflow.form import Form


@transaction.atomic
def notice_publish(
    *, actor: Actor, round_id: int, now: datetime, today: date, decision_ids: Collection[int] | None = None,
    wording: Wording | None = None,
) -> PublicNotice:  # fmt: skip
    """Drafts a notice and puts it up at once; None takes all promotions that wait in the round. Raises what both raise."""
    draft = notice_draft(
        actor=actor, round_id=round_id, decision_ids=decision_ids, wording=wording, now=now, today=today
    )
    return draft_publish(actor=actor, notice_id=draft.pk, now=now, today=today)


@transaction.atomic
def draft_publish(
    *, actor: Actor, notice_id: int, now: datetime, today: date, version: str = ""
) -> PublicNotice:
    """Puts a draft up: gives it a number, counts its days, and moves every decision on it (`publish`), all or none.

    It begins on the day it says, or today if that has passed. Each decision takes effect on the day of its round, or the
    day after the notice where that is later. Locks the notice and its decisions; eight queries for each person.

    Raises MissingFunction, PublicNotice.DoesNotExist, GradeDecision.DoesNotExist (one is out of reach), Conflict (the
    draft has changed or is out already; a decision has been moved), ValidationError (`recusal`, `audience`).
    """
    require(actor, NOTICE_EDIT)
    notice = locked(actor, notice_id, "publish")
    refuse_stale(notice, version)
    decisions = {decision.pk: decision for decision in standing(notice)}
    starts_on = max(notice.starts_on, today)
    values = {"audience": notice.audience, "starts_on": starts_on}
    check_wording(actor, values, decisions.values(), today)
    notice.days = notice.round.notice_days
    notice.starts_on, notice.ends_on = starts_on, last_day(starts_on, notice.days)
    number = next_number(PublicNotice, today.year)
    notice.year, notice.serial = number["year"], number["serial"]
    notice.state, notice.published_at, notice.published_by = (
        NoticeState.PUBLISHED,
        now,
        actor.actor_name[:120],
    )
    notice.save()
    takes_effect = effective_from(notice.round.effective_on, notice.ends_on)
    for line in notice.lines.filter(state=LineState.STANDING).order_by("pk"):
        _put_up(actor, notice, line, decisions[line.decision_id], takes_effect, now, today)
    record(
        "notice.publish", notice, actor=actor, now=now, before={"state": NoticeState.DRAFT.value},
        after={
            "state": notice.state, "number": notice.number, "starts_on": starts_on, "ends_on": notice.ends_on,
            "audience": notice.audience or _("全行"), "managers": len(decisions), "effective_from": takes_effect,
        },
    )  # fmt: skip
    _tell(notice, "published", _("您的拟晋升已公示"), _("公示期至 %(day)s，期满无异议后生效。") % {
        "day": notice.ends_on.isoformat(),
    }, now)  # fmt: skip
    return notice


def _put_up(
    actor: Actor, notice: PublicNotice, line: NoticeLine, decision: GradeDecision, takes_effect: date,
    now: datetime, today: date,
) -> None:  # fmt: skip
    for name, text in said(decision).items():
        setattr(line, name, text)
    line.save(update_fields=["name", "unit_name", "from_grade", "to_grade"])
    data = {"notice": notice.number, "ends_on": notice.ends_on.isoformat() if notice.ends_on else ""}
    try:
        decision_move(
            actor=actor, decision_id=decision.pk, verb="publish", form=Form(data=data), now=now, today=today,
            changes={"effective_from": takes_effect},
        )  # fmt: skip
    except Conflict as conflict:
        raise Conflict(f"{line.name}：{conflict}") from conflict


def _tell(
    notice: PublicNotice, what: str, title: str, body: str, now: datetime, line_id: int | None = None
) -> None:
    """A message to the people on the notice, or to one of them."""
    lines = notice.lines.filter(pk=line_id) if line_id else notice.lines.exclude(state=LineState.STRUCK)
    numbers = lines.values("decision__manager__employee_no")
    accounts = User.objects.filter(employee_no__in=numbers, is_active=True).values_list("pk", flat=True)
    key = f"notice:{notice.pk}:{what}" + (f":{line_id}" if line_id else "")
    message_send(
        accounts, kind=f"notice.{what}", key=key, title=title, body=body, now=now,
        url=reverse("notices_detail", args=[notice.pk]),
    )  # fmt: skip


@transaction.atomic
def line_clear(*, actor: Actor, line_id: int, now: datetime, today: date) -> NoticeLine | None:
    """One person's notice has passed: the decision moves on (`clear`), the notice ends with its last line. None when
    nothing was to be done: the notice is still running, an objection is open, or the line is settled. Locks the case, the notice and the line.

    A promotion that had to wait for an answer beyond its day takes effect when it is cleared, not before. Raises
    MissingFunction.
    """
    require(actor, NOTICE_EDIT)
    line = NoticeLine.objects.get(pk=line_id)
    lock_cases([line.decision_id])
    notice = PublicNotice.objects.select_for_update().get(pk=line.notice_id)
    line = NoticeLine.objects.select_for_update(of=("self",)).select_related("decision").get(pk=line_id)
    over = notice.state == NoticeState.PUBLISHED and notice.ends_on is not None and notice.ends_on < today
    if not over or line.state != LineState.STANDING:
        return None
    if NoticeObjection.objects.filter(line=line, state=ObjectionState.OPEN).exists():
        return None
    answered = line.objections.filter(state=ObjectionState.REJECTED, answered_at__isnull=False)
    late = answered.order_by("-answered_at").first()
    changes = {}
    if late is not None and line.decision.effective_from and line.decision.effective_from < today:
        changes["effective_from"] = today
    try:
        with transaction.atomic():
            decision_move(
                actor=actor, decision_id=line.decision_id, verb="clear", form=Form(), now=now, today=today,
                changes=changes,
            )  # fmt: skip
    except Conflict:
        # The case has been moved on by others: it is on notice no more.
        return line_strike(actor=actor, line_id=line_id, now=now)
    line.state, line.closed_at = LineState.CLEARED, now
    line.save(update_fields=["state", "closed_at"])
    record(
        "notice.clear",
        notice,
        actor=actor,
        now=now,
        after={
            "manager": line.name,
            "effective_from": changes.get("effective_from", line.decision.effective_from),
        },
    )
    _tell(notice, "cleared", _("您的公示期满，没有成立的异议"), _("晋升将按期生效。"), now, line.pk)
    close_if_done(actor, notice, now)
    return line


@transaction.atomic
def line_strike(*, actor: Actor, line_id: int, now: datetime, reason: str = "") -> NoticeLine | None:
    """One person comes off a notice because the case was withdrawn, voided or sent back; what was objected to is closed.
    The notice is withdrawn with its last line. None when the line is settled already. Raises MissingFunction."""
    require(actor, NOTICE_EDIT)
    line = NoticeLine.objects.get(pk=line_id)
    lock_cases([line.decision_id])
    notice = PublicNotice.objects.select_for_update().get(pk=line.notice_id)
    line = NoticeLine.objects.select_for_update().get(pk=line_id)
    if line.state != LineState.STANDING:
        return None
    line.state, line.closed_at = LineState.STRUCK, now
    line.save(update_fields=["state", "closed_at"])
    close_moot(actor, line, now)
    record("notice.strike", notice, actor=actor, now=now, after={"manager": line.name}, reason=reason)
    if notice.published_at is not None:
        _tell(notice, "struck", _("您的公示已撤下"), _("事项退回重新办理，结果会另行通知。"), now, line.pk)
    close_if_done(actor, notice, now)
    return line
