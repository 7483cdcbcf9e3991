"""A decided population becomes rows: figures of the run, then its lines in pieces, from bytes that stay the same."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO
from typing import Any

import numpy as np
from django.db import connection

from customers.registry.models import CustomerTier
from customers.tiers.choices import Outcome, Purpose, Settled
from customers.tiers.copying import NOTHING, array, copy_rows
from customers.tiers.engine.deciding import HELD, MOVE, NEAR, OUTCOMES, WAIT, Decided, digest_of
from customers.tiers.engine.document import CATEGORIES, RuleDocument
from customers.tiers.engine.ranking import NONE, Flags, Ints, Population
from customers.tiers.models import TierChange, TierRun

COLUMNS = (
    "run_id", "customer_id", "before_id", "after_id", "category_before", "category_after", "outcome", "settled", "streak",
    "score", "place", "values", "points", "places", "updated_at",
)  # fmt: skip
AWAY = "DELETE FROM customers_tiers_tierchange WHERE run_id = %s AND customer_id = ANY(%s)"
# Whoever is within the margin only has a line where his category changes.
SAID = {place: str(Outcome.KEEP if name == "near" else Outcome(name)) for place, name in enumerate(OUTCOMES)}


def fill(run: TierRun, rule: RuleDocument, people: Population, found: Decided, before: Ints) -> bytes:
    """Puts the figures into the run (not saved) and gives its lines, compressed. `before`: where each customer stands
    before, as a place: the tier he has, or what the rule it is compared with would give him."""
    codes = [tier.code for tier in rule.tiers]
    after = found.final
    run.customers = len(people)
    run.first = int(((before == NONE) & (after != NONE)).sum())
    run.raised = int(((before != NONE) & (after < before) & (after != NONE)).sum())
    run.lowered = int(((before != NONE) & (after > before)).sum())
    run.held_count = int((found.outcome == HELD).sum())
    run.waiting_count = int((found.outcome == WAIT).sum())
    run.near_count = int((found.outcome == NEAR).sum())
    recategorised = found.category != people.category
    run.recategorised = int(recategorised.sum())
    run.flows = counted(codes, before, after)
    held, waits = found.outcome == HELD, found.outcome == WAIT
    run.held = counted(codes, people.present[held], found.wanted[held])
    run.waiting = counted(codes, people.present[waits], found.natural[waits])
    run.lines = [
        {"code": code, "admitted": line.admitted, "refused": line.refused}
        for code, line in zip(codes, found.ranked.lines, strict=False)
    ]
    run.digest = digest_of(people, found)
    if run.against_id is not None:
        return _packed(people, found, before, after, np.full(len(people), MOVE), before != after)
    towards = np.where(waits, found.natural, found.wanted)
    return _packed(
        people, found, before, towards, found.outcome, (before != after) | held | waits | recategorised
    )


def counted(codes: list[str], before: Ints, after: Ints) -> list[list[object]]:
    """(code before, code after, customers), the best tier first, none last; "" where there is none."""
    width = len(codes) + 1
    names = [*codes, ""]
    pairs, numbers = np.unique((before % width) * width + (after % width), return_counts=True)
    return [
        [names[int(pair) // width], names[int(pair) % width], int(number)]
        for pair, number in zip(pairs, numbers, strict=True)
    ]


def _packed(
    people: Population, found: Decided, before: Ints, after: Ints, outcome: Ints, said: Flags
) -> bytes:
    at = np.flatnonzero(said)
    values = np.stack([column[at] for column in people.values.values()], axis=1)
    buffer = BytesIO()
    np.savez_compressed(
        buffer, customer=people.ids[at], before=before[at], after=after[at], old=people.category[at],
        new=found.category[at], outcome=outcome[at], streak=found.streak[at], score=found.ranked.score[at],
        place=found.ranked.place[at], values=values, points=found.ranked.points[at], places=found.ranked.places[at],
    )  # fmt: skip
    return buffer.getvalue()


def write(
    run: TierRun, rule: RuleDocument, content: bytes, start: int, most: int, now: datetime
) -> tuple[int, int]:
    """Writes the lines from `start` on, `most` at a time, in place of what may be there from before; where they end, and
    how many there are. Three statements."""
    keys = dict(CustomerTier.objects.values_list("code", "pk"))
    tiers = [keys[tier.code] for tier in rule.tiers]
    with np.load(BytesIO(content), allow_pickle=False) as stored:
        total = len(stored["customer"])
        end = min(start + most, total)
        part = {name: stored[name][start:end].tolist() for name in stored.files}
    with connection.cursor() as cursor:
        cursor.execute(AWAY, [run.pk, part["customer"]])
    copy_rows(TierChange._meta.db_table, (f'"{name}"' for name in COLUMNS), _rows(run, tiers, part, now))
    return end, total


def _rows(run: TierRun, tiers: list[int], part: dict[str, list[Any]], now: datetime) -> Iterator[str]:
    stamp, proposal = now.isoformat(), run.purpose == Purpose.PROPOSAL
    for place, customer in enumerate(part["customer"]):
        before, outcome = part["before"][place], part["outcome"][place]
        old, new = part["old"][place], part["new"][place]
        proposed = proposal and (outcome == MOVE or old != new)
        yield "\t".join((
            str(run.pk), str(customer), str(tiers[before]) if before != NONE else NOTHING, str(tiers[part["after"][place]]),
            CATEGORIES[old] if old else "", CATEGORIES[new] if new else "", SAID[outcome],
            Settled.OPEN if proposed else Settled.NONE, str(part["streak"][place]), str(part["score"][place]),
            str(part["place"][place]), array(part["values"][place]), array(part["points"][place]),
            array(part["places"][place]), stamp,
        )) + "\n"  # fmt: skip
