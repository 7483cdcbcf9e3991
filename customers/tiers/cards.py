"""The cards of rules, runs and changes, and 分级依据 on a customer's page."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from customers.registry.models import CustomerCategory, CustomerKind, TierHold
from customers.tiers.choices import Outcome, Purpose, RunState
from customers.tiers.flows import chart, finding, matrix
from customers.tiers.models import TierChange, TierRun
from customers.tiers.permissions import CHANGE_LIST, RUN_VIEW
from customers.tiers.selectors import document_of, rules_with_last_run
from customers.tiers.words import (
    CATEGORIES,
    MEASURES,
    line_said,
    measured,
    patience,
    points_said,
    steps,
    tier_names,
    tone_of,
    value_said,
)

SHOWN = 6


# --- rules ------------------------------------------------------------------------------------------------------------
def measures_card(request: SignedInRequest, rule: Any) -> str:
    """What is measured, what it weighs, how points are given."""
    rows = [
        {"name": MEASURES[item.code], "weight": item.weight, "what": measured(item), "steps": steps(item)}
        for item in document_of(rule).measures
    ]
    return render_to_string("tiers/cards/measures.html", {"rows": rows}, request=request)


def tiers_card(request: SignedInRequest, rule: Any) -> str:
    """Where each tier begins, when one is left, and for whom the rule speaks."""
    document, names = document_of(rule), tier_names()
    facts: list[dict[str, Any]] = [
        {"label": names.get(tier.code, tier.code), "value": line_said(document, place)}
        for place, tier in enumerate(document.tiers)
    ]
    facts += [
        {"label": _("缓冲"), "value": patience(document), "wide": True},
        {"label": _("适用的客户类型"), "value": "、".join(str(CustomerKind(kind).label) for kind in document.kinds), "wide": True},
    ]  # fmt: skip
    for name, limit in document.limits.items():
        said = [
            text % {"tier": names.get(code, code)}
            for code, text in ((limit.least, _("不低于%(tier)s")), (limit.most, _("不高于%(tier)s")))
            if code
        ]
        facts.append({"label": CATEGORIES[name], "value": "，".join(said)})
    if document.categories:
        follows = [
            f"{names.get(code, code)}：{CATEGORIES[name]}" for code, name in document.categories.items()
        ]
        follows.append(_("尚未合作：潜在客户"))
        facts.append({"label": _("由分级推出分类"), "value": "；".join(follows), "wide": True})
    if document.regulation:
        facts.append({"label": _("依据的制度"), "value": document.regulation, "wide": True})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def trials_card(request: SignedInRequest, rule: Any) -> str:
    """What the rule would do, or did: its newest finished run as a flow, and the latest runs."""
    rows = list(TierRun.objects.filter(rule=rule).select_related("rule", "against").order_by("-pk")[:SHOWN])
    if not rows:
        return render_to_string("tiers/cards/untried.html", {"rule": rule}, request=request)
    newest = next((run for run in rows if run.digest and run.rule_digest == rule.digest), None)
    items = [
        {
            "run": run, "url": reverse("tier_runs_detail", args=[run.number]), "said": finding(run) if run.digest else "",
            "stale": run.rule_digest != rule.digest,
        }
        for run in rows
    ]  # fmt: skip
    context = {
        "items": items,
        "newest": newest,
        "said": finding(newest) if newest else "",
        "matrix": matrix(newest, tier_names(), request.user) if newest else None,
    }
    return render_to_string("tiers/cards/trials.html", context, request=request)


def text_card(request: SignedInRequest, rule: Any) -> str:
    """The document, as it was brought in."""
    return render_to_string("tiers/cards/text.html", {"text": rule.text}, request=request)


# --- runs -------------------------------------------------------------------------------------------------------------
def state_card(request: SignedInRequest, run: Any) -> str:
    """What is going on, what was decided and why; empty where there is nothing to say."""
    if run.state in (RunState.SHOWN, RunState.PROPOSED) and run.rule_digest == run.rule.digest:
        return ""
    context = {
        "run": run, "total": run.done_count + run.skipped_count, "stale": run.rule_digest != run.rule.digest,
        "skipped_url": _list(request, run, "settled=skipped") if run.skipped_count else "",
    }  # fmt: skip
    return render_to_string("tiers/cards/state.html", context, request=request)


def flow_card(request: SignedInRequest, run: Any) -> str:
    """Everybody from tier to tier, as a table and a chart."""
    if not run.digest:
        return ""
    names = tier_names()
    context = {"matrix": matrix(run, names, request.user), "chart": chart(run, names), "run": run}
    return render_to_string("tiers/cards/flow.html", context, request=request)


def kept_card(request: SignedInRequest, run: Any) -> str:
    """Who stays although the rule says otherwise: hands, patience, the margin; empty where nobody does."""
    if (
        not run.digest
        or run.against is not None
        or not (run.held_count or run.waiting_count or run.near_count)
    ):
        return ""
    names = tier_names()
    groups = [
        {
            "title": title, "count": count, "url": _list(request, run, f"outcome={outcome}"),
            "rows": [{"before": names[before], "after": names[after], "count": number} for before, after, number in rows],
        }
        for title, count, outcome, rows in (
            (_("手工评定，规则不改动"), run.held_count, Outcome.HELD, run.held),
            (_("在界线之外，继续观察"), run.waiting_count, Outcome.WAIT, run.waiting),
        )
        if count
    ]  # fmt: skip
    context = {"groups": groups, "near": run.near_count}
    return render_to_string("tiers/cards/kept.html", context, request=request)


def lines_card(request: SignedInRequest, run: Any) -> str:
    """Where each tier began on that day."""
    if not run.digest:
        return ""
    document, names = document_of(run.rule), tier_names()
    facts: list[dict[str, Any]] = [
        {
            "label": names.get(tier.code, tier.code),
            "value": line_said(document, place, run.lines[place] if place < len(run.lines) else None),
        }
        for place, tier in enumerate(document.tiers)
        if run.rule_digest == run.rule.digest
    ]
    asked = run.asked_by.actor_name if run.asked_by else _("系统（每月）")
    facts += [
        {"label": _("发起人"), "value": asked},
        {"label": _("批次指纹"), "value": run.digest[:16]},
    ]
    if run.recategorised:
        facts.append({"label": _("调整客户分类"), "value": f"{run.recategorised:,}"})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _list(request: SignedInRequest, run: Any, condition: str) -> str:
    if not may(request.user, CHANGE_LIST):
        return ""
    return f"{reverse('tier_changes_list')}?run={run.number}&{condition}"


# --- changes ----------------------------------------------------------------------------------------------------------
def why_card(request: SignedInRequest, change: Any) -> str:
    """The score to the last point: what was counted, how many points it gave, what they weigh."""
    run = change.run
    if run.rule_digest != run.rule.digest:
        return render_to_string("tiers/cards/outdated.html", {"run": run}, request=request)
    document = document_of(run.rule)
    rows = [
        {
            "name": MEASURES[item.code], "value": value_said(item.code, value), "points": points, "weight": item.weight,
            "place": place, "what": measured(item), "part": points_said(points * item.weight),
        }
        for item, value, points, place in zip(document.measures, change.values, change.points, change.places, strict=True)
    ]  # fmt: skip
    codes = [tier.code for tier in document.tiers]
    place = codes.index(change.after.code)
    line = run.lines[place] if place < len(run.lines) else None
    limit = document.limits.get(change.category_before or "none")
    context = {
        "rows": rows, "score": points_said(change.score), "change": change, "people": run.customers,
        "line": line_said(document, place, line), "after": change.after.name, "streak": abs(change.streak),
        "runs": document.runs, "patience": patience(document) if document.sticky else "",
        "limited": CATEGORIES[change.category_before or "none"] if limit else "",
        "category": _category(change), "tone": tone_of(change.before, change.after),
    }  # fmt: skip
    return render_to_string("tiers/cards/why.html", context, request=request)


def change_card(request: SignedInRequest, change: Any) -> str:
    """Whose it is, of which run, what became of it."""
    customer, run = change.customer, change.run
    facts = [
        {"label": _("客户"), "value": str(customer), "url": reverse("customers_detail", args=[customer.customer_no])},
        {"label": _("所属机构"), "value": customer.unit.name if customer.unit else ""},
        {"label": _("分级批次"), "value": run.number,
         "url": reverse("tier_runs_detail", args=[run.number]) if may(request.user, RUN_VIEW) else ""},
        {"label": _("规则"), "value": str(run.rule)},
        {"label": _("办理"), "value": change.get_settled_display()},
        {"label": _("理由"), "value": run.reason},
    ]  # fmt: skip
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _category(change: TierChange) -> str:
    if change.category_before == change.category_after:
        return ""
    before, after = (
        str(CustomerCategory(code).label) if code else _("未分类")
        for code in (change.category_before, change.category_after)
    )
    return f"{before} → {after}"


# --- customers --------------------------------------------------------------------------------------------------------
def customer_card(request: SignedInRequest, customer: Any) -> str:
    """分级依据: the tier he has, a hand that holds it, what runs said of him. Three queries."""
    today = timezone.localdate()
    hold = TierHold.objects.filter(customer=customer, released_at__isnull=True).select_related("tier").first()
    rows = list(
        TierChange.objects.filter(customer=customer, run__purpose=Purpose.PROPOSAL)
        .exclude(run__state__in=(RunState.DISCARDED, RunState.COMPUTING))
        .select_related("run", "before", "after")
        .order_by("-pk")[:SHOWN]
    )
    rule = next((one for one in rules_with_last_run() if customer.kind in document_of(one).kinds), None)
    last = rule.last if rule is not None else None
    context = {
        "customer": customer, "hold": hold, "expired": hold is not None and hold.ends_on is not None and hold.ends_on <= today,
        "release_url": reverse("tier_hold_release", args=[customer.customer_no]) if hold and getattr(customer, "may_tier", False) else "",
        "rows": [
            {
                "change": row, "url": reverse("tier_changes_detail", args=[row.pk]), "score": points_said(row.score),
                "tone": tone_of(row.before, row.after),
            }
            for row in rows
        ],
        "rule": rule,
        "unchanged": last if last is not None and all(row.run_id != last["pk"] for row in rows) else None,
    }  # fmt: skip
    return render_to_string("tiers/cards/customer.html", context, request=request)
