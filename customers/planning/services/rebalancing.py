"""A plan is asked for, computed by workers, and discarded here. It never changes who looks after whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record
from cmsys.jobs.enqueue import enqueue
from cmsys.org.models import OrgUnit
from cmsys.workflow.form import Form
from customers.allocation.models import AllocationPolicy
from customers.allocation.selectors import newest, policy_for
from customers.planning.cases import plan_locked
from customers.planning.choices import Cause, PlanState
from customers.planning.models import AllocationPlan
from customers.planning.permissions import PLAN_EDIT, REBALANCE
from customers.planning.runs import READ, PlanArgs
from customers.planning.services.moving import plan_take

# One number after the other.
_NUMBERS = 7_236_020


@transaction.atomic
def rebalance(
    *, actor: Actor, unit_id: int | None, policy_code: str, today: date, now: datetime, percent: int | None = None,
    cause: str = Cause.ASKED, causes: Mapping[str, int] | None = None,
) -> AllocationPlan:  # fmt: skip
    """Asks for a draft plan of a unit and below (None: the whole institution) under the newest version of a policy, or of the
    one that holds there when `policy_code` is empty; `percent` takes the place of its move budget. One plan of a unit is computed at a time: who asks again gets that one.

    Raises MissingFunction, OrgUnit.DoesNotExist (out of reach), ValidationError at `policy` (unknown, none
    holds there) or `unit` (none yet, several without a common top).
    """
    require(actor, REBALANCE)
    units = (
        OrgUnit.objects.reached_by(actor, REBALANCE)
        .select_for_update(of=("self",))
        .filter(closed_on__isnull=True)
    )
    unit = units.get(pk=unit_id) if unit_id is not None else _top(units)
    running = AllocationPlan.objects.filter(unit=unit, state=PlanState.COMPUTING).first()
    if running is not None:
        return running
    policy = _policy(policy_code, unit)
    plan = AllocationPlan(
        number=_number(now), policy=policy, unit=unit, as_of=today, asked_by_id=actor.actor_id, percent=percent,
        cause=cause, causes=dict(causes or {}),
    )  # fmt: skip
    plan.full_clean(exclude=["asked_by"])
    plan.save()
    enqueue(READ, str(plan.pk), PlanArgs(plan.pk), actor=actor)
    record("plan.rebalance", plan, actor=actor, now=now,
           after={"unit": unit.code, "policy": str(policy), "as_of": today, "percent": percent, "cause": cause})  # fmt: skip
    return plan


@transaction.atomic
def plan_discard(*, actor: Actor, plan_id: int, reason: str, now: datetime) -> AllocationPlan:
    """Puts a plan aside, with a reason; one that is still being computed is not finished then. Repeating changes nothing.

    Raises MissingFunction, AllocationPlan.DoesNotExist, ValidationError (no reason), Conflict (submitted or carried out).
    """
    plan = plan_locked(actor, plan_id, PLAN_EDIT)
    if plan.state != PlanState.DISCARDED:
        plan_take(actor=actor, plan=plan, verb="discard", now=now, form=Form(reason=reason))
    return plan


def _top(units: QuerySet[Any]) -> OrgUnit:
    tops: list[OrgUnit] = list(units.filter(parent__isnull=True).order_by("code")[:2])
    if not tops:
        raise refused("unit", "not_found", _("还没有机构，不能编制分客方案。"))
    if len(tops) > 1:
        said = _("有几个并列的顶层机构（%(one)s、%(other)s…），请选择其中一个，或先为它们建立共同的上级。")
        raise refused("unit", "conflict", said % {"one": tops[0].name, "other": tops[1].name})
    return tops[0]


def _policy(code: str, unit: OrgUnit) -> AllocationPolicy:
    policy = newest(code) if code else policy_for(unit.path)
    if policy is None:
        said = _("没有政策“%(code)s”，请检查编码。") % {"code": code} if code else _("“%(unit)s”还没有适用的分客政策，请先导入。") % {"unit": unit.name}  # fmt: skip
        raise refused("policy", "not_found", said)
    return policy


def _number(now: datetime) -> str:
    """FK-2026-0001: counted within the year, one caller after the other."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_NUMBERS])
    prefix = f"FK-{now.year}-"
    last = AllocationPlan.objects.filter(number__startswith=prefix).order_by("-number").values_list("number", flat=True).first()  # fmt: skip
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:04d}"
