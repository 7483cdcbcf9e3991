"""Submitting a round to the reviewers, after showing who gets how many; closing it."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.grading.cases import pending_of
from appraisal.grading.choices import RoundState
from appraisal.grading.forms import CloseRoundForm, SubmitRoundForm
from appraisal.grading.models import GradingRound
from appraisal.grading.permissions import ROUND_EDIT
from appraisal.grading.resources import ROUNDS
from appraisal.grading.rounds_pages import days_suggested, routing_of
from appraisal.grading.services.rounds import round_close, round_submit
from cmsys.access.actors import require
from cmsys.access.refusals import Conflict
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error


def _found(request: SignedInRequest, pk: int) -> Any:
    require(request.user, ROUND_EDIT)
    rows: Any = GradingRound.objects.visible_to(request.user, "edit").select_related(
        "cycle__scheme", "submitted_by"
    )
    try:
        return rows.get(pk=pk)
    except (GradingRound.DoesNotExist, OverflowError) as error:
        raise Http404 from error


@require_http_methods(["GET", "POST"])
def round_submit_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """The days, with what the working calendar suggests, and how many cases go to whom."""
    found, today = _found(request, pk), timezone.localdate()
    if found.state != RoundState.DRAFT and request.method == "GET":
        raise Conflict(_("这一批次已经提交，现在是“%(state)s”。") % {"state": found.get_state_display()})
    form = SubmitRoundForm(
        request.POST if request.method == "POST" else None, initial=days_suggested(found, today)
    )
    if request.method == "POST" and form.is_valid():
        try:
            round_submit(
                actor=request.user, round_id=pk, now=timezone.now(), today=today, **form.cleaned_data
            )
            messages.success(request, _("已提交复核，主管会收到消息和待办。"))
            return HttpResponseRedirect(ROUNDS.url("detail", found))
        except ValidationError as error:
            add_service_error(form, error)
    routing = routing_of(found, today)
    page = ConfirmPage(
        title=_("提交 %(round)s") % {"round": ROUNDS.object_title(found)}, form=form, cancel_url=ROUNDS.url("detail", found),
        subtitle=found.cycle.scheme.name, submit_label=_("提交复核"), effects=routing.effects, warning=routing.warning,
    )  # fmt: skip
    context = {"page": page, "routing": routing}
    return render(request, "grading/round_submit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def round_close_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Nothing of the round is pending any more."""
    found = _found(request, pk)
    form: django_forms.Form = CloseRoundForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            round_close(actor=request.user, round_id=pk, now=timezone.now())
            messages.success(request, _("已办结。"))
            return HttpResponseRedirect(ROUNDS.url("detail", found))
        except ValidationError as error:
            add_service_error(form, error)
    pending = pending_of(found)
    page = ConfirmPage(
        title=_("办结 %(round)s") % {"round": ROUNDS.object_title(found)}, form=form, cancel_url=ROUNDS.url("detail", found),
        subtitle=found.cycle.scheme.name, submit_label=_("办结"),
        effects=(_("这一批次不再接受新的办理，等级变更和经过都会保留。"),),
        warning=_("还有 %(n)d 项没有办完，全部生效或撤销之后才能办结。") % {"n": pending} if pending else "",
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
