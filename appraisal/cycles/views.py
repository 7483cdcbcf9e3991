"""Opening and closing a cycle."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.cycles.forms import CloseForm, CycleForm
from appraisal.cycles.models import CycleState
from appraisal.cycles.permissions import CYCLE_EDIT
from appraisal.cycles.resources import CYCLES
from appraisal.cycles.services.cycles import cycle_close, cycle_open
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.views import add_service_error


@require_http_methods(["GET", "POST"])
def cycle_new(request: SignedInRequest) -> HttpResponse:
    """Open a period of a scheme."""
    require(request.user, CYCLE_EDIT)
    form = CycleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            cycle = cycle_open(actor=request.user, today=timezone.localdate(), **form.cleaned_data)
            messages.success(request, _("周期已开启，参评名单已冻结。"))
            return HttpResponseRedirect(CYCLES.url("detail", cycle))
        except ValidationError as error:
            add_service_error(form, error)
    fieldsets = [{"title": "", "hint": "", "fields": list(form.visible_fields())}]
    page = FormPage(
        title=_("开启考核周期"), form=form, fieldsets=fieldsets, cancel_url=CYCLES.url("list"), submit_label=_("开启"),
        notice=_("开启后参评名单即冻结：离职、休假和期末后入职的人不参评，原因逐人写明。"),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def cycle_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """Close a graded cycle, after saying what that does."""
    require(request.user, CYCLE_EDIT)
    cycle = CYCLES.find(request.user, str(pk), "edit")
    if cycle.state == CycleState.CLOSED:
        raise Http404
    form = CloseForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            cycle_close(actor=request.user, cycle_id=cycle.pk, now=timezone.now())
            messages.success(request, _("周期已结束。"))
            return HttpResponseRedirect(CYCLES.url("detail", cycle))
        except ValidationError as error:
            add_service_error(form, error)
    page = ConfirmPage(
        title=_("结束 %(cycle)s") % {"cycle": CYCLES.object_title(cycle)}, form=form, submit_label=_("结束周期"),
        cancel_url=CYCLES.url("detail", cycle),
        effects=(_("不能再评分、导入指标值或重新定级。"), _("考核表和结果指纹保持现在的样子。")),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
