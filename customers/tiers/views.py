"""Bringing rules in, trying, adopting and running them; deciding on a proposal; letting go of a tier set by hand."""

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
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.documents import document_download, document_new
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from customers.registry.permissions import CUSTOMER_TIER
from customers.registry.resources import CUSTOMERS
from customers.registry.services.tiers import tier_release
from customers.tiers.choices import RuleState, RunState
from customers.tiers.flows import finding
from customers.tiers.forms import NothingForm, ReasonForm, TrialForm
from customers.tiers.models import TierRule, TierRun
from customers.tiers.permissions import RULE_ADOPT, RULE_EDIT, RULE_VIEW, RUN_DECIDE, RUN_START
from customers.tiers.resources import RULES, RUNS
from customers.tiers.services.rules import CREATED, UNCHANGED, UPDATED, rule_adopt, rule_import
from customers.tiers.services.runs import run_apply, run_discard, run_start

FORM_METHODS = ["GET", "POST"]
Act = Callable[[dict[str, Any]], str]


@require_http_methods(FORM_METHODS)
def rule_new(request: SignedInRequest) -> HttpResponse:
    """Import a document: empty, or begun from the version named by `from`."""
    require(request.user, RULE_EDIT)

    def bring(text: str) -> tuple[TierRule, str]:
        done = rule_import(actor=request.user, text=text)
        return done.rule, done.outcome

    return document_new(
        request, RULES, title=_("导入分级规则"), hint=_("同一版本已经采用过时，请把 version 加一。"),
        notice=_("导入的是草稿，试算、采用之后才用于分级。"), text_of=lambda rule: rule.text, bring=bring,
        said={
            CREATED: _("已导入为草稿。"), UPDATED: _("已更新这份草稿。"), UNCHANGED: _("与已有的版本内容相同，没有改动。"),
        },
    )  # fmt: skip


@require_GET
def rule_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document, as it was brought in."""
    require(request.user, RULE_VIEW)
    rule = RULES.find(request.user, str(pk))
    return document_download(rule.text, rule.code, rule.version)


@require_http_methods(FORM_METHODS)
def rule_trial(request: SignedInRequest, pk: int) -> HttpResponse:
    """Who would be where, under this version."""
    require(request.user, RUN_START)
    rule = RULES.find(request.user, str(pk))
    form = TrialForm(request.POST if request.method == "POST" else None)
    others = TierRule.objects.filter(code=rule.code).exclude(pk=rule.pk)
    form.fields["against"].queryset = others.order_by("-version")  # type: ignore[attr-defined]
    effects = [
        _("按今天的数据计算所有适用的客户，列出谁会改变、各级之间怎样流动；由后台任务进行，可以离开页面。"),
        _("只作比较，不改变任何客户的分级。"),
    ]
    page = ConfirmPage(
        title=_("试算分级规则"), form=form, subtitle=f"{rule.name} · {rule}", effects=effects, submit_label=_("开始试算"),
        cancel_url=RULES.url("detail", rule),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        against = data["against"].pk if data["against"] else None
        run = _start(request, rule, trial=True, against=against)
        messages.success(request, _("已开始试算，进度见任务中心。"))
        return RUNS.url("detail", run)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def rule_run(request: SignedInRequest, pk: int) -> HttpResponse:
    """A proposal under the version in force, now instead of on the first of the month."""
    require(request.user, RUN_START)
    rule = RULES.find(request.user, str(pk))
    effects = [
        _("按今天的数据计算所有适用的客户，结果是一份建议，由人采用或放弃；采用之前分级不变。"),
        _("还没有决定的上一份建议由新的取代。"),
    ]
    page = ConfirmPage(
        title=_("运行客户分级"), form=NothingForm(request.POST if request.method == "POST" else None),
        subtitle=f"{rule.name} · {rule}", effects=effects, submit_label=_("开始"), cancel_url=RULES.url("detail", rule),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        run = _start(request, rule, trial=False)
        messages.success(request, _("已开始计算，进度见任务中心。"))
        return RUNS.url("detail", run)

    return _answer(request, page, act)


def _start(request: SignedInRequest, rule: TierRule, *, trial: bool, against: int | None = None) -> TierRun:
    return run_start(
        actor=request.user, rule_id=rule.pk, trial=trial, against_id=against, today=timezone.localdate(), now=timezone.now()
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def rule_take(request: SignedInRequest, pk: int) -> HttpResponse:
    """Put a draft in force; what its newest trial found is said beside."""
    require(request.user, RULE_ADOPT)
    rule = RULES.find(request.user, str(pk), "adopt")
    tried = rule.runs.filter(state=RunState.SHOWN, rule_digest=rule.digest).order_by("-pk").first()
    present = TierRule.objects.filter(code=rule.code, state=RuleState.ACTIVE).first()
    effects = [
        _("以后按“%(rule)s”分级：每月一日提出建议，由人决定是否采用。") % {"rule": rule},
        _("采用规则本身不改变任何客户的分级。"),
    ]
    if present is not None:
        effects.append(_("现行的第 %(n)d 版由它取代，保留备查。") % {"n": present.version})
    if tried is not None:
        effects.append(
            _("最近一次试算（%(day)s）：%(said)s。") % {"day": tried.as_of, "said": finding(tried)}
        )
    page = ConfirmPage(
        title=_("采用分级规则"), form=ReasonForm(request.POST or None), subtitle=f"{rule.name} · {rule}", effects=effects,
        warning="" if tried is not None else _("这份文档还没有试算过，不知道谁会改变；建议先试算。"),
        submit_label=_("采用"), cancel_url=RULES.url("detail", rule),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        rule_adopt(actor=request.user, rule_id=rule.pk, reason=data["reason"], now=timezone.now())
        messages.success(request, _("已采用。"))
        return RULES.url("detail", rule)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def run_take_up(request: SignedInRequest, number: str) -> HttpResponse:
    """Have a proposal carried out."""
    require(request.user, RUN_DECIDE)
    run = RUNS.find(request.user, number, "decide")
    effects = [
        _("%(said)s；由后台任务逐户写入，每户记入操作日志。") % {"said": finding(run)},
        _("计算之后分级或分类已有变动、或由人手工评定的客户保持原样，并列出名单。"),
    ]
    return _decide(
        request, run, _("采用分级建议"), effects, _("采用"), run_apply, _("已开始写入，进度见任务中心。")
    )


@require_http_methods(FORM_METHODS)
def run_aside(request: SignedInRequest, number: str) -> HttpResponse:
    """Put a proposal aside."""
    require(request.user, RUN_DECIDE)
    run = RUNS.find(request.user, number, "decide")
    effects = [_("客户的分级不变；批次与名单保留备查。")]
    return _decide(
        request, run, _("放弃分级建议"), effects, _("放弃"), run_discard, _("已放弃。"), danger=True
    )


def _decide(
    request: SignedInRequest,
    run: TierRun,
    title: str,
    effects: list[str],
    label: str,
    service: Callable[..., Any],
    done: str,
    danger: bool = False,
) -> HttpResponse:
    page = ConfirmPage(
        title=title, form=ReasonForm(request.POST or None), subtitle=RUNS.object_title(run), effects=effects,
        submit_label=label, cancel_url=RUNS.url("detail", run), danger=danger,
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        service(actor=request.user, run_id=run.pk, reason=data["reason"], now=timezone.now())
        messages.success(request, done)
        return RUNS.url("detail", run)

    return _answer(request, page, act)


@require_http_methods(FORM_METHODS)
def hold_release(request: SignedInRequest, customer_no: str) -> HttpResponse:
    """Let rules decide again about a customer whose tier was set by hand."""
    require(request.user, CUSTOMER_TIER)
    customer = CUSTOMERS.find(request.user, customer_no, "tier")
    page = ConfirmPage(
        title=_("解除手工分级"), form=ReasonForm(request.POST or None), subtitle=str(customer),
        effects=[_("分级暂时不变；从下一次分级批次起按规则决定。")], submit_label=_("解除"), cancel_url=CUSTOMERS.url("detail", customer),
    )  # fmt: skip

    def act(data: dict[str, Any]) -> str:
        tier_release(actor=request.user, customer_id=customer.pk, reason=data["reason"])
        messages.success(request, _("已解除。"))
        return CUSTOMERS.url("detail", customer)

    return _answer(request, page, act)


def _answer(request: SignedInRequest, page: ConfirmPage, act: Act) -> HttpResponse:
    form: Any = page.form
    if request.method == "POST" and form.is_valid():
        try:
            return HttpResponseRedirect(act(form.cleaned_data))
        except ValidationError as error:
            add_service_error(form, error)
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
