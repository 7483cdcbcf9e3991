"""Who must keep out of what (回避): his own customers, those of declared relatives, plans he has a part in on another level.

A deputy must keep out where his principal must. The conditions say of many rows in one query what the checks say of one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.functions import Function, Reach
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.org.deputising import in_place_of
from customers.planning.models import AllocationMove, AllocationPlan, LineSide, PlanStep
from customers.planning.permissions import PLAN_AGREE, PLAN_APPROVE
from customers.planning.transitions import HEAD, PLAN, SIDES
from managers.conduct.selectors import kept_away

NOBODY, EVERYBODY = Q(pk__in=()), ~Q(pk__in=())


def behalf_at(actor: Actor, function: Function, unit_path: str | None) -> User | None:
    """The principal in whose place the actor acts for a unit; one query for a deputy, none for others."""
    principal = in_place_of(actor, function, unit_path or "")
    return None if principal is None else User.objects.get(pk=principal)


# --- lines ----------------------------------------------------------------------------------------------------------------
def sides_kept_out(actor: Actor, today: date) -> Q:
    """Rows of LineSide the actor must not answer: he, whom he stands in for, or a declared relative of either gives or takes
    the customer; or one of both has part in the plan on another level. One query for a deputy, none for others."""
    number = getattr(actor, "employee_no", None)
    out = _party(actor.actor_id, number, today, "line__") | _took_part({actor.actor_id}, SIDES, "plan")
    own, others = _ways(actor, PLAN_AGREE)
    seen = own
    people = User.objects.in_bulk(others) if others else {}
    for key, reached in others.items():
        principal = people[key]
        party = _party(principal.pk, principal.employee_no, today, "line__")
        out |= reached & ~seen & (party | _took_part({principal.pk}, SIDES, "plan"))
        seen |= reached
    return out


def _ways(actor: Actor, function: Function) -> tuple[Q, dict[int, Q]]:
    """What the actor reaches himself, and what as a deputy of whom, as conditions on rows with a `unit`."""
    own, others = NOBODY, dict[int, Q]()
    for reached in actor.access.reaches(function):
        where = EVERYBODY if reached.reach is Reach.ALL else Q(unit__path__startswith=reached.unit_path)
        if reached.deputy_for is None:
            own |= where
        else:
            others[reached.deputy_for] = others.get(reached.deputy_for, NOBODY) | where
    return own, others


def _party(user: int | None, number: str | None, today: date, prefix: str = "") -> Q:
    """Lines whose present or proposed manager is the person or a declared relative."""
    present, proposed = (kept_away(user, number, f"{prefix}{end}", today) for end in ("present", "proposed"))
    return present | proposed


# --- plans ----------------------------------------------------------------------------------------------------------------
def plans_kept_out(actor: Actor, today: date) -> Q:
    """Rows of AllocationPlan the actor must not decide as the head, for himself or as a deputy. One query for a deputy."""
    number = getattr(actor, "employee_no", None)
    out = _head_kept_out(actor.actor_id, number, today)
    own, others = _ways(actor, PLAN_APPROVE)
    seen = own
    people = User.objects.in_bulk(others) if others else {}
    for key, reached in others.items():
        out |= reached & ~seen & _head_kept_out(key, people[key].employee_no, today)
        seen |= reached
    return out


def _head_kept_out(user: int | None, number: str | None, today: date) -> Q:
    lines = AllocationMove.objects.filter(plan=OuterRef("pk")).filter(_party(user, number, today))
    return Q(Exists(lines)) | _took_part({user}, HEAD, "pk")


def check_head(actor: Actor, plan: AllocationPlan, today: date) -> User | None:
    """In whose place the actor decides. Raises ValidationError at `recusal` where he or his principal must keep out; at
    most four queries."""
    behalf = behalf_at(actor, PLAN_APPROVE, plan.unit.path)
    for person in [actor, *([behalf] if behalf is not None else [])]:
        user = person.actor_id
        if AllocationPlan.objects.filter(_took_part({user}, HEAD, "pk"), pk=plan.pk).exists():
            raise refused(
                "recusal", "decided_before", _("您（或您代理的人）在前一环节办理过该方案，须由他人审批。")
            )
        party = _party(user, getattr(person, "employee_no", None), today)
        if plan.lines.filter(party).exists():
            said = _("方案涉及您（或您代理的人）本人或有已申报利害关系的人管户的客户，须由他人审批。")
            raise refused("recusal", "recused", said)
    return behalf


# --- levels ---------------------------------------------------------------------------------------------------------------
def _took_part(people: Collection[int | None], level: str, plan: str) -> Q:
    """Rows whose plan (at that path) one of the people has asked for, or has taken a step of another level on."""
    known = [pk for pk in people if pk is not None]
    asked = Q(**{f"{plan}__asked_by__in" if plan != "pk" else "asked_by__in": known})
    verbs = [one.verb for one in PLAN.transitions.values() if one.function and one.level != level]
    steps = PlanStep.objects.filter(plan=OuterRef(plan), verb__in=verbs)
    part = asked | Q(Exists(steps.filter(Q(actor__in=known) | Q(on_behalf__in=known))))
    if level == HEAD:
        sides = LineSide.objects.filter(Q(by__in=known) | Q(on_behalf__in=known), plan=OuterRef(plan))
        part |= Q(Exists(sides))
    return part
