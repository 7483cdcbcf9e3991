"""The workbench of a plan: its page, choosing, computing again, comparing; and the fragments the page asks for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import ResourceViews, add_service_error
from cmsys.workflow.form import Form
from customers.planning.cards import why_card
from customers.planning.choices import SOLVED
from customers.planning.comparing import compared
from customers.planning.deciding import ACT_EFFECTS, act_title, choices_of
from customers.planning.pages import comparable, dock_of, drawings_of, lines_of, move_of, picked, without_said
from customers.planning.permissions import PLAN_EDIT, PLAN_VIEW, REBALANCE
from customers.planning.recomputing import at_once, percent_of
from customers.planning.resources import PLANS
from customers.planning.services.again import plan_again
from customers.planning.services.choosing import ASSIGN, BAR, KEEP, UNDO, plan_choose
from customers.planning.transitions import PLAN
from customers.planning.words import ACTS


class PlanViews(ResourceViews):
    """The list as every list; the page as a workbench."""

    def detail(self, request: SignedInRequest, key: str) -> HttpResponse:
        require(request.user, PLAN_VIEW)
        plan: Any = PLANS.find(request.user, key)
        page = self.page_of(request, plan)
        if request.GET.get("drawer"):
            return render(request, "ui/drawer.html", {"page": page, "object": plan})
        context: dict[str, Any] = {"page": page, "plan": plan, "dock": dock_of(request, plan)}
        if plan.state in SOLVED:
            context |= {
                "lines": lines_of(request, plan), "drawings": drawings_of(request, plan),
                "others": comparable(request, plan),
            }  # fmt: skip
        return render(request, "planning/plan.html", context)


@require_GET
def plan_effect(request: SignedInRequest, number: str) -> HttpResponse:
    """What the ticked lines do: the plan without them against the plan with them; a fragment."""
    require(request.user, PLAN_VIEW)
    plan: Any = PLANS.find(request.user, number)
    if plan.state not in SOLVED:
        raise Http404
    found = without_said(plan, picked(request.GET.getlist("selected")))
    return render(request, "planning/_effect.html", {"effect": found})


@require_GET
def move_why(request: SignedInRequest, pk: int) -> HttpResponse:
    """Why a line is as it is, opened in place; a fragment of the line's page."""
    require(request.user, PLAN_VIEW)
    move = move_of(request, str(pk))
    return render(request, "planning/_why.html", {"move": move, "html": why_card(request, move)})


# Done without being asked again: nothing is lost by them.
DIRECT = (KEEP, UNDO)


# --- choosing ---------------------------------------------------------------------------------------------------------------
class ChooseForm(forms.Form):
    """What is done with which customers; the managers come from the page."""

    act = forms.ChoiceField(choices=list(ACTS.items()), widget=forms.HiddenInput)
    nonce = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    manager = forms.IntegerField(required=False, min_value=1, max_value=2**62, widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=300, required=False)


@require_http_methods(["GET", "POST"])
def plan_choose_view(request: SignedInRequest, number: str) -> HttpResponse:
    """Sent from the plan's page: locks and undoing are done at once, anything else is shown first with what it would do and
    who could have the customers; sent from there (`sure`) it is done."""
    require(request.user, PLAN_EDIT)
    plan: Any = PLANS.find(request.user, number, "edit")
    given = request.POST if request.method == "POST" else request.GET
    customers, act = picked(given.getlist("selected")), str(given.get("act", KEEP))
    taken = request.method == "POST" and (act in DIRECT or "sure" in given)
    form = ChooseForm(given if taken else None, initial={"nonce": str(uuid4()), "act": act})
    if taken and form.is_valid():
        try:
            done = plan_choose(
                actor=request.user, plan_id=plan.pk, act=form.cleaned_data["act"], customers=customers, now=timezone.now(),
                form=Form(reason=form.cleaned_data["reason"], nonce=form.cleaned_data["nonce"]),
                manager_id=form.cleaned_data["manager"],
            )  # fmt: skip
        except ValidationError as error:
            add_service_error(form, error)
        else:
            said = _("已%(act)s %(n)d 户；点“按选择重算”后生效。") % {
                "act": ACTS[form.cleaned_data["act"]],
                "n": done.count,
            }
            messages.success(request, _("这份表单已经提交过，没有重复办理。") if done.repeated else said)
            return HttpResponseRedirect(f"{PLANS.url('detail', plan)}#lines")
    if act not in ACTS:
        raise Http404
    PLAN.check("choose", plan.state, by=plan.moved_by, at=plan.moved_at)
    found = choices_of(request, plan, act, customers)
    form.fields["reason"].required = act == BAR
    page = ConfirmPage(
        title=act_title(act, len(found.rows)), form=form, subtitle=PLANS.object_title(plan), effects=ACT_EFFECTS[act],
        submit_label=ACTS[act], danger=act == BAR, cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    context = {"page": page, "found": found, "assign": act == ASSIGN, "picked": customers, "bar": act == BAR,
               "manager": str(given.get("manager", ""))}  # fmt: skip
    return render(request, "planning/choose.html", context, status=422 if form.errors else 200)


# --- once more ----------------------------------------------------------------------------------------------------------------
class AgainForm(forms.Form):
    """Under which move budget."""

    percent = forms.IntegerField(
        label=gettext_lazy("移动上限（%）"), min_value=0, max_value=100, required=False,
        help_text=gettext_lazy("已有主办的客户中，除必须移动的之外至多再移动百分之几；不填按政策。"),
    )  # fmt: skip
    nonce = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
def plan_again_view(request: SignedInRequest, number: str) -> HttpResponse:
    """Compute a draft again with its choices, under another move budget if one likes."""
    require(request.user, REBALANCE)
    plan: Any = PLANS.find(request.user, number, "rebalance")
    asked = request.GET.get("percent", "")
    percent = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 4 else plan.percent
    form = AgainForm(
        request.POST if request.method == "POST" else None,
        initial={"percent": percent, "nonce": str(uuid4())},
    )
    if request.method == "POST" and form.is_valid():
        try:
            done = plan_again(
                actor=request.user, plan_id=plan.pk, percent=form.cleaned_data["percent"], now=timezone.now(),
                form=Form(nonce=form.cleaned_data["nonce"]),
            )  # fmt: skip
        except ValidationError as error:
            add_service_error(form, error)
            plan.refresh_from_db()
        else:
            said = _("已重算，变化见“与上一版的变化”。") if done.done else _("已开始重算，进度见任务中心。")
            messages.success(request, _("这份表单已经提交过，没有重复办理。") if done.repeated else said)
            return HttpResponseRedirect(PLANS.url("detail", plan))
    PLAN.check("again", plan.state, by=plan.moved_by, at=plan.moved_at)
    count = plan.choices.count()
    usual = percent_of(plan) if plan.percent is None else None
    effects = [
        _("保留 %(n)d 项选择，其余客户重新安排；方案仍是基准日 %(day)s 的数据。") % {"n": count, "day": plan.as_of},
        _("方案行按新的结果重写，修订号加一；与上一版的变化会列出来。"),
        _("选择不能同时满足时，会写明是哪些，草案保持不变。"),
    ]  # fmt: skip
    if usual is not None:
        effects.append(_("政策的移动上限是 %(n)d%%。") % {"n": usual})
    if not at_once(plan):
        effects.append(_("客户较多，由后台任务计算。"))
    page = ConfirmPage(
        title=_("按选择重算"), form=form, subtitle=PLANS.object_title(plan), effects=effects, submit_label=_("重算"),
        cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


# --- comparing ----------------------------------------------------------------------------------------------------------------
PAGE = 50


@require_GET
def plan_compare(request: SignedInRequest, number: str, other: str) -> HttpResponse:
    """Two plans of one unit side by side."""
    require(request.user, PLAN_VIEW)
    first: Any = PLANS.find(request.user, number)
    second: Any = PLANS.find(request.user, other)
    if first.unit_id != second.unit_id or first.pk == second.pk or {first.state, second.state} - set(SOLVED):
        raise Http404
    found = compared(request, first, second, request.GET.get("page", "1"), PAGE)
    page = {
        "title": _("对比 %(a)s 与 %(b)s") % {"a": first.number, "b": second.number},
        "subtitle": _("%(unit)s · %(n)s 户的安排不同")
        % {"unit": first.unit.name, "n": f"{found['total']:,}"},
    }
    return render(request, "planning/compare.html", {"page": page, "first": first, "second": second, **found})
