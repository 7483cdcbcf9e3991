"""The reviewer's pages as plain values: plans with what waits, and the lines of one plan in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor, may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.registry import Text
from customers.approval.selectors import UNDER_WAY, plans_to_decide, shown_sides
from customers.planning.choices import PlanState, Side, Verdict
from customers.planning.holds import holds_said
from customers.planning.models import AllocationPlan, LineSide, PlanStep
from customers.planning.permissions import PLAN_APPROVE
from customers.planning.words import distance, reason

PAGE = 50
GROUPS: dict[str, Text] = {
    Side.GIVING: gettext_lazy("移出"), Side.TAKING: gettext_lazy("接收"), Side.BOTH: gettext_lazy("本机构内调整"),
}  # fmt: skip
ORDER = Case(
    *(When(side=side, then=Value(place)) for place, side in enumerate(GROUPS)), output_field=IntegerField()
)
TABS: dict[str, Text] = {
    "waiting": gettext_lazy("待我审核"), "flagged": gettext_lazy("有提示"), "answered": gettext_lazy("已答复"),
    "all": gettext_lazy("全部"),
}  # fmt: skip
SHOWN = (
    "line__customer__tier",
    "line__present__unit",
    "line__proposed__unit",
    "line__plan",
    "unit",
    "on_behalf",
)


# --- plans ------------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class PlanRow:
    """A plan with what it wants of the reader and what has been said."""

    plan: Any
    url: str
    mine: int
    agreed: int
    refused: int
    waiting: int
    decide_url: str = ""


def plans_of(actor: Actor, today: date) -> list[PlanRow]:
    """Plans with sides in sight, those under way first, and those that wait for the reader as the head; three queries."""
    counted = (
        shown_sides(actor, today)
        .order_by()
        .values("plan")
        .annotate(
            mine_=Count("pk", filter=Q(mine=True, verdict="")),
            agreed=Count("pk", filter=Q(verdict=Verdict.AGREED)),
            refused=Count("pk", filter=Q(verdict=Verdict.REFUSED)),
            waiting=Count("pk", filter=Q(verdict="")),
        )
    )
    counts = {row["plan"]: row for row in counted}
    deciding = set[int]()
    if may(actor, PLAN_APPROVE):
        deciding = set(plans_to_decide(actor, today).values_list("pk", flat=True))
    first = Case(When(state__in=UNDER_WAY, then=Value(0)), default=Value(1), output_field=IntegerField())
    plans: Any = AllocationPlan.objects.filter(pk__in=counts.keys() | deciding).select_related("unit")
    empty = {"mine_": 0, "agreed": 0, "refused": 0, "waiting": 0}
    found = []
    for plan in plans.order_by(first, F("due_on").asc(nulls_last=True), "-pk")[:PAGE]:
        row = counts.get(plan.pk, empty)
        decide = reverse("allocation_plans_approve", args=[plan.number]) if plan.pk in deciding else ""
        url = reverse("allocation_reviews_detail", args=[plan.number]) if plan.pk in counts else ""
        found.append(PlanRow(plan, url, row["mine_"], row["agreed"], row["refused"], row["waiting"], decide))
    return found


# --- the lines of one plan --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Row:
    """One side of one line. `pick` is its key where the reader may answer it; `marks` are tags with their tone."""

    side: Any
    pick: int | None
    customer: str
    tier: str
    points: int
    change: str
    why: str
    path: str
    url: str
    said: str = ""
    tone: str = ""
    other: str = ""
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Review:
    """The lines of a plan in sight of a reader: counts by tab, one page of rows in groups. `clear` of those that wait can
    be agreed together; `kept` are left to others; `open`: the units are being asked."""

    plan: Any
    tab: str
    tabs: tuple[dict[str, Any], ...]
    groups: tuple[dict[str, Any], ...]
    waiting: int
    clear: int
    kept: int
    open: bool
    page: int
    pages: int
    total: int
    earlier_url: str = ""
    later_url: str = ""
    picked: frozenset[int] = field(default_factory=frozenset)

    @property
    def can_answer(self) -> bool:
        return self.open and any(row.pick is not None for group in self.groups for row in group["rows"])


def found_plan(actor: Actor, number: str) -> Any:
    """The plan, where some side of it is in the reader's sight. Raises Http404 alike for missing and out of scope."""
    seen = LineSide.objects.visible_to(actor).filter(plan=OuterRef("pk"))
    plan = AllocationPlan.objects.filter(Exists(seen), number=number).select_related("unit", "policy").first()
    if plan is None:
        raise Http404
    return plan


def review_of(request: SignedInRequest, plan: Any, today: date, picked: Sequence[int] = ()) -> Review:
    """One page of the reader's sides of a plan; four queries, however many lines."""
    rows = shown_sides(request.user, today).filter(plan=plan)
    conditions = {
        "waiting": Q(mine=True, verdict=""), "flagged": Q(flagged=True), "answered": ~Q(verdict=""), "all": Q(),
    }  # fmt: skip
    # Named unlike the annotations: an aggregate hides the one whose name it takes.
    summed = rows.order_by().aggregate(
        **{f"{key}_": Count("pk", filter=condition) for key, condition in conditions.items() if key != "all"},
        all_=Count("pk"), clear_=Count("pk", filter=Q(mine=True, verdict="", flagged=False)),
        kept_=Count("pk", filter=Q(reached=True, kept=True, verdict="")),
    )  # fmt: skip
    counts = {key.removesuffix("_"): number for key, number in summed.items()}
    asked = request.GET.get("tab") or request.POST.get("tab") or ""
    tab = asked if asked in TABS else ("waiting" if counts["waiting"] else "all")
    total = counts[tab]
    pages = max(-(-total // PAGE), 1)
    page = min(max(_number(request.GET.get("page")), 1), pages)
    chosen = rows.filter(conditions[tab]).annotate(order=ORDER).select_related(*SHOWN)
    listed = list(
        chosen.order_by("order", "-line__forced", "-line__effort", "line__customer__customer_no")[(page - 1) * PAGE : page * PAGE]
    )  # fmt: skip
    is_open = plan.state == PlanState.REVIEWING
    groups = _groups(listed, is_open)
    return Review(
        plan, tab,
        tuple({"label": label, "count": counts[key], "url": _address(plan, key), "on": key == tab} for key, label in TABS.items()),
        groups, counts["waiting"], counts["clear"], counts["kept"], is_open, page, pages, total,
        earlier_url=_address(plan, tab, page - 1) if page > 1 else "",
        later_url=_address(plan, tab, page + 1) if page < pages else "", picked=frozenset(picked),
    )  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 1


def _address(plan: Any, tab: str, page: int = 1) -> str:
    query = {"tab": tab} | ({"page": page} if page > 1 else {})
    return f"{reverse('allocation_reviews_detail', args=[plan.number])}?{urlencode(query)}"


def _groups(listed: Sequence[Any], is_open: bool) -> tuple[dict[str, Any], ...]:
    others: dict[int, list[Any]] = {}
    lines = [side.line_id for side in listed]
    for other in LineSide.objects.filter(line__in=lines).select_related("unit") if lines else ():
        others.setdefault(other.line_id, []).append(other)
    found: dict[str, list[Row]] = {}
    for side in listed:
        beside = next((one for one in others[side.line_id] if one.pk != side.pk), None)
        found.setdefault(side.side, []).append(row_of(side, beside, is_open))
    return tuple({"key": key, "title": GROUPS[key], "rows": rows} for key, rows in found.items())


def row_of(side: Any, other: Any | None, is_open: bool) -> Row:
    """A side in words; `other` is the line's other side. No query."""
    line = side.line
    marks = [(text, "warn") for text in holds_said(line.holds)]
    if line.forced:
        marks.append((_("必须移动"), "info"))
    if other is not None and other.verdict == Verdict.REFUSED:
        marks.append((_("对方不同意"), "down"))
    if is_open and side.reached and side.kept and not side.verdict:
        marks.append((_("须由他人审核"), "warn"))
    return Row(
        side, side.pk if is_open and side.mine else None, line.customer.masked_name,
        line.customer.tier.code if line.customer.tier else "", line.effort, reason(line), _travel(line), _path(line),
        reverse("allocation_reviews_line", args=[line.plan.number, side.pk]), *_said(side), _other_said(other), tuple(marks),
    )  # fmt: skip


def _path(line: Any) -> str:
    giver = f"{line.present.name}（{line.present.unit.name}）" if line.present else _("（未分配）")
    return f"{giver} → {line.proposed.name}（{line.proposed.unit.name}）"


def _travel(line: Any) -> str:
    if line.metres_before is None:
        return _("距离 %(now)s") % {"now": distance(line.metres)}
    return _("距离 %(before)s → %(now)s") % {
        "before": distance(line.metres_before),
        "now": distance(line.metres),
    }


def _said(side: Any) -> tuple[str, str]:
    """What has been answered, by whom, when and why; and its tone."""
    if not side.verdict:
        return "", ""
    who = _("%(who)s 代 %(principal)s") % {"who": side.by_name, "principal": side.on_behalf.name} if side.on_behalf else side.by_name  # fmt: skip
    when = timezone.localtime(side.at).strftime("%m-%d %H:%M")
    words = {"what": side.get_verdict_display(), "who": who, "when": when}
    said = _("%(what)s · %(who)s %(when)s") % words
    return (f"{said}：{side.reason}" if side.reason else said), (
        "up" if side.verdict == Verdict.AGREED else "down"
    )


def _other_said(other: Any | None) -> str:
    if other is None:
        return ""
    words = {"side": other.get_side_display(), "unit": other.unit.name}
    if not other.verdict:
        return _("%(side)s %(unit)s：待答复") % words
    said = _("%(side)s %(unit)s：%(verdict)s") % {**words, "verdict": other.get_verdict_display()}
    return f"{said}（{other.reason}）" if other.reason else said


# --- history ----------------------------------------------------------------------------------------------------------------
TONES = {
    "approve": "up",
    "return": "down",
    "recall": "warn",
    "discard": "warn",
    "fail": "down",
    "impossible": "down",
}


def steps_of(plan: AllocationPlan, labels: Mapping[str, Text]) -> list[dict[str, Any]]:
    """From the draft to now: what, who, in whose place, when, why. One query."""
    rows: QuerySet[PlanStep] = plan.steps.select_related("on_behalf").order_by("pk")
    return [
        {
            "when": timezone.localtime(step.at).strftime("%Y-%m-%d %H:%M"), "title": _step_title(step, labels),
            "who": _step_who(step), "tone": TONES.get(step.verb, ""), "text": step.reason,
        }
        for step in rows
    ]  # fmt: skip


def _step_who(step: PlanStep) -> str:
    if step.on_behalf is None:
        return step.actor_name
    return _("%(who)s 代 %(principal)s") % {"who": step.actor_name, "principal": step.on_behalf.name}


def _step_title(step: PlanStep, labels: Mapping[str, Text]) -> str:
    title, data = str(labels.get(step.verb, step.verb)), step.data
    if step.verb == "answer":
        words = {"n": data["lines"], "what": Verdict(data["verdict"]).label}
        return f"{title}：" + _("%(what)s %(n)d 户") % words
    if step.verb == "complete":
        return f"{title}：" + _("同意 %(agreed)d 户，不同意 %(refused)d 户") % data
    if step.verb == "approve":
        return f"{title}：" + _("%(approved)d 户，未批准 %(dropped)d 户，不同意 %(refused)d 户") % data
    if step.verb in ("recall", "return"):
        return f"{title}：" + _("此前同意 %(agreed)d 项，不同意 %(refused)d 项，未答复 %(waiting)d 项") % data
    return title
