"""What a planner decides about single customers of a draft before it is computed again: locks, bars, and taking them back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.workflow.form import Form
from customers.allocation.engine.problem import NONE
from customers.allocation.engine.rules import broken_by
from customers.planning.bench import Bench, bench
from customers.planning.cases import check_version, plan_locked, repeated
from customers.planning.choices import ChoiceKind
from customers.planning.models import AllocationPlan, PlanChoice
from customers.planning.permissions import PLAN_EDIT
from customers.planning.services.moving import plan_take
from customers.planning.transitions import PLAN
from customers.planning.words import ACTS, RULES
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

# What may be done: lock the proposed manager, the present one, another one; bar the proposed one; take choices back.
KEEP, STAY, ASSIGN, BAR, UNDO = "keep", "stay", "assign", "bar", "undo"
MOST = 500
NAMED = 3


@dataclass(frozen=True)
class Chosen:
    """The plan, how many customers it was about, and whether this very form had been sent before."""

    plan: AllocationPlan
    count: int
    repeated: bool


@transaction.atomic
def plan_choose(
    *, actor: Actor, plan_id: int, act: str, customers: Sequence[int], form: Form, now: datetime,
    manager_id: int | None = None,
) -> Chosen:  # fmt: skip
    """Takes one act (KEEP …) for customers of a draft: one step, one event, all or none.

    A lock replaces an earlier one of the customer. Raises MissingFunction, AllocationPlan.DoesNotExist, Conflict (no draft,
    or changed meanwhile), ValidationError at `customers` (none, too many, not in the plan), `manager` (not in the plan, not
    allowed by a hard rule: which), `choices` (locked and barred at once), `reason` (a bar says why), `nonce`.
    """
    plan = plan_locked(actor, plan_id, PLAN_EDIT)
    step = repeated(plan, actor, "choose", form.nonce)
    if step is not None:
        return Chosen(plan, int(step.data.get("count", 0)), True)
    PLAN.check("choose", plan.state, by=plan.moved_by, at=plan.moved_at)
    check_version(plan, form)
    if act not in ACTS:
        raise refused("act", "unknown", _("没有这一操作，请刷新页面后重试。"))
    keys = sorted(set(customers))
    if not keys or len(keys) > MOST:
        raise refused("customers", "count", _("请勾选 1 到 %(n)d 户客户。") % {"n": MOST})
    table = bench(plan.pk, plan.digest)
    places = {key: table.place(key) for key in keys}
    if None in places.values():
        raise refused("customers", "not_found", _("所选客户不在这份方案里，请刷新页面。"))
    reason = form.reason.strip()
    if act == BAR and not reason:
        raise refused("reason", "missing", _("请填写驳回的理由。"))
    if act == UNDO:
        count = len(
            set(PlanChoice.objects.filter(plan=plan, customer__in=keys).values_list("customer", flat=True))
        )
        PlanChoice.objects.filter(plan=plan, customer__in=keys).delete()
        if not count:
            raise refused("customers", "nothing", _("所选客户没有可以撤销的选择。"))
    else:
        pairs = _pairs(
            table, act, {key: place for key, place in places.items() if place is not None}, manager_id
        )
        kind = ChoiceKind.BAR if act == BAR else ChoiceKind.LOCK
        _check(plan, table, kind, pairs)
        _write(actor, plan, kind, pairs, reason, now)
        count = len(pairs)
    told: dict[str, Any] = {"act": act, "count": count}
    if act == ASSIGN and manager_id is not None:
        told["manager"] = RelationshipManager.objects.values_list("employee_no", flat=True).get(pk=manager_id)
    plan_take(actor=actor, plan=plan, verb="choose", now=now, form=form, told=told)
    return Chosen(plan, count, False)


def _pairs(table: Bench, act: str, places: dict[int, int], manager_id: int | None) -> list[tuple[int, int]]:
    """(customer, manager) keys of what is chosen."""
    staff = table.problem.managers.ids
    if act == ASSIGN:
        seat = None if manager_id is None else table.seat(manager_id)
        if seat is None:
            raise refused("manager", "not_found", _("请选择方案范围内的客户经理。"))
        return [(key, int(staff[seat])) for key in places]
    seats = table.problem.customers.owner if act == STAY else table.manager
    alone = [key for key, place in places.items() if seats[place] == NONE]
    if alone:
        raise refused(
            "customers", "no_present", _("%(names)s尚无主办，不能保持现状。") % {"names": _names(alone)}
        )
    return [(key, int(staff[seats[place]])) for key, place in places.items()]


def _check(plan: AllocationPlan, table: Bench, kind: str, pairs: list[tuple[int, int]]) -> None:
    """A lock must be allowed by every hard rule; nothing is locked and barred at once."""
    other = ChoiceKind.BAR if kind == ChoiceKind.LOCK else ChoiceKind.LOCK
    held = PlanChoice.objects.filter(plan=plan, kind=other, customer__in=[key for key, _ in pairs])
    against = set(held.values_list("customer_id", "manager_id")) & set(pairs)
    if against:
        names = _names([customer for customer, _ in sorted(against)])
        said = _("%(names)s已驳回该客户经理，请先撤销再锁定。") if kind == ChoiceKind.LOCK else _("%(names)s已锁定该客户经理，请先撤销再驳回。")  # fmt: skip
        raise refused("choices", "contradiction", said % {"names": names})
    if kind != ChoiceKind.LOCK:
        return
    broken: dict[str, list[int]] = {}
    for customer, manager in pairs:
        place, seat = table.place(customer), table.seat(manager)
        assert place is not None
        assert seat is not None
        for member in table.members(place):
            for rule in broken_by(table.problem, member, seat):
                broken.setdefault(rule.rule, []).append(customer)
    if broken:
        said = _("；").join(
            _("%(names)s：%(rule)s") % {"names": _names(keys), "rule": RULES.get(rule, rule)}
            for rule, keys in broken.items()
        )
        raise refused("manager", "not_allowed", _("不能锁定该客户经理——%(said)s。") % {"said": said})


def _write(
    actor: Actor, plan: AllocationPlan, kind: str, pairs: list[tuple[int, int]], reason: str, now: datetime
) -> None:
    """Choices with who, when and why; a lock takes the place of an earlier one, a bar of the same bar."""
    earlier = PlanChoice.objects.filter(
        plan=plan, kind=kind, customer__in=[customer for customer, _ in pairs]
    )
    if kind == ChoiceKind.BAR:
        earlier = earlier.filter(manager__in={manager for _, manager in pairs})
    earlier.delete()
    PlanChoice.objects.bulk_create(
        PlanChoice(
            plan=plan, customer_id=customer, manager_id=manager, kind=kind, reason=reason[:300], by_id=actor.actor_id,
            by_name=actor.actor_name[:120], at=now,
        )
        for customer, manager in pairs
    )  # fmt: skip


def _names(keys: Sequence[int]) -> str:
    """The first customers by name and number, and how many more."""
    found = Customer.objects.filter(pk__in=sorted(set(keys))[:NAMED]).order_by("customer_no")
    said = _("、").join(f"{row.masked_name} {row.customer_no}" for row in found)
    more = len(set(keys)) - NAMED
    return said + (_("等 %(n)d 户") % {"n": len(set(keys))} if more > 0 else "")
