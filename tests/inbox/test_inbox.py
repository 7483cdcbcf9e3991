"""The to-do centre: what waits, in which order, in words; what it costs; and that a decision in place comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.ratings.permissions import RATING_GIVE
from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource, InPlace, add_inbox_source
from cmsys.inbox.pages import due_said
from cmsys.inbox.returning import own_path
from cmsys.org.models import OrgUnit

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)
AT = datetime(2026, 3, 1, 2, tzinfo=UTC)


def item(title: str, due_on: date | None = None, hours: int = 0, **rest: Any) -> InboxItem:
    return InboxItem(title, "", "/managers/", AT + timedelta(hours=hours), due_on, **rest)


def source(key: str, order: int, *waiting: InboxItem, function: Any = None, **tabs: Any) -> InboxSource:
    """A source that asks the database once to count and once to list, as real ones do."""

    def count(actor: Actor, today: date) -> int:
        OrgUnit.objects.count()
        return len(waiting)

    def listed(actor: Actor, today: date, limit: int) -> list[InboxItem]:
        OrgUnit.objects.count()
        return list(waiting)[:limit]

    found = InboxSource(key, f"事项 {key}", order, count, listed, function=function, **tabs)
    add_inbox_source(found)
    return found


def titles(answer: Any) -> list[str]:
    return [row["title"] for row in answer.context["page"]["rows"]]


def test_the_nearest_deadline_stands_first_whatever_its_kind(signed_in: Any, sources: Any) -> None:
    today = timezone.localdate()
    source("a", 10, item("一", today + timedelta(days=3)), item("无期限"))
    source(
        "b",
        20,
        item("逾期", today - timedelta(days=2)),
        item("今天", today),
        item("同日早到", today + timedelta(days=3), -1),
    )
    answer = signed_in("mgr").get("/inbox/")
    assert titles(answer) == ["逾期", "今天", "同日早到", "一", "无期限"]
    page = answer.context["page"]
    assert [(row["due"], row["tone"]) for row in page["rows"][:2]] == [
        (f"已逾期 2 天（{today - timedelta(days=2)} 到期）", "down"), ("今天到期", "warn"),
    ]  # fmt: skip
    assert (page["total"], page["overdue"], page["more"]) == (5, 1, 0)
    assert [(kind["label"], kind["count"]) for kind in page["kinds"]] == [
        ("全部", 5),
        ("事项 a", 2),
        ("事项 b", 3),
    ]
    assert "有 1 件已经逾期" in answer.content.decode()


@pytest.mark.parametrize(
    ("due_on", "said"),
    [
        (None, ("", "")),
        (date(2026, 2, 27), ("已逾期 3 天（2026-02-27 到期）", "down")),
        (TODAY, ("今天到期", "warn")),
        (date(2026, 3, 3), ("明天到期", "info")),
        (date(2026, 3, 9), ("2026-03-09 到期，还有 7 天", "hold")),
    ],
)
def test_a_deadline_is_said_in_words(due_on: date | None, said: tuple[str, str]) -> None:
    assert due_said(due_on, TODAY) == said


def test_one_kind_alone_and_a_kind_nobody_knows(signed_in: Any, sources: Any) -> None:
    source("a", 10, item("甲"))
    source("b", 20, item("乙"))
    browser = signed_in("mgr")
    assert titles(browser.get("/inbox/?kind=b")) == ["乙"]
    assert titles(browser.get("/inbox/?kind=none")) == ["甲", "乙"]


def test_what_was_begun_and_what_is_done_stand_newest_first_without_a_clock(
    signed_in: Any, sources: Any
) -> None:
    def begun(actor: Actor, today: date, limit: int) -> list[InboxItem]:
        return [item("先发", hours=1), item("后发", TODAY, hours=2)]

    source("a", 10, begun=begun, done=lambda actor, today, limit: [item("办过")])
    browser = signed_in("mgr")
    answer = browser.get("/inbox/?tab=begun")
    assert titles(answer) == ["后发", "先发"]
    assert [row["due"] for row in answer.context["page"]["rows"]] == ["", ""]
    assert titles(browser.get("/inbox/?tab=done")) == ["办过"]


def test_a_source_is_asked_only_of_those_who_have_its_function(signed_in: Any, sources: Any) -> None:
    source("a", 10, item("评分"), function=RATING_GIVE)
    assert titles(signed_in("mgr").get("/inbox/")) == ["评分"]
    answer = signed_in("trn").get("/inbox/")
    assert titles(answer) == []
    assert "您的角色没有需要办理的事项" in answer.content.decode()


def test_nothing_to_do_says_so(signed_in: Any, sources: Any) -> None:
    source("a", 10)
    html = signed_in("mgr").get("/inbox/").content.decode()
    assert "没有等您办理的事项。新的事项一到就会出现在这里" in html
    assert "还没有发起过" in signed_in("mgr").get("/inbox/?tab=begun").content.decode()


def test_the_form_in_place_carries_its_own_number_and_the_way_back(signed_in: Any, sources: Any) -> None:
    source(
        "a",
        10,
        item("甲", in_place=InPlace("通过", "/x/approve/", (("id", "7"),))),
        item("乙", in_place=InPlace("通过", "/x/approve/")),
    )
    rows = signed_in("mgr").get("/inbox/?kind=a").context["page"]["rows"]
    first, second = (dict(row["form"]["fields"]) for row in rows)
    assert (first["id"], first["back"], len(first["nonce"])) == ("7", "/inbox/?kind=a", 32)
    assert first["nonce"] != second["nonce"]


def test_a_number_the_source_gave_is_kept(signed_in: Any, sources: Any) -> None:
    source("a", 10, item("甲", in_place=InPlace("通过", "/x/", (("nonce", "n-1"),))))
    [row] = signed_in("mgr").get("/inbox/").context["page"]["rows"]
    assert dict(row["form"]["fields"])["nonce"] == "n-1"


@pytest.mark.parametrize(
    ("url", "kept"),
    [("/inbox/?kind=a", True), ("//evil.example/", False), ("/\\evil.example", False), ("https://evil.example/", False),
     ("javascript:alert(1)", False), ("", False), ("inbox/", False)],
)  # fmt: skip
def test_only_paths_of_our_own_are_followed(url: str, kept: bool) -> None:
    assert own_path(url) == (url if kept else "")


def test_the_badge_the_bar_and_the_tile_agree(signed_in: Any, sources: Any) -> None:
    source("a", 10, *(item(f"第 {n} 件", timezone.localdate() + timedelta(days=n)) for n in range(7)))
    answer = signed_in("mgr").get("/")
    entries = {entry["url"]: entry["badge"] for group in answer.context["nav"] for entry in group["entries"]}
    assert entries["/inbox/"] == 7
    html = answer.content.decode()
    assert '待办 <b class="badge soft">7<span' in html
    assert "全部 7 件待办" in html
    assert [f"第 {n} 件" in html for n in range(7)] == [True] * 5 + [False] * 2


def costs(browser: Any, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_it_costs_the_same_for_one_item_and_for_thirty(signed_in: Any, sources: Any) -> None:
    browser = signed_in("mgr")
    browser.get("/inbox/")
    source("a", 10, item("一"))
    few = costs(browser, "/inbox/"), costs(browser, "/")
    sources.clear()
    source("a", 10, *(item(f"{n}") for n in range(30)))
    assert (costs(browser, "/inbox/"), costs(browser, "/")) == few


def test_the_counts_of_all_places_cost_one_query_a_source(signed_in: Any, sources: Any) -> None:
    """The menu, the bar and the page itself ask for the same counts."""
    browser = signed_in("mgr")
    browser.get("/messages/")
    without = costs(browser, "/messages/")
    source("a", 10, item("一"))
    source("b", 10, item("二"))
    assert costs(browser, "/messages/") == without + 2
