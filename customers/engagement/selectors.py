"""What other modules of the room read: whose names may be shown, who has dealings on record, months and same customers."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.functions import Coalesce

from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.ui.indicators import Span
from customers.engagement.models import Contract, ManagerMonth, Opportunity, Transaction
from customers.registry.masking import mask_person
from customers.registry.models import Assignment, AssignmentRole, Customer, CustomerKind
from customers.registry.permissions import CUSTOMER_CLEAR, CUSTOMER_VIEW
from managers.profiles.models import RelationshipManager

MONEY: Any = DecimalField(max_digits=20, decimal_places=2)


def with_named_customer(rows: QuerySet[Any], actor: Actor, customer: str = "customer_id") -> QuerySet[Any]:
    """The rows with `named`, whether the reader may see that customer, and `clear`, whether a person's name in full."""

    def within(function: Function) -> Exists:
        return Exists(Customer.objects.reached_by(actor, function).filter(pk=OuterRef(customer)))

    return rows.annotate(named=within(CUSTOMER_VIEW), clear=within(CUSTOMER_CLEAR))


def customer_name(row: Any, customer: Customer) -> str | None:
    """The customer's name as the reader of this row may have it: in full, masked for a person, or not at all."""
    if not row.named:
        return None
    return (
        customer.name if row.clear or customer.kind != CustomerKind.INDIVIDUAL else mask_person(customer.name)
    )


def latest(rows: QuerySet[Any], *order: str, amount: str = "", most: int = 5) -> list[Any]:
    """The first rows, each with `n`, how many there are in all, and `amounts`, their sum; one query."""
    wide: dict[str, Any] = {"n": Window(Count("pk"))}
    if amount:
        wide["amounts"] = Window(Sum(amount))
    return list(rows.annotate(**wide).order_by(*order)[:most])


def known_managers(before: date) -> QuerySet[RelationshipManager]:
    """Managers with a transaction, an opportunity, a contract or a customer of their own before the day.

    For them nothing in a period means none; for others it means that nothing is known. An opportunity without any date
    counts as an early one.
    """
    person = OuterRef("pk")
    sold = Transaction.objects.filter(manager=person, occurred_on__lt=before)
    opened = Opportunity.objects.annotate(day=Coalesce("opened_on", "closed_on")).filter(manager=person)
    held = Assignment.objects.filter(manager=person, role=AssignmentRole.PRIMARY, starts_on__lt=before)
    return RelationshipManager.objects.filter(
        # Each is one look into an index by the manager; nearly everybody is settled by the first.
        Q(Exists(held))
        | Q(Exists(sold))
        | Q(Exists(Contract.objects.filter(manager=person, signed_on__lt=before)))
        | Q(Exists(opened.filter(Q(day__lt=before) | Q(day__isnull=True))))
    )


def sales_by_month(manager_id: int, first: date) -> dict[date, tuple[int, int]]:
    """Fen and number of transactions of each month from `first` on; months without any are missing. One query."""
    rows = ManagerMonth.objects.filter(manager=manager_id, month__gte=first)
    return {
        month: (fen, count) for month, fen, count in rows.values_list("month", "amount_fen", "transactions")
    }


def primary_on(day: date, assignments: str = "assignments") -> Q:
    """Assignments, by the lookup that leads to them, which make somebody the primary manager on the day."""
    return Q(
        Q(**{f"{assignments}__ends_on__isnull": True}) | Q(**{f"{assignments}__ends_on__gt": day}),
        **{f"{assignments}__role": AssignmentRole.PRIMARY, f"{assignments}__starts_on__lte": day},
    )


def same_customers(people: QuerySet[RelationshipManager], span: Span, base: Span) -> QuerySet[Any]:
    """Customers of before the base span whose primary manager on the span's last day is one of `people`, each with the
    amounts of the base (`base_amount`), of the span (`amount`) and their difference, added up from the transactions."""
    last = span.ends_on - timedelta(days=1)
    customers = Customer.objects.filter(
        primary_on(last), since__lt=base.starts_on, assignments__manager__in=people
    )
    return customers.annotate(base_amount=_amount(base), amount=_amount(span)).annotate(
        change=F("amount") - F("base_amount")
    )


def _amount(span: Span) -> Any:
    within = Transaction.objects.filter(
        customer=OuterRef("pk"), occurred_on__gte=span.starts_on, occurred_on__lt=span.ends_on
    )
    total = within.order_by().values("customer").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(total), Value(0), output_field=MONEY)
