"""Who gives or takes customers is told once, with the numbers; so are the supervisors of their units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_by_unit, accounts_of
from customers.planning.choices import LineState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.planning.permissions import PLAN_AGREE

KIND = "plan"


@dataclass(frozen=True)
class Flow:
    """Customers of a plan that go from one manager to another: numbers of employees and paths of units, the giving side
    empty for a first assignment."""

    giver: str
    taker: str
    giving_unit: str
    taking_unit: str
    customers: int


def flows_of(plan: AllocationPlan, state: str) -> list[Flow]:
    """One query; as many rows as there are pairs of managers."""
    lines = AllocationMove.objects.filter(plan=plan, state=state).order_by()
    sides = ("present__employee_no", "proposed__employee_no", "present__unit__path", "proposed__unit__path")
    return [
        Flow(giver or "", taker, before or "", after or "", number)
        for giver, taker, before, after, number in lines.values_list(*sides).annotate(n=Count("pk"))
    ]


def tell_applied(plan: AllocationPlan, now: datetime, today: date) -> None:
    """After the last chunk. A handful of queries, and an insert for each different message."""
    flows, on = flows_of(plan, LineState.APPLIED), plan.effective_on
    title = _("客户调整已执行，自 %(day)s 起生效") % {"day": on}
    said = _("方案 %(plan)s：移出 %(out)d 户，接收 %(in)d 户。")
    query = urlencode({"on": str(on), "since": str(on)})
    _send(plan, flows, "applied", title, said, query, now, today)


def tell_reverted(plan: AllocationPlan, now: datetime, today: date) -> None:
    """The other way round: who had given has his customers again."""
    flows = [
        Flow(one.taker, one.giver, one.taking_unit, one.giving_unit, one.customers)
        for one in flows_of(plan, LineState.REVERTED)
    ]
    said = _("方案 %(plan)s 已撤回：交还 %(out)d 户，取回 %(in)d 户。")
    query = urlencode({"on": str(today)})
    _send(plan, flows, "reverted", _("客户调整已撤回"), said, query, now, today)


def _send(
    plan: AllocationPlan, flows: Iterable[Flow], what: str, title: str, said: str, query: str, now: datetime, today: date
) -> None:  # fmt: skip
    flows = list(flows)
    own, key = reverse("customers_mine"), f"plan-{plan.pk}-{what}"
    numbers = by_person(flows)
    accounts = accounts_of(numbers.keys())
    people = {accounts[number]: counted for number, counted in numbers.items() if number in accounts}
    _tell(people, KIND, key, title, said, plan, own, now)
    paths = {path for one in flows for path in (one.giving_unit, one.taking_unit) if path}
    heads = by_supervisor(flows, accounts_by_unit(PLAN_AGREE, paths, today))
    _tell(heads, KIND, f"{key}-unit", title, said, plan, f"{reverse('assignments_list')}?{query}", now)


def by_person(flows: Iterable[Flow]) -> dict[str, tuple[int, int]]:
    """Employee number → customers given, customers taken."""
    given: dict[str, int] = defaultdict(int)
    taken: dict[str, int] = defaultdict(int)
    for one in flows:
        given[one.giver] += one.customers
        taken[one.taker] += one.customers
    return {number: (given.get(number, 0), taken.get(number, 0)) for number in {*given, *taken} if number}


def by_supervisor(flows: Iterable[Flow], heads: Mapping[str, list[int]]) -> dict[int, tuple[int, int]]:
    """Account → customers that leave his units, customers that come into them. What stays within counts on both sides."""
    out: dict[int, int] = defaultdict(int)
    into: dict[int, int] = defaultdict(int)
    for one in flows:
        for head in heads.get(one.giving_unit, ()):
            out[head] += one.customers
        for head in heads.get(one.taking_unit, ()):
            into[head] += one.customers
    return {head: (out.get(head, 0), into.get(head, 0)) for head in {*out, *into}}


def _tell(
    numbers: Mapping[int, tuple[int, int]], kind: str, key: str, title: str, said: str, plan: AllocationPlan, url: str,
    now: datetime,
) -> None:  # fmt: skip
    """One insert for all who are told the same."""
    same: dict[tuple[int, int], list[int]] = defaultdict(list)
    for account, counted in sorted(numbers.items()):
        same[counted].append(account)
    for (out, into), recipients in sorted(same.items()):
        body = said % {"plan": plan.number, "out": out, "in": into}
        message_send(recipients, kind=kind, key=key, title=title, body=body, url=url, now=now)
