"""The to-do centre and messages."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages as flashes
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.items import sources_for
from cmsys.inbox.models import Message
from cmsys.inbox.pages import row_of
from cmsys.inbox.reading import message_read, messages_read
from cmsys.inbox.returning import own_path
from cmsys.inbox.selectors import Listed, messages_of, past, to_do, unread_of, waiting

TABS = ("mine", "begun", "done")
PAGE_SIZE = 20


@require_GET
def inbox(request: SignedInRequest) -> HttpResponse:
    """待办: what waits for the reader, what he has begun, what he has decided."""
    today, user = timezone.localdate(), request.user
    tab = request.GET.get("tab", "mine")
    tab = tab if tab in TABS else "mine"
    counts = waiting(user, today)
    known = {source.key for source, _count in counts}
    only = request.GET.get("kind", "")
    only = only if only in known else ""
    listed = to_do(user, today, only) if tab == "mine" else past(user, today, tab, only)
    here = request.get_full_path()
    total = (
        sum(count for source, count in counts if only in ("", source.key)) if tab == "mine" else len(listed)
    )
    page = {
        "title": _("待办"),
        "subtitle": _("待我处理 %(n)d 件 · 截至 %(day)s")
        % {"n": sum(c for _s, c in counts), "day": today.isoformat()},
        "tab": tab,
        "tabs": _tabs(tab, sum(count for _source, count in counts)),
        "kinds": _kinds(tab, only, counts),
        "rows": [row_of(one, today, here=here, clock=tab == "mine") for one in listed],
        "total": total,
        "more": max(total - len(listed), 0),
        "overdue": _overdue(listed, today) if tab == "mine" else 0,
        "empty": _empty(tab, bool(sources_for(user))),
    }
    return render(request, "inbox/inbox.html", {"page": page})


def _tabs(tab: str, waiting_now: int) -> list[dict[str, Any]]:
    labels = {"mine": _("待我处理"), "begun": _("我发起"), "done": _("已办")}
    address = reverse("inbox")
    return [
        {
            "label": labels[name], "on": name == tab, "url": address if name == "mine" else f"{address}?tab={name}",
            "count": waiting_now if name == "mine" else None,
        }
        for name in TABS
    ]  # fmt: skip


def _kinds(tab: str, only: str, counts: list[tuple[Any, int]]) -> list[dict[str, Any]]:
    """A filter for each source that has anything (every source in the other tabs); none where there is one only."""
    address = reverse("inbox")
    tail = "" if tab == "mine" else f"tab={tab}&"
    shown = [(source, count) for source, count in counts if tab != "mine" or count or source.key == only]
    if len(shown) < 2 and not only:
        return []
    everything = sum(count for _source, count in counts)
    all_url = address + (f"?tab={tab}" if tab != "mine" else "")
    first = {
        "label": _("全部"),
        "url": all_url,
        "on": not only,
        "count": everything if tab == "mine" else None,
    }
    return [first] + [
        {
            "label": source.label, "url": f"{address}?{tail}kind={source.key}", "on": source.key == only,
            "count": count if tab == "mine" else None,
        }
        for source, count in shown
    ]  # fmt: skip


def _overdue(listed: list[Listed], today: date) -> int:
    return sum(one.item.due_on is not None and one.item.due_on < today for one in listed)


def _empty(tab: str, any_source: bool) -> str:
    if tab == "begun":
        return _("您还没有发起过需要他人办理的事项。")
    if tab == "done":
        return _("您还没有办理过事项。办完的事项会留在这里备查。")
    if not any_source:
        return _("您的角色没有需要办理的事项：复核、审定、签字一类的工作出现时会列在这里。")
    return _("没有等您办理的事项。新的事项一到就会出现在这里，不需要刷新提醒。")


@require_GET
def messages(request: SignedInRequest) -> HttpResponse:
    """消息: what the reader has been told, newest first."""
    pages = Paginator(messages_of(request.user).order_by("-at", "-pk"), PAGE_SIZE)
    shown = pages.get_page(request.GET.get("page"))
    unread = unread_of(request.user.pk).count()
    page = {
        "title": _("消息"),
        "subtitle": _("%(unread)d 条未读，共 %(total)d 条；读过的消息保留一年")
        % {"unread": unread, "total": pages.count},
        "unread": unread,
        "rows": list(shown.object_list),
        "pages": shown,
    }
    return render(request, "inbox/messages.html", {"page": page})


@require_POST
def message_open(request: SignedInRequest, pk: int) -> HttpResponse:
    """Marks a message as read and goes where it leads, which is never outside of this product."""
    try:
        message = message_read(user=request.user, message_id=pk, now=timezone.now())
    except (Message.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    return HttpResponseRedirect(own_path(message.url) or reverse("messages"))


@require_POST
def messages_read_all(request: SignedInRequest) -> HttpResponse:
    """Marks everything as read."""
    count = messages_read(user=request.user, now=timezone.now())
    flashes.success(request, _("已将 %(n)d 条消息标为已读。") % {"n": count})
    return HttpResponseRedirect(reverse("messages"))
