"""Lists, pages, cards and exports of dealings: what is found, what it adds up to, and who sees whose."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cmsys.audit.models import Event
from customers.engagement.cards import months_back, sales_chart
from customers.engagement.models import Contract, Opportunity, Stage, Transaction
from customers.registry.models import Customer
from tests.engagement.world import World, keep_sums

pytestmark = pytest.mark.django_db

AsPerson = Callable[[str], Browser]


def found(browser: Browser, address: str) -> list[str]:
    """The first cells of the rows."""
    page = browser.get(address)
    assert page.status_code == 200, address
    return [row["cells"][0]["text"] for row in page.context["page"].rows]


def totals(browser: Browser, address: str) -> dict[str, str]:
    html = browser.get(address).content.decode()
    return dict(re.findall(r'<data data-total="(\w+)" value="([-\d.]*)">', html))


# --- conditions ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ({"from": "2025-10-01", "to": "2025-12-31"}, ["T4", "T6", "T5", "T2"]),
        ({"from": "2025-10-05", "to": "2025-10-05"}, ["T2"]),
        ({"manager": "M-CD1"}, ["T8", "T4", "T2", "T1", "T7"]),
        ({"customer": "C2"}, ["T4", "T3"]),
        ({"from": "2025-01-01", "unit": "BJ"}, ["T8", "T4", "T5", "T2", "T3", "T1"]),
        ({"from": "2025-01-01", "unit": "CX"}, ["T5"]),
        ({"q": "T6"}, ["T6"]),
        ({"from": "2025-01-01", "owned": "false"}, ["T6"]),
        ({"from": "2025-10-01", "to": "2025-12-31", "owned": "true"}, ["T4", "T5", "T2"]),
        ({"manager": "M-NONE"}, []),
        ({"from": "2025-01-01", "product": "存款"}, ["T2"]),
        ({"manager": "M-CD1", "sort": "amount"}, ["T7", "T8", "T1", "T2", "T4"]),
    ],
    ids=str,
)
def test_transactions_are_found_by(
    world: World, as_person: AsPerson, query: dict[str, str], rows: list[str]
) -> None:
    Transaction.objects.filter(transaction_no="T2").update(product="存款")
    assert found(as_person("hrh"), f"/transactions/?{urlencode(query)}") == rows


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("stage=closed", ["O6", "O3", "O2", "O1", "O5"]),
        ("stage=open", ["O4"]),
        ("stage=won&closed_from=2025-10-01&closed_to=2025-12-31", ["O2", "O1"]),
        ("manager=M-CD1&from=2025-09-02&to=2025-10-10", ["O4", "O3", "O2"]),
        ("customer=C3", ["O5"]),
        ("q=o6", ["O6"]),
    ],
)
def test_opportunities_are_found_by(world: World, as_person: AsPerson, query: str, rows: list[str]) -> None:
    Opportunity.objects.filter(opportunity_no="O5").update(opened_on="2025-01-01")
    assert found(as_person("hrh"), f"/opportunities/?{query}") == rows


def test_contracts_are_found_by_period_person_and_number(world: World, as_person: AsPerson) -> None:
    browser = as_person("hrh")
    assert found(browser, "/contracts/") == ["K3", "K2", "K1"]
    assert found(browser, "/contracts/?from=2025-10-01&to=2025-12-31") == ["K2", "K1"]
    assert found(browser, "/contracts/?manager=M-PD1") == ["K3"]
    assert found(browser, "/contracts/?q=k1") == ["K1"]
    assert found(browser, "/contracts/?unit=CX") == ["K2"]


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ("from=2025-12-31&to=2025-10-01", "to", "结束日期不能早于开始日期。"),
        ("from=0001-01-01", "from", "请填写 1900 到 2999 年之间的日期。"),
        ("from=2025-10-01&to=9999-12-31", "to", "请填写 1900 到 2999 年之间的日期。"),
        ("from=gestern", "from", "输入一个有效的日期。"),
    ],
)
def test_a_period_that_makes_no_sense_is_answered_at_its_field(
    world: World, as_person: AsPerson, query: str, field: str, said: str
) -> None:
    page = as_person("hrh").get(f"/transactions/?{query}")
    assert page.status_code == 400
    assert list(page.context["page"].filter_form.errors[field]) == [said]
    assert page.context["page"].rows == []


# --- the assumed month --------------------------------------------------------------------------------------------------
def test_without_conditions_transactions_begin_with_this_month_and_say_so(
    world: World, as_person: AsPerson
) -> None:
    today = timezone.localdate()
    first = today.replace(day=1)
    for number, day in (("NOW", today), ("FIRST", first), ("BEFORE", first - timedelta(days=1))):
        Transaction.objects.create(
            transaction_no=number, customer=world.customers["C1"], occurred_on=day, amount=1
        )
    browser = as_person("hrh")
    assert set(found(browser, "/transactions/")) == {"NOW", "FIRST"}
    page = browser.get("/transactions/")
    assert f'name="from" value="{first.isoformat()}"' in page.content.decode()
    [chip] = page.context["page"].active_filters
    assert (chip["label"], chip["value"], chip["remove_url"]) == ("日期起", first.isoformat(), "")
    assert "全部去掉" not in page.content.decode()
    # another condition that is not narrow keeps the month; a person, a customer or a number does without it
    assert set(found(browser, "/transactions/?product=")) == {"NOW", "FIRST"}
    assert "BEFORE" in found(browser, "/transactions/?customer=C1")
    assert found(browser, "/transactions/?q=BEFORE") == ["BEFORE"]


def test_an_empty_month_says_how_to_see_more(world: World, as_person: AsPerson) -> None:
    page = as_person("hrh").get("/transactions/")
    empty = page.context["page"].empty
    assert "默认只列本月的交易" in page.content.decode()
    assert found(as_person("hrh"), empty.action_url) == ["T8", "T4", "T6", "T5", "T2", "T3", "T1", "T7"]


# --- totals -------------------------------------------------------------------------------------------------------------
def test_totals_are_those_of_all_matching_rows(world: World, as_person: AsPerson) -> None:
    browser = as_person("hrh")
    assert totals(browser, "/transactions/?from=2025-10-01&to=2025-12-31") == {
        "amount": "1379.51", "transactions": "4",
    }  # fmt: skip
    assert totals(browser, "/contracts/") == {"amount": "1580.5", "contracts": "3"}
    assert totals(browser, "/opportunities/?manager=M-CD1") == {
        "amount": "22.1", "won_amount": "10.1", "won": "2", "lost": "1", "win_rate": "66.666667",
    }  # fmt: skip
    assert totals(browser, "/opportunities/?stage=open") == {
        "amount": "7", "won_amount": "0", "won": "0", "lost": "0", "win_rate": "",
    }  # fmt: skip


def test_few_rows_of_many_are_found_first_and_sorted_then(world: World, as_person: AsPerson) -> None:
    """Along the order of days a manager's twenty rows would be looked for among everybody's."""
    with CaptureQueriesContext(connection) as queries:
        assert found(as_person("hrh"), "/transactions/?manager=M-CD1&sort=amount&size=20")[:2] == ["T7", "T8"]
    page = [query["sql"] for query in queries.captured_queries if "LIMIT 20" in query["sql"]]
    assert len(page) == 1
    keys = [
        str(pk)
        for pk in Transaction.objects.filter(manager__employee_no="M-CD1").values_list("pk", flat=True)
    ]
    assert all(key in page[0].split(" IN (")[1].split(")")[0] for key in keys)


# --- who sees whose -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "rows"),
    [
        ("hrh", ["T8", "T4", "T6", "T5", "T2", "T3", "T1", "T7"]),
        ("cmd", ["T8", "T4", "T6", "T5", "T2", "T3", "T1", "T7"]),
        ("hrb", ["T8", "T4", "T5", "T2", "T3", "T1", "T7"]),
        ("mgr", ["T8", "T4", "T2", "T3", "T1", "T7"]),
        ("cm", ["T8", "T4", "T2", "T1", "T7"]),
    ],
)
def test_a_reader_finds_the_transactions_of_the_managers_in_reach(
    world: World, as_person: AsPerson, who: str, rows: list[str]
) -> None:
    assert found(as_person(who), "/transactions/?from=2000-01-01") == rows


def test_out_of_reach_is_not_there(world: World, as_person: AsPerson) -> None:
    theirs = Transaction.objects.get(transaction_no="T5")
    own = Transaction.objects.get(transaction_no="T4")
    browser = as_person("cm")
    assert browser.get(f"/transactions/{theirs.pk}/").status_code == 404
    assert browser.get(f"/transactions/{own.pk}/").status_code == 200
    assert browser.get("/transactions/abc/").status_code == 404
    assert found(browser, "/transactions/?manager=M-CX1") == []
    assert as_person("trn").get("/transactions/").status_code == 403


def names(browser: Browser, address: str) -> dict[str, str]:
    """What stands as the customer's name in each row, by the customer's number."""
    rows = browser.get(address).context["page"].rows
    cells = [{cell["key"]: cell["text"] for cell in row["cells"]} for row in rows]
    return {row["customer"]: row.get("customer_name", "no such column") for row in cells}


def test_names_of_customers_are_shown_only_to_whom_customers_are(world: World, as_person: AsPerson) -> None:
    """HR reads results, not customers: numbers only. A person's name is masked but to his own manager."""
    address = "/transactions/?from=2025-10-01&to=2025-12-31"
    assert set(names(as_person("hrh"), address).values()) == {"no such column"}
    assert names(as_person("cmd"), address) == {
        "C1": "甲公司",
        "C2": "欧阳**",
        "C3": "丙公司",
        "C5": "戊公司",
    }
    assert names(as_person("mgr"), address) == {"C1": "甲公司", "C2": "欧阳**"}
    assert names(as_person("cm"), address) == {"C1": "甲公司", "C2": "欧阳若兰"}
    # whoever had the customer then and has not now keeps his results, and the number
    Customer.objects.filter(customer_no="C1").update(owner=world.managers["M-CD2"])
    assert names(as_person("cm"), address) == {"C1": "", "C2": "欧阳若兰"}


def test_a_page_shows_everything_of_one_dealing(world: World, as_person: AsPerson) -> None:
    contract = Contract.objects.get(contract_no="K1")
    html = as_person("hrh").get(f"/contracts/{contract.pk}/").content.decode()
    for text in ("K1", "C1", "2025-10-01", "1,000.00", "陈思远", "城东支行", "/managers/M-CD1/"):
        assert text in html, text
    assert "甲公司" not in html
    opportunity = Opportunity.objects.get(opportunity_no="O2")
    html = as_person("cm").get(f"/opportunities/{opportunity.pk}/").content.decode()
    for text in ("赢单", "甲公司", "2025-12-31", "/customers/C1/"):
        assert text in html, text


# --- exports ------------------------------------------------------------------------------------------------------------
def test_an_export_carries_the_same_rows_and_is_an_event(world: World, as_person: AsPerson) -> None:
    answer = as_person("hrb").get("/transactions/export.csv?from=2025-10-01&to=2025-12-31&columns=amount")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[:4] == ["流水号,金额", "T4,200.01", "T5,50.50", "T2,130.00"]
    event = Event.objects.filter(kind="export").latest("id")
    assert (event.after["rows"], event.actor_name) == (3, str(world.cast.users["hrb"]))
    assert as_person("mgr").get("/transactions/export.csv").status_code == 403


# --- the lists behind figures -------------------------------------------------------------------------------------------
def test_newly_developed_customers_are_listed_by_their_developer(world: World, as_person: AsPerson) -> None:
    browser = as_person("hrh")
    assert found(browser, "/developed/?from=2025-01-01") == ["C3", "C2"]
    assert found(browser, "/developed/?manager=M-CD1") == ["C1"]
    assert totals(browser, "/developed/?from=2025-01-01&unit=CX") == {"customers": "1"}
    assert found(as_person("cm"), "/developed/?from=2000-01-01") == ["C1"]
    assert found(as_person("mgr"), "/developed/?from=2000-01-01") == ["C2", "C1"]
    assert as_person("hrh").get("/developed/export.csv?manager=M-CX1").content.decode().count("C3") == 1


def test_growth_lists_both_amounts_of_each_customer(world: World, as_person: AsPerson) -> None:
    address = "/growth/?manager=M-CD1&from=2025-10-01&to=2025-12-31&base=previous"
    page = as_person("mgr").get(address)
    rows = [
        [cell["text"] for cell in row["cells"] if cell["key"] in ("customer", "base", "amount", "change")]
        for row in page.context["page"].rows
    ]
    assert rows == [["C2", "200.00", "200.01", "0.01"], ["C1", "100.00", "130.00", "30.00"]]
    assert totals(as_person("mgr"), address) == {"base": "300", "amount": "330.01", "growth": "10.003333"}
    year_ago = address.replace("previous", "year_ago")
    assert totals(as_person("hrh"), year_ago) == {"base": "60", "amount": "130", "growth": "116.666667"}
    # somebody else's customers are not there
    assert found(as_person("cm"), address.replace("M-CD1", "M-CX1")) == []
    assert found(as_person("mgr"), address.replace("M-CD1", "M-CX1")) == []
    # not even a customer who once was one's own
    Customer.objects.filter(customer_no="C3").update(since="2024-01-01")
    world.managers["M-CD2"].assignments.create(
        customer=world.customers["C3"], role="primary", starts_on="2024-01-01", ends_on="2025-11-01"
    )
    assert found(as_person("hrh"), address.replace("M-CD1", "M-CX1")) == ["C3"]
    assert found(as_person("mgr"), address.replace("M-CD1", "M-CX1")) == []


def test_growth_left_blank_is_about_oneself_and_the_last_quarter(world: World, as_person: AsPerson) -> None:
    page = as_person("cm").get("/growth/")
    assert page.status_code == 200
    assert page.context["page"].filter_form["manager"].value() == "M-CD1"
    page = as_person("hrh").get("/growth/")
    assert page.status_code == 400
    assert list(page.context["page"].filter_form.errors) == ["manager"]


@pytest.mark.parametrize(
    ("period", "field"),
    [
        ("from=2025-10-02&to=2025-12-31", "from"),
        ("from=2025-10-01&to=2025-12-30", "to"),
        ("from=2025-10-01&to=2026-06-30", "to"),
        ("from=2025-10-01&to=2025-06-30", "to"),
        ("from=0001-01-01&to=0001-03-31", "to"),
        ("from=9999-10-01&to=9999-12-31", "to"),
        ("from=2025-10-01", "to"),
    ],
)
def test_growth_takes_whole_quarters_only(world: World, as_person: AsPerson, period: str, field: str) -> None:
    page = as_person("hrh").get(f"/growth/?manager=M-CD1&base=previous&{period}")
    assert page.status_code == 400
    assert list(page.context["page"].filter_form.errors) == [field]


# --- cards and tile -----------------------------------------------------------------------------------------------------
def test_the_cards_of_a_customer_show_the_latest_dealings_in_reach(world: World, as_person: AsPerson) -> None:
    html = as_person("mgr").get("/customers/C1/").content.decode()
    assert "共 4 条，合计 ¥367.00。" in html
    for text in ("T8", "T2", "K1", "O1", "/transactions/?customer=C1", "/contracts/?customer=C1"):
        assert text in html, text
    # 王雅琴's part of 乙 belongs to 陈思远 no more: he reads his own rows
    html = as_person("cm").get("/customers/C2/").content.decode()
    assert "T4" in html and "T3" not in html


def test_a_managers_card_draws_twelve_months_of_kept_sums(world: World, as_person: AsPerson) -> None:
    today = timezone.localdate()
    Transaction.objects.create(
        transaction_no="NOW", customer=world.customers["C1"], manager=world.managers["M-CD1"], amount="5012.34",
        occurred_on=today,
    )  # fmt: skip
    keep_sums()
    for who in ("hrh", "mgr", "cm"):
        html = as_person(who).get("/managers/M-CD1/").content.decode()
        assert f"最高是 {today:%Y-%m} 的 ¥5,012.34" in html
        assert "/developed/?manager=M-CD1" in html
    assert "card-sales" not in as_person("trn").get("/managers/M-CD1/").content.decode()


def test_the_chart_of_sales_has_a_place_for_every_month_and_exact_numbers() -> None:
    months = months_back(timezone.datetime(2026, 2, 14).date(), 4)
    assert [f"{month}" for month in months] == ["2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01"]
    chart = sales_chart(months, {months[1]: (12345, 2), months[3]: (700, 1)})
    assert chart.series[0].values == (0, 123.45, 0, 7)
    assert chart.title == "近 4 个月销售额 ¥130.45，最高是 2025-12 的 ¥123.45"
    assert chart.n == 3
    assert chart.table()[1][1] == ("2025-12", "123.45")


def test_the_desk_adds_up_this_month_in_reach(world: World, as_person: AsPerson) -> None:
    today = timezone.localdate()
    for number, manager in (("N1", "M-CD1"), ("N2", "M-PD1"), ("N3", None)):
        Transaction.objects.create(
            transaction_no=number, customer=world.customers["C1"], manager=world.managers.get(manager),
            amount=Decimal(1000), occurred_on=today,
        )  # fmt: skip
    keep_sums()
    html = as_person("hrh").get("/").content.decode()
    assert "¥2,000.00" in html
    # and the list behind it says the same
    [address] = set(re.findall(r'href="(/transactions/\?from=[^"]*)"', html))
    assert totals(as_person("hrh"), unescape(address)) == {"amount": "2000", "transactions": "2"}
    html = as_person("mgr").get("/").content.decode()
    assert "¥1,000.00" in html and "¥2,000.00" not in html


# --- cost ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "name", ["transactions_list", "contracts_list", "opportunities_list", "developed_list", "growth_list"]
)
def test_a_list_costs_the_same_for_few_rows_and_for_many(
    world: World, as_person: AsPerson, name: str
) -> None:
    address = f"{reverse(name)}?manager=M-CD1&from=2025-10-01&to=2025-12-31&base=previous"
    browser = as_person("mgr")
    few = _queries(browser, address)
    chen = world.managers["M-CD1"]
    for n in range(15):
        customer = Customer.objects.create(
            customer_no=f"X{n}", name="某", unit=chen.unit, owner=chen, since="2025-10-02", developed_by=chen
        )
        row: dict[str, Any] = {"customer": customer, "manager": chen, "amount": 1}
        Transaction.objects.create(transaction_no=f"X{n}", occurred_on="2025-10-02", **row)
        Contract.objects.create(contract_no=f"X{n}", signed_on="2025-10-02", **row)
        Opportunity.objects.create(
            opportunity_no=f"X{n}", stage=Stage.WON, opened_on="2025-10-02", closed_on="2025-10-02", **row
        )
    Customer.objects.filter(customer_no__startswith="X1").update(since="2025-01-01")
    customer_ids = Customer.objects.filter(customer_no__startswith="X1").values_list("pk", flat=True)
    for pk in customer_ids:
        chen.assignments.create(customer_id=pk, role="primary", starts_on="2025-01-01")
    many = _queries(browser, address)
    assert len(many) == len(few) <= 14, "\n".join(many)
    assert len(browser.get(address).context["page"].rows) >= 8


def _queries(browser: Browser, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return [query["sql"][:200] for query in queries.captured_queries]
