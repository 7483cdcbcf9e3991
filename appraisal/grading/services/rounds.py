"""A round is submitted to the reviewers and closed."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.services.cycles import REGRADE_JOB
from appraisal.grading.cases import REVIEW_DAYS, pending_of, review_url, supervisors_of
from appraisal.grading.choices import RoundState
from appraisal.grading.deciding import account_of
from appraisal.grading.models import GradingRound
from appraisal.grading.permissions import ROUND_EDIT
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.jobs.models import OPEN, Job
from cmsys.org.workdays import add_working_days

SUBMIT = """
WITH moved AS (
    UPDATE appraisal_grading_gradedecision SET state = 'in_review', due_on = %(due)s, moved_at = %(now)s,
        moved_by = %(who)s, updated_at = %(now)s
    WHERE round_id = %(round)s AND state = 'drafted' RETURNING id)
INSERT INTO appraisal_grading_decisionstep (decision_id, verb, level, actor_id, actor_name, from_state, to_state, reason,
    data, at)
SELECT id, 'submit', '', %(actor)s, %(who)s, 'drafted', 'in_review', '', '{}'::jsonb, %(now)s FROM moved ORDER BY id"""


@transaction.atomic
def round_submit(
    *, actor: Actor, round_id: int, review_due_on: date | None = None, effective_on: date | None = None,
    notice_days: int = 5, appeal_days: int = 5, now: datetime, today: date,
) -> GradingRound:  # fmt: skip
    """Brings every proposal of a round before the reviewers: a step for each, the days that hold for all, a message to
    the supervisors concerned. `review_due_on` is five working days from today unless given. Locks the round; a handful
    of statements for any number of people, and one event.

    Raises MissingFunction, GradingRound.DoesNotExist, Conflict (submitted already: who and when), ValidationError: a
    regrading is under way, there are no proposals, `review_due_on` is past, `effective_on` is missing or past, days
    out of range.
    """
    require(actor, ROUND_EDIT)
    found = _locked(actor, round_id)
    if found.state != RoundState.DRAFT:
        raise Conflict(_submitted(found))
    if Job.objects.filter(kind=REGRADE_JOB, key=str(found.cycle_id), state__in=OPEN).exists():
        raise refused("state", "running", _("这个周期正在定级，请等定级结束后再提交。"))
    due = review_due_on or add_working_days(today, REVIEW_DAYS)
    _check_days(due, effective_on, today)
    found.state, found.submitted_at, found.submitted_by = RoundState.REVIEW, now, account_of(actor)
    found.review_due_on, found.effective_on = due, effective_on
    found.notice_days, found.appeal_days = notice_days, appeal_days
    found.full_clean()
    found.save()
    count = _submit_cases(actor, found, now)
    if not count:
        raise refused("state", "empty", _("这一批次还没有等级建议，请先运行定级。"))
    after = {
        "state": found.state, "cases": count, "review_due_on": due, "effective_on": effective_on,
        "notice_days": notice_days, "appeal_days": appeal_days,
    }  # fmt: skip
    record("round.submit", found, actor=actor, before={"state": RoundState.DRAFT}, after=after, now=now)
    words = {"cycle": str(found.cycle), "day": due.isoformat()}
    message_send(
        supervisors_of(found, today), kind="decision", key=f"round:{found.pk}:submit",
        title=_("%(cycle)s 的等级变更待您复核") % words, body=_("请在 %(day)s 前办完。") % words, url=review_url(), now=now,
    )  # fmt: skip
    return found


@transaction.atomic
def round_close(*, actor: Actor, round_id: int, now: datetime) -> GradingRound:
    """Ends a round of which nothing is being decided any more. Repeating changes nothing. Locks the round.

    Raises MissingFunction, GradingRound.DoesNotExist, ValidationError (not submitted, cases pending: how many).
    """
    require(actor, ROUND_EDIT)
    found = _locked(actor, round_id)
    if found.state == RoundState.CLOSED:
        return found
    if found.state == RoundState.DRAFT:
        raise refused("state", "draft", _("这一批次还没有提交，不能办结。"))
    if pending := pending_of(found):
        raise refused(
            "state", "pending", _("还有 %(n)d 项没有办完，全部生效或撤销之后才能办结。") % {"n": pending}
        )
    found.state, found.closed_at = RoundState.CLOSED, now
    found.save(update_fields=["state", "closed_at", "updated_at"])
    before, after = {"state": RoundState.REVIEW}, {"state": found.state}
    record("round.close", found, actor=actor, before=before, after=after, now=now)
    return found


def _locked(actor: Actor, round_id: int) -> GradingRound:
    rows = GradingRound.objects.visible_to(actor, "edit").select_for_update(of=("self",))
    found: GradingRound = rows.select_related("cycle", "submitted_by").get(pk=round_id)
    return found


def _submitted(found: GradingRound) -> str:
    who = found.submitted_by.name if found.submitted_by else _("系统")
    when = timezone.localtime(found.submitted_at).strftime("%Y-%m-%d %H:%M:%S") if found.submitted_at else ""
    return _("%(who)s 已于 %(when)s 提交，不能再次提交。请刷新页面。") % {"who": who, "when": when}


def _check_days(due: date, effective_on: date | None, today: date) -> None:
    if due < today:
        raise refused("review_due_on", "past", _("复核截止日不能早于今天。"))
    if effective_on is None:
        raise refused("effective_on", "missing", _("请填写拟生效日。"))
    if effective_on < today:
        raise refused("effective_on", "past", _("拟生效日不能早于今天。"))


def _submit_cases(actor: Actor, found: GradingRound, now: datetime) -> int:
    values = {
        "round": found.pk, "due": found.review_due_on, "now": now, "who": actor.actor_name[:120], "actor": actor.actor_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(SUBMIT, values)
        return int(cursor.rowcount)
