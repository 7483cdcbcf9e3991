"""The card of a target's and a reading's page."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.figures.models import Reading, Target
from appraisal.figures.resources import value_of
from cmsys.accounts.requests import SignedInRequest


def target_card(request: SignedInRequest, target: Target) -> str:
    """Whose target it is, for what, how much."""
    owner: Any = target.manager or target.unit
    kind = _("客户经理") if target.manager else _("机构")
    facts = [{"label": kind, "value": str(owner)}, *_facts(target, _("目标值"))]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def reading_card(request: SignedInRequest, reading: Reading) -> str:
    """Whose figure it is, for what, how much, and where it is from."""
    facts = [{"label": _("客户经理"), "value": str(reading.manager)}, *_facts(reading, _("实际值"))]
    facts.append({"label": _("来源"), "value": reading.source})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _facts(figure: Any, label: str) -> list[dict[str, Any]]:
    return [
        {"label": _("期间"), "value": figure.period},
        {"label": _("指标"), "value": figure.indicator_name},
        {"label": _("指标编码"), "value": figure.indicator_code},
        {"label": label, "value": value_of(figure)},
        {
            "label": _("更新时间"),
            "value": timezone.localtime(figure.updated_at).strftime("%Y-%m-%d %H:%M"),
        },
    ]
