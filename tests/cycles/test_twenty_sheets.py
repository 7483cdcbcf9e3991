"""Twenty random sheets of a demonstration bank: every number opens into records that come to it (issue: must show).

A supervisor of the whole bank reads them, through the pages and nothing else: the list a line leads to shows a total
with the very figure of the sheet, and contributions add up to the last digit.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import ScoreSheet, SheetLine
from cmsys.access.roles import Role
from cmsys.accounts.services.users import user_create
from cmsys.audit.acting import acting_as
from cmsys.demo.filling import ACTOR, fill
from cmsys.org.models import OrgUnit
from cmsys.org.services.grants import role_grant
from tests.appraisal.world import graded
from tests.cast import PASSWORD

TODAY, NOW = date(2026, 11, 22), datetime(2026, 11, 22, 4, tzinfo=UTC)
# Which total of the opened list is the figure of the sheet.
TOTALS = {
    "SALES": "amount", "NEW_CUSTOMERS": "customers", "SATISFACTION": "mean_rating", "GROWTH": "growth", "COMPLAINT": "upheld",
}  # fmt: skip
WEIGHTS = {"上级": 50, "同级": 30, "客户": 20}


@pytest.fixture
def bank(db: None) -> Iterator[Browser]:
    """Graded 2026Q2 and 2026Q3, and somebody who may see all of it."""
    with acting_as(ACTOR):
        fill(managers=28, customers=700, months=None, seed=11, today=TODAY, now=NOW)
        scheme = Path(settings.BASE_DIR) / "cmsys" / "demo" / "scheme.yaml"
        scheme_import(actor=ACTOR, text=scheme.read_text(encoding="utf-8"))
        for period in ("2026Q2", "2026Q3"):
            graded(cycle_open(actor=ACTOR, scheme_code="YS", period=period, today=TODAY), actor=ACTOR)
        user = user_create(actor=ACTOR, username="reader", name="总行主管", password=PASSWORD, is_demo=True)
        role_grant(
            actor=ACTOR, user=user, role=Role.MGR, unit=OrgUnit.objects.get(code="YS"), starts_on=date(2020, 1, 1),
            reason="测试",
        )  # fmt: skip
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    yield browser


def totals(page: str) -> dict[str, Decimal]:
    found = re.findall(r'data-total="(\w+)" value="([^"]*)"', page)
    return {key: Decimal(value) for key, value in found if value not in ("", "None")}


def links(page: str) -> list[str]:
    return [unescape(url) for url in re.findall(r'href="(/[^"]+)"', page)]


def rating_mean(browser: Browser, url: str) -> Decimal:
    """The weighted mean of the group means that the opened list shows (to two places), over the groups that are there."""
    page = browser.get(url).context["page"]
    labels = [str(column["label"]) for column in page.columns]
    means: dict[str, list[tuple[Decimal, int]]] = {}
    for row in page.rows:
        cells = dict(zip(labels, row["cells"], strict=True))
        means.setdefault(cells["评价关系"]["text"], []).append(
            (Decimal(cells["评分"]["text"].replace(",", "")), int(cells["评价人数"]["text"]))
        )
    weight = sum(WEIGHTS[group] for group in means)
    worth = sum(
        WEIGHTS[group] * sum(score * count for score, count in rows) / sum(count for _score, count in rows)
        for group, rows in means.items()
    )
    return worth / weight


def check_line(browser: Browser, sheet: ScoreSheet, line: SheetLine) -> str:
    """Opens the line and what stands behind it; which way it was checked."""
    page = browser.get(f"/score-sheets/{sheet.pk}/lines/{line.position}/").content.decode()
    if line.raw is None:
        return "empty"
    behind = [url for url in links(page) if "=" in url and not url.startswith("/targets/")]
    assert behind, (line.code, page)
    if line.source == "rating":
        found = rating_mean(browser, behind[0])
        assert abs(found - line.raw) <= Decimal("0.005"), (line.code, found, line.raw)
        return "rating"
    answer = browser.get(behind[0])
    assert answer.status_code == 200, behind[0]
    found = totals(answer.content.decode())[TOTALS[line.code]]
    places = Decimal(1).scaleb(-6)
    assert found.quantize(places, ROUND_HALF_UP) == line.raw.quantize(places, ROUND_HALF_UP), (
        line.code,
        behind[0],
    )
    return line.code


def test_every_line_of_twenty_random_sheets_opens_into_its_records(bank: Browser) -> None:
    sheets = list(ScoreSheet.objects.filter(cycle__period="2026Q3").order_by("pk").select_related("manager"))
    chosen = random.Random(20261122).sample(sheets, 20)
    checked: dict[str, int] = {}
    for sheet in chosen:
        assert bank.get(f"/score-sheets/{sheet.pk}/").status_code == 200
        lines = list(sheet.lines.order_by("position"))
        for dimension in ("ability", "performance"):
            parts = [line.contribution or 0 for line in lines if line.dimension == dimension]
            assert sum(parts) == getattr(sheet, dimension)
        for line in lines:
            way = check_line(bank, sheet, line)
            checked[way] = checked.get(way, 0) + 1
    assert checked.pop("rating") == 20 * 6
    assert {code for code in checked if code != "empty"} >= {
        "SALES",
        "NEW_CUSTOMERS",
        "SATISFACTION",
        "GROWTH",
    }
    assert checked["SALES"] == 20


def test_a_second_regrading_of_the_bank_changes_nothing(bank: Browser) -> None:
    cycle = Cycle.objects.get(period="2026Q3")
    before = list(ScoreSheet.objects.order_by("pk").values_list()), list(SheetLine.objects.order_by("pk").values_list())  # fmt: skip
    again = graded(cycle, actor=ACTOR)
    assert (again.changed, again.result_hash) == (0, cycle.result_hash)
    after = list(ScoreSheet.objects.order_by("pk").values_list()), list(SheetLine.objects.order_by("pk").values_list())  # fmt: skip
    assert after == before
