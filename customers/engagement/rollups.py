"""Sums of transactions per manager and month and per customer and quarter: kept by delta, checked against the rows."""

from __future__ import annotations

from dataclasses import dataclass

from cmsys.facts.sql import fetch, run, table
from customers.engagement.arrivals import beginnings
from customers.engagement.models import CustomerQuarter, ManagerMonth, Transaction
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

# Whose sums they are, and of which period: the column of its first day is called as PostgreSQL calls its length.
_SUMS = ((ManagerMonth, "manager_id", "month"), (CustomerQuarter, "customer_id", "quarter"))


def add(delta: str) -> None:
    """Moves the sums by a delta of transactions (see FactKind.moved); sums of nothing go. Two statements for each table.

    Imports of dealings wait for each other, so two of them never move one sum at once.
    """
    for model, whose, period in _SUMS:
        _add(delta, table(model), whose, period)


def _add(delta: str, sums: str, whose: str, period: str) -> None:
    run(
        f"INSERT INTO {sums} AS t ({whose}, {period}, amount_fen, transactions)"
        f" SELECT d.{whose}, date_trunc('{period}', d.occurred_on)::date, sum(d.sign * d.amount * 100)::bigint, sum(d.sign)"
        f" FROM {delta} d WHERE d.{whose} IS NOT NULL GROUP BY 1, 2"
        " HAVING sum(d.sign) <> 0 OR sum(d.sign * d.amount) <> 0 ORDER BY 1, 2"
        f" ON CONFLICT ({period}, {whose}) DO UPDATE"
        " SET amount_fen = t.amount_fen + excluded.amount_fen, transactions = t.transactions + excluded.transactions"
    )
    run(
        f"DELETE FROM {sums} t USING (SELECT DISTINCT d.{whose} AS whose, date_trunc('{period}', d.occurred_on)::date AS at"
        f" FROM {delta} d WHERE d.sign < 0) e WHERE t.transactions = 0 AND t.{whose} = e.whose AND t.{period} = e.at"
    )


@dataclass(frozen=True)
class Difference:
    """A sum that is not what the rows add up to; fen and number of transactions, kept and counted."""

    sums: str
    whose: str
    period: str
    kept: tuple[int, int]
    counted: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.sums} {self.whose} {self.period}: {self.kept} ≠ {self.counted}"


def differences(seed: int, *, managers: int, customers: int) -> list[Difference]:
    """What does not add up for so many managers and customers, drawn by the seed; none is the right answer.

    Two statements, each on one snapshot: indexes lead to the rows of those drawn.
    """
    found = []
    for model, whose, period, drawn, name, count in (
        (ManagerMonth, "manager_id", "month", RelationshipManager, "employee_no", managers),
        (CustomerQuarter, "customer_id", "quarter", Customer, "customer_no", customers),
    ):
        rows = fetch(
            f"WITH p AS MATERIALIZED (SELECT id, {name} AS name FROM {table(drawn)}"
            f" ORDER BY hashint8extended(id, {int(seed)}), id LIMIT {int(count)}),"
            f" counted AS (SELECT x.{whose} AS id, date_trunc('{period}', x.occurred_on)::date AS at,"
            f" sum(x.amount * 100)::bigint AS fen, count(*) AS n FROM {table(Transaction)} x JOIN p ON p.id = x.{whose}"
            f" GROUP BY 1, 2), kept AS (SELECT t.{whose} AS id, t.{period} AS at, t.amount_fen AS fen,"
            f" t.transactions AS n FROM {table(model)} t JOIN p ON p.id = t.{whose})"
            " SELECT p.name, coalesce(k.at, c.at), coalesce(k.fen, 0), coalesce(k.n, 0), coalesce(c.fen, 0),"
            " coalesce(c.n, 0) FROM kept k FULL JOIN counted c ON c.id = k.id AND c.at = k.at"
            " JOIN p ON p.id = coalesce(k.id, c.id)"
            " WHERE (k.fen, k.n) IS DISTINCT FROM (c.fen, c.n) ORDER BY 1, 2"
        )
        found += [
            Difference(str(model._meta.verbose_name), whose_is, str(at), (fen, n), (rows_fen, rows_n))
            for whose_is, at, fen, n, rows_fen, rows_n in rows
        ]
    return found


def misdated(seed: int, *, customers: int) -> list[str]:
    """Customer numbers, among those drawn, who began later than their first contract or transaction, or with another.

    One who began before the oldest record here is right: records of earlier years need not have been brought in.
    """
    drawn = f"SELECT id FROM {table(Customer)} ORDER BY hashint8extended(id, {int(seed)}), id LIMIT {int(customers)}"
    rows = fetch(
        f"SELECT c.customer_no FROM {table(Customer)} c JOIN ({beginnings(drawn)}) f ON f.id = c.id"
        " WHERE f.since IS NOT NULL AND (c.since IS NULL OR c.since > f.since"
        " OR (c.since = f.since AND c.developed_by_id IS DISTINCT FROM f.manager_id)) ORDER BY 1"
    )
    return [number for (number,) in rows]
