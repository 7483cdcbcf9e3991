"""Feedback interviews are written by the supervisor and confirmed by the person."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.feedback.models import FeedbackInterview
from appraisal.feedback.permissions import FEEDBACK_GIVE, SHEET_SIGN
from appraisal.feedback.recusals import check_keeps_out
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import changes_between, record


@transaction.atomic
def interview_write(
    *,
    actor: Actor,
    sheet_id: int,
    held_on: date,
    strengths: str,
    actions: str,
    version: str,
    today: date,
    now: datetime,
) -> FeedbackInterview:
    """What was said and agreed in the talk about a sheet; until the person has confirmed it, it may be changed by whoever
    has seen its last `version`. Locks the sheet; one event, none when nothing differs.

    Raises MissingFunction, ScoreSheet.DoesNotExist (out of reach), Conflict (confirmed, or changed meanwhile),
    ValidationError: his own sheet or a declared relation, a day to come, something left empty.
    """
    require(actor, FEEDBACK_GIVE)
    if actor.actor_id is None:
        raise ValueError("a talk is held by a person")
    rows = ScoreSheet.objects.reached_by(actor, FEEDBACK_GIVE).select_for_update(of=("self",))
    sheet: ScoreSheet = rows.select_related("manager", "cycle").get(pk=sheet_id)
    check_keeps_out(actor, sheet, today)
    present = FeedbackInterview.objects.select_for_update().filter(sheet=sheet).first()
    if present is not None and present.signed_at is not None:
        raise Conflict(_("%(name)s已经确认这次面谈，内容不能再改。") % {"name": sheet.manager.name})
    if version != (present.updated_at.isoformat() if present else ""):
        raise Conflict(_("您打开之后，这份面谈记录又有改动。请刷新页面后再改。"))
    if held_on > today:
        raise refused("held_on", "bad_value", _("面谈日期不能晚于今天（%(today)s）。") % {"today": today})
    values = {"held_on": held_on, "strengths": strengths.strip(), "actions": actions.strip()}
    for name, label in (("strengths", _("优点与成绩")), ("actions", _("改进行动"))):
        if not values[name]:
            raise refused(name, "missing", _("请填写“%(what)s”。") % {"what": label})
    row = present or FeedbackInterview(sheet=sheet)
    before, after = changes_between({name: getattr(row, name) for name in values} if present else {}, values)
    if present is not None and not after:
        return row
    for name, value in values.items():
        setattr(row, name, value)
    row.written_by_id, row.written_at = actor.actor_id, now
    row.full_clean()
    row.save()
    record("interview.write", row, actor=actor, label=str(sheet), before=before, after=after, now=now)
    return row


@transaction.atomic
def interview_sign(
    *, actor: Actor, interview_id: int, version: str, remark: str, now: datetime
) -> FeedbackInterview:
    """The person confirms the talk as it is written in this `version`, perhaps with a remark of his own. One event; the
    same again is one confirmation.

    Raises MissingFunction, FeedbackInterview.DoesNotExist (not his own), Conflict (changed meanwhile).
    """
    require(actor, SHEET_SIGN)
    rows = FeedbackInterview.objects.reached_by(actor, SHEET_SIGN).select_for_update(of=("self",))
    row: FeedbackInterview = rows.select_related("sheet__manager", "sheet__cycle").get(pk=interview_id)
    if row.signed_at is not None:
        return row
    if version != row.updated_at.isoformat():
        raise Conflict(_("您打开之后，面谈记录又有改动。请刷新页面，看过新的内容再确认。"))
    row.signed_at, row.remark = now, remark.strip()
    row.full_clean()
    row.save(update_fields=["signed_at", "remark", "updated_at"])
    record("interview.sign", row, actor=actor, label=str(row.sheet), after={"remark": row.remark}, now=now)
    return row
