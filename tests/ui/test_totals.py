"""Totals of a list: over everything that matches, in the query that counts, exact, and only for who may have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Avg, Count, Sum
from django.db.models.functions import Round
from django.http import QueryDict
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from cmsys.administration.resources import USERS
from cmsys.ui.listing import Listing, exact, figure_text
from cmsys.ui.resource import Total
from managers.profiles.models import RelationshipManager
from managers.profiles.resources import ManagerResource
from tests.cast import Cast, stage

pytestmark = pytest.mark.django_db


class Experienced(ManagerResource):
    """The roster with what its people's years add up to."""

    totals = (
        Total("people", "人数", Count("pk")),
        Total("years", "年限合计", Sum("experience_years"), "money"),
        Total("mean", "平均年限", Round(Avg("experience_years"), 6)),
        Total("secret", "仅系统管理员", Count("pk"), function=USERS.function("view")),
    )


@pytest.fixture(scope="module")
def cast(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield stage()
        transaction.set_rollback(True)


def listing(cast: Cast, who: str, query: str = "") -> Listing:
    request: Any = SimpleNamespace(user=cast.user(who), GET=QueryDict(query), path="/managers/")
    return Listing(Experienced(), request)


def totals(cast: Cast, who: str, query: str = "") -> dict[str, str]:
    return {total["key"]: total["value"] for total in listing(cast, who, query).page().totals}


def test_totals_cover_every_row_that_matches_and_not_only_the_page(cast: Cast) -> None:
    for n in range(30):
        RelationshipManager.objects.create(
            employee_no=f"T-{n}", name="某人", unit=cast.units["CD"], experience_years=n
        )
    page = listing(cast, "hrh", "size=20").page()
    assert len(page.rows) == 20
    # four of the cast with seven years each, and 0 + 1 + … + 29
    assert [(total["key"], total["value"]) for total in page.totals] == [
        ("people", "34"), ("years", "463"), ("mean", "13.617647"),
    ]  # fmt: skip
    assert [total["text"] for total in page.totals] == ["34", "¥463.00", "13.617647"]


def test_totals_follow_the_conditions_and_the_reach_of_the_reader(cast: Cast) -> None:
    assert totals(cast, "hrh") == {"people": "4", "years": "28", "mean": "7"}
    assert totals(cast, "hrh", "q=M-CD1") == {"people": "1", "years": "7", "mean": "7"}
    assert totals(cast, "mgr") == {"people": "2", "years": "14", "mean": "7"}
    assert totals(cast, "hrh", "q=nobody") == {"people": "0", "years": "", "mean": ""}


def test_conditions_that_make_no_sense_have_no_totals(cast: Cast) -> None:
    page = listing(cast, "hrh", "grade=NONE").page()
    assert (page.pager["total"], list(page.totals)) == (0, [])


def test_counting_and_adding_is_one_query(cast: Cast) -> None:
    with CaptureQueriesContext(connection) as queries:
        listing(cast, "hrh").page()
    sums = [query["sql"] for query in queries.captured_queries if "SUM(" in query["sql"]]
    assert len(sums) == 1
    assert "COUNT(*)" in sums[0] and "AVG(" in sums[0] and "ORDER BY" not in sums[0]
    assert not [
        query for query in queries.captured_queries if "COUNT(*)" in query["sql"] and query["sql"] != sums[0]
    ]


def test_a_total_stands_on_the_page_with_its_exact_value(cast: Cast) -> None:
    html = render_to_string(
        "ui/_results.html", {"page": listing(cast, "hrh").page(), "request": SimpleNamespace(COOKIES={}, GET=QueryDict(), path="/managers/")}
    )  # fmt: skip
    found = re.findall(r'<data data-total="(\w+)" value="([\d.]*)">([^<]*)</data>', html)
    assert found == [("people", "4", "4"), ("years", "28", "¥28.00"), ("mean", "7", "7")]


@pytest.mark.parametrize(
    ("value", "kind", "plain", "written"),
    [
        (None, "money", "", "—"),
        (Decimal("0.00"), "money", "0", "¥0.00"),
        (Decimal("1234567.80"), "money", "1234567.8", "¥1,234,567.80"),
        (Decimal("-1234.5"), "number", "-1234.5", "−1,234.5"),
        (Decimal("-0.25"), "percent", "-0.25", "−0.25%"),
        (Decimal("66.666667"), "percent", "66.666667", "66.666667%"),
        (10005534, "number", "10005534", "10,005,534"),
        (Decimal("1E+2"), "number", "100", "100"),
    ],
)
def test_figures_are_exact_for_programs_and_grouped_for_people(
    value: Any, kind: str, plain: str, written: str
) -> None:
    assert (exact(value), figure_text(value, kind)) == (plain, written)
