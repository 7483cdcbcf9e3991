"""Bringing policies in and handing them out; drafting, changing and confirming evaluation sheets; rules for one customer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.models import OrgUnit
from cmsys.ui.documents import document_download, document_new
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.resource import Resource
from cmsys.ui.views import add_service_error
from customers.allocation.forms import DraftForm, EndForm, NothingForm, PartsForm, RuleForm
from customers.allocation.models import AllocationPolicy
from customers.allocation.permissions import (
    EVALUATION_DRAFT,
    EVALUATION_HEAD,
    EVALUATION_HR,
    POLICY_EDIT,
    POLICY_VIEW,
    RULE_EDIT,
)
from customers.allocation.resources import EVALUATIONS, POLICIES, RULES
from customers.allocation.services.evaluations import (
    evaluation_change,
    evaluation_confirm_head,
    evaluation_confirm_hr,
    evaluations_draft,
)
from customers.allocation.services.policies import CREATED, UNCHANGED, UPDATED, policy_import
from customers.allocation.services.rules import rule_begin, rule_end

FORM_METHODS = ["GET", "POST"]
Act = Callable[[dict[str, Any]], str]


@require_http_methods(FORM_METHODS)
def policy_new(request: SignedInRequest) -> HttpResponse:
    """Import a document: empty, or begun from the version named by `from`."""
    require(request.user, POLICY_EDIT)

    def bring(text: str) -> tuple[AllocationPolicy, str]:
        done = policy_import(actor=request.user, text=text)
        return done.policy, done.outcome

    return document_new(
        request, POLICIES, title=_("导入分客政策"), hint=_("同一版本已用于分客方案时，请把 version 加一。"), notice="",
        text_of=lambda policy: policy.text, bring=bring,
        said={
            CREATED: _("已导入。"), UPDATED: _("已更新这个未使用过的版本。"), UNCHANGED: _("与已有的版本内容相同，没有改动。"),
        },
    )  # fmt: skip


@require_GET
def policy_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document, as it was brought in."""
    require(request.user, POLICY_VIEW)
    policy = POLICIES.find(request.user, str(pk))
    return document_download(policy.text, policy.code, policy.version)


@require_http_methods(FORM_METHODS)
def evaluation_draft(request: SignedInRequest) -> HttpResponse:
    """Sheets for everybody at work in a unit who has none."""
    require(request.user, EVALUATION_DRAFT)
    form = DraftForm(request.POST or None)
    units = OrgUnit.objects.reached_by(request.user, EVALUATION_DRAFT).filter(closed_on__isnull=True)
    form.fields["unit"].queryset = units.order_by("path")  # type: ignore[attr-defined]
    effects = [
        _(
            "为没有有效评估的在岗人员各编一张，能力与业绩取最近一期已结束的考核，经验按从业年限每年 10 分、最多 100 分。"
        ),
        _("人力资源和主管都确认后才有效。"),
    ]
    page = ConfirmPage(
        title=_("编制员工评估"),
        form=form,
        effects=effects,
        submit_label=_("编制"),
        cancel_url=EVALUATIONS.url("list"),
    )

    def act(data: dict[str, Any]) -> str:
        count = evaluations_draft(
            actor=request.user, unit_id=data["unit"].pk, today=timezone.localdate(), now=timezone.now()
        )
        messages.success(
            request, _("编制了 %(n)d 张。") % {"n": count} if count else _("没有需要编制的人员。")
        )
        return f"{EVALUATIONS.url('list')}?state=draft"

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def evaluation_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Other figures, with a reason."""
    require(request.user, EVALUATION_DRAFT)
    sheet = EVALUATIONS.find(request.user, str(pk), "edit")
    parts = {name: getattr(sheet, name) for name in ("ability", "experience", "results")}
    page = _sheet_page(
        sheet, _("调整员工评估"), PartsForm(request.POST or None, initial=parts),
        [_("综合评价按政策的权重重算；已经给出的确认作废，须重新确认。")], _("保存"),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        values = {name: data[name] for name in parts}
        evaluation_change(
            actor=request.user,
            evaluation_id=sheet.pk,
            values=values,
            reason=data["reason"],
            now=timezone.now(),
        )
        messages.success(request, _("已保存。"))
        return EVALUATIONS.url("detail", sheet)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def confirm_hr(request: SignedInRequest, pk: int) -> HttpResponse:
    """Human resources stand for a sheet."""
    return _confirm(request, pk, EVALUATION_HR, "confirm_hr", evaluation_confirm_hr)


@require_http_methods(FORM_METHODS)
def confirm_head(request: SignedInRequest, pk: int) -> HttpResponse:
    """The head of the department stands for a sheet."""
    return _confirm(request, pk, EVALUATION_HEAD, "confirm_head", evaluation_confirm_head)


def _confirm(
    request: SignedInRequest, pk: int, function: Function, action: str, service: Callable[..., Any]
) -> HttpResponse:
    require(request.user, function)
    sheet = EVALUATIONS.find(request.user, str(pk), action)
    effects = [
        _("确认%(name)s的综合评价 %(merit)s 分。") % {"name": sheet.manager.name, "merit": sheet.merit},
        _("双方都确认后即生效，取代原有的评估，并作为分客方案的依据。"),
    ]
    page = _sheet_page(
        sheet,
        _("确认员工评估"),
        NothingForm(request.POST if request.method == "POST" else None),
        effects,
        _("确认"),
    )

    def act(data: dict[str, Any]) -> str:
        service(actor=request.user, evaluation_id=sheet.pk, today=timezone.localdate(), now=timezone.now())
        messages.success(request, _("已确认。"))
        return EVALUATIONS.url("detail", sheet)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def rule_new(request: SignedInRequest) -> HttpResponse:
    """Something agreed for one customer."""
    require(request.user, RULE_EDIT)
    today = timezone.localdate()
    page = ConfirmPage(
        title=_("登记客户特别约定"), form=RuleForm(request.POST or None, initial={"starts_on": today}),
        effects=[_("从下一次分客方案起作为硬性规则；已有的归属不变。")], submit_label=_("登记"), cancel_url=RULES.url("list"),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        rule = rule_begin(actor=request.user, now=timezone.now(), **data)
        messages.success(request, _("已登记。"))
        return RULES.url("detail", rule)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def rule_over(request: SignedInRequest, pk: int) -> HttpResponse:
    """The end of what was agreed."""
    require(request.user, RULE_EDIT)
    rule = RULES.find(request.user, str(pk), "edit")
    page = ConfirmPage(
        title=_("结束客户特别约定"), form=EndForm(request.POST or None, initial={"ends_on": timezone.localdate()}),
        subtitle=RULES.object_title(rule), effects=[_("从结束日期起，分客方案不再考虑这条约定。")], submit_label=_("结束"),
        cancel_url=RULES.url("detail", rule), danger=True,
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        rule_end(
            actor=request.user,
            rule_id=rule.pk,
            ends_on=data["ends_on"],
            reason=data["reason"],
            now=timezone.now(),
        )
        messages.success(request, _("已结束。"))
        return RULES.url("detail", rule)

    return _answer(request, page, act)


def _sheet_page(sheet: Any, title: str, form: Any, effects: list[str], submit: str) -> ConfirmPage:
    resource: Resource = EVALUATIONS
    return ConfirmPage(
        title=title, form=form, effects=effects, subtitle=resource.object_title(sheet), submit_label=submit,
        cancel_url=resource.url("detail", sheet),
    )  # fmt: skip


def _answer(request: SignedInRequest, page: ConfirmPage, act: Act) -> HttpResponse:
    form: Any = page.form
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(act(form.cleaned_data))
        except ValidationError as error:
            add_service_error(form, error)
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
