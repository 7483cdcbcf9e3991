"""The indicator library: what the system computes from its own records, for whoever reads or writes a scheme (APP-1)."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from appraisal.schemes.permissions import SCHEME_VIEW
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.indicators import IndicatorSource, all_indicators

LENGTHS = {1: gettext_lazy("月"), 3: gettext_lazy("季度"), 6: gettext_lazy("半年"), 12: gettext_lazy("年")}


@require_GET
def library(request: SignedInRequest) -> HttpResponse:
    """Every computed indicator with its definition, unit, direction and source."""
    require(request.user, SCHEME_VIEW)
    indicators = [_described(source) for source in all_indicators()]
    title = _("指标库")
    subtitle = _("系统从自己的记录算出的 %(n)d 个指标；没有列在这里的由数据导入或评价得出") % {
        "n": len(indicators)
    }
    context = {"page": {"title": title, "subtitle": subtitle}, "indicators": indicators}
    return render(request, "schemes/library.html", context)


def _described(source: IndicatorSource) -> dict[str, Any]:
    lower = source.better == "lower"
    return {
        "code": source.code,
        "name": source.name,
        "description": source.description,
        "direction": _("越低越好") if lower else _("越高越好"),
        "tone": "warn" if lower else "info",
        "facts": [
            {"label": _("单位"), "value": source.unit},
            {"label": _("数据来源"), "value": source.source},
            {"label": _("期间"), "value": "、".join(str(LENGTHS[n]) for n in sorted(source.months))},
            {"label": _("方案中写"), "value": f"code: {source.code}, source: {source.kind}", "wide": True},
        ],
    }
