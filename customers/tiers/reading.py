"""What a rule asks of customers, read in one statement: 1 000 000 customers in some ten seconds.

A statement is put together from the measures a rule has; what it does not ask for is not read. Money is fen.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np

from customers.tiers.copying import columns
from customers.tiers.engine.document import CATEGORIES, Measure, RuleDocument
from customers.tiers.engine.ranking import NONE, Population

# Money that no bank has, so that a sum of slips still fits into eight bytes.
MOST = 9 * 10**18

CONTRACTS = """LEFT JOIN (
    SELECT customer_id, least(sum(amount) * 100, {most})::bigint AS value FROM customers_engagement_contract
    WHERE coalesce(starts_on, signed_on) <= %s AND (ends_on IS NULL OR ends_on > %s) {only} GROUP BY customer_id
) contracts ON contracts.customer_id = c.id"""
QUARTERS = """LEFT JOIN (
    SELECT customer_id, sum({what})::bigint AS value FROM customers_engagement_customerquarter
    WHERE quarter >= %s AND quarter < %s {only} GROUP BY customer_id
) {code} ON {code}.customer_id = c.id"""
POTENTIAL = """LEFT JOIN (
    SELECT customer_id, least(sum(floor(amount * CASE stage {stages} ELSE 0 END)), {most})::bigint AS value
    FROM customers_engagement_opportunity
    WHERE stage IN ('prospecting', 'engaging', 'proposal') AND (opened_on IS NULL OR opened_on <= %s)
        AND (closed_on IS NULL OR closed_on > %s) AND amount IS NOT NULL {only} GROUP BY customer_id
) potential ON potential.customer_id = c.id"""
CUSTOMERS = """SELECT c.id, coalesce(c.tier_id, 0), CASE c.category {categories} ELSE 0 END, (c.since IS NOT NULL)::int,
    (h.id IS NOT NULL)::int, {streak}{values}
FROM customers_registry_customer c
LEFT JOIN customers_registry_tierhold h ON h.customer_id = c.id AND h.released_at IS NULL
    AND (h.ends_on IS NULL OR h.ends_on > %s)
{joins}
WHERE c.kind IN %s {one}
ORDER BY c.customer_no COLLATE "C" """
STREAK = """LEFT JOIN customers_tiers_tierchange w ON w.run_id = %s AND w.customer_id = c.id AND w.outcome = 'wait'
    AND w.before_id IS NOT DISTINCT FROM c.tier_id"""


def first_quarter(as_of: date, quarters: int) -> date:
    """The first day of the quarter so many whole quarters before the one `as_of` lies in."""
    number = as_of.year * 4 + (as_of.month - 1) // 3 - quarters
    return date(number // 4, number % 4 * 3 + 1, 1)


def read(
    rule: RuleDocument, tiers: dict[int, str], as_of: date, last_run: int | None, customer: int | None = None
) -> Population:
    """Everybody the rule speaks of on a day, by customer number; with `customer`, that one alone. `tiers`: codes by key; a
    tier the rule does not name counts as none. `last_run`: the run whose patience goes on. One query."""
    only = "" if customer is None else f"AND customer_id = {int(customer)}"
    joins, params = [], [as_of]
    for measure in rule.measures:
        text, given = _join(measure, as_of, only)
        joins.append(text)
        params += given
    if last_run is not None:
        joins.append(STREAK)
        params.append(last_run)  # type: ignore[arg-type]
    statement = CUSTOMERS.format(
        categories=" ".join(f"WHEN '{name}' THEN {place}" for place, name in enumerate(CATEGORIES) if place),
        streak="coalesce(w.streak, 0)" if last_run is not None else "0",
        values="".join(f", coalesce({measure.code}.value, 0)" for measure in rule.measures),
        joins="\n".join(joins), one="" if customer is None else f"AND c.id = {int(customer)}",
    )  # fmt: skip
    raw = columns(statement, 6 + len(rule.measures), (*params, tuple(rule.kinds)))
    codes = [tier.code for tier in rule.tiers]
    places = {0: NONE} | {pk: codes.index(code) if code in codes else NONE for pk, code in tiers.items()}
    known = np.array(sorted(places), dtype=np.int64)
    present = np.array([places[int(pk)] for pk in known], dtype=np.int64)[np.searchsorted(known, raw[1])]
    return Population(
        ids=raw[0], order=np.arange(len(raw[0]), dtype=np.int64), present=present, category=raw[2],
        existing=raw[3] == 1, held=raw[4] == 1, streak=raw[5],
        values={measure.code: raw[6 + place] for place, measure in enumerate(rule.measures)},
    )  # fmt: skip


def _join(measure: Measure, as_of: date, only: str) -> tuple[str, list[Any]]:
    if measure.code == "contracts":
        return CONTRACTS.format(most=MOST, only=only), [as_of, as_of]
    if measure.code == "potential":
        stages = " ".join(f"WHEN '{stage}' THEN {share}" for stage, share in measure.stages.items())
        return POTENTIAL.format(most=MOST, stages=stages, only=only), [as_of, as_of]
    what = "amount_fen" if measure.code == "revenue" else "transactions"
    return QUARTERS.format(what=what, code=measure.code, only=only), [
        first_quarter(as_of, measure.quarters), first_quarter(as_of, 0),
    ]  # fmt: skip
