"""The card of a rating's page."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.ratings.resources import score_of
from cmsys.accounts.requests import SignedInRequest


def rating_card(request: SignedInRequest, line: Any) -> str:
    """Who said what of whom; of a group the mean and how many."""
    single = bool(line.rater)
    facts = [
        {"label": _("被评人"), "value": str(line.manager)},
        {"label": _("机构"), "value": line.manager.unit.name},
        {"label": _("期间"), "value": line.period},
        {"label": _("指标"), "value": f"{line.indicator_name}（{line.indicator_code}）"},
        {"label": _("评价关系"), "value": line.get_rater_group_display()},
        {"label": _("评价人"), "value": line.rater_name if single else _("匿名，共 %(n)d 人") % {"n": line.raters}},
        {"label": _("评分") if single else _("平均分"), "value": score_of(line)},
        {"label": _("更新时间"), "value": timezone.localtime(line.updated_at).strftime("%Y-%m-%d %H:%M")},
    ]  # fmt: skip
    if single:
        facts.append({"label": _("评语"), "value": line.comment, "wide": True})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
