"""Who owned what on any day, against a history in plain Python: random plans on random days, hands in between, taken back
early, on the day, late."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.registry.models import Assignment, Customer
from customers.registry.selectors import owner_on
from customers.registry.services.assignments import assignment_begin, assignment_end, assignment_withdraw
from tests.cast import STAGE, TODAY, Cast
from tests.execution.world import approved, carry_out, lines, settle_day, take_back

pytestmark = pytest.mark.django_db
STAFF = ("M-CD1", "M-CD2", "M-CX1", "M-PD1")
CUSTOMERS = tuple(f"H-{n}" for n in range(5))
FIRST = TODAY - timedelta(days=30)
WATCHED = 60


@dataclass(frozen=True)
class Span:
    """A manager from a day (included) to a day (excluded, None: for good)."""

    manager: str
    starts: date
    ends: date | None = None

    def on(self, day: date) -> bool:
        return self.starts <= day and (self.ends is None or day < self.ends)


@dataclass
class Books:
    """Spans by customer in order of time."""

    spans: dict[str, list[Span]] = field(default_factory=dict)

    def owner(self, customer: str, day: date) -> str | None:
        return next((span.manager for span in self.spans.get(customer, []) if span.on(day)), None)

    def begin(self, customer: str, manager: str, day: date) -> None:
        kept = [replace(s, ends=day) if s.on(day) else s for s in self.spans.get(customer, [])]
        self.spans[customer] = [*kept, Span(manager, day)]

    def end(self, customer: str, day: date) -> None:
        self.spans[customer][-1] = replace(self.spans[customer][-1], ends=day)

    def withdraw(self, customer: str) -> None:
        gone = self.spans[customer].pop()
        self.spans[customer] = [
            replace(s, ends=None) if s.ends == gone.starts else s for s in self.spans[customer]
        ]

    def days(self, customer: str) -> list[str | None]:
        return [self.owner(customer, FIRST + timedelta(days=n)) for n in range(WATCHED)]


@dataclass(frozen=True)
class Hand:
    """Somebody changes a customer by hand, some days from today."""

    customer: str
    what: str
    manager: str
    after: int


hands = st.lists(
    st.builds(
        Hand, st.sampled_from(CUSTOMERS), st.sampled_from(("begin", "end", "withdraw")), st.sampled_from(STAFF), st.integers(0, 8)
    ),
    max_size=4,
)  # fmt: skip
moves = st.dictionaries(st.sampled_from(CUSTOMERS), st.sampled_from(STAFF), min_size=1)
beginnings = st.fixed_dictionaries({name: st.sampled_from(("", *STAFF)) for name in CUSTOMERS})


def by_hand(cast: Cast, books: Books, hand: Hand, today: date) -> None:
    """Through the services; what they refuse changes neither side."""
    customer = Customer.objects.get(customer_no=hand.customer)
    last = Assignment.objects.filter(customer=customer, role="primary").order_by("-starts_on").first()
    day = today + timedelta(days=hand.after)
    try:
        with transaction.atomic():
            if hand.what == "begin":
                assignment_begin(
                    actor=STAGE, today=today, customer_id=customer.pk, manager_id=cast.managers[hand.manager].pk,
                    role="primary", starts_on=day, reason="手工",
                )  # fmt: skip
                books.begin(hand.customer, hand.manager, day)
            elif last is not None and hand.what == "end":
                assignment_end(actor=STAGE, today=today, assignment_id=last.pk, ends_on=day, reason="手工")
                books.end(hand.customer, day)
            elif last is not None:
                assignment_withdraw(actor=STAGE, today=today, assignment_id=last.pk, reason="手工")
                books.withdraw(hand.customer)
    except ValidationError:
        return


def fits(books: Books, customer: str, present: str | None, proposed: str, day: date) -> bool:
    """Whether a line still fits the books on its day."""
    spans = books.spans.get(customer, [])
    held = next((span for span in spans if span.on(day)), None)
    if any(span.starts > day for span in spans):
        return False
    return held is None or (held.manager == present != proposed and held.starts < day)


def agree(books: Books) -> None:
    for name in CUSTOMERS:
        customer = Customer.objects.get(customer_no=name)
        rows = Assignment.objects.filter(customer=customer, role="primary").order_by("starts_on")
        found = [Span(*row) for row in rows.values_list("manager__employee_no", "starts_on", "ends_on")]
        assert found == books.spans.get(name, [])
        for day in (TODAY - timedelta(days=1), TODAY, TODAY + timedelta(days=5), TODAY + timedelta(days=20)):
            owner = owner_on(customer.pk, day)
            assert (owner.employee_no if owner else None) == books.owner(name, day)


@settings(max_examples=30, deadline=None)
@given(
    beginnings, hands, moves, st.integers(0, 3), hands, st.integers(0, 5), st.integers(1, 3)
)  # fmt: skip
def test_who_owned_what_on_any_day(
    cast: Cast, beginning: dict[str, str], first: list[Hand], wanted: dict[str, str], ahead: int, between: list[Hand],
    later: int, chunk: int,
) -> None:  # fmt: skip
    with transaction.atomic():
        _history(cast, beginning, first, wanted, ahead, between, later, chunk)
        transaction.set_rollback(True)
    connection.queries_log.clear()


def _history(
    cast: Cast, beginning: dict[str, str], first: list[Hand], wanted: dict[str, str], ahead: int, between: list[Hand],
    later: int, chunk: int,
) -> None:  # fmt: skip
    books = Books()
    for name, manager in beginning.items():
        customer = Customer.objects.create(
            customer_no=name, name=name, unit=cast.units["HO"], owner=cast.managers.get(manager)
        )
        if manager:
            Assignment.objects.create(
                customer=customer, manager=cast.managers[manager], role="primary", starts_on=FIRST
            )
            books.begin(name, manager, FIRST)
    day, revert = TODAY + timedelta(days=ahead), TODAY + timedelta(days=later)
    plan = approved(cast, wanted, day)
    for hand in first:
        by_hand(cast, books, hand, TODAY)
    before = {name: list(spans) for name, spans in books.spans.items()}
    expected = {}
    for name, proposed in wanted.items():
        fit = fits(books, name, beginning[name] or None, proposed, day)
        expected[name] = "applied" if fit else "skipped"
        if fit:
            books.begin(name, proposed, day)
    carry_out(plan, chunk=chunk)
    assert {name: state for name, (state, _note) in lines(plan).items()} == expected
    agree(books)

    settle_day(revert)
    touched = {name: list(books.spans.get(name, [])) for name in CUSTOMERS}
    for hand in between:
        by_hand(cast, books, hand, revert)
    for name in [name for name, state in expected.items() if state == "applied"]:
        if books.spans.get(name, []) != touched[name]:
            continue
        expected[name] = "reverted"
        if day >= revert:
            books.spans[name] = before.get(name, [])
        else:
            books.end(name, revert)
            former = next((span for span in before.get(name, []) if span.on(day)), None)
            if former is not None and (former.ends is None or former.ends > revert):
                books.spans[name].append(Span(former.manager, revert, former.ends))
    take_back(plan, revert, chunk=chunk)
    assert {name: state for name, (state, _note) in lines(plan).items()} == expected
    agree(books)
    owners: dict[str, Any] = dict(Customer.objects.filter(customer_no__in=expected).values_list("customer_no", "owner__employee_no"))  # fmt: skip
    for name, state in expected.items():
        if state == "reverted":
            assert owners[name] == books.owner(name, revert)
