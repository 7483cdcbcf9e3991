"""Asking for a plan, and putting one aside."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from customers.planning.permissions import PLAN_EDIT, REBALANCE
from customers.planning.resources import PLANS
from customers.planning.services.rebalancing import plan_discard, rebalance


class RebalanceForm(forms.Form):
    """For which unit; the policy that holds there is taken."""

    unit = UnitChoiceField(
        label=gettext_lazy("范围"),
        queryset=OrgUnit.objects.none(),
        required=False,
        empty_label=gettext_lazy("全行"),
    )
    percent = forms.IntegerField(
        label=gettext_lazy("移动上限（%）"), min_value=0, max_value=100, required=False,
        help_text=gettext_lazy("已有主办的客户中，除必须移动的之外至多再移动百分之几；不填按政策。"),
    )  # fmt: skip


class DiscardForm(forms.Form):
    """Why a plan is put aside."""

    reason = forms.CharField(label=gettext_lazy("原因"), max_length=300)


@require_http_methods(["GET", "POST"])
def plan_new(request: SignedInRequest) -> HttpResponse:
    """Ask for a draft plan."""
    require(request.user, REBALANCE)
    form = RebalanceForm(request.POST if request.method == "POST" else None)
    units = OrgUnit.objects.reached_by(request.user, REBALANCE).filter(closed_on__isnull=True)
    form.fields["unit"].queryset = units.order_by("path")  # type: ignore[attr-defined]
    page = ConfirmPage(
        title=_("编制分客方案"), form=form, submit_label=_("开始计算"), cancel_url=PLANS.url("list"),
        effects=(
            _("按该范围适用的政策，由后台任务计算一份草案，附已证明的最优界限；算完之前可以离开。"),
            _("草案不改变任何客户的归属。"),
        ),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        unit = form.cleaned_data["unit"]
        try:
            plan = rebalance(
                actor=request.user, unit_id=unit.pk if unit else None, policy_code="", today=timezone.localdate(),
                now=timezone.now(), percent=form.cleaned_data["percent"],
            )  # fmt: skip
            messages.success(request, _("已开始计算，进度见任务中心。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
        except ValidationError as error:
            add_service_error(form, error)
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def plan_aside(request: SignedInRequest, number: str) -> HttpResponse:
    """Put a plan aside, with a reason."""
    require(request.user, PLAN_EDIT)
    plan: Any = PLANS.find(request.user, number, "edit")
    form = DiscardForm(request.POST or None)
    page = ConfirmPage(
        title=_("放弃分客方案"), form=form, subtitle=PLANS.object_title(plan), submit_label=_("放弃"), danger=True,
        effects=(_("方案不再继续；内容保留备查。"),), cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        try:
            plan_discard(
                actor=request.user, plan_id=plan.pk, reason=form.cleaned_data["reason"], now=timezone.now()
            )
            messages.success(request, _("已放弃。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
        except ValidationError as error:
            add_service_error(form, error)
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
