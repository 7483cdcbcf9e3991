"""Notices are prepared here: who stands on one, what it says, to whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction

from appraisal.grading.models import GradingRound
from appraisal.notices.choices import LineState, NoticeState
from appraisal.notices.drafting import (
    EDITABLE,
    Wording,
    check_wording,
    chosen,
    locked,
    put_on,
    rechosen,
    refuse_stale,
    standing,
)
from appraisal.notices.models import PublicNotice
from appraisal.notices.permissions import NOTICE_EDIT
from appraisal.notices.transitions import NOTICE
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import changes_between, record


@transaction.atomic
def notice_draft(
    *, actor: Actor, round_id: int, now: datetime, today: date, decision_ids: Collection[int] | None = None,
    wording: Wording | None = None,
) -> PublicNotice:  # fmt: skip
    """A notice to be looked at before it goes out, with these confirmed promotions, or with all that wait in the round
    (None) except those from whom the actor must keep away.

    Raises MissingFunction, GradingRound.DoesNotExist, ValidationError (`decisions`: nothing waits, one of them does not,
    somebody must be put up by another; `audience`: out of reach, or colleagues of somebody are not in it; `starts_on`).
    """
    require(actor, NOTICE_EDIT)
    round_ = GradingRound.objects.select_related("cycle__scheme").get(pk=round_id)
    decisions = chosen(actor, round_, decision_ids, today)
    values = (wording or Wording()).values(round_, today)
    check_wording(actor, values, decisions, today)
    notice = PublicNotice(
        round=round_, days=round_.notice_days, created_by_id=actor.actor_id, created_at=now, **values
    )
    notice.full_clean(exclude=["created_by"])
    notice.save()
    put_on(notice, decisions)
    record(
        "notice.draft", notice, actor=actor, now=now, after=values | {"round": round_, "managers": len(decisions)},
    )  # fmt: skip
    return notice


@transaction.atomic
def notice_change(
    *, actor: Actor, notice_id: int, values: Mapping[str, Any], now: datetime, today: date,
    decision_ids: Collection[int] | None = None, version: str = "",
) -> PublicNotice:  # fmt: skip
    """Changes the words of a draft (EDITABLE), and who stands on it when `decision_ids` are given. Locks the notice.

    Raises MissingFunction, PublicNotice.DoesNotExist, Conflict (published meanwhile), ValidationError.
    """
    require(actor, NOTICE_EDIT)
    notice = locked(actor, notice_id, "change")
    refuse_stale(notice, version)
    kept = standing(notice)
    decisions = kept if decision_ids is None else rechosen(actor, notice, kept, decision_ids, today)
    before, after = changes_between({name: getattr(notice, name) for name in values}, values)
    if strange := values.keys() - set(EDITABLE):
        raise ValueError(f"not changed on a draft: {sorted(strange)}")
    for name, value in after.items():
        setattr(notice, name, value)
    check_wording(actor, {name: getattr(notice, name) for name in EDITABLE}, decisions, today)
    if {d.pk for d in decisions} != {d.pk for d in kept}:
        notice.lines.all().delete()
        put_on(notice, decisions)
        before["managers"], after["managers"] = len(kept), len(decisions)
    if after:
        notice.full_clean(exclude=["created_by"])
        notice.save()
        record("notice.change", notice, actor=actor, before=before, after=after, now=now)
    return notice


@transaction.atomic
def notice_discard(*, actor: Actor, notice_id: int, reason: str, now: datetime) -> PublicNotice:
    """A draft that shall not go out; its people wait again. Locks the notice.

    Raises MissingFunction, PublicNotice.DoesNotExist, Conflict, ValidationError (no reason).
    """
    require(actor, NOTICE_EDIT)
    notice = locked(actor, notice_id, "discard")
    NOTICE.check_reason(NOTICE["discard"], reason)
    notice.lines.filter(state=LineState.STANDING).update(state=LineState.STRUCK, closed_at=now)
    before = {"state": notice.state}
    notice.state, notice.closed_at = NoticeState.WITHDRAWN, now
    notice.save(update_fields=["state", "closed_at", "updated_at"])
    record(
        "notice.discard", notice, actor=actor, before=before, after={"state": notice.state}, reason=reason, now=now
    )  # fmt: skip
    return notice
