"""The overview and the people behind its gaps."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_LIST
from appraisal.overview.filters import OverviewFilterSet
from appraisal.overview.gaps import NOT_RATED, gap_said, people_of
from appraisal.overview.pages import OverviewPage
from appraisal.ratings.permissions import RATING_PROGRESS
from appraisal.scoring.filters import cycle_label
from appraisal.scoring.words import words_of
from cmsys.access.actors import may, require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.context import covered
from cmsys.ui.pages import Action

SHOWN = 200


def _filtered(request: SignedInRequest) -> tuple[OverviewFilterSet, bool]:
    rows: Any = GradeDecision.objects.visible_to(request.user, "list")
    filterset = OverviewFilterSet(request.GET, queryset=rows, request=request)
    return filterset, filterset.is_valid()


@require_GET
def overview(request: SignedInRequest) -> HttpResponse:
    """定级总览: what waits, how grades are distributed, how they flow, where data are missing; for htmx the cards."""
    require(request.user, DECISION_LIST)
    filterset, valid = _filtered(request)
    found = None
    if valid and filterset.chosen is not None:
        rows: Any = GradeDecision.objects.visible_to(request.user, "list")
        progress_url = reverse("rating_progress") if may(request.user, RATING_PROGRESS) else ""
        found = OverviewPage(filterset.of_unit(rows), filterset, timezone.localdate(), progress_url).build()
    context = {
        "overview": found,
        "reason": _("还没有等级建议，或者都不在您的权限范围内。考核周期运行定级之后，进度会出现在这里。")
        if filterset.chosen is None
        else _("没有符合条件的人员，请放宽条件。"),
        "page": {
            "title": _("定级总览"), "subtitle": _subtitle(request, filterset, found), "filter_form": filterset.form,
            "actions": [Action(_("等级变更"), reverse("grade_decisions_list"), icon="grade")],
        },
    }  # fmt: skip
    fragment = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
    template = "overview/_overview.html" if fragment else "overview/overview.html"
    response = render(request, template, context, status=200 if valid or fragment else 400)
    response["Vary"] = "HX-Request"
    return response


def _subtitle(request: SignedInRequest, filterset: OverviewFilterSet, found: Any) -> str:
    if filterset.chosen is None:
        return ""
    text = f"{cycle_label(filterset.chosen)} · {covered(request.user, DECISION_LIST)}"
    return f"{text} · {found.finding}" if found is not None else text


@require_GET
def missing(request: SignedInRequest) -> HttpResponse:
    """The people behind one number of the card on missing data, the not rated where none is named; no more than a reader
    may list anyway."""
    require(request.user, DECISION_LIST)
    filterset, valid = _filtered(request)
    if not valid or filterset.chosen is None:
        raise Http404
    cycle, code = filterset.chosen, str(request.GET.get("what") or NOT_RATED)
    words = words_of(cycle.scheme)
    rows = people_of(filterset.qs, cycle, words, code)
    if rows is None:
        raise Http404
    total = rows.count()
    people = (
        rows.select_related("manager", "unit")
        .defer("counterfactual")
        .order_by("unit__path", "manager__name_pinyin", "pk")
    )
    items = [
        {
            "name": row.manager.name, "number": row.manager.employee_no, "unit": row.unit.name,
            "sheet": reverse("score_sheets_detail", args=[row.sheet_id]),
            "case": reverse("grade_decisions_detail", args=[row.pk]), "state": row.get_state_display(),
        }
        for row in people[:SHOWN]
    ]  # fmt: skip
    back = request.GET.copy()
    back.pop("what", None)
    context = {
        "items": items, "total": total, "shown": SHOWN,
        "page": {
            "title": _("%(what)s：%(n)d 人") % {"what": gap_said(words, code), "n": total},
            "subtitle": f"{cycle_label(cycle)} · {covered(request.user, DECISION_LIST)}",
            "actions": [Action(_("返回总览"), f"{reverse('overview')}?{back.urlencode()}", icon="chart")],
        },
    }  # fmt: skip
    return render(request, "overview/missing.html", context)
