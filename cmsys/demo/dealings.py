"""Writes the customers of the demonstration bank, who looked after them, and what they bought, asked and signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from cmsys.audit.ledger import record
from cmsys.demo.loading import load
from cmsys.demo.names import names_for
from cmsys.demo.portfolio import (
    CAUSES,
    CHANNELS,
    INDUSTRY_CODES,
    PRODUCTS,
    TIERS,
    Customers,
    Holder,
    Portfolio,
)
from customers.engagement import rollups
from customers.engagement.models import Contract, Opportunity, Transaction
from customers.registry.models import Assignment, Customer, CustomerTier
from customers.service.models import Ticket
from managers.profiles.models import RelationshipManager, Status

NULL = "\\N"
NEEDS = ("资金归集", "供应链融资", "跨境结算", "财富管理", "代发工资", "授信额度", "线上收单", "资产配置")
SCALES = {
    "large": "大型",
    "sme": "小型",
    "enterprise": "中型",
    "government": "",
    "public": "",
    "individual": "",
}


def holders_of(today: date) -> list[Holder]:
    """Everybody who can look after customers, by employee number."""
    people = (
        RelationshipManager.objects.exclude(status=Status.LEFT)
        .select_related("unit__parent", "line")
        .order_by("employee_no")
    )
    return [_holder(person, today) for person in people]


def _holder(person: RelationshipManager, today: date) -> Holder:
    """A person with the line of his and the place of the unit above his team; the demonstration bank has both."""
    place = person.unit.parent
    assert person.line is not None and place is not None
    assert place.latitude is not None and place.longitude is not None
    return Holder(
        id=person.pk, unit_id=person.unit_id, line=person.line.code, region_code=person.region_code,
        latitude=float(place.latitude), longitude=float(place.longitude), capacity=person.capacity or 60,
        hired_on=person.hire_date or today,
    )  # fmt: skip


class Dealings:
    """One filling: rows in the order of the holders, so that what belongs together lies together."""

    def __init__(self, portfolio: Portfolio, *, actor: Any, now: datetime) -> None:
        self.portfolio, self.actor = portfolio, actor
        self.now, self.stamp = now, now.isoformat()
        self.rows: Customers = portfolio.customers
        self.ids = [NULL, *(str(holder.id) for holder in portfolio.holders)]
        self.days = {0: NULL}
        self.counts: dict[str, int] = {}
        self.first = 0

    def fill(self) -> dict[str, int]:
        """Writes everything in the present transaction, one summary event a kind; returns the counts."""
        self._load(Customer, CUSTOMER_COLUMNS, self._customers())
        self.first = Customer.objects.order_by("pk").values_list("pk", flat=True)[0] if len(self.rows) else 0
        self._load(Assignment, ASSIGNMENT_COLUMNS, self._assignments())
        self._load(Contract, CONTRACT_COLUMNS, self._contracts())
        self._load(Transaction, TRANSACTION_COLUMNS, self._transactions())
        rollups.add(f"(SELECT t.*, 1 AS sign FROM {Transaction._meta.db_table} t)")  # noqa: S608 - our own table
        self._load(Opportunity, OPPORTUNITY_COLUMNS, self._opportunities())
        self._load(Ticket, TICKET_COLUMNS, self._tickets())
        return self.counts

    def _load(self, model: Any, columns: tuple[str, ...], lines: Iterator[str]) -> None:
        count = load(model, columns, lines)
        self.counts[model.resource] = count
        record(
            "demo.load", None, actor=self.actor, resource=model.resource, after={"rows": count}, now=self.now
        )

    def _day(self, ordinal: int) -> str:
        if ordinal not in self.days:
            self.days[ordinal] = date.fromordinal(ordinal).isoformat()
        return self.days[ordinal]

    def _customers(self) -> Iterator[str]:
        rows, holders = self.rows, self.portfolio.holders
        names, readings = names_for(rows.kind, self.portfolio.seed)
        for order, code in enumerate(TIERS, start=1):
            CustomerTier.objects.get_or_create(code=code, defaults={"name": f"{code} 级", "order": order})
        tiers = dict(CustomerTier.objects.values_list("code", "pk"))
        since = np.where(rows.since > 0, rows.since, 1)
        developed = np.where(
            rows.since > 0, self.portfolio.holder_on(np.arange(len(rows)), since), -1
        ).tolist()
        owner, tier, kind = rows.owner.tolist(), rows.tier.tolist(), rows.kind.tolist()
        home = rows.home.tolist()
        industry, day = rows.industry.tolist(), rows.since.tolist()
        latitude, longitude = rows.latitude.tolist(), rows.longitude.tolist()
        for i, name in enumerate(names):
            holder = holders[home[i]]
            person = kind[i] == "individual"
            category = "prospect" if day[i] == 0 else "key" if tier[i] == 0 else "general"
            yield "\t".join((
                f"C{i + 1:07d}", name, readings[i], kind[i], "" if person else "project" if i % 3 == 0 else "resource",
                category, str(tiers[TIERS[tier[i]]]), f"G{i // 40:05d}" if not person and i % 40 < 2 else "",
                "" if person else INDUSTRY_CODES[industry[i]], holder.region_code, f"{latitude[i]:.6f}",
                f"{longitude[i]:.6f}", SCALES[kind[i]], "", NEEDS[i % 8] if i % 3 else "", "存量" if i % 4 else "转介绍",
                str(holder.unit_id), self.ids[owner[i] + 1], self._day(day[i]), self.ids[developed[i] + 1], self.stamp,
            ))  # fmt: skip

    def _assignments(self) -> Iterator[str]:
        rows, hired = self.rows, self.portfolio.hired
        owner, former, changed = rows.owner.tolist(), rows.former.tolist(), rows.changed.tolist()
        # Whoever became a customer within the time looked at was looked after as a prospect before.
        begun = np.where(rows.since > 0, np.minimum(rows.since, self.portfolio.start), self.portfolio.start)
        for i, first in enumerate(begun.tolist()):
            if owner[i] < 0:
                continue
            after = first
            if former[i] >= 0:
                after = changed[i]
                before = max(first, int(hired[former[i]]))
                if before < after:
                    yield self._assignment(i, former[i], before, after)
            yield self._assignment(i, owner[i], max(after, int(hired[owner[i]])), 0)

    def _assignment(self, i: int, holder: int, starts: int, ends: int) -> str:
        return f"{self.first + i}\t{self.ids[holder + 1]}\tprimary\t{self._day(starts)}\t{self._day(ends)}\t{self.stamp}"

    def _contracts(self) -> Iterator[str]:
        """A and B customers signed on the day their relation began; the middle of their amounts times forty."""
        rows = self.rows
        signing = np.flatnonzero((rows.since > 0) & (rows.tier < 2))
        chance = np.random.default_rng([self.portfolio.seed, 4])
        amounts = (
            chance.lognormal(0, 0.5, len(signing)) * np.array([7_000_000, 1_600_000])[rows.tier[signing]]
        )
        held = self.portfolio.holder_on(signing, rows.since[signing]).tolist()
        for number, (i, amount) in enumerate(zip(signing.tolist(), amounts.tolist(), strict=True)):
            signed = int(rows.since[i])
            yield "\t".join((
                f"HT{number + 1:07d}", str(self.first + i), self.ids[held[number] + 1], f"{amount:.0f}.00",
                self._day(signed), self._day(signed), self._day(signed + 1095), self.stamp,
            ))  # fmt: skip

    def _transactions(self) -> Iterator[str]:
        line, number, first = self.rows.line, 0, self.first
        ids, stamp = self.ids, self.stamp
        products = [PRODUCTS[name] for name in Portfolio.LINES]
        for sales in self.portfolio.sales():
            for ordinal in np.unique(sales.day).tolist():
                self._day(ordinal)
            days = self.days
            columns = (
                sales.customer.tolist(), sales.holder.tolist(), sales.day.tolist(), sales.product.tolist(),
                sales.fen.tolist(), line[sales.customer].tolist(),
            )  # fmt: skip
            for customer, holder, day, product, fen, of in zip(*columns, strict=True):
                number += 1
                sold = products[of]
                yield (
                    f"T{number:010d}\t{first + customer}\t{ids[holder + 1]}\t{days[day]}\t{sold[product % len(sold)]}"
                    f"\t{fen // 100}.{fen % 100:02d}\t\\N\t{stamp}"
                )

    def _opportunities(self) -> Iterator[str]:
        """One for about a third of the customers, opened within the time looked at."""
        chance = np.random.default_rng([self.portfolio.seed, 6])
        found = np.flatnonzero((chance.random(len(self.rows)) < 0.35) & (self.rows.owner >= 0))
        start, today = self.portfolio.start, self.portfolio.today
        opened = start + (chance.random(len(found)) * (today - start)).astype(np.int64)
        taken = chance.integers(10, 120, len(found))
        drive = self.portfolio.drive[np.maximum(self.rows.owner[found], 0)]
        won = chance.random(len(found)) < np.clip(0.5 * drive, 0.05, 0.95)
        amounts = chance.lognormal(0, 0.7, len(found)) * 60_000
        held = self.portfolio.holder_on(found, opened).tolist()
        stages = ("prospecting", "engaging", "proposal")
        for number, i in enumerate(found.tolist()):
            closed = int(opened[number] + taken[number])
            over = closed <= today
            stage = ("won" if won[number] else "lost") if over else stages[number % 3]
            yield "\t".join((
                f"SJ{number + 1:07d}", str(self.first + i), self.ids[held[number] + 1], stage, f"{amounts[number]:.0f}.00",
                self._day(int(opened[number])), self._day(closed if over else 0), self.stamp,
            ))  # fmt: skip

    def _tickets(self) -> Iterator[str]:
        """One for about a sixth of the customers; better service where the manager's ability is higher."""
        chance = np.random.default_rng([self.portfolio.seed, 7])
        found = np.flatnonzero((chance.random(len(self.rows)) < 0.16) & (self.rows.owner >= 0))
        start, today = self.portfolio.start, self.portfolio.today
        day = start + (chance.random(len(found)) * (today - start)).astype(np.int64)
        held = self.portfolio.holder_on(found, day)
        ability = np.where(held >= 0, self.portfolio.ability[np.maximum(held, 0)], 75)
        rating = np.clip(np.rint(3.9 + (ability - 78) / 14 + chance.normal(0, 0.6, len(found))), 1, 5)
        kind = chance.choice(
            ("inquiry", "problem", "complaint", "suggestion"), len(found), p=(0.5, 0.3, 0.12, 0.08)
        )
        hours, zone = chance.gamma(2.0, 3.0, len(found)), timezone.get_default_timezone()
        for number, i in enumerate(found.tolist()):
            opened = datetime.combine(date.fromordinal(int(day[number])), datetime.min.time(), zone)
            opened += timedelta(hours=9 + number % 8, minutes=number % 60)
            responded = opened + timedelta(minutes=int(hours[number] * 12))
            resolved = opened + timedelta(minutes=int(hours[number] * 60))
            complaint = kind[number] == "complaint"
            upheld = complaint and rating[number] <= 3 and held[number] >= 0
            holder = self.ids[int(held[number]) + 1]
            done = resolved <= self.now
            yield "\t".join((
                f"GD{number + 1:07d}", str(self.first + i), holder, str(kind[number]), CHANNELS[number % 4],
                opened.isoformat(), responded.isoformat() if responded <= self.now else NULL,
                resolved.isoformat() if done else NULL, f"{rating[number]:.1f}" if done else NULL,
                CAUSES[number % 6] if complaint else "", ("true" if upheld else "false") if complaint and done else NULL,
                holder if upheld and done else NULL, self.stamp,
            ))  # fmt: skip


CUSTOMER_COLUMNS = (
    "customer_no", "name", "name_pinyin", "kind", "nature", "category", "tier_id", "group_no", "industry_code",
    "region_code", "latitude", "longitude", "scale", "credit_code", "needs", "source", "unit_id", "owner_id", "since",
    "developed_by_id", "updated_at",
)  # fmt: skip
ASSIGNMENT_COLUMNS = ("customer_id", "manager_id", "role", "starts_on", "ends_on", "updated_at")
CONTRACT_COLUMNS = (
    "contract_no", "customer_id", "manager_id", "amount", "signed_on", "starts_on", "ends_on", "updated_at",
)  # fmt: skip
TRANSACTION_COLUMNS = (
    "transaction_no", "customer_id", "manager_id", "occurred_on", "product", "amount", "quantity", "updated_at",
)  # fmt: skip
OPPORTUNITY_COLUMNS = (
    "opportunity_no", "customer_id", "manager_id", "stage", "amount", "opened_on", "closed_on", "updated_at",
)  # fmt: skip
TICKET_COLUMNS = (
    "ticket_no", "customer_id", "manager_id", "kind", "channel", "opened_at", "responded_at", "resolved_at", "rating",
    "cause", "upheld", "responsible_id", "updated_at",
)  # fmt: skip
