"""Starting a regrading from the page of its cycle."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from appraisal.cycles.models import Cycle, CycleState
from appraisal.cycles.resources import CYCLES
from appraisal.scoring.permissions import REGRADE
from appraisal.scoring.services.regrading import regrade
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error


class RegradeForm(forms.Form):
    """Everybody, or one unit with all below it."""

    unit = UnitChoiceField(
        label=gettext_lazy("范围"), queryset=OrgUnit.objects.none(), required=False, empty_label=gettext_lazy("全部参评人员"),
        help_text=gettext_lazy("只重算一个机构时，同组比较仍以全部人员为准。"),
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def cycle_regrade(request: SignedInRequest, pk: int) -> HttpResponse:
    """Queue the regrading of an open cycle, after saying what it does."""
    require(request.user, REGRADE)
    try:
        cycle = Cycle.objects.reached_by(request.user, REGRADE).select_related("scheme").get(pk=pk)
    except Cycle.DoesNotExist as error:
        raise Http404 from error
    if cycle.state != CycleState.OPEN:
        raise Http404
    form = RegradeForm(request.POST if request.method == "POST" else None)
    chosen = form.fields["unit"]
    assert isinstance(chosen, UnitChoiceField)
    chosen.queryset = OrgUnit.objects.reached_by(request.user, REGRADE).order_by("path")
    url = CYCLES.url("detail", cycle)
    if request.method == "POST" and form.is_valid():
        unit = form.cleaned_data["unit"]
        try:
            regrade(actor=request.user, cycle_id=cycle.pk, unit_id=unit.pk if unit else None)
            messages.success(request, _("定级已开始，可以离开本页；进度在周期页和任务中心。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    page = ConfirmPage(
        title=_("%(cycle)s 运行定级") % {"cycle": CYCLES.object_title(cycle)}, form=form, cancel_url=url,
        submit_label=_("运行定级"),
        effects=(
            _("按方案重新取数、计分，并提出升降级建议；建议须经人审批，不会自动生效。"),
            _("全部算完才一次发布；数据没有变化时，结果一字不变。"),
        ),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
