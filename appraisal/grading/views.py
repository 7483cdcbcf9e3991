"""The matrix page; for htmx only what changes with the conditions."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from appraisal.grading.filters import MatrixFilterSet
from appraisal.grading.pages import MatrixPage
from appraisal.scoring.filters import cycle_label, previous_cycle
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.permissions import SHEET_LIST
from appraisal.scoring.resources import conditions
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.context import covered
from cmsys.ui.pages import Action


@require_GET
def matrix(request: SignedInRequest) -> HttpResponse:
    """双维矩阵: everybody within sight on the two scores of a cycle."""
    require(request.user, SHEET_LIST)
    sheets: Any = ScoreSheet.objects.visible_to(request.user, "list")
    filterset = MatrixFilterSet(request.GET, queryset=sheets, request=request)
    valid = filterset.is_valid()
    found = None
    if valid and filterset.chosen is not None and filterset.words is not None and filterset.words.matrix:
        previous = previous_cycle(filterset.chosen)
        found = MatrixPage(filterset.qs, _earlier(filterset, sheets, previous), filterset, previous).build()
    listed = reverse("score_sheets_list") + conditions(request.GET, ("cycle", "unit", "line", "grade"))
    context = {
        "matrix": found,
        "reason": _reason(filterset),
        "page": {
            "title": _("双维矩阵"), "subtitle": _subtitle(request, filterset, found), "filter_form": filterset.form,
            "actions": [Action(_("考核结果"), listed, icon="chart")],
        },
    }  # fmt: skip
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    template = "grading/_matrix.html" if fragment else "grading/matrix.html"
    response = render(request, template, context, status=200 if valid or fragment else 400)
    response["Vary"] = "HX-Request"
    return response


def _earlier(filterset: MatrixFilterSet, sheets: Any, previous: Any) -> Any:
    """The sheets of the cycle before under the same conditions."""
    if previous is None:
        return sheets.none()
    rows = sheets
    for name, value in filterset.form.cleaned_data.items():
        if name != "cycle":
            rows = filterset.filters[name].filter(rows, value)
    return rows.filter(cycle=previous)


def _subtitle(request: SignedInRequest, filterset: MatrixFilterSet, found: Any) -> str:
    if filterset.chosen is None:
        return ""
    where = covered(request.user, SHEET_LIST)
    text = f"{cycle_label(filterset.chosen)} · {where}"
    if found is None:
        return text
    text += _(" · %(n)d 人") % {"n": found.total}
    return text + (_("，另有 %(n)d 人未评或没有位置") % {"n": found.unplaced} if found.unplaced else "")


def _reason(filterset: MatrixFilterSet) -> str:
    if filterset.chosen is None:
        return _("还没有考核结果，或者都不在您的权限范围内。周期运行定级之后，人员会出现在矩阵里。")
    if filterset.words is not None and not filterset.words.matrix:
        return _("这个周期的方案没有双维矩阵，请换一个周期。")
    return _("没有符合条件的人员，请放宽条件。")
