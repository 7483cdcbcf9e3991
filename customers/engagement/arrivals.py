"""Dealings arrive: who was responsible on the day is stamped on each row, and the customer's beginning follows.

All of it set-wise, for a file of ten rows as for one of ten million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from cmsys.access.functions import Reach
from cmsys.audit.ledger import record
from cmsys.facts.fact_kind import FactKind
from cmsys.facts.rules import Flaw
from cmsys.facts.sql import fetch, literal, run, selecting, table
from cmsys.transfers.engine.problems import Code, _
from cmsys.transfers.kinds import Context
from customers.engagement.models import Contract, Transaction
from customers.registry.models import Assignment, AssignmentRole, Customer
from managers.profiles.models import RelationshipManager


def stamp(day: str, *, stated: str = "x.ref_employee_no") -> str:
    """SQL for the responsible manager: whom the row names, else the customer's primary manager of the day.

    A stored row keeps its stamp unless its customer or day is corrected, whatever became of the customer since. `day` is
    SQL with `{}` where `x.a` or `x.b` stands, e.g. `{}_occurred_on`.
    """
    return (
        f"CASE WHEN {stated} IS NOT NULL THEN {stated} WHEN x.existing IS NOT NULL"
        f" AND x.a_customer_id = x.b_customer_id AND {day.format('x.a')} IS NOT DISTINCT FROM {day.format('x.b')}"
        " THEN x.b_manager_id ELSE o.manager_id END"
    )


def owners(day: str) -> str:
    """The join `stamp` needs: at most one row for each, because no customer has two primary managers at once."""
    on = day.format("x.a")
    return (
        f"LEFT JOIN {table(Assignment)} o ON o.customer_id = x.a_customer_id"
        f" AND o.role = '{AssignmentRole.PRIMARY.value}'"
        f" AND o.starts_on <= {on} AND (o.ends_on IS NULL OR {on} < o.ends_on)"
    )


class DealingKind(FactKind):
    """A kind of rows that belong to a customer and to the manager who was responsible."""

    lock: ClassVar[str] = "dealings"

    def flaws(self, context: Context) -> Sequence[Flaw]:
        """Who imports for a part of the institution names its customers and its managers only."""
        if self._everywhere(context):
            return ()
        managers, customers = self._reachable(context)
        beyond = _("“%(value)s”不在您的管辖范围内")
        found = [
            Flaw(
                "customer_no",
                Code.OUT_OF_SCOPE,
                beyond,
                f"y.ref_customer_no IS NOT NULL AND y.ref_customer_no NOT IN ({customers})",
            )
        ]
        unnamed = "true"
        if "employee_no" in self.references:
            unnamed = "y.t_employee_no IS NULL"
            found.append(
                Flaw(
                    "employee_no",
                    Code.OUT_OF_SCOPE,
                    beyond,
                    f"y.ref_employee_no IS NOT NULL AND y.ref_employee_no NOT IN ({managers})",
                )
            )
        found.append(
            Flaw(
                "customer_no",
                Code.OUT_OF_SCOPE,
                _("“%(value)s”当天没有您管辖范围内的责任客户经理"),
                f"{unnamed} AND y.a_customer_id IN ({customers})"
                f" AND (y.a_manager_id IS NULL OR y.a_manager_id NOT IN ({managers}))",
            )
        )
        return found

    def unreachable(self, context: Context) -> str:
        if self._everywhere(context):
            return ""
        managers, _customers = self._reachable(context)
        return f"y.b_manager_id IS NULL OR y.b_manager_id NOT IN ({managers})"

    def _everywhere(self, context: Context) -> bool:
        reaches = context.actor.access.reaches(self.function)
        return any(reached.reach is Reach.ALL and reached.line_id is None for reached in reaches)

    def _reachable(self, context: Context) -> tuple[str, str]:
        """Managers and customers within the actor's reach, as subqueries."""
        managers = RelationshipManager.objects.reached_by(context.actor, self.function)
        customers = Customer.objects.reached_by(context.actor, self.function)
        return selecting(managers.order_by().values("pk")), selecting(customers.order_by().values("pk"))


# --- where a customer begins ------------------------------------------------------------------------------------------
def date_customers(delta: str, day: str, context: Context, *, decides: bool) -> int:
    """Sets `since` and `developed_by` of the customers whose beginning the delta can have moved; how many changed.

    The first contract counts, else the first transaction; of several on that day one with a manager, then the lowest
    number. `decides` is for contracts: they move a beginning that transactions gave. Three statements, one event.
    """
    reached = "true" if decides else f"c.since IS NULL OR d.{day} <= c.since"
    touched = (
        f"SELECT DISTINCT d.customer_id AS id FROM {delta} d JOIN {table(Customer)} c ON c.id = d.customer_id"
        f" WHERE {reached}"
    )
    # In the order of their numbers, as other imports lock customers.
    fetch(
        f"SELECT count(*) FROM (SELECT c.id FROM {table(Customer)} c WHERE c.id IN ({touched})"
        " ORDER BY c.id FOR NO KEY UPDATE) locked"
    )
    changed = run(
        f"UPDATE {table(Customer)} c SET since = f.since, developed_by_id = f.manager_id,"
        f" updated_at = {literal(context.now)} FROM ({beginnings(touched)}) f WHERE c.id = f.id"
        " AND (c.since, c.developed_by_id) IS DISTINCT FROM (f.since, f.manager_id)"
    )
    if changed:
        record(
            "customer.dated",
            actor=context.actor,
            resource=Customer.resource,
            label=str(context.reason),
            after={"customers": changed},
            reason=context.reason,
            now=context.now,
        )
    return changed


def beginnings(customers: str) -> str:
    """SQL: id, since, manager_id of the customers that the subquery names, from contracts and transactions alone."""
    return (
        "SELECT t.id, coalesce(k.signed_on, x.occurred_on) AS since,"
        " CASE WHEN k.id IS NOT NULL THEN k.manager_id ELSE x.manager_id END AS manager_id"
        f" FROM ({customers}) t"
        f" LEFT JOIN LATERAL (SELECT k.id, k.signed_on, k.manager_id FROM {table(Contract)} k"
        " WHERE k.customer_id = t.id ORDER BY k.signed_on, k.manager_id IS NULL, k.contract_no LIMIT 1) k ON true"
        f" LEFT JOIN LATERAL (SELECT x.occurred_on, x.manager_id FROM {table(Transaction)} x"
        " WHERE k.id IS NULL AND x.customer_id = t.id"
        " ORDER BY x.occurred_on, x.manager_id IS NULL, x.transaction_no LIMIT 1) x ON true"
    )
