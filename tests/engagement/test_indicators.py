"""Indicators from dealings: exact figures of a small world, who has none, and that the rows behind prove each of them."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from cmsys.ui.indicators import Span, indicator_source
from customers.engagement.indicators import SOURCES, growth_rate
from customers.engagement.models import (
    Contract,
    CustomerQuarter,
    ManagerMonth,
    Opportunity,
    Stage,
    Transaction,
)
from customers.engagement.ratios import ratio, rounded
from customers.registry.models import Assignment, AssignmentRole, Customer
from tests.engagement.world import Q4, World, keep_sums

pytestmark = pytest.mark.django_db

EVERYBODY = ("M-CD1", "M-CD2", "M-CX1", "M-NEW", "M-PD1")
HALF = Span(date(2025, 7, 1), date(2026, 1, 1))
NOVEMBER = Span(date(2025, 11, 1), date(2025, 12, 1))


def computed(world: World, code: str, span: Span = Q4) -> dict[str, str]:
    source = indicator_source(code)
    assert source is not None
    return {number: f"{value}" for number, value in world.named(source.compute(span)).items()}


def test_sales_are_the_sum_of_the_span_by_the_manager_of_the_day(world: World) -> None:
    assert computed(world, "SALES") == {"M-CD1": "330.01", "M-CD2": "0", "M-CX1": "50.50", "M-PD1": "0"}
    assert computed(world, "SALES", HALF) == {
        "M-CD1": "430.01", "M-CD2": "200.00", "M-CX1": "50.50", "M-PD1": "0",
    }  # fmt: skip
    assert computed(world, "SALES", NOVEMBER) == {"M-CD1": "0", "M-CD2": "0", "M-CX1": "50.50", "M-PD1": "0"}


def test_deals_are_counted(world: World) -> None:
    assert computed(world, "DEALS") == {"M-CD1": "2", "M-CD2": "0", "M-CX1": "1", "M-PD1": "0"}


def test_new_customers_are_those_developed_in_the_span_never_the_stock(world: World) -> None:
    assert computed(world, "NEW_CUSTOMERS") == {"M-CD1": "0", "M-CD2": "0", "M-CX1": "1", "M-PD1": "0"}
    june = Span(date(2025, 6, 1), date(2025, 7, 1))
    # before November 赵立群 has nothing on record; 周婷 has had her customer since February
    assert computed(world, "NEW_CUSTOMERS", june) == {"M-CD1": "0", "M-CD2": "1", "M-PD1": "0"}


def test_growth_compares_the_same_customers_whoever_looked_after_them(world: World) -> None:
    # 甲 100.00 → 130.00 and 乙 200.00 (then 王雅琴's) → 200.01: 30.01 of 300.00
    assert computed(world, "GROWTH") == {"M-CD1": "10.003333"}
    # 乙 came in 2025, so only 甲 is compared: 60.00 → 130.00
    assert computed(world, "GROWTH_YOY") == {"M-CD1": "116.666667"}


def test_growth_leaves_out_who_had_no_base_and_spans_that_are_no_quarters(world: World) -> None:
    assert computed(world, "GROWTH", NOVEMBER) == {}
    assert computed(world, "GROWTH", Span(date(2025, 11, 1), date(2026, 2, 1))) == {}
    Transaction.objects.filter(transaction_no__in=("T1", "T3")).update(occurred_on=date(2025, 10, 1))
    keep_sums()
    assert computed(world, "GROWTH") == {}


@pytest.mark.parametrize(
    ("handed_over", "rates"),
    [
        # on the very last day of the span: 乙 counts for 王雅琴, 200.00 → 200.01
        (date(2025, 12, 31), {"M-CD1": "30.000000", "M-CD2": "0.005000"}),
        # a day later: still 陈思远's
        (date(2026, 1, 1), {"M-CD1": "10.003333"}),
    ],
)
def test_growth_counts_the_customers_of_the_last_day(
    world: World, handed_over: date, rates: dict[str, str]
) -> None:
    held = Assignment.objects.get(customer=world.customers["C2"], manager=world.managers["M-CD1"])
    Assignment.objects.filter(pk=held.pk).update(ends_on=handed_over)
    Assignment.objects.create(
        customer=held.customer,
        manager=world.managers["M-CD2"],
        role=AssignmentRole.PRIMARY,
        starts_on=handed_over,
    )
    assert computed(world, "GROWTH") == rates
    source = indicator_source("GROWTH")
    assert source is not None
    for number, manager in world.managers.items():
        value = source.records(Q4, manager.pk).value
        assert value == (Decimal(rates[number]) if number in rates else None)


def test_a_customer_of_the_base_itself_is_not_of_long_standing(world: World) -> None:
    Customer.objects.filter(customer_no="C2").update(since=date(2025, 7, 1))
    assert computed(world, "GROWTH") == {"M-CD1": "30.000000"}


def test_contracts_and_opportunities(world: World) -> None:
    assert computed(world, "CONTRACT_AMOUNT") == {
        "M-CD1": "1000.00", "M-CD2": "0", "M-CX1": "500.50", "M-PD1": "0",
    }  # fmt: skip
    assert computed(world, "WON_AMOUNT") == {"M-CD1": "10.10", "M-CD2": "0", "M-CX1": "0", "M-PD1": "0"}
    # two of three, none of one; 周婷's was won a day later
    assert computed(world, "WIN_RATE") == {"M-CD1": "66.666667", "M-CX1": "0.000000"}


@pytest.mark.parametrize("trace", ["transaction", "opportunity", "undated", "contract", "assignment"])
def test_any_trace_before_the_end_makes_nothing_a_zero(world: World, trace: str) -> None:
    """A manager with no record at all is not known: no row, never zero (crm_maven's five agents)."""
    new, customer, last = world.managers["M-NEW"], world.customers["C4"], date(2025, 12, 31)
    assert "M-NEW" not in computed(world, "SALES")
    if trace == "transaction":
        Transaction.objects.create(
            transaction_no="T9", customer=customer, manager=new, occurred_on=date(2024, 1, 5), amount=3
        )
        keep_sums()
    elif trace == "opportunity":
        Opportunity.objects.create(
            opportunity_no="O9", customer=customer, manager=new, stage=Stage.LOST, closed_on=date(2025, 9, 30)
        )
    elif trace == "undated":
        Opportunity.objects.create(
            opportunity_no="O9", customer=customer, manager=new, stage=Stage.PROSPECTING
        )
    elif trace == "contract":
        Contract.objects.create(
            contract_no="K9", customer=customer, manager=new, amount=1, signed_on=date(2025, 9, 30)
        )
    else:
        held = {"customer": world.customers["C5"], "manager": new, "starts_on": last}
        Assignment.objects.create(**held, role=AssignmentRole.ASSISTANT)
        assert "M-NEW" not in computed(world, "SALES")
        Assignment.objects.create(**held, role=AssignmentRole.PRIMARY)
    for code in ("SALES", "DEALS", "NEW_CUSTOMERS", "WON_AMOUNT"):
        assert computed(world, code)["M-NEW"] == "0"
    assert "M-NEW" not in computed(world, "WIN_RATE") | computed(world, "GROWTH")


def test_a_trace_after_the_end_of_the_span_is_none(world: World) -> None:
    Contract.objects.create(
        contract_no="K9", customer=world.customers["C4"], manager=world.managers["M-NEW"], amount=1,
        signed_on=Q4.ends_on,
    )  # fmt: skip
    assert "M-NEW" not in computed(world, "SALES")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.code)
def test_the_number_of_queries_does_not_depend_on_the_number_of_managers(world: World, source: Any) -> None:
    with CaptureQueriesContext(connection) as queries:
        list(source.compute(Q4))
    assert len(queries) <= 2


def test_addresses_name_the_person_and_both_ends(world: World) -> None:
    source = indicator_source("WIN_RATE")
    assert source is not None
    records = source.records(Q4, world.managers["M-CD1"].pk)
    address = urlsplit(records.url)
    assert address.path == "/opportunities/"
    assert parse_qs(address.query) == {
        "manager": ["M-CD1"], "closed_from": ["2025-10-01"], "closed_to": ["2025-12-31"], "stage": ["closed"],
    }  # fmt: skip
    assert (records.value, records.figure) == (Decimal("66.666667"), "win_rate")


def test_the_library_tells_readers_of_schemes_what_each_indicator_is(world: World, as_person: Any) -> None:
    html = as_person("cm").get("/indicators/").content.decode()
    for source in SOURCES:
        for text in (source.code, source.name, source.unit, source.source, source.description):
            assert text and str(text) in html, (source.code, text)
    assert "越低越好" in html and "成立的投诉" in html
    assert as_person("cmd").get("/indicators/").status_code == 403


def test_the_list_behind_a_figure_shows_the_same_figure(world: World, as_person: Any) -> None:
    browser = as_person("hrh")
    for source in SOURCES:
        for number in EVERYBODY:
            records = source.records(Q4, world.managers[number].pk)
            page = browser.get(records.url)
            assert page.status_code == 200, (source.code, records.url)
            [total] = [total for total in page.context["page"].totals if total["key"] == records.figure]
            assert Decimal(total["value"] or 0) == (records.value or 0), (source.code, number)


def test_figures_and_their_records_agree_for_everybody_in_a_random_world(world: World) -> None:
    for seed in range(3):
        _stir(world, random.Random(seed))
        for source in SOURCES:
            for span in (Q4, HALF, Span(date(2025, 1, 1), date(2026, 1, 1))):
                if span.months not in source.months:
                    continue
                found = dict(source.compute(span))
                for manager in world.managers.values():
                    value = source.records(span, manager.pk).value
                    assert found.get(manager.pk) == value, (seed, source.code, span, manager.employee_no)


def _stir(world: World, chance: random.Random) -> None:
    """Other customers, dealings and hand-overs, everywhere between the beginning of 2024 and the end of 2026."""
    people: list[Any] = [world.managers[number] for number in EVERYBODY if number != "M-NEW"]

    def day() -> date:
        return date(2024, 1, 1) + timedelta(days=chance.randrange(1000))

    for model in (Transaction, Contract, Opportunity, Assignment):
        model.objects.all().delete()
    customers = list(Customer.objects.all())
    for customer in customers:
        customer.since = chance.choice([None, day()])
        customer.developed_by = chance.choice([*people, None]) if customer.since else None
        customer.save()
        begin = date(2024, 1, 1)
        while begin < date(2026, 6, 1) and chance.random() < 0.8:
            end = begin + timedelta(days=chance.randrange(1, 400))
            Assignment.objects.create(
                customer=customer, manager=chance.choice(people), role="primary", starts_on=begin, ends_on=end
            )
            begin = end
    for n in range(150):
        who: dict[str, Any] = {
            "customer": chance.choice(customers),
            "manager": chance.choice([*people, None]),
        }
        money = Decimal(chance.randrange(-20000, 100000)) / 100
        Transaction.objects.create(transaction_no=f"R{n}", occurred_on=day(), amount=money, **who)
        if n % 3 == 0:
            Contract.objects.create(contract_no=f"R{n}", signed_on=day(), amount=abs(money), **who)
            opened = day()
            Opportunity.objects.create(
                opportunity_no=f"R{n}", stage=chance.choice(Stage.values), opened_on=opened, amount=abs(money),
                closed_on=chance.choice([None, opened + timedelta(days=chance.randrange(90))]), **who,
            )  # fmt: skip
    keep_sums()


def test_the_database_rounds_as_python_does(world: World) -> None:
    chance = random.Random(7)
    row = Customer.objects.filter(customer_no="C1")
    for _n in range(200):
        part = Decimal(chance.randrange(-(10**13), 10**13)) / 100
        whole = Decimal(chance.choice([3, 7, 64, 2 * 10**6, chance.randrange(1, 10**13)])) / 100
        found = row.annotate(n=ratio(_number(part), _number(whole), 100)).values_list("n", flat=True)[0]
        assert found == rounded(Fraction(part) / Fraction(whole) * 100), (part, whole)
    # exactly between two sixth decimals: away from zero on both sides
    assert rounded(Fraction(1, 2_000_000)) == Decimal("0.000001")
    assert rounded(Fraction(-1, 2_000_000)) == Decimal("-0.000001")
    halves = row.annotate(
        up=ratio(_number(Decimal(1)), _number(Decimal(2_000_000))),
        down=ratio(_number(Decimal(-1)), _number(Decimal(2_000_000))),
        nothing=ratio(_number(Decimal(1)), _number(Decimal(0))),
        less=ratio(_number(Decimal(1)), _number(Decimal(-1))),
    ).values_list("up", "down", "nothing", "less")[0]
    assert halves == (Decimal("0.000001"), Decimal("-0.000001"), None, None)


def _number(value: Decimal) -> Any:
    from django.db.models import DecimalField, Value

    return Value(value, output_field=DecimalField(max_digits=30, decimal_places=6))


def test_without_a_base_there_is_no_growth() -> None:
    assert growth_rate(Decimal(5), None) is None
    assert growth_rate(Decimal(5), Decimal(0)) is None
    assert growth_rate(Decimal(5), Decimal("-1")) is None
    assert growth_rate(Decimal(0), Decimal(8)) == Decimal("-100")


def test_the_sums_of_the_world_are_those_of_its_rows(world: World) -> None:
    stamped = Transaction.objects.filter(manager__isnull=False).aggregate(total=Sum("amount"))["total"]
    assert ManagerMonth.objects.aggregate(total=Sum("amount_fen"))["total"] == stamped * 100
    assert CustomerQuarter.objects.aggregate(total=Sum("amount_fen"))["total"] == Decimal("1816.51") * 100
