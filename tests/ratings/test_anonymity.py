"""Nobody is told who of the anonymous groups said what: lists, filters, sums, exports, clients and ledger are tried."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import combinations, product
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.utils import timezone

from appraisal.ratings.models import RaterGroup, Rating, RatingLine
from cmsys.api.services.clients import client_create
from cmsys.audit.models import Event
from tests.cast import STAGE, Cast
from tests.permissions.house import token_of
from tests.ratings.stage import open_demo, rate

pytestmark = pytest.mark.django_db

PEER, CUSTOMER = RaterGroup.PEER, RaterGroup.CUSTOMER
SignedIn = Callable[[str], Browser]


@pytest.fixture
def rated(cast: Cast) -> None:
    """陈思远: superior 88; himself 95; peers 70, 80, 91 on COMM, 60 and 65 on TEAM; one customer 10 on COMM.
    王雅琴: peers 50, 51, 53 on COMM."""
    open_demo()
    rate(cast, "M-CD1", RaterGroup.SUPERIOR, 88)
    Rating.objects.filter(rater_group="superior").update(rater="mgr", comment="稳")
    rate(cast, "M-CD1", RaterGroup.SELF, 95)
    Rating.objects.filter(rater_group="self").update(rater="M-CD1", comment="尽力")
    rate(cast, "M-CD1", PEER, 70, 80, 91)
    rate(cast, "M-CD1", PEER, 60, 65, code="TEAM")
    rate(cast, "M-CD1", CUSTOMER, 10)
    rate(cast, "M-CD2", PEER, 50, 51, 53)


def lines(answer: Any) -> list[tuple[str, ...]]:
    """(person, indicator, group, rater, how many, score) of the rows of a list."""
    wanted = ("employee_no", "indicator_code", "rater_group", "rater", "raters", "score")
    found = []
    for row in answer.context["page"].rows:
        cells = {cell["key"]: cell["text"] for cell in row["cells"]}
        found.append(tuple(cells[name] for name in wanted))
    return found


ALL = [
    ("M-CD1", "COMM", "同级", "（匿名）", "3", "80.33"),
    ("M-CD1", "COMM", "本人", "陈思远", "1", "95"),
    ("M-CD1", "COMM", "上级", "李敏", "1", "88"),
    ("M-CD2", "COMM", "同级", "（匿名）", "3", "51.33"),
]


def test_superior_and_self_by_name_groups_from_three_on_as_their_mean(
    rated: None, signed_in: SignedIn
) -> None:
    """(70 + 80 + 91) / 3 = 80.33…; two peers on TEAM and one customer are not there at all."""
    for who in ("hrh", "hrb", "mgr"):
        assert lines(signed_in(who).get("/ratings/")) == ALL, who
    assert lines(signed_in("cm").get("/ratings/")) == ALL[:3]


def test_a_third_rater_makes_a_group_of_two_appear_and_taking_one_away_makes_it_vanish(
    cast: Cast, rated: None
) -> None:
    team = RatingLine.objects.filter(indicator_code="TEAM")
    assert not team.all().exists()
    third = rate(cast, "M-CD1", RaterGroup.SUBORDINATE, 100, code="TEAM")[0]
    assert not team.all().exists(), "another relation does not fill a group up"
    Rating.objects.filter(pk=third.pk).update(rater_group=PEER)
    assert [(line.raters, line.score, line.rater, line.comment) for line in team] == [
        (3, Decimal("75.00"), "", "")
    ]
    third.delete()
    assert not team.all().exists()


def test_without_a_period_it_is_the_one_rated_last(cast: Cast, rated: None, signed_in: SignedIn) -> None:
    rate(cast, "M-CX1", RaterGroup.SUPERIOR, 77, period="2026Q1")
    answer = signed_in("hrh").get("/ratings/")
    assert [line[0] for line in lines(answer)] == ["M-CX1"]
    [condition] = answer.context["page"].active_filters
    assert (condition["value"], condition["remove_url"]) == ("2026Q1", "")
    assert lines(signed_in("hrh").get("/ratings/?period=2025Q4")) == ALL
    assert lines(signed_in("hrh").get("/ratings/?employee_no=M-CD1")) == ALL[:3]


QUERIES = {
    "period": ["2025Q4", "2025q4", "2025Q3"],
    "employee_no": ["M-CD1", "M-CD2", "peer-0"],
    "indicator_code": ["COMM", "TEAM"],
    "rater_group": ["peer", "superior", "customer"],
    "q": ["陈思远", "peer"],
    "unit": ["CD", "BJ"],
    "sort": ["score", "-score", "raters", "rater", "updated_at"],
    "size": ["20", "50"],
    "columns": ["score", "comment"],
    # No filters of ours: they must do nothing.
    "rater": ["peer-0"],
    "score": ["70"],
    "id": ["1"],
    "updated_since": ["2000-01-01"],
    "comment": ["看法0"],
}


def test_whatever_two_conditions_are_put_together_a_line_is_whole_or_not_there(
    rated: None, signed_in: SignedIn
) -> None:
    """Differencing: every pair of conditions, with the sum over what matches; no combination yields another mean."""
    browser = signed_in("hrh")
    whole = {line[2:] for line in ALL}
    seen = set()
    for one, two in combinations(QUERIES, 2):
        for first, second in product(QUERIES[one], QUERIES[two]):
            query = (
                f"{one}={first}&{two}={second}&columns=employee_no&columns=indicator_code&columns=rater_group"
            )
            answer = browser.get(f"/ratings/?{query}&columns=rater&columns=raters&columns=score")
            assert answer.status_code == 200, query
            found = lines(answer)
            assert {line[2:] for line in found} <= whole, query
            seen |= set(found)
            totals = {total["key"]: total["value"] for total in answer.context["page"].totals}
            assert totals == sums(found), query
            html = answer.content.decode()
            # The first rater's name and words were typed by the reader; the others' he does not know.
            assert not re.search(r"peer-[1-9]|customer-\d|看法[1-9]", html), query
    assert seen == set(ALL)


def sums(found: list[tuple[str, ...]]) -> dict[str, str]:
    """What the sums over these lines are, by hand: nothing that is not shown is in them."""
    raters = sum(int(line[4]) for line in found)
    if not raters:
        return {"raters": "", "mean": ""}
    mean = sum(Decimal(line[5]) * int(line[4]) for line in found) / raters
    return {"raters": str(raters), "mean": f"{mean.quantize(Decimal('0.01')).normalize():f}"}


def test_an_export_has_the_lines_and_nothing_else(rated: None, signed_in: SignedIn) -> None:
    text = signed_in("hrh").get(
        "/ratings/export.csv?columns=name&columns=rater&columns=raters&columns=score&columns=comment"
    )
    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    assert rows[0] == ["被评人", "评价人", "评价人数", "评分", "评语"]
    assert [row for row in rows[1:] if len(row) == 5] == [
        ["陈思远", "（匿名）", "3", "80.33", ""],
        ["陈思远", "陈思远", "1", "95", "尽力"],
        ["陈思远", "李敏", "1", "88", "稳"],
        ["王雅琴", "（匿名）", "3", "51.33", ""],
    ]


def test_a_rating_of_a_group_has_no_page(rated: None, signed_in: SignedIn) -> None:
    """Only the group has one, under the number of its first rating; it tells the mean."""
    browser = signed_in("hrh")
    shown = set(RatingLine.objects.values_list("pk", flat=True))
    assert len(shown) == 4
    for rating in Rating.objects.all():
        answer = browser.get(f"/ratings/{rating.pk}/")
        assert answer.status_code == (200 if rating.pk in shown else 404), rating.rater
        if rating.rater_group == PEER and rating.pk in shown:
            html = answer.content.decode()
            assert "匿名，共 3 人" in html
            assert "看法" not in html
            assert rating.rater not in html


def client_of(scope: str, unit: Any = None) -> Browser:
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name=f"读 {scope} {unit}", scopes=[scope], unit=unit
    )
    return Browser(headers={"Authorization": f"Bearer {token_of(client)}"})


def test_a_client_gets_the_lines_and_no_filter_divides_them(cast: Cast, rated: None) -> None:
    browser = client_of("ratings:read")
    answer = browser.get("/api/v1/ratings/").json()["results"]
    found = {
        (
            row["manager"]["employee_no"],
            row["rater_group"],
            row["rater"],
            row["raters"],
            str(row["score"]),
            row["comment"],
        )
        for row in answer
    }
    assert found == {
        ("M-CD1", "superior", "mgr", 1, "88.0", "稳"),
        ("M-CD1", "self", "M-CD1", 1, "95.0", "尽力"),
        ("M-CD1", "peer", None, 3, "80.33", ""),
        ("M-CD2", "peer", None, 3, "51.33", ""),
    }
    # The exact decimals, as they were sent.
    assert (
        '"score":80.33' in browser.get("/api/v1/ratings/?rater_group=peer&employee_no=M-CD1").content.decode()
    )
    last = max(row["updated_at"] for row in answer if row["raters"] == 3)
    for query in (
        "employee_no=M-CD1",
        "indicator_code=COMM",
        "unit=CD",
        "period=2025Q4",
        f"updated_since={last}",
    ):
        for row in browser.get(f"/api/v1/ratings/?{query.replace('+', '%2B')}").json()["results"]:
            if row["rater_group"] == "peer":
                assert row["score"] in (80.33, 51.33), query
    for query in ("rater=peer-0", "score=70", "raters=1", "id=1"):
        assert browser.get(f"/api/v1/ratings/?{query}").status_code == 400, query
    below = client_of("ratings:read", cast.units["SH"])
    assert below.get("/api/v1/ratings/").json()["results"] == []
    single = Rating.objects.filter(rater_group="customer").get().pk
    assert browser.get(f"/api/v1/ratings/{single}/").status_code == 404


def test_the_ledger_keeps_neither_rater_nor_score_of_what_was_imported(cast: Cast, bring: Any) -> None:
    open_demo()
    bring(
        "ratings",
        [
            "期间,被评人工号,评价人,评价关系,指标编码,评分,评语",
            "2025Q4,M-CD1,评委丙,同级,COMM,71.5,说得少",
        ],
    )
    event = Event.objects.get(kind="rating.create")
    assert event.after == {
        "period": "2025Q4", "manager": "陈思远（M-CD1）", "rater": "***", "rater_group": "peer",
        "indicator_code": "COMM", "score": "***", "comment": "***",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(t::text, ' ') FROM audit_event t")
        [ledger] = cursor.fetchone()
    assert [word for word in ("评委丙", "71.5", "说得少") if word in ledger] == []
