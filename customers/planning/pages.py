"""What the page of a plan shows beside its cards: lines to be ticked, the curves, what ticked lines do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from customers.planning.bench import Bench, Effect, bench
from customers.planning.candidates import staying
from customers.planning.choices import SOLVED, PlanState
from customers.planning.drawings import Mark, curve_drawing, lorenz_drawing
from customers.planning.filters import LineFilterSet
from customers.planning.holds import HOLDS
from customers.planning.models import AllocationMove, AllocationPlan, PlanChoice, PlanManager
from customers.planning.permissions import PLAN_EDIT
from customers.planning.resources import MOVES, PLANS
from customers.planning.words import distance, reason, rule_said, signed
from managers.profiles.models import RelationshipManager

SIZE, MOST = 20, 200
GROUPED = "proposed"


def staff_of(plan: Any) -> list[PlanManager]:
    """Those who may carry anything, with their loads; read once for a page."""
    if not hasattr(plan, "_staff"):
        rows = PlanManager.objects.filter(plan=plan, capacity__gt=0).exclude(intake="closed")
        plan._staff = list(rows.select_related("manager"))
    found: list[PlanManager] = plan._staff
    return found


def editable(request: SignedInRequest, plan: AllocationPlan) -> bool:
    """Whether the reader may work on it now."""
    return plan.state == PlanState.DRAFT and may(request.user, PLAN_EDIT)


# --- lines ----------------------------------------------------------------------------------------------------------------
def lines_of(request: SignedInRequest, plan: Any) -> dict[str, Any]:
    """The lines that match the conditions in the address, a page of them, by taking manager if asked. Five queries."""
    rows = MOVES.queryset(request.user, "view").filter(plan=plan)
    found = LineFilterSet(request.GET, queryset=rows, request=request)
    grouped = request.GET.get("group") == GROUPED
    order = ("proposed__name_pinyin", "proposed__employee_no") if grouped else ("-forced", "-effort")
    matching = (found.qs if found.is_valid() else rows.none()).order_by(*order, "customer__customer_no")
    page = Paginator(matching, SIZE).get_page(request.GET.get("page"))
    lines = list(page.object_list)
    choices: dict[int, list[PlanChoice]] = {}
    for choice in PlanChoice.objects.filter(plan=plan, customer__in=[line.customer_id for line in lines]):
        choices.setdefault(choice.customer_id, []).append(choice)
    staff = {row.manager_id: row for row in staff_of(plan)}
    items, before = [], None
    for line in lines:
        item = _line(plan, line, choices.get(line.customer_id, []), staff)
        if grouped and line.proposed_id != before:
            item["head"] = _group(line, staff)
            before = line.proposed_id
        items.append(item)
    query = request.GET.copy()
    query.pop("page", None)
    other = query.copy()
    other.pop("group", None)
    if not grouped:
        other["group"] = GROUPED
    return {
        "items": items, "paging": page, "query": query.urlencode(), "form": found.form, "grouped": grouped,
        "group_url": f"{PLANS.url('detail', plan)}?{other.urlencode()}#lines", "total": page.paginator.count,
        "filtered": any(request.GET.get(name) for name in found.filters), "editable": editable(request, plan),
        "url": PLANS.url("detail", plan),
    }  # fmt: skip


def _line(
    plan: Any, line: Any, choices: Sequence[PlanChoice], staff: dict[int, PlanManager]
) -> dict[str, Any]:
    tags = [(_("锁定"), "info") for one in choices if one.kind == "lock"][:1]
    tags += [
        (_("驳回"), "bad") for one in choices if one.kind == "bar" and one.manager_id == line.proposed_id
    ]
    if line.forced:
        tags.append((_("必须移动"), "warn"))
    tags += [(_("暂留：%(why)s") % {"why": HOLDS.get(code, code)}, "warn") for code in line.holds]
    if not tags or plan.state != PlanState.DRAFT:
        tags.append((line.get_state_display(), ""))
    return {
        "move": line, "key": line.customer_id, "url": MOVES.url("detail", line), "tags": tags,
        "why_url": reverse("allocation_moves_why", args=[line.pk]), "reason": _reason(line, staff),
        "match": f"{(1000 - line.fit[0]) / 1000:.2f}",
    }  # fmt: skip


def _reason(line: Any, staff: dict[int, PlanManager]) -> str:
    """Why, with the figures behind it: how full the present manager is and will be, how far it is."""
    said = [reason(line)]
    giving = staff.get(line.present_id)
    if not line.forced and giving is not None and giving.load_after < giving.load_before:
        words = {"before": _share(giving.load_before, giving), "after": _share(giving.load_after, giving)}
        said.append(_("负荷 %(before)s → %(after)s") % words)
    if line.metres:
        said.append(distance(line.metres))
    return " · ".join(said)


def _share(load: int, row: PlanManager) -> str:
    return f"{load / row.capacity:.0%}" if row.capacity else "—"


def _group(line: Any, staff: dict[int, PlanManager]) -> dict[str, str]:
    row = staff.get(line.proposed_id)
    return {
        "name": f"{line.proposed.name} {line.proposed.employee_no}",
        "load": "" if row is None else _("负荷 %(before)s → %(after)s") % {"before": _share(row.load_before, row), "after": _share(row.load_after, row)},
    }  # fmt: skip


# --- drawings ---------------------------------------------------------------------------------------------------------------
def drawings_of(request: SignedInRequest, plan: Any) -> dict[str, Any]:
    """The Lorenz curve and the curve of moves against fairness, where there is a plan."""
    if plan.state not in SOLVED:
        return {}
    staff = staff_of(plan)
    loads = [row.load_after for row in staff]
    before, rooms = [row.load_before for row in staff], [row.capacity for row in staff]
    label = _("负荷洛伦兹曲线：方案的基尼系数 %(plan).3f，现状 %(now).3f") % {"plan": plan.after["gini"], "now": plan.before["gini"]}  # fmt: skip
    return {"lorenz": lorenz_drawing(loads, before, rooms, label), "curve": _curve(request, plan)}


def _curve(request: SignedInRequest, plan: Any) -> dict[str, Any]:
    """Points with the way to compute the draft again under each; a note while there are none."""
    again = reverse("allocation_plans_again", args=[plan.number]) if editable(request, plan) else ""
    rows = [
        {
            **point, "share": f"{point['moves'] / plan.held:.1%}" if plan.held else "—", "match": f"{point['match'] / 1000:.3f}",
            "gini": f"{point['gini']:.3f}", "max_mean": f"{point['max_mean']:.2f}",
            "url": f"{again}?percent={point['percent']}" if again else "",
            "here": point["moves"] == plan.moves,
        }
        for point in plan.curve
    ]  # fmt: skip
    if len(rows) < 2:
        return {"rows": rows, "waiting": not rows and plan.state == PlanState.DRAFT}
    marks = [
        Mark(point["moves"], point["gini"], _("移动 %(n)s 户：基尼系数 %(gini).3f") % {"n": f"{point['moves']:,}", "gini": point["gini"]}, row["url"])
        for point, row in zip(plan.curve, rows, strict=True)
    ]  # fmt: skip
    share = f" {plan.moves / plan.held:.1%}" if plan.held else ""
    here = Mark(plan.moves, plan.after["gini"], _("本方案") + share, here=True)
    label = _("移动多少换多少公平：从移动 %(a)s 户到 %(b)s 户") % {
        "a": f"{marks[0].moves:,}",
        "b": f"{marks[-1].moves:,}",
    }
    return {"rows": rows, "drawing": curve_drawing(marks, here, label, _("移动户数"))}


# --- what ticked lines do -----------------------------------------------------------------------------------------------------
def picked(values: Sequence[str]) -> list[int]:
    """Keys of customers, at most MOST; anything else is left out."""
    return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19][:MOST]


def effect_words(effect: Effect) -> list[str]:
    """Moves, fairness, match and objective, each with its change; what stands against it first."""
    after, before = effect.after, effect.before
    if after is None:
        return []
    return [
        _("移动 %(n)s") % {"n": signed(after.moves - before.moves)},
        _("最大/均值 %(now).2f → %(then).2f") % {"now": before.max_mean, "then": after.max_mean},
        _("基尼 %(now).3f → %(then).3f") % {"now": before.gini, "then": after.gini},
        _("匹配 %(now).3f → %(then).3f") % {"now": before.match / 1000, "then": after.match / 1000},
        _("目标值 %(n)s") % {"n": signed(after.objective - before.objective)},
    ]  # fmt: skip


def against(table: Bench, effect: Effect, names: dict[int, str]) -> list[str]:
    """Why a change could not be as it is: points above a capacity, rules, nobody."""
    keys = table.problem.managers.ids
    said = [
        _("%(name)s超出容量 %(n)d 点") % {"name": names.get(int(keys[seat]), ""), "n": over}
        for seat, over in effect.over.items()
    ]
    if effect.broken:
        said.append(_("%(n)d 户与硬性规则不符") % {"n": len(effect.broken)})
    return said


def without_said(plan: AllocationPlan, customers: Sequence[int]) -> dict[str, Any]:
    """What the plan would be if the ticked lines were left out, for the bar below."""
    table = bench(plan.pk, plan.digest)
    places = [place for place in map(table.place, customers) if place is not None]
    if not places:
        return {"count": 0}
    stay, cannot = staying(table, places)
    effect = table.effect(stay) if stay else None
    names = _names(table, effect)
    return {
        "count": len(places), "cannot": len(cannot), "words": effect_words(effect) if effect else [],
        "against": against(table, effect, names) if effect else [],
    }  # fmt: skip


def _names(table: Bench, effect: Effect | None) -> dict[int, str]:
    keys = [int(table.problem.managers.ids[seat]) for seat in effect.over] if effect else []
    return dict(RelationshipManager.objects.filter(pk__in=keys).values_list("pk", "name")) if keys else {}


def dock_of(request: SignedInRequest, plan: AllocationPlan) -> dict[str, Any] | None:
    """The bar below a draft one may work on."""
    if not editable(request, plan):
        return None
    return {
        "choose_url": reverse("allocation_plans_choose", args=[plan.number]), "nonce": str(uuid4()),
        "effect_url": reverse("allocation_plans_effect", args=[plan.number]),
        "again_url": reverse("allocation_plans_again", args=[plan.number]), "choices": plan.choices.count(),
    }  # fmt: skip


def comparable(request: SignedInRequest, plan: AllocationPlan) -> list[dict[str, str]]:
    """Other plans of the unit that have lines, newest first; one query."""
    rows: Any = AllocationPlan.objects.visible_to(request.user, "view").filter(
        unit=plan.unit_id, state__in=SOLVED
    )
    return [
        {
            "number": row.number, "url": reverse("allocation_plans_compare", args=[plan.number, row.number]),
            "said": _("%(number)s · %(state)s · 移动 %(n)s 户") % {"number": row.number, "state": row.get_state_display(), "n": f"{row.moves:,}"},
        }
        for row in rows.exclude(pk=plan.pk).order_by("-pk")[:20]
    ]  # fmt: skip


def prices_said(plan: AllocationPlan) -> list[dict[str, Any]]:
    """What each rule costs everything else, the dearest first."""
    return [
        {
            "label": rule_said(one["rule"]), "least": one["least"], "most": one["most"], "moves": one["moves"],
            "share": f"{one['most'] / abs(one['without']):.1%}" if one["without"] else "—",
        }
        for one in plan.prices
        if one["without"] is not None
    ]  # fmt: skip


def move_of(request: SignedInRequest, key: str) -> AllocationMove:
    """A line the reader may see, or Http404."""
    found: AllocationMove = MOVES.find(request.user, key)
    return found
