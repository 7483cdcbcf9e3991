"""Carrying out a plan, and taking it back: what will happen, and one button."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from customers.execution.forms import ApplyForm, RevertForm
from customers.execution.selectors import counts_of
from customers.execution.services.execution import plan_apply, plan_revert
from customers.planning.choices import LineState
from customers.planning.permissions import PLAN_APPLY
from customers.planning.resources import PLANS
from customers.planning.transitions import PLAN


@require_http_methods(["GET", "POST"])
def apply_page(request: SignedInRequest, number: str) -> HttpResponse:
    """Carry out an approved plan."""
    require(request.user, PLAN_APPLY)
    plan: Any = PLANS.find(request.user, number, "apply")
    today = timezone.localdate()
    form = ApplyForm(request.POST if request.method == "POST" else None, initial=_hidden(plan))
    if request.method == "GET":
        _check(plan, "apply")
    elif form.is_valid():
        try:
            plan_apply(actor=request.user, plan_id=plan.pk, form=form.step(), now=timezone.now(), today=today)
            messages.success(request, _("已开始执行，进度见本页。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
        except ValidationError as error:
            add_service_error(form, error)
    lines, day = counts_of(plan).get(LineState.APPROVED, 0), plan.effective_on or today
    page = ConfirmPage(
        title=_("执行分客方案"), form=form, subtitle=PLANS.object_title(plan), submit_label=_("执行"),
        cancel_url=PLANS.url("detail", plan), effects=_apply_effects(lines, max(day, today), today),
        warning=_("批准的生效日 %(day)s 已过，将自今天起生效。") % {"day": day} if day < today else "",
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def revert_page(request: SignedInRequest, number: str) -> HttpResponse:
    """Take back a plan that was carried out."""
    require(request.user, PLAN_APPLY)
    plan: Any = PLANS.find(request.user, number, "apply")
    today = timezone.localdate()
    given = request.POST if request.method == "POST" else None
    form = RevertForm(given, initial=_hidden(plan), number=plan.number)
    if request.method == "GET":
        _check(plan, "revert")
    elif form.is_valid():
        try:
            plan_revert(
                actor=request.user, plan_id=plan.pk, form=form.step(), now=timezone.now(), today=today
            )
            messages.success(request, _("已开始撤回，进度见本页。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
        except ValidationError as error:
            add_service_error(form, error)
    lines, day = counts_of(plan).get(LineState.APPLIED, 0), plan.effective_on or today
    page = ConfirmPage(
        title=_("撤回已执行的方案"), form=form, subtitle=PLANS.object_title(plan), submit_label=_("撤回"), danger=True,
        cancel_url=PLANS.url("detail", plan), effects=_revert_effects(lines, day, today),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


def _hidden(plan: Any) -> dict[str, str]:
    return {"nonce": uuid4().hex, "version": plan.updated_at.isoformat()}


def _check(plan: Any, verb: str) -> None:
    """Raises Conflict where there is nothing to be done any more, before somebody reads a page about it."""
    PLAN.check(verb, plan.state, by=plan.moved_by, at=plan.moved_at)


def _apply_effects(lines: int, day: date, today: date) -> tuple[str, ...]:
    when = _("立即") if day <= today else _("当天零点")
    return (
        _("已批准的 %(n)d 户客户，自 %(day)s 起由新的主办负责；原主办自这一天起不再负责。") % {"n": lines, "day": day},
        _("与方案编制时不同的客户（主办已换、有新投诉、接收人已离职等）跳过，并逐户写明原因。"),
        _("客户名单和权限%(when)s随主办调整；移出方、接收方和双方主管会收到消息。") % {"when": when},
        _("由后台任务分批执行，可以离开；中断后自动续做，不会重复。"),
    )  # fmt: skip


def _revert_effects(lines: int, day: date, today: date) -> tuple[str, ...]:
    if day < today:
        history = _("新主办已负责的日子如实保留：他们自 %(today)s 起不再负责，原主办自这一天起重新负责。") % {"today": today}  # fmt: skip
    else:
        history = _("归属恢复到执行之前，如同没有执行过。")
    return (
        _("已执行的 %(n)d 户客户交还原主办。") % {"n": lines},
        history,
        _("此后又换过主办的客户，以及原主办已离职的客户，保持现状，并逐户写明原因。"),
    )
