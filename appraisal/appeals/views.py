"""Pages beyond list and page: lodging and each act on an appeal, drawing up and each act on a plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.appeals import forms
from appraisal.appeals.choices import OPEN_APPEALS, PlanState
from appraisal.appeals.models import ImprovementPlan, PlanCheck
from appraisal.appeals.paper import agreement_pdf
from appraisal.appeals.permissions import APPEAL_LODGE, PLAN_EDIT, PLAN_VIEW
from appraisal.appeals.resources import APPEALS, PLANS
from appraisal.appeals.selectors import window_of
from appraisal.appeals.services import appeals, deciding, plans
from appraisal.appeals.transitions import APPEAL, PLAN
from appraisal.grading.models import GradeDecision
from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.registry import Text
from cmsys.ui.views import add_service_error, fieldsets_of
from managers.profiles.models import RelationshipManager

FORM_METHODS = ["GET", "POST"]


@dataclass(frozen=True)
class Act:
    """One verb as a page: its form, what it brings about, and the service behind it."""

    form: type[forms.SentForm]
    effects: Sequence[Text]
    take: Callable[..., Any]
    done: Text
    own: bool = False
    danger: bool = False


def _decide(*, form_values: dict[str, Any], **rest: Any) -> Any:
    given = deciding.Answer(form_values["outcome"], form_values["remedy"], form_values.get("grade_code", ""))
    return deciding.appeal_decide(answer=given, **rest)


APPEAL_ACTS: dict[str, Act] = {
    "withdraw": Act(
        forms.PlainForm,
        (gettext_lazy("申诉终止，原等级变更照常执行。"), gettext_lazy("申诉期内可以再次提出。")),
        lambda form_values, **rest: appeals.appeal_withdraw(**rest), gettext_lazy("申诉已撤回。"), danger=True,
    ),
    "comment": Act(
        forms.StatementForm, (gettext_lazy("办理人和申诉人都会看到您的说明。"),),
        lambda form_values, **rest: appeals.appeal_comment(**rest), gettext_lazy("说明已提交。"),
    ),
    "accept": Act(
        forms.PlainForm, (gettext_lazy("由您办理并答复；申诉人会收到通知。"),),
        lambda form_values, **rest: appeals.appeal_accept(**rest), gettext_lazy("已受理。"),
    ),
    "release": Act(
        forms.ReasonForm,
        (gettext_lazy("申诉回到待受理，由其他人办理；答复期限不变。"), gettext_lazy("暂缓生效的，同时解除。")),
        lambda form_values, **rest: appeals.appeal_release(**rest), gettext_lazy("已转出。"),
    ),
    "stay": Act(
        forms.ReasonForm, (gettext_lazy("到生效日也不生效，直到答复、撤回或解除暂缓。"),),
        lambda form_values, **rest: appeals.appeal_stay(stay=True, **rest), gettext_lazy("已暂缓生效。"), own=True,
    ),
    "resume": Act(
        forms.ReasonForm, (gettext_lazy("等级变更按原定日期生效；日期已过的，下一个工作批次生效。"),),
        lambda form_values, **rest: appeals.appeal_stay(stay=False, **rest), gettext_lazy("已解除暂缓。"), own=True,
    ),
    "decide": Act(
        forms.AnswerForm,
        (gettext_lazy("结论、处理和理由立即送达申诉人，不能再改。"), gettext_lazy("处理结果不会比原等级变更更差。")),
        _decide, gettext_lazy("已答复。"), own=True,
    ),
}  # fmt: skip


def _close(passed: bool) -> Callable[..., Any]:
    return lambda form_values, **rest: plans.plan_close(passed=passed, **rest)


PLAN_ACTS: dict[str, Act] = {
    "issue": Act(
        forms.PlainForm, (gettext_lazy("您在计划上签字，并送本人签署。"), gettext_lazy("本人签署前可以收回修改。")),
        lambda form_values, **rest: plans.plan_issue(**rest), gettext_lazy("已签字并送本人签署。"),
    ),
    "recall": Act(
        forms.ReasonForm, (gettext_lazy("计划回到待拟定，您的签字作废。"),),
        lambda form_values, **rest: plans.plan_recall(**rest), gettext_lazy("已收回。"),
    ),
    "sign": Act(
        forms.SignForm,
        (gettext_lazy("您确认知悉目标、措施、期限和检查点。"), gettext_lazy("签署不影响您对等级变更提出申诉。")),
        lambda form_values, **rest: plans.plan_sign(opinion=form_values["opinion"], **rest), gettext_lazy("已签署。"),
    ),
    "refusal": Act(
        forms.RefusalForm, (gettext_lazy("记下本人拒签和见证人，计划从现在起执行。"), gettext_lazy("本人会收到通知。")),
        lambda form_values, **rest: plans.plan_refusal(witness=form_values["witness"], **rest),
        gettext_lazy("已登记拒签。"), danger=True,
    ),
    "pass": Act(
        forms.ReasonForm, (gettext_lazy("计划办结；结果在下一次定级时供复核人查看。"),), _close(True),
        gettext_lazy("已认定通过。"),
    ),
    "fail": Act(
        forms.ReasonForm,
        (gettext_lazy("计划办结；结果在下一次定级时供复核人查看。"), gettext_lazy("理由和检查记录是“不胜任”的书面依据。")),
        _close(False), gettext_lazy("已认定未通过。"), danger=True,
    ),
    "extend": Act(
        forms.ExtendForm, (gettext_lazy("计划继续执行，新的结束日加一个检查点。"),),
        lambda form_values, **rest: plans.plan_extend(ends_on=form_values["ends_on"], **rest),
        gettext_lazy("已延长。"),
    ),
    "cancel": Act(
        forms.ReasonForm, (gettext_lazy("计划终止，不作结果认定。"),),
        lambda form_values, **rest: plans.plan_cancel(**rest), gettext_lazy("已取消。"), danger=True,
    ),
}  # fmt: skip


# --- appeals --------------------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def lodge(request: SignedInRequest, decision_id: int) -> HttpResponse:
    """The person appeals against the decision about himself."""
    require(request.user, APPEAL_LODGE)
    rows = GradeDecision.objects.reached_by(request.user, APPEAL_LODGE)
    decision = rows.select_related("cycle", "round", "grade", "previous_grade").filter(pk=decision_id).first()
    if decision is None:
        raise Http404
    present = decision.appeals.filter(state__in=OPEN_APPEALS).first()
    if request.method == "GET" and present is not None:
        return HttpResponseRedirect(APPEALS.url("detail", present))
    form: Any = forms.LodgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        appeal = _taken(
            form,
            lambda now, today: appeals.appeal_lodge(
                actor=request.user, decision_id=decision.pk, ground=values["ground"], text=values["text"],
                wish=values["wish"], form=form.sent(), now=now, today=today,
            ),
        )  # fmt: skip
        if appeal is not None:
            messages.success(request, _("申诉已提交，%(due)s 前答复。") % {"due": appeal.due_on})
            return HttpResponseRedirect(APPEALS.url("detail", appeal))
    change = f"{decision.previous_grade or _('未定级')} → {decision.grade or _('未定级')}"
    page = FormPage(
        title=_("对 %(period)s 等级变更提出申诉") % {"period": decision.cycle.period}, form=form,
        notice=_notice(decision),
        fieldsets=fieldsets_of(form), subtitle=f"{decision.get_kind_display()} · {change}",
        submit_label=_("提交申诉"), cancel_url=reverse("appeals_list"),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _notice(decision: GradeDecision) -> str:
    """Until when, and what an appeal does."""
    rule = _("由没有办理过这项等级变更的人处理，结果不会比现在更差；申诉期间不停止执行。")
    window = window_of(decision)
    if window is None:
        return rule
    days = {"told": window.told_on, "last": window.ends_on}
    if not window.is_open(timezone.localdate()):
        return _("%(told)s 知悉，%(last)s 截止，已经过期，不能再提出。") % days
    return _("%(told)s 知悉，%(last)s 截止。") % days + rule


@require_http_methods(FORM_METHODS)
def appeal_act(request: SignedInRequest, pk: int, verb: str) -> HttpResponse:
    """One act on an appeal: what it brings about, words where they are needed, one button."""
    act = APPEAL_ACTS.get(verb)
    if act is None:
        raise Http404
    appeal = _found(request, APPEALS, APPEAL[verb].function, pk, request.user if act.own else None)
    return _act_page(request, act, APPEAL[verb].label, appeal, APPEALS, {"appeal_id": appeal.pk})


# --- improvement plans ----------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def plan_open(request: SignedInRequest) -> HttpResponse:
    """The supervisor opens a plan by hand; what it says comes on the next page."""
    require(request.user, PLAN_EDIT)
    form: Any = forms.OpenForm(
        request.POST or None, initial={"employee_no": request.GET.get("employee_no", "")[:40]}
    )
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            plan = _taken(
                form,
                lambda now, today: plans.plan_open(
                    actor=request.user, employee_no=values["employee_no"], note=values["note"], form=form.sent(),
                    now=now, today=today,
                ),
            )  # fmt: skip
        except RelationshipManager.DoesNotExist:
            plan = None
            form.add_error("employee_no", _("您的权限范围内没有这个工号，请核对。"))
        if plan is not None:
            messages.success(request, _("已建立，请拟定内容。"))
            return HttpResponseRedirect(reverse("improvement_plan_write", args=[plan.pk]))
    page = FormPage(
        title=_("制定改进计划"), form=form, fieldsets=fieldsets_of(form), submit_label=_("下一步：拟定内容"),
        cancel_url=PLANS.url("list"),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(FORM_METHODS)
def plan_write(request: SignedInRequest, pk: int) -> HttpResponse:
    """What the plan says, on one page, as long as it is a draft."""
    plan = _found(request, PLANS, PLAN_EDIT, pk)
    PLAN.check("issue", plan.state, by=plan.moved_by, at=plan.moved_at)
    form: Any = forms.DraftForm(request.POST or None, case=plan)
    form.fields["coach"].initial = plan.coach or request.user.name
    if request.method == "POST" and form.is_valid():
        saved = _taken(
            form,
            lambda now, today: plans.plan_write(
                actor=request.user,
                plan_id=plan.pk,
                draft=form.draft(),
                form=form.sent(),
                now=now,
                today=today,
            ),
        )
        if saved is not None:
            messages.success(request, _("已保存。核对后请签字并送本人签署。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
    page = FormPage(
        title=_("拟定%(name)s的改进计划") % {"name": plan.manager.name}, form=form, fieldsets=fieldsets_of(form),
        subtitle=plan.note, cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(FORM_METHODS)
def plan_check(request: SignedInRequest, pk: int, check_id: int) -> HttpResponse:
    """What one check-point found."""
    require(request.user, PLAN_EDIT)
    # One question for both: a check-point under another plan's address is told apart by nothing.
    reached = ImprovementPlan.objects.reached_by(request.user, PLAN_EDIT)
    found = PlanCheck.objects.select_related("plan__manager").filter(pk=check_id, plan=pk, plan__in=reached)
    check = found.first()
    if check is None:
        raise Http404
    plan = check.plan
    form: Any = forms.CheckForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        saved = _taken(
            form,
            lambda now, today: plans.plan_check(
                actor=request.user, plan_id=plan.pk, check_id=check.pk, progress=values["progress"],
                note=values["note"], now=now, today=today,
            ),
        )  # fmt: skip
        if saved is not None:
            messages.success(request, _("检查情况已登记。"))
            return HttpResponseRedirect(PLANS.url("detail", plan))
    page = FormPage(
        title=_("登记 %(day)s 的检查情况") % {"day": check.on}, form=form, fieldsets=fieldsets_of(form),
        subtitle=PLANS.object_title(plan), cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(FORM_METHODS)
def plan_act(request: SignedInRequest, pk: int, verb: str) -> HttpResponse:
    """One act on a plan."""
    act = PLAN_ACTS.get(verb)
    if act is None:
        raise Http404
    plan = _found(request, PLANS, PLAN[verb].function, pk)
    return _act_page(request, act, PLAN[verb].label, plan, PLANS, {"plan_id": plan.pk})


@require_GET
def plan_print(request: SignedInRequest, pk: int) -> HttpResponse:
    """改进协议 on paper, once the plan is issued."""
    plan = _found(request, PLANS, PLAN_VIEW, pk)
    if plan.state == PlanState.DRAFT:
        raise Http404
    response = HttpResponse(agreement_pdf(plan, request.user.name), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="improvement-plan-{plan.pk}.pdf"'
    return response


# --- shared ---------------------------------------------------------------------------------------------------------------
def _found(
    request: SignedInRequest, resource: Any, function: Function | None, pk: int, handler: Any = None
) -> Any:
    """The case within the reach of the function; `handler`: heard by this person."""
    assert function is not None
    require(request.user, function)
    rows = _joined(resource).reached_by(request.user, function).filter(pk=pk)
    case = (rows if handler is None else rows.filter(handler=handler)).first()
    if case is None:
        raise Http404
    return case


def _joined(resource: Any) -> Any:
    if resource.model is ImprovementPlan:
        return resource.model.objects.select_related("manager__unit", "supervisor")
    joined = ("decision__manager", "decision__cycle", "decision__grade", "decision__previous_grade")
    return resource.model.objects.select_related(*joined)


def _act_page(
    request: SignedInRequest, act: Act, label: Text, case: Any, resource: Any, key: dict[str, int]
) -> HttpResponse:
    form = act.form(request.POST or None, case=case)
    if request.method == "POST" and form.is_valid():
        saved = _taken(
            form,
            lambda now, today: act.take(
                form_values=form.cleaned_data,
                actor=request.user,
                form=form.sent(),
                now=now,
                today=today,
                **key,
            ),
        )
        if saved is not None:
            messages.success(request, str(act.done))
            return HttpResponseRedirect(resource.url("detail", case))
    page = ConfirmPage(
        title=label, form=form, effects=act.effects, subtitle=resource.object_title(case), submit_label=label,
        cancel_url=resource.url("detail", case), danger=act.danger,
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


def _taken(form: Any, take: Callable[..., Any]) -> Any:
    """What the service made, None where it refused: the refusal stands on the form then."""
    now = timezone.now()
    try:
        return take(now, timezone.localdate(now))
    except ValidationError as error:
        add_service_error(form, error)
        return None
