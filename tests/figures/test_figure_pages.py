"""Pages, exports and API of targets and readings: exact figures, conditions, sums, scope."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from appraisal.figures.models import Reading, Target
from appraisal.figures.services.readings import reading_set
from appraisal.figures.services.targets import target_set
from cmsys.api.services.clients import client_create
from tests.cast import STAGE, Cast
from tests.figures.schemes import store_demo
from tests.permissions.house import token_of

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]


@pytest.fixture
def figures(cast: Cast) -> None:
    """SALES of 2025Q4: targets of 陈思远 3000, 王雅琴 4500.25, 周婷 100 and 城东支行 9000; 陈思远's of 2025Q3 2000.
    Readings: 陈思远 3482 and overdue 1, 周婷 50."""
    store_demo()
    for who, value in (("M-CD1", "3000"), ("M-CD2", "4500.25"), ("M-PD1", "100")):
        set_target(cast, value, manager_id=cast.managers[who].pk)
    set_target(cast, "9000", unit_id=cast.units["CD"].pk)
    set_target(cast, "2000", manager_id=cast.managers["M-CD1"].pk, period="2025Q3")
    for who, code, value in (
        ("M-CD1", "SALES", "3482"),
        ("M-CD1", "OVERDUE", "1.0"),
        ("M-PD1", "SALES", "50"),
    ):
        reading_set(
            actor=STAGE,
            period="2025Q4",
            indicator_code=code,
            value=Decimal(value),
            manager_id=cast.managers[who].pk,
        )


def set_target(cast: Cast, value: str, **owner: Any) -> Target:
    given = {"period": "2025Q4", "indicator_code": "SALES", "value": Decimal(value)} | owner
    return target_set(actor=STAGE, **given)


def rows(answer: Any, *keys: str) -> list[tuple[str, ...]]:
    return [
        tuple(cell["text"] for cell in row["cells"] if cell["key"] in keys)
        for row in answer.context["page"].rows
    ]


def total(answer: Any) -> str:
    [found] = answer.context["page"].totals
    return found["value"]


def test_a_list_of_targets_shows_people_and_units_with_exact_values_and_their_sum(
    figures: None, signed_in: SignedIn
) -> None:
    answer = signed_in("hrh").get("/targets/?period=2025q4")
    assert rows(answer, "owner", "employee_no", "unit", "indicator", "value") == [
        ("陈思远", "M-CD1", "城东支行", "销售额", "3,000"),
        ("王雅琴", "M-CD2", "城东支行", "销售额", "4,500.25"),
        ("周婷", "M-PD1", "浦东支行", "销售额", "100"),
        ("城东支行", "", "城东支行", "销售额", "9,000"),
    ]
    assert total(answer) == "16600.25"


@pytest.mark.parametrize(
    ("who", "query", "found", "sum_"),
    [
        ("hrb", "", ["陈思远", "王雅琴", "城东支行", "陈思远"], "18500.25"),
        ("mgr", "period=2025Q4", ["陈思远", "王雅琴", "城东支行"], "16500.25"),
        ("cm", "", ["陈思远", "陈思远"], "5000"),
        ("cmd", "unit=PD", ["周婷"], "100"),
        ("hrh", "unit=BJ&period=2025Q4", ["陈思远", "王雅琴", "城东支行"], "16500.25"),
        ("hrh", "period=2025Q4&employee_no=M-CD1&indicator_code=SALES", ["陈思远"], "3000"),
        ("hrh", "q=wang", ["王雅琴"], "4500.25"),
        ("hrh", "period=nonsense", [], ""),
        ("mgr", "employee_no=M-PD1", [], ""),
    ],
)
def test_conditions_and_scope_of_targets(
    figures: None, signed_in: SignedIn, who: str, query: str, found: list[str], sum_: str
) -> None:
    answer = signed_in(who).get(f"/targets/?{query}")
    assert [row[0] for row in rows(answer, "owner")] == found
    assert total(answer) == sum_


def test_readings_of_different_indicators_are_not_added_up(figures: None, signed_in: SignedIn) -> None:
    browser = signed_in("hrh")
    assert total(browser.get("/readings/?employee_no=M-CD1")) == ""
    answer = browser.get("/readings/?period=2025Q4&employee_no=M-CD1&indicator_code=SALES")
    assert rows(answer, "name", "indicator", "value") == [("陈思远", "销售额", "3,482")]
    assert total(answer) == "3482"
    assert total(browser.get("/readings/?indicator_code=SALES")) == "3532"
    assert total(signed_in("cm").get("/readings/?indicator_code=SALES")) == "3482"


def test_an_export_writes_the_same_figures(figures: None, signed_in: SignedIn) -> None:
    text = signed_in("hrb").get("/targets/export.csv?period=2025Q4").content.decode("utf-8-sig")
    lines = [row for row in csv.reader(io.StringIO(text)) if len(row) > 5]
    assert [(row[0], row[-1]) for row in lines] == [
        ("对象", "目标值"), ("陈思远", "3000"), ("王雅琴", "4500.25"), ("城东支行", "9000"),
    ]  # fmt: skip
    assert signed_in("mgr").get("/targets/export.csv").status_code == 403


def test_a_negative_figure_stays_a_number_in_a_file(cast: Cast, figures: None, signed_in: SignedIn) -> None:
    set_target(cast, "-12.50", manager_id=cast.managers["M-CX1"].pk)
    text = signed_in("hrh").get("/targets/export.csv?employee_no=M-CX1").content.decode("utf-8-sig")
    assert ",-12.5\r\n" in text
    book = load_workbook(io.BytesIO(signed_in("hrh").get("/targets/export.xlsx?employee_no=M-CX1").content))
    assert [cell.value for cell in book.active[2]][-1] == -12.5


def test_a_target_is_entered_changed_and_taken_back_in_the_browser(
    cast: Cast, figures: None, signed_in: SignedIn
) -> None:
    browser = signed_in("hrb")
    form = browser.get("/targets/new/")
    assert '<option value="SALES">销售额</option>' in form.content.decode()
    body = {
        "employee_no": "M-CX1",
        "unit": "",
        "period": "2025q4",
        "indicator_code": "SALES",
        "value": "1200.5",
    }
    answer = browser.post("/targets/new/", body)
    target = Target.objects.get(manager=cast.managers["M-CX1"])
    assert (answer.status_code, answer["Location"]) == (302, f"/targets/{target.pk}/")
    assert (target.period, target.value) == ("2025Q4", Decimal("1200.5"))
    again = browser.post("/targets/new/", body | {"value": "1"})
    assert again.status_code == 422
    assert "赵立群在 2025Q4 已有这个指标的目标（1200.5），请打开它修改。" in again.content.decode()
    page = browser.get(f"/targets/{target.pk}/").content.decode()
    assert "1200.5" in page
    assert "设定目标" in page
    edit = {
        "value": "1300",
        "version": target.updated_at.isoformat(),
        "period": "2020",
        "employee_no": "M-CD1",
    }
    assert browser.post(f"/targets/{target.pk}/edit/", edit).status_code == 302
    target.refresh_from_db()
    # The key stays what it was, whatever is sent.
    assert (target.period, target.manager.employee_no, target.value) == ("2025Q4", "M-CX1", Decimal("1300"))
    assert browser.post(f"/targets/{target.pk}/remove/", {"reason": ""}).status_code == 422
    assert browser.post(f"/targets/{target.pk}/remove/", {"reason": "撤销"}).status_code == 302
    assert not Target.objects.filter(pk=target.pk).exists()


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"employee_no": "M-PD1"}, "employee_no"),
        ({"employee_no": "M-404"}, "employee_no"),
        ({"employee_no": "", "unit": "SH"}, "unit"),
        ({"unit": "CX"}, None),
        ({"employee_no": ""}, None),
        ({"period": "2025-4"}, "period"),
        ({"indicator_code": "SALE"}, "indicator_code"),
        ({"value": "很多"}, "value"),
    ],
)
def test_a_wrong_form_says_where(
    figures: None, signed_in: SignedIn, changed: dict[str, str], field: str | None
) -> None:
    body = {"employee_no": "M-CX1", "unit": "", "period": "2025Q4", "indicator_code": "SALES", "value": "1"}
    before = Target.objects.count()
    answer = signed_in("hrb").post("/targets/new/", body | changed)
    assert answer.status_code == 422
    assert list(answer.context["page"].form.errors) == [field or "__all__"]
    assert Target.objects.count() == before


def test_a_reading_is_entered_changed_and_taken_back_in_the_browser(
    cast: Cast, figures: None, signed_in: SignedIn
) -> None:
    browser = signed_in("hrh")
    body = {
        "employee_no": "M-CX1",
        "period": "2025Q4",
        "indicator_code": "OVERDUE",
        "value": "0.75",
        "source": "风险部",
    }
    assert browser.post("/readings/new/", body).status_code == 302
    reading = Reading.objects.get(manager=cast.managers["M-CX1"])
    edit = {"value": "0.8", "source": "风险部更正", "version": reading.updated_at.isoformat()}
    assert browser.post(f"/readings/{reading.pk}/edit/", edit).status_code == 302
    reading.refresh_from_db()
    assert (reading.value, reading.source) == (Decimal("0.8"), "风险部更正")
    page = browser.get(f"/readings/{reading.pk}/remove/").content.decode()
    assert "赵立群的指标值：2025Q4 逾期率 0.8" in page
    assert browser.post(f"/readings/{reading.pk}/remove/", {"reason": "改由系统算"}).status_code == 302
    assert not Reading.objects.filter(pk=reading.pk).exists()


def client_of(scope: str, unit: Any = None) -> Browser:
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name=f"读 {scope} {unit}", scopes=[scope], unit=unit
    )
    return Browser(headers={"Authorization": f"Bearer {token_of(client)}"})


def test_clients_read_exact_numbers_within_their_unit(cast: Cast, figures: None) -> None:
    below = client_of("targets:read", cast.units["BJ"])
    text = below.get("/api/v1/targets/?period=2025q4").content.decode()
    assert ['"value":3000,' in text, '"value":4500.25,' in text, '"value":9000,' in text] == [True] * 3
    found = below.get("/api/v1/targets/?period=2025Q4&unit=CD").json()["results"]
    assert {(row["manager"] and row["manager"]["employee_no"], row["unit"] and row["unit"]["code"]) for row in found} == {
        ("M-CD1", None), ("M-CD2", None), (None, "CD"),
    }  # fmt: skip
    for query in ("employee_no=M-PD1", "unit=SH", "unit=HO", "unit=CX", "period=2024Q4", "period=x"):
        assert below.get(f"/api/v1/targets/?{query}").json()["results"] == [], query
    readings = client_of("readings:read")
    [row] = readings.get("/api/v1/readings/?employee_no=M-CD1&indicator_code=SALES").json()["results"]
    assert (row["manager"]["name"], row["value"], row["source"]) == ("陈思远", 3482, "")
    assert readings.get(f"/api/v1/readings/{row['id']}/").json() == row
    assert readings.get("/api/v1/targets/").status_code == 403
    assert readings.get("/api/v1/readings/?updated_since=2999-01-01").json()["results"] == []


@pytest.mark.parametrize("path", ["targets", "readings"])
def test_a_list_costs_the_same_for_one_row_and_for_thirty(
    cast: Cast, figures: None, signed_in: SignedIn, path: str
) -> None:
    browser = signed_in("hrh")
    of_clients = client_of(f"{path}:read")
    addresses = {
        f"/{path}/?employee_no=M-CD1&period=2025Q4&indicator_code=SALES": f"/{path}/?size=50",
        f"/{path}/export.csv?employee_no=M-PD1": f"/{path}/export.csv",
    }

    def asked(who: Browser, address: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert who.get(address).status_code == 200
        return len(queries)

    for address in addresses:
        asked(browser, address)  # reads the scheme once for the process
    few = [asked(browser, address) for address in addresses]
    one = asked(of_clients, f"/api/v1/{path}/?page_size=1")
    model = {"targets": Target, "readings": Reading}[path]
    people = list(cast.managers.values())
    model.objects.bulk_create(
        model(period=f"{2000 + n}", indicator_code="SALES", value=n, manager=people[n % 4]) for n in range(30)
    )
    assert [asked(browser, address) for address in addresses.values()] == few
    assert asked(of_clients, f"/api/v1/{path}/?page_size=50") == one
    assert max(few) <= 15
