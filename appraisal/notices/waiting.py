"""What waits for somebody in this room: the sources of the to-do centre."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db.models import Count, Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.grading.models import GradingRound
from appraisal.notices import permissions
from appraisal.notices.choices import NoticeState, ObjectionState
from appraisal.notices.models import NoticeObjection, PublicNotice
from appraisal.notices.selectors import answerable, unsigned, waiting_for_notice, waiting_for_service
from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource


def _at(moment: datetime | None) -> datetime:
    return moment or timezone.now()


# --- 待公示 -------------------------------------------------------------------------------------------------------------
def _waiting_rounds(actor: Actor, today: date) -> QuerySet[Any]:
    """One to-do for each round, however many people."""
    return waiting_for_notice(actor).order_by().values("round").distinct()


def _rounds(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    waiting = (
        waiting_for_notice(actor).order_by().values("round").annotate(n=Count("pk"), last=Max("moved_at"))
    )
    found = {row["round"]: row for row in waiting.order_by("round")[:limit]}
    rounds = GradingRound.objects.filter(pk__in=found).select_related("cycle__scheme")
    return [
        InboxItem(
            title=_("%(period)s 待公示的晋升") % {"period": round_.cycle.period},
            detail=_("%(n)d 人已审定，公示后才能生效") % {"n": found[round_.pk]["n"]},
            url=f"{reverse('notices_new')}?round={round_.pk}", at=_at(found[round_.pk]["last"]), state=_("待公示"),
        )
        for round_ in rounds
    ]  # fmt: skip


def _open_drafts(actor: Actor) -> Any:
    rows: Any = PublicNotice.objects.visible_to(actor, "edit")
    return rows.filter(state=NoticeState.DRAFT)


def _drafts(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = _open_drafts(actor).select_related("round__cycle").order_by("starts_on", "pk")[:limit]
    return [
        InboxItem(
            title=notice.title, detail=_("公示草稿，核对后发布"), url=reverse("notices_detail", args=[notice.pk]),
            at=notice.created_at, state=_("草稿"),
        )
        for notice in rows
    ]  # fmt: skip


# --- 异议 ---------------------------------------------------------------------------------------------------------------
def _objections(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = answerable(actor, today).select_related("line__notice").order_by("due_on", "pk")[:limit]
    return [
        _objection(objection, reverse("notice_objections_answer", args=[objection.pk]), objection.due_on)
        for objection in rows
    ]


def _objection(objection: NoticeObjection, url: str, due_on: date | None = None) -> InboxItem:
    return InboxItem(
        title=_("对%(name)s公示的异议") % {"name": objection.line.name},
        detail=f"{objection.line.notice.number} · {objection.line.unit_name}", url=url, at=objection.lodged_at, due_on=due_on,
        state=objection.get_state_display(),
    )  # fmt: skip


def _lodged(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = (
        NoticeObjection.objects.filter(objector=actor.actor_id)
        .select_related("line__notice")
        .order_by("-lodged_at", "-pk")
    )
    return [_objection(row, reverse("notice_objections_detail", args=[row.pk])) for row in rows[:limit]]


def _answered(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = NoticeObjection.objects.filter(answered_by=actor.actor_id).exclude(state=ObjectionState.OPEN)
    newest = rows.select_related("line__notice").order_by("-answered_at", "-pk")[:limit]
    return [_objection(row, reverse("notice_objections_detail", args=[row.pk])) for row in newest]


# --- 送达 ---------------------------------------------------------------------------------------------------------------
def _unserved(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = (
        waiting_for_service(actor)
        .select_related("manager", "unit", "cycle")
        .order_by("moved_at", "pk")[:limit]
    )
    return [
        InboxItem(
            title=_("送达%(name)s的等级变更") % {"name": decision.manager.name},
            detail=f"{decision.cycle.period} · {decision.unit.name}", url=reverse("served_new", args=[decision.pk]),
            at=_at(decision.moved_at), state=_("待送达"),
        )
        for decision in rows
    ]  # fmt: skip


def _unsigned(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = unsigned(actor).order_by("served_on", "pk")[:limit]
    return [
        InboxItem(
            title=_("请签收等级变更决定"), detail=service.number, url=reverse("served_detail", args=[service.pk]),
            at=service.served_at, state=_("待签收"),
        )
        for service in rows
    ]  # fmt: skip


SOURCES = (
    InboxSource(
        "notices.sign", gettext_lazy("待签收"), 42, lambda actor, today: unsigned(actor), _unsigned,
        function=permissions.SERVICE_SIGN,
    ),
    InboxSource(
        "notices.waiting", gettext_lazy("待公示"), 44, _waiting_rounds, _rounds, function=permissions.NOTICE_EDIT
    ),
    InboxSource(
        "notices.drafts", gettext_lazy("公示草稿"), 45, lambda actor, today: _open_drafts(actor), _drafts,
        function=permissions.NOTICE_EDIT,
    ),
    InboxSource(
        "notices.objections", gettext_lazy("异议待答复"), 46, lambda actor, today: answerable(actor, today),
        _objections, done=_answered, function=permissions.OBJECTION_HANDLE,
    ),
    InboxSource(
        "notices.lodged", gettext_lazy("我提出的公示异议"), 47, lambda actor, today: 0, lambda actor, today, limit: [],
        begun=_lodged, function=permissions.OBJECTION_LODGE,
    ),
    InboxSource(
        "notices.unserved", gettext_lazy("待送达"), 48, lambda actor, today: waiting_for_service(actor), _unserved,
        function=permissions.SERVICE_SERVE,
    ),
)  # fmt: skip
