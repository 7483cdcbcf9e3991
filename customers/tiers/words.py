"""What rules, runs and changes say in words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from customers.registry.models import CustomerTier
from customers.tiers.engine.document import MONEY, Measure, RuleDocument

MEASURES = {
    "contracts": gettext_lazy("合同金额"), "revenue": gettext_lazy("交易金额"), "frequency": gettext_lazy("交易频次"),
    "potential": gettext_lazy("商机潜力"),
}  # fmt: skip
STAGES = {
    "prospecting": gettext_lazy("线索"),
    "engaging": gettext_lazy("跟进中"),
    "proposal": gettext_lazy("方案报价"),
}
CATEGORIES = {
    "none": gettext_lazy("未分类"), "key": gettext_lazy("重点客户"), "general": gettext_lazy("一般客户"),
    "prospect": gettext_lazy("潜在客户"),
}  # fmt: skip


def points_said(hundredths: int) -> str:
    """`72.35`, `65`: hundredths without needless noughts."""
    return (
        f"{Decimal(hundredths) / 100:f}".rstrip("0").rstrip(".")
        if hundredths % 100
        else str(hundredths // 100)
    )


def money(fen: int) -> str:
    """`1,234.50 元`, `120 万元`: whole ten thousands as such."""
    if fen and fen % 1_000_000 == 0:
        return _("%(n)s 万元") % {"n": f"{fen // 1_000_000:,}"}
    yuan = f"{fen // 100:,}" + (f".{fen % 100:02d}" if fen % 100 else "")
    return _("%(n)s 元") % {"n": yuan}


def value_said(measure: str, value: int) -> str:
    """A value with its unit."""
    return money(value) if measure in MONEY else _("%(n)s 笔") % {"n": f"{value:,}"}


def measured(measure: Measure) -> str:
    """What the measure adds up."""
    if measure.code == "contracts":
        return _("基准日有效的合同金额合计")
    if measure.code == "potential":
        shares = "、".join(f"{STAGES[stage]} {share}%" for stage, share in measure.stages.items())
        return _("未了结的商机金额 × 阶段把握（%(shares)s）") % {"shares": shares}
    words = {"n": measure.quarters}
    if measure.code == "revenue":
        return _("基准日前 %(n)d 个完整季度的交易金额") % words
    return _("基准日前 %(n)d 个完整季度的交易笔数") % words


def steps(measure: Measure) -> list[str]:
    """How points are given, one line each."""
    if measure.bands:
        return [
            _("满 %(value)s：%(points)d 点") % {"value": value_said(measure.code, low), "points": points}
            for low, points in measure.bands
        ]
    return [
        _("前 %(top)d%%：%(points)d 点") % {"top": top, "points": points} for top, points in measure.shares
    ]


def line_said(rule: RuleDocument, place: int, line: dict[str, Any] | None = None) -> str:
    """Where a tier begins: `得分满 65`, `得分最高的前 10%（末位 72.35 分）`, `其余`."""
    tier = rule.tiers[place]
    if tier.score is not None:
        return _("得分满 %(n)s") % {"n": points_said(tier.score)}
    if tier.top is not None:
        last = (
            _("（末位 %(n)s 分）") % {"n": points_said(line["admitted"])}
            if line and line["admitted"] <= 10_000
            else ""
        )
        return _("得分最高的前 %(n)d%%") % {"n": tier.top} + last
    return _("其余")


def patience(rule: RuleDocument) -> str:
    """When a tier one has is left."""
    if rule.margin is None:
        return (
            _("连续 %(n)d 次在界线之外才调整") % {"n": rule.runs}
            if rule.runs > 1
            else _("不设缓冲，越过界线即调整")
        )
    beyond = _("超过界线 %(n)s 分即调整") % {"n": points_said(rule.margin)}
    if rule.runs > 1:
        return _("%(beyond)s，否则连续 %(n)d 次在界线之外才调整") % {"beyond": beyond, "n": rule.runs}
    return _("%(beyond)s，不足的维持原分级") % {"beyond": beyond}


def tier_names() -> dict[str, str]:
    """Codes of tiers in words, "" for none, the best first; one query."""
    return {**dict(CustomerTier.objects.order_by("order").values_list("code", "name")), "": _("未分级")}


def tone_of(before: Any, after: Any) -> str:
    """up, down or stay, for two tiers; a first tier is up."""
    if before == after:
        return ""
    return "up" if before is None or (after is not None and after.order < before.order) else "down"
