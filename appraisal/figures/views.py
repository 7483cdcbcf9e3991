"""Pages beyond list, page and form: taking a figure back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.figures.forms import ReasonForm
from appraisal.figures.permissions import FIGURES_EDIT
from appraisal.figures.resources import READINGS, TARGETS, FigureResource, value_of
from appraisal.figures.services.readings import reading_remove
from appraisal.figures.services.targets import target_remove
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage

FORM_METHODS = ["GET", "POST"]


@require_http_methods(FORM_METHODS)
def remove_target(request: SignedInRequest, key: str) -> HttpResponse:
    """Take a target back, with a reason."""
    return _remove(
        request,
        TARGETS,
        key,
        lambda pk, reason: target_remove(actor=request.user, target_id=pk, reason=reason),
    )


@require_http_methods(FORM_METHODS)
def remove_reading(request: SignedInRequest, key: str) -> HttpResponse:
    """Take a figure back, with a reason."""
    return _remove(
        request,
        READINGS,
        key,
        lambda pk, reason: reading_remove(actor=request.user, reading_id=pk, reason=reason),
    )


def _remove(
    request: SignedInRequest, resource: FigureResource, key: str, remove: Callable[[int, str], None]
) -> HttpResponse:
    require(request.user, FIGURES_EDIT)
    instance: Any = resource.find(request.user, key, "edit")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        remove(instance.pk, form.cleaned_data["reason"])
        messages.success(request, _("已删除。"))
        return HttpResponseRedirect(resource.url("list"))
    words = {"what": resource.object_title(instance), "period": instance.period,
             "indicator": instance.indicator_name, "value": value_of(instance)}  # fmt: skip
    effects = [
        _("%(what)s：%(period)s %(indicator)s %(value)s，从列表中移除。") % words,
        _("原内容和原因留在操作日志里。"),
    ]
    if resource is READINGS:
        effects.insert(1, _("系统能按业务记录算出这个指标的，下次定级时改用算出的数；算不出的按缺数处理。"))
    page = ConfirmPage(
        title=_("删除%(what)s") % words, form=form, effects=effects, submit_label=_("删除"),
        cancel_url=resource.url("detail", instance), danger=True,
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
