"""The cards of policies, evaluation sheets and rules."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import cn_datetime
from customers.allocation.policy_document import PARTS
from customers.allocation.selectors import document_of

WEIGHT_WORDS = {
    "expertise": gettext_lazy("专业匹配"), "proximity": gettext_lazy("区域就近"), "shortfall": gettext_lazy("等级不足"), "waste": gettext_lazy("等级富余"),
    "merit": gettext_lazy("综合评价"), "fairness": gettext_lazy("负荷均衡"), "value_fairness": gettext_lazy("价值均衡"),
}  # fmt: skip
PART_WORDS = {
    "ability": gettext_lazy("能力"),
    "experience": gettext_lazy("经验"),
    "results": gettext_lazy("业绩"),
}
AREA_WORDS = {
    "subbranch": gettext_lazy("按支行统筹"),
    "branch": gettext_lazy("按分行统筹"),
    "all": gettext_lazy("不分机构统筹"),
}


def principles_card(request: SignedInRequest, policy: Any) -> str:
    """The weights, with what each stands for."""
    document = document_of(policy)
    items = [
        {"label": WEIGHT_WORDS[name], "value": value, "text": f"{value:,}"}
        for name, value in document.weights.items()
        if name not in ("fairness", "value_fairness")
    ]
    loads = [
        {"label": WEIGHT_WORDS[name], "value": f"{document.weights[name]:,}"}
        for name in ("fairness", "value_fairness")
    ]
    loads += [
        {"label": _("综合评价封顶"), "value": f"{document.merit_cap / 10:g}%"},
        {"label": _("最远距离"), "value": _("%(n)d 公里") % {"n": document.far_km}},
    ]
    return render_to_string(
        "allocation/cards/principles.html", {"items": items, "facts": loads}, request=request
    )


def tiers_card(request: SignedInRequest, policy: Any) -> str:
    """What each tier asks, as a table."""
    document = document_of(policy)
    bounds = [0, *document.tenure_bands]
    bands = [
        _("满 %(n)d 个月") % {"n": low}
        if place
        else _("不满 %(n)s 个月") % {"n": bounds[1] if len(bounds) > 1 else "∞"}
        for place, low in enumerate(bounds)
    ]
    rows = [
        {
            "code": _("未分级") if code == "none" else code, "rules": tier,
            "prices": list(tier.move_price) if len(tier.move_price) == len(bounds) else list(tier.move_price) * len(bounds),
        }
        for code, tier in document.tiers.items()
    ]  # fmt: skip
    return render_to_string("allocation/cards/tiers.html", {"rows": rows, "bands": bands}, request=request)


def limits_card(request: SignedInRequest, policy: Any) -> str:
    """Capacity by grade and the other hard rules."""
    document = document_of(policy)
    capacity = [
        {
            "label": _("未定级") if code == "none" else code,
            "value": points,
            "text": _("%(n)d 点") % {"n": points},
        }
        for code, points in document.capacity.items()
    ]
    facts = [
        {"label": _("统筹范围"), "value": AREA_WORDS[document.area]},
        {"label": _("移动上限"), "value": _("不限") if document.budget_percent is None else _("%(n)d%%（必须移动的不计）") % {"n": document.budget_percent}},
        {"label": _("同一集团"), "value": _("由同一人管户") if document.together else _("可以分开")},
        {"label": _("轮换期限"), "value": _("不限") if document.tenure_limit_months is None else _("%(n)d 个月") % {"n": document.tenure_limit_months}},
        {"label": _("投诉成立后"), "value": _("不换人") if document.complaint_months is None else _("%(n)d 个月内不得由责任人管户") % {"n": document.complaint_months}},
        {"label": _("重点客户上限"), "value": _("不限") if document.key_limit is None else _("每人 %(n)d 户") % {"n": document.key_limit}},
        {"label": _("员工评估"), "value": "、".join(f"{PART_WORDS[name]!s} {document.evaluation[name]}%" for name in PARTS)},
        {"label": _("评估有效期"), "value": _("%(n)d 个月") % {"n": document.evaluation_months}},
        {"label": _("复查周期"), "value": _("%(n)d 个月") % {"n": document.review_months}},
        {"label": _("首次联系"), "value": _("%(n)d 个工作日内") % {"n": document.first_contact_days}},
        {"label": _("依据制度"), "value": document.regulation},
    ]  # fmt: skip
    return render_to_string(
        "allocation/cards/limits.html", {"capacity": capacity, "facts": facts}, request=request
    )


def text_card(request: SignedInRequest, policy: Any) -> str:
    """The document as it was brought in."""
    return render_to_string("allocation/cards/text.html", {"text": policy.text}, request=request)


def sheet_card(request: SignedInRequest, sheet: Any) -> str:
    """Where the figures come from, who stands for them, and for how long."""
    facts = [
        {"label": _("依据"), "value": sheet.basis},
        {"label": _("人力资源确认"), "value": _confirmed(sheet.hr_by, sheet.hr_at)},
        {"label": _("主管确认"), "value": _confirmed(sheet.head_by, sheet.head_at)},
        {"label": _("生效日期"), "value": sheet.valid_from},
        {"label": _("有效期至（不含）"), "value": sheet.valid_until},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _confirmed(user: Any, at: Any) -> str:
    return _("尚未确认") if user is None else f"{user.name} {cn_datetime(at)}"


def rule_card(request: SignedInRequest, rule: Any) -> str:
    """What is agreed, for how long, and why."""
    facts = [
        {"label": _("客户"), "value": rule.customer.masked_name},
        {"label": _("约定"), "value": rule.get_kind_display()},
        {"label": _("客户经理"), "value": str(rule.manager)},
        {"label": _("开始日期"), "value": rule.starts_on},
        {"label": _("结束日期（不含）"), "value": rule.ends_on},
        {"label": _("原因"), "value": rule.reason},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
