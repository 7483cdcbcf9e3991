"""The cards of a plan and of its lines."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from customers.allocation.engine.explain import Candidate, Line
from customers.planning.choices import SOLVED, PlanState
from customers.planning.counterfactuals import changes_of
from customers.planning.explaining import RUNNERS, explained
from customers.planning.pages import editable, prices_said, staff_of
from customers.planning.recomputing import last_change
from customers.planning.words import (
    REMEDIES,
    RULES,
    TERMS,
    change_said,
    distance,
    note_said,
    signed,
    unmet_said,
)
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

FIRST, CHOICES = 10, 50
PEOPLE = 40
# Candidates that are looked at for the smallest change, and changes that are shown.
EVERYBODY, SMALLEST = 60, 2


def state_card(request: SignedInRequest, plan: Any) -> str:
    """What is going on, or why there is no plan; empty for a draft."""
    if plan.state == PlanState.DRAFT and not plan.notes and not plan.failure:
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


def choices_card(request: SignedInRequest, plan: Any) -> str:
    """What planners have chosen, by whom, when and why; to be taken back while it is a draft."""
    rows = list(
        plan.choices.select_related("customer", "manager").order_by("-at", "customer__customer_no")[:CHOICES]
    )
    if not rows:
        return ""
    context = {
        "rows": rows, "more": plan.choices.count() - len(rows), "editable": editable(request, plan), "nonce": str(uuid4()),
        "url": reverse("allocation_plans_choose", args=[plan.number]),
    }  # fmt: skip
    return render_to_string("planning/cards/choices.html", context, request=request)


def changes_card(request: SignedInRequest, plan: Any) -> str:
    """What the last computation changed: the figures, and who would be looked after by somebody else than before."""
    step = last_change(plan)
    if step is None or plan.state not in SOLVED:
        return ""
    was, changed = step.data["figures"], step.data["changed"][:FIRST]
    people = {key for _customer, before, now in changed for key in (before, now) if key is not None}
    names = {row.pk: row.name for row in RelationshipManager.objects.filter(pk__in=people)}
    known = {
        row.pk: row
        for row in Customer.objects.filter(pk__in=[customer for customer, _before, _now in changed])
    }
    rows = [
        {
            "name": known[customer].masked_name, "number": known[customer].customer_no, "now": names.get(now, ""),
            "before": names.get(before, "") if before is not None else _("（未分配）"),
        }
        for customer, before, now in changed
        if customer in known
    ]  # fmt: skip
    figures = [
        (_("移动客户"), f"{was['moves']:,}", f"{plan.moves:,}", signed(plan.moves - was["moves"])),
        (_("最大负荷 / 均值"), f"{was['max_mean']:.3f}", f"{plan.after['max_mean']:.3f}", signed(plan.after["max_mean"] - was["max_mean"], 3)),
        (_("基尼系数"), f"{was['gini']:.3f}", f"{plan.after['gini']:.3f}", signed(plan.after["gini"] - was["gini"], 3)),
        (_("专业匹配"), f"{was['match'] / 1000:.3f}", f"{plan.after['match'] / 1000:.3f}", signed((plan.after["match"] - was["match"]) / 1000, 3)),
        (_("目标值"), f"{was['objective']:,}", f"{plan.objective:,}", signed(plan.objective - was["objective"])),
    ]  # fmt: skip
    context = {
        "figures": figures, "rows": rows, "count": step.data["changed_count"], "before": was["revision"],
        "more": step.data["changed_count"] - len(rows),
    }  # fmt: skip
    return render_to_string("planning/cards/changes.html", context, request=request)


def prices_card(request: SignedInRequest, plan: Any) -> str:
    """What each rule costs everything else; empty until it is worked out."""
    rows = prices_said(plan) if plan.state in SOLVED else []
    return render_to_string("planning/cards/prices.html", {"rows": rows}, request=request) if rows else ""


def loads_card(request: SignedInRequest, plan: Any) -> str:
    """Load against capacity before and after, the fullest first."""
    if plan.state not in SOLVED:
        return ""
    people = sorted(staff_of(plan), key=lambda one: (-one.load_after / one.capacity, one.manager.employee_no))
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
    # For the smallest change everybody counts who could have been chosen, not only those who are shown.
    found = explained(move, EVERYBODY)
    full = found.explanation
    smallest = changes_of(found.problem, full)[:SMALLEST]
    explanation = replace(full, runners=full.runners[:RUNNERS])
    seats = {one.line.manager for one in (*explanation.runners, explanation.present) if one is not None}
    keys = {found.manager(seat) for seat in seats | {change.manager for change in smallest}}
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
        "distance": distance(explanation.line.metres), "smallest": [
            change_said(change, names[found.manager(change.manager)].name) for change in smallest
        ],
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
