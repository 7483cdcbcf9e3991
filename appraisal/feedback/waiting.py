"""What waits: a sheet to be signed and a talk to be confirmed for the person, talks and refusals for the supervisor."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.feedback.models import FeedbackInterview, SheetAcknowledgement
from appraisal.feedback.permissions import FEEDBACK_GIVE, SHEET_SIGN
from appraisal.feedback.selectors import due_of, left_to_talk, talks_to_confirm, to_sign
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource


# --- the person ---------------------------------------------------------------------------------------------------------
def sheets(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows: Any = (
        to_sign(actor).select_related("cycle__scheme").defer("cycle__scheme__document", "reasons")[:limit]
    )
    return [
        InboxItem(
            title=_("签收 %(period)s 考核表") % {"period": sheet.cycle.period}, detail=sheet.cycle.scheme.name,
            url=reverse("sheet_sign", args=[sheet.pk]), at=sheet.submitted_at, due_on=due_of(sheet.submitted_at),
        )
        for sheet in rows
    ]  # fmt: skip


def talks(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows: Any = (
        talks_to_confirm(actor).select_related("sheet__cycle", "written_by").defer("sheet__reasons")[:limit]
    )
    return [
        InboxItem(
            title=_("确认 %(period)s 反馈面谈") % {"period": row.sheet.cycle.period},
            detail=_("面谈人：%(name)s，面谈日期：%(day)s") % {"name": row.written_by.name, "day": row.held_on},
            url=reverse("interview_sign", args=[row.pk]), at=row.written_at,
            due_on=due_of(row.submitted_at) if row.submitted_at else None,
        )
        for row in rows
    ]  # fmt: skip


def signed(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """已办: what the person has signed."""
    rows = SheetAcknowledgement.objects.filter(
        by=actor.actor_id, sheet__in=ScoreSheet.objects.reached_by(actor, SHEET_SIGN)
    )
    found = rows.select_related("sheet__cycle").defer("sheet__reasons").order_by("-at", "-pk")[:limit]
    return [
        InboxItem(
            title=_("签收 %(period)s 考核表") % {"period": row.sheet.cycle.period}, detail=row.remark,
            url=reverse("score_sheets_detail", args=[row.sheet_id]), at=row.at, state=str(row.get_outcome_display()),
        )
        for row in found
    ]  # fmt: skip


# --- the supervisor -----------------------------------------------------------------------------------------------------
def left(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """One line for each round, not one for each person: it leads to the list of who is waited for."""
    items = []
    for row in left_to_talk(actor)[:limit]:
        parts = []
        if row.talks:
            parts.append(_("%(n)d 人还没有面谈") % {"n": row.talks})
        if row.sheets:
            parts.append(_("%(n)d 人还没有签收，拒签的请登记") % {"n": row.sheets})
        what = "talk=none" if row.talks else "signature=open"
        items.append(
            InboxItem(
                title=_("%(period)s 反馈面谈与签收") % {"period": row.period}, detail="；".join(parts),
                url=f"{reverse('acknowledgements_list')}?cycle={row.cycle_id}&{what}", at=row.submitted_at, due_on=row.due_on,
            )
        )  # fmt: skip
    return items


def begun(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """我发起: talks the supervisor has written, newest first."""
    rows = FeedbackInterview.objects.reached_by(actor, FEEDBACK_GIVE).filter(written_by=actor.actor_id)
    found = (
        rows.select_related("sheet__cycle", "sheet__manager")
        .defer("sheet__reasons")
        .order_by("-written_at", "-pk")
    )
    return [
        InboxItem(
            title=_("与%(name)s的 %(period)s 反馈面谈") % {"name": row.sheet.manager.name, "period": row.sheet.cycle.period},
            detail=row.remark, url=reverse("score_sheets_detail", args=[row.sheet_id]), at=row.written_at,
            state=_("本人已确认") if row.signed_at else _("待本人确认"),
        )
        for row in found[:limit]
    ]  # fmt: skip


SOURCES = (
    InboxSource(
        "sheet_sign", gettext_lazy("签收考核表"), 40, lambda actor, today: to_sign(actor), sheets, done=signed,
        function=SHEET_SIGN,
    ),
    InboxSource(
        "interview_sign", gettext_lazy("确认面谈"), 41, lambda actor, today: talks_to_confirm(actor), talks,
        function=SHEET_SIGN,
    ),
    InboxSource(
        "feedback", gettext_lazy("面谈与签收"), 42, lambda actor, today: len(left_to_talk(actor)), left, begun=begun,
        function=FEEDBACK_GIVE,
    ),
)  # fmt: skip
