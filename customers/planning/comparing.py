"""Two plans of one unit side by side, in plain values for a page."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from customers.planning.differences import differences
from customers.planning.models import AllocationPlan
from customers.planning.resources import PLANS, gap_said
from customers.planning.words import TERMS, signed
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager


def compared(
    request: SignedInRequest, first: AllocationPlan, second: AllocationPlan, asked: str, size: int
) -> dict[str, Any]:
    """Figures, parts of the objective and a page of the lines that differ. Three queries beside the two plans."""
    page = int(asked) if asked.isascii() and asked.isdigit() and 0 < int(asked) < 100_000 else 1
    found, total = differences(first, second, (page - 1) * size, size)
    if not found and page > 1:
        page = 1
        found, total = differences(first, second, 0, size)
    keys = {key for one in found for key in (one.present, one.first, one.second) if key is not None}
    names = {
        row.pk: f"{row.name} {row.employee_no}" for row in RelationshipManager.objects.filter(pk__in=keys)
    }
    customers = {row.pk: row for row in Customer.objects.filter(pk__in=[one.customer for one in found])}
    stays = _("维持现状")
    rows = [
        {
            "name": customers[one.customer].masked_name, "number": customers[one.customer].customer_no,
            "present": names.get(one.present or 0, _("（未分配）")),
            "first": names.get(one.first, "") if one.first else stays,
            "second": names.get(one.second, "") if one.second else stays,
        }
        for one in found
    ]  # fmt: skip
    return {
        "figures": _figures(first, second), "parts": _parts(first, second), "rows": rows, "total": total,
        "paging": Paginator(range(total), size).get_page(page), "first_url": PLANS.url("detail", first),
        "second_url": PLANS.url("detail", second),
    }  # fmt: skip


def _figures(first: AllocationPlan, second: AllocationPlan) -> list[tuple[str, str, str, str]]:
    """(what, first, second, difference)."""
    a, b = first.after, second.after
    counts = [
        (_("移动客户"), first.moves, second.moves), (_("必须移动"), first.forced, second.forced),
        (_("首次分配"), first.first, second.first),
    ]  # fmt: skip
    return [
        (_("政策"), str(first.policy), str(second.policy), ""),
        (_("基准日"), str(first.as_of), str(second.as_of), ""),
        (_("移动上限"), _budget(first), _budget(second), ""),
        *((label, f"{mine:,}", f"{theirs:,}", signed(theirs - mine)) for label, mine, theirs in counts),
        (_("最大负荷 / 均值"), f"{a['max_mean']:.3f}", f"{b['max_mean']:.3f}", signed(b["max_mean"] - a["max_mean"], 3)),
        (_("基尼系数"), f"{a['gini']:.3f}", f"{b['gini']:.3f}", signed(b["gini"] - a["gini"], 3)),
        (_("专业匹配"), f"{a['match'] / 1000:.3f}", f"{b['match'] / 1000:.3f}", signed((b["match"] - a["match"]) / 1000, 3)),
        (_("平均距离（米）"), f"{a['mean_metres']:,.0f}", f"{b['mean_metres']:,.0f}", signed(b["mean_metres"] - a["mean_metres"])),
        (_("离最优"), gap_said(first), gap_said(second), ""),
    ]  # fmt: skip


def _budget(plan: AllocationPlan) -> str:
    return _("不限") if plan.budget is None else f"{plan.budget:,}"


def _parts(first: AllocationPlan, second: AllocationPlan) -> list[tuple[str, str, str, str]]:
    """The objective of either, part by part, and its sum."""
    rows = []
    for code in dict.fromkeys([*first.parts, *second.parts]):
        mine, theirs = first.parts.get(code, 0), second.parts.get(code, 0)
        if mine or theirs:
            rows.append((str(TERMS.get(code, code)), f"{mine:,}", f"{theirs:,}", signed(theirs - mine)))
    mine, theirs = first.objective or 0, second.objective or 0
    return [*rows, (_("目标值"), f"{mine:,}", f"{theirs:,}", signed(theirs - mine))]
