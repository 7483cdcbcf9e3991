"""Messages: each to its reader alone, read by opening, followed only within the product, kept for a year once read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.inbox import housekeeping
from cmsys.inbox.housekeeping import Purged, purge
from cmsys.inbox.models import Message
from cmsys.inbox.sending import message_send
from cmsys.jobs.documents import Empty
from cmsys.jobs.kinds import Run
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def tell(
    cast: Cast, *who: str, key: str = "k", url: str = "/managers/", hours: int = 0, title: str = "标题"
) -> None:
    with transaction.atomic():
        message_send(
            [cast.users[name].pk for name in who], kind="test", key=key, title=title, url=url,
            now=timezone.now() + timedelta(hours=hours),
        )  # fmt: skip


def told(cast: Cast, who: str) -> Message:
    return Message.objects.get(recipient=cast.users[who])


def test_everybody_reads_his_own_newest_first(cast: Cast, signed_in: Any) -> None:
    tell(cast, "mgr", key="1", title="先")
    tell(cast, "mgr", key="2", title="后", hours=1)
    tell(cast, "hrh", key="3", title="别人的")
    answer = signed_in("mgr").get("/messages/")
    assert [row.title for row in answer.context["page"]["rows"]] == ["后", "先"]
    assert answer.context["page"]["subtitle"] == "2 条未读，共 2 条；读过的消息保留一年"
    assert "别人的" not in answer.content.decode()
    assert '消息 <b class="badge soft">2<span' in answer.content.decode()


def test_opening_one_marks_it_read_once_and_follows_its_link(cast: Cast, signed_in: Any) -> None:
    tell(cast, "mgr")
    browser, message = signed_in("mgr"), told(cast, "mgr")
    answer = browser.post(f"/messages/{message.pk}/open/")
    assert (answer.status_code, answer["Location"]) == (302, "/managers/")
    first = told(cast, "mgr").read_at
    assert first is not None
    browser.post(f"/messages/{message.pk}/open/")
    assert told(cast, "mgr").read_at == first


@pytest.mark.parametrize("url", ["", "https://evil.example/", "//evil.example/x"])
def test_a_link_that_is_not_ours_leads_nowhere(cast: Cast, signed_in: Any, url: str) -> None:
    tell(cast, "mgr", url=url)
    assert signed_in("mgr").post(f"/messages/{told(cast, 'mgr').pk}/open/")["Location"] == "/messages/"


def test_another_persons_message_is_not_there(cast: Cast, signed_in: Any) -> None:
    tell(cast, "mgr")
    answer = signed_in("hrh").post(f"/messages/{told(cast, 'mgr').pk}/open/")
    assert answer.status_code == 404
    assert told(cast, "mgr").read_at is None


def test_all_are_marked_at_once_and_only_ones_own(cast: Cast, signed_in: Any) -> None:
    tell(cast, "mgr", "hrh")
    assert signed_in("mgr").post("/messages/read/")["Location"] == "/messages/"
    assert told(cast, "mgr").read_at is not None
    assert told(cast, "hrh").read_at is None


def run(cursor: Any = None) -> Run:
    return Run(0, "", SystemActor("system:tests"), Empty(), cursor, timezone.now())


def test_what_was_read_a_year_ago_goes_and_the_unread_stays(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "AT_ONCE", 2)
    for n in range(5):
        tell(cast, "mgr", key=str(n), title=str(n))
    rows = list(Message.objects.order_by("pk"))
    for row, days in zip(rows, (366, 366, 366, 364, None), strict=True):
        row.read_at = None if days is None else timezone.now() - timedelta(days=days)
        row.save()
    first = purge(run())
    assert (first.cursor, first.done) == (Purged(2), 2)
    assert purge(run(first.cursor)).result == Purged(3)
    assert sorted(Message.objects.values_list("title", flat=True)) == ["3", "4"]


def test_a_page_costs_the_same_for_one_and_thirty(cast: Cast, signed_in: Any) -> None:
    browser = signed_in("mgr")
    tell(cast, "mgr", key="first")
    browser.get("/messages/")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            browser.get("/messages/")
        return len(queries)

    few = cost()
    for n in range(30):
        tell(cast, "mgr", key=f"more {n}")
    assert cost() == few
    assert len(browser.get("/messages/").context["page"]["rows"]) == 20
    assert len(browser.get("/messages/?page=2").context["page"]["rows"]) == 11
