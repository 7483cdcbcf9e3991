"""The cards of a plan and of its lines."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from customers.allocation.engine.explain import Candidate, Line
from customers.planning.choices import SOLVED, PlanState
from customers.planning.explaining import explained
from customers.planning.models import AllocationMove, PlanManager
from customers.planning.words import REMEDIES, RULES, TERMS, distance, note_said, reason, unmet_said
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

FIRST = 10
PEOPLE = 40


def state_card(request: SignedInRequest, plan: Any) -> str:
    """What is going on, or why there is no plan; empty for a draft."""
    if plan.state == PlanState.DRAFT and not plan.notes:
        return ""
    context = {"plan": plan, "notes": [note_said(note) for note in plan.notes]}
    return render_to_string("planning/cards/state.html", context, request=request)


def unmet_card(request: SignedInRequest, plan: Any) -> str:
    """What cannot be met, for whom, and what would help; empty when everything can."""
    if not plan.unmet:
        return ""
    keys = {pk for lack in plan.unmet for pk in lack["customers"][:FIRST]}
    known = Customer.objects.visible_to(request.user, "view").filter(pk__in=keys)
    names = {row.pk: row for row in known}
    rows = [
        {
            "said": unmet_said(lack), "remedy": REMEDIES.get(lack["rule"], ""), "proven": lack["proven"],
            "customers": [
                {"name": names[pk].masked_name, "url": reverse("customers_detail", args=[names[pk].customer_no])}
                for pk in lack["customers"][:FIRST]
                if pk in names
            ],
            "more": max(lack["customers_count"] - FIRST, 0),
        }
        for lack in plan.unmet
    ]  # fmt: skip
    return render_to_string("planning/cards/unmet.html", {"rows": rows}, request=request)


def lines_card(request: SignedInRequest, plan: Any) -> str:
    """The first lines, forced ones before others, with the way to all of them."""
    rows: Any = AllocationMove.objects.filter(plan=plan).select_related(
        "customer__tier", "present", "proposed"
    )
    rows = rows.order_by("-forced", "-effort", "customer__customer_no")[:FIRST]
    items = [
        {"move": move, "reason": reason(move), "url": reverse("allocation_moves_detail", args=[move.pk]), "match": f"{(1000 - move.fit[0]) / 1000:.2f}"}
        for move in rows
    ]  # fmt: skip
    if not items:
        return ""
    context = {"items": items, "plan": plan, "total": plan.moves + plan.first, "url": f"{reverse('allocation_moves_list')}?plan={plan.number}"}  # fmt: skip
    return render_to_string("planning/cards/lines.html", context, request=request)


def loads_card(request: SignedInRequest, plan: Any) -> str:
    """Load against capacity before and after, the fullest first."""
    if plan.state not in SOLVED:
        return ""
    rows: Any = PlanManager.objects.filter(plan=plan, capacity__gt=0).select_related("manager")
    people = sorted(rows, key=lambda one: (-one.load_after / one.capacity, one.manager.employee_no))
    items = [
        {
            "label": f"{one.manager.name} {one.manager.employee_no}", "value": round(100 * one.load_after / one.capacity, 1),
            "text": f"{one.load_after} / {one.capacity}", "guide": round(100 * one.load_before / one.capacity, 1),
            "note": _("现 %(n)d 点") % {"n": one.load_before},
            "url": f"{reverse('allocation_moves_list')}?plan={plan.number}&person={one.manager.employee_no}",
        }
        for one in people[:PEOPLE]
    ]  # fmt: skip
    context = {"items": items, "rest": max(len(people) - PEOPLE, 0)}
    return render_to_string("planning/cards/loads.html", context, request=request)


def objective_card(request: SignedInRequest, plan: Any) -> str:
    """The objective taken apart; the parts add up to it exactly."""
    if plan.state not in SOLVED:
        return ""
    rows = [{"label": TERMS.get(code, code), "value": value} for code, value in plan.parts.items() if value]
    return render_to_string("planning/cards/objective.html", {"rows": rows, "plan": plan}, request=request)


def why_card(request: SignedInRequest, move: Any) -> str:
    """Why this manager, who was next and what he lacks, why not the present one."""
    found = explained(move)
    explanation = found.explanation
    keys = {
        found.manager(one.line.manager)
        for one in (*explanation.runners, explanation.present)
        if one is not None
    }
    names = {row.pk: row for row in RelationshipManager.objects.filter(pk__in=keys)}
    others = [_other(found.manager, names, one, explanation.line) for one in explanation.runners]
    present = (
        None
        if explanation.present is None
        else _other(found.manager, names, explanation.present, explanation.line)
    )
    context = {
        "move": move, "parts": _parts(explanation.line), "cost": explanation.line.cost,
        "continuity": explanation.line.continuity, "weight": int(found.problem.customers.weight[explanation.line.customer]),
        "others": others, "present": present, "together": len(explanation.together),
        "distance": distance(explanation.line.metres),
    }  # fmt: skip
    return render_to_string("planning/cards/why.html", context, request=request)


def _parts(line: Line) -> list[dict[str, Any]]:
    return [
        {
            "label": TERMS[part.term], "weight": part.weight, "permille": part.permille, "cost": part.cost,
            "score": f"{(1000 - part.permille) / 1000:.2f}",
        }
        for part in line.parts
    ]  # fmt: skip


def _other(key: Any, names: dict[int, Any], one: Candidate, line: Line) -> dict[str, Any]:
    """What the plan would lose with another manager, and what stands against him."""
    manager = names.get(key(one.line.manager))
    lacks = [str(RULES.get(broken.rule, broken.rule)) for broken in one.broken]
    if one.full:
        lacks.append(_("容量差 %(n)d 点") % {"n": one.full})
    if one.keys:
        lacks.append(_("重点客户超过上限"))
    if one.apart:
        lacks.append(_("须分开的客户已由其管户"))
    worse = [_("%(term)s差 %(n)s") % {"term": TERMS[term], "n": f"{cost:,}"} for term, cost in one.worse[:3]]
    return {
        "name": manager.name if manager else "", "number": manager.employee_no if manager else "",
        "distance": distance(one.line.metres), "change": one.change, "lacks": lacks, "worse": worse,
        "match": f"{(1000 - one.line.parts[0].permille) / 1000:.2f}",
    }  # fmt: skip
