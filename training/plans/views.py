"""What is done with a plan: proposing, agreeing, changing, tracking, dropping. Each is a page that says what will happen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from training.courses.models import Course
from training.plans.adapters import suggestions
from training.plans.forms import DeadlineForm, ItemForm, NothingForm, ReasonForm, ResultForm
from training.plans.models import PlanItem, TrainingPlan
from training.plans.permissions import PLAN_ACCEPT, PLAN_PROPOSE, PLAN_SIGN, PLAN_TRACK
from training.plans.resources import PLANS
from training.plans.services.plans import (
    item_add,
    item_remove,
    item_result,
    plan_accept,
    plan_drop,
    plan_propose,
    plan_sign,
)

FORM_METHODS = ["GET", "POST"]
USUAL_DAYS = 90


@require_http_methods(FORM_METHODS)
def propose(request: SignedInRequest, sheet_id: int) -> HttpResponse:
    """A plan from a sheet, after showing which courses it would hold."""
    require(request.user, PLAN_PROPOSE)
    rows: Any = ScoreSheet.objects.reached_by(request.user, PLAN_PROPOSE).select_related(
        "manager", "cycle__scheme"
    )
    sheet = rows.filter(pk=sheet_id).first()
    if sheet is None:
        raise Http404
    now, today = timezone.now(), timezone.localdate()
    found = suggestions(sheet, today)
    names = dict(_names([one.offer.id for one in found if one.offer]))
    effects = [
        _("%(line)s（%(score)s 分，门槛 %(limit)s）：%(course)s")
        % {
            "line": one.line.name, "score": f"{one.line.score.normalize():f}", "limit": f"{one.line.limit.normalize():f}",
            "course": names[one.offer.id] if one.offer else _("目录中没有在开课程"),
        }
        for one in found
    ]  # fmt: skip
    effects.append(_("计划须本人和主管都同意后才执行。"))
    form = DeadlineForm(request.POST or None, initial={"ends_on": today + timedelta(days=USUAL_DAYS)})
    page = ConfirmPage(
        title=_("为%(name)s拟定培训计划") % {"name": sheet.manager.name}, form=form, effects=effects,
        submit_label=_("拟定"), cancel_url=reverse("score_sheets_detail", args=[sheet.pk]),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        plan = plan_propose(
            actor=request.user, sheet_id=sheet.pk, ends_on=data["ends_on"], now=now, today=today
        )
        messages.success(request, _("培训计划已拟定，等待双方同意。"))
        return PLANS.url("detail", plan)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def accept(request: SignedInRequest, pk: int) -> HttpResponse:
    """The person's own yes."""
    plan = _plan(request, pk, PLAN_ACCEPT)
    effects = [
        _("您同意按计划参加 %(n)d 门课程。") % {"n": plan.items.count()},
        _("主管也同意后，计划开始执行。"),
    ]
    page = _page(
        plan,
        _("同意培训计划"),
        NothingForm(request.POST if request.method == "POST" else None),
        effects,
        _("同意"),
    )
    return _answer(request, page, _then(request, plan, lambda data: plan_accept(actor=request.user, plan_id=pk, now=timezone.now()), _("已同意。")))  # fmt: skip


@require_http_methods(FORM_METHODS)
def sign(request: SignedInRequest, pk: int) -> HttpResponse:
    """The supervisor's yes."""
    plan = _plan(request, pk, PLAN_SIGN)
    effects = [_("您同意%(name)s参加 %(n)d 门课程。") % {"name": plan.manager.name, "n": plan.items.count()}, _("本人也同意后，计划开始执行。")]  # fmt: skip
    page = _page(
        plan,
        _("同意培训计划"),
        NothingForm(request.POST if request.method == "POST" else None),
        effects,
        _("同意"),
    )
    return _answer(request, page, _then(request, plan, lambda data: plan_sign(actor=request.user, plan_id=pk, now=timezone.now()), _("已同意。")))  # fmt: skip


@require_http_methods(FORM_METHODS)
def drop(request: SignedInRequest, pk: int) -> HttpResponse:
    """The end of a plan before its time."""
    plan = _plan(request, pk, PLAN_PROPOSE)
    effects = [_("计划终止，未参加的课程不再跟踪；已登记的结果保留。"), _("本人会收到消息。")]
    page = _page(plan, _("终止培训计划"), ReasonForm(request.POST or None), effects, _("终止"), danger=True)

    def act(data: dict[str, Any]) -> Any:
        return plan_drop(actor=request.user, plan_id=pk, reason=data["reason"], now=timezone.now())

    return _answer(request, page, _then(request, plan, act, _("计划已终止。")))


@require_http_methods(FORM_METHODS)
def add_item(request: SignedInRequest, pk: int) -> HttpResponse:
    """One more course."""
    plan = _plan(request, pk, PLAN_PROPOSE)
    effects = [_("课程加入计划；已经给出的同意作废，须双方重新同意。")]
    page = _page(plan, _("加课程"), ItemForm(request.POST or None), effects, _("加入"))

    def act(data: dict[str, Any]) -> Any:
        return item_add(
            actor=request.user,
            plan_id=pk,
            course_code=data["course"].code,
            note=data["note"],
            now=timezone.now(),
        )

    return _answer(request, page, _then(request, plan, act, _("已加入。")))


@require_http_methods(FORM_METHODS)
def remove_item(request: SignedInRequest, pk: int, item_id: int) -> HttpResponse:
    """One course less."""
    plan = _plan(request, pk, PLAN_PROPOSE, items=item_id)
    item = _item(plan, item_id)
    effects = [
        _("“%(course)s”从计划中去掉；已经给出的同意作废，须双方重新同意。") % {"course": item.course.name}
    ]
    page = _page(plan, _("去掉课程"), ReasonForm(request.POST or None), effects, _("去掉"), danger=True)

    def act(data: dict[str, Any]) -> Any:
        return item_remove(
            actor=request.user, plan_id=pk, item_id=item_id, reason=data["reason"], now=timezone.now()
        )

    return _answer(request, page, _then(request, plan, act, _("已去掉。")))


@require_http_methods(FORM_METHODS)
def result(request: SignedInRequest, pk: int, item_id: int) -> HttpResponse:
    """How a course went."""
    plan = _plan(request, pk, PLAN_TRACK, items=item_id)
    item = _item(plan, item_id)
    today = timezone.localdate()
    form = ResultForm(request.POST or None, initial={"on": today})
    effects = [_("登记“%(course)s”的结果；全部课程有结果后，计划即告完成。") % {"course": item.course.name}]
    page = _page(plan, _("登记培训结果"), form, effects, _("登记"))

    def act(data: dict[str, Any]) -> Any:
        return item_result(
            actor=request.user, plan_id=pk, item_id=item_id, state=data["state"], on=data["on"], note=data["note"],
            now=timezone.now(), today=today,
        )  # fmt: skip

    return _answer(request, page, _then(request, plan, act, _("已登记。")))


def _names(ids: Sequence[int]) -> Any:
    return Course.objects.filter(pk__in=ids).values_list("pk", "name")


def _plan(request: SignedInRequest, pk: int, function: Function, **having: int) -> TrainingPlan:
    """The plan within reach, with such a course where one is asked for; 404 tells none of it apart."""
    require(request.user, function)
    rows: Any = TrainingPlan.objects.reached_by(request.user, function).select_related(
        "manager__unit", "sheet__cycle"
    )
    plan: TrainingPlan | None = rows.filter(pk=pk, **having).first()
    if plan is None:
        raise Http404
    return plan


def _item(plan: TrainingPlan, item_id: int) -> PlanItem:
    item: PlanItem = plan.items.select_related("course").get(pk=item_id)
    return item


def _page(
    plan: TrainingPlan, title: str, form: forms.Form, effects: list[str], submit: str, danger: bool = False
) -> ConfirmPage:
    return ConfirmPage(
        title=title, form=form, effects=effects, subtitle=PLANS.object_title(plan), submit_label=submit,
        cancel_url=PLANS.url("detail", plan), danger=danger,
    )  # fmt: skip


def _then(
    request: SignedInRequest, plan: TrainingPlan, act: Callable[[dict[str, Any]], Any], said: str
) -> Callable[[dict[str, Any]], str]:
    def done(data: dict[str, Any]) -> str:
        act(data)
        messages.success(request, said)
        return PLANS.url("detail", plan)

    return done


def _answer(
    request: SignedInRequest, page: ConfirmPage, act: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    form: Any = page.form
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(act(form.cleaned_data))
        except ValidationError as error:
            add_service_error(form, error)
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
