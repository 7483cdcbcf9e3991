"""What the list and the page of a sheet cost, in queries: the same for few rows and for many."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from appraisal.scoring.models import SheetLine
from tests.appraisal_pages.crowd import crowd
from tests.appraisal_pages.graded import Graded
from tests.appraisal_pages.test_pages import page_of, signed_in

pytestmark = pytest.mark.django_db


def cost(browser: Browser, address: str) -> int:
    """Queries of the second request: the first one of a process reads the scheme's document, which is then kept."""
    browser.get(address)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "address", ["/score-sheets/?size=50", "/score-sheets/export.csv", "/score-sheets/export.xlsx", "/"]
)
def test_lists_and_desk(world: Graded, address: str) -> None:
    browser = signed_in(world, "hrh")
    few = cost(browser, address)
    crowd(world, 30)
    assert cost(browser, address) == few <= 40


def test_a_sheet_with_many_lines_and_many_neighbours(world: Graded) -> None:
    browser, address = signed_in(world, "hrh"), page_of(world, "M-CX1")
    few = cost(browser, address)
    crowd(world, 30)
    SheetLine.objects.bulk_create(
        SheetLine(
            sheet=world.sheets["2025Q4", "M-CX1"], position=100 + n, dimension="performance", code=f"B{n}", name=f"加分{n}",
            kind="bonus", source="none", raw=1, contribution=0,
        )
        for n in range(30)
    )  # fmt: skip
    assert cost(browser, address) == few <= 25


def test_a_profile(world: Graded) -> None:
    browser = signed_in(world, "hrh")
    assert cost(browser, "/managers/M-CX1/") <= 45
