"""What the planner and the head do with a plan: submit, take back, press, approve, send back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.registry import Text
from cmsys.ui.views import add_service_error
from customers.allocation.selectors import document_of
from customers.approval.cards import effect_figures
from customers.approval.choosing import Chosen, chosen_of
from customers.approval.forms import ApproveForm, RecallForm, ReturnForm, StepForm, version_of
from customers.approval.selectors import progress_of
from customers.approval.services import deciding, submitting
from customers.planning.choices import LineState, Verdict
from customers.planning.holds import holds_said
from customers.planning.models import AllocationMove, AllocationPlan, LineSide
from customers.planning.permissions import PLAN_APPROVE, PLAN_EDIT
from customers.planning.resources import MOVES, PLANS
from customers.planning.transitions import PLAN
from customers.planning.words import reason

# As many agreed lines stand on the head's page; the others are named by their customers' numbers.
LISTED = 100


def _found(actor: User, number: str, function: Function) -> Any:
    rows: Any = AllocationPlan.objects.reached_by(actor, function).select_related("unit", "policy")
    plan = rows.filter(number=number).first()
    if plan is None:
        raise Http404
    return plan


# --- one button -------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Act:
    """A verb with its form, the service behind it, and what is said before and afterwards."""

    verb: str
    function: Function
    form: type[StepForm]
    title: Text
    label: Text
    effects: Callable[[Any], list[str]]
    run: Callable[[User, int, StepForm, datetime, date], str]
    danger: bool = False
    # Whether somebody else's step in between is a reason to look again.
    firm: bool = False


def act_view(act: Act) -> Callable[..., HttpResponse]:
    """The page of one verb: asked for, it says what will happen; sent, it happens and leads back to the plan."""

    @require_http_methods(["GET", "POST"])
    def view(request: SignedInRequest, number: str) -> HttpResponse:
        require(request.user, act.function)
        plan = _found(request.user, number, act.function)
        if request.method == "POST":
            form = act.form(request.POST)
            if form.is_valid():
                try:
                    said = act.run(request.user, plan.pk, form, timezone.now(), timezone.localdate())
                    messages.success(request, said)
                    return HttpResponseRedirect(PLANS.url("detail", plan))
                except ValidationError as error:
                    add_service_error(form, error)
        else:
            if act.verb in PLAN.transitions:
                PLAN.check(act.verb, plan.state, by=plan.moved_by, at=plan.moved_at)
            form = act.form(initial={"version": version_of(plan) if act.firm else ""})
        page = ConfirmPage(
            title=act.title, subtitle=PLANS.object_title(plan), form=form, submit_label=act.label, danger=act.danger,
            effects=act.effects(plan), cancel_url=PLANS.url("detail", plan),
        )  # fmt: skip
        context = {"page": page, "phrases": getattr(form, "phrases", ())}
        return render(request, "approval/act.html", context, status=422 if form.errors else 200)

    return view


def _submit(actor: User, key: int, form: StepForm, now: datetime, today: date) -> str:
    plan = submitting.plan_submit(actor=actor, plan_id=key, form=form.sent(), now=now, today=today)
    return _("已提交，请有关机构在 %(day)s 前审核。") % {"day": plan.due_on}


def _submit_effects(plan: Any) -> list[str]:
    words = {"moves": plan.moves, "first": plan.first, "days": document_of(plan.policy).review_days}
    return [
        _("移动 %(moves)d 户、首次分配 %(first)d 户，由移出与接收机构的主管分别审核，%(days)d 个工作日内答复。") % words,
        _("各方答复后转分管领导审批；批准以前不改变任何客户的归属。"), _("审核期间可以撤回。"),
    ]  # fmt: skip


def _recall(actor: User, key: int, form: StepForm, now: datetime, today: date) -> str:
    submitting.plan_recall(actor=actor, plan_id=key, form=form.sent(), now=now, today=today)
    return _("已撤回，方案回到草案。")


def _remind(actor: User, key: int, form: StepForm, now: datetime, today: date) -> str:
    people = submitting.plan_remind(actor=actor, plan_id=key, now=now, today=today)
    return _("已催办 %(n)d 人。") % {"n": people} if people else _("今天已经催办过，没有重复发送。")


def _return(actor: User, key: int, form: StepForm, now: datetime, today: date) -> str:
    deciding.plan_return(actor=actor, plan_id=key, form=form.sent(), now=now, today=today)
    return _("已退回，编制人会收到您的理由。")


def _back_effects(plan: Any) -> list[str]:
    return [
        _("方案回到草案，各方已作的答复作废。"),
        _("不同意的客户自动记为“驳回”：重新计算时不再建议同一个人，理由随之保留。"),
        _("有关的人会收到消息，理由写入经过。"),
    ]


plan_submit = act_view(
    Act("submit", PLAN_EDIT, StepForm, gettext_lazy("提交分客方案审批"), gettext_lazy("提交审批"), _submit_effects, _submit, firm=True)
)  # fmt: skip
plan_recall = act_view(
    Act("recall", PLAN_EDIT, RecallForm, gettext_lazy("撤回分客方案"), gettext_lazy("撤回"), _back_effects, _recall, danger=True)
)  # fmt: skip
plan_return = act_view(
    Act("return", PLAN_APPROVE, ReturnForm, gettext_lazy("退回分客方案"), gettext_lazy("退回"), _back_effects, _return, danger=True)
)  # fmt: skip
plan_remind = act_view(
    Act(
        "remind", PLAN_EDIT, StepForm, gettext_lazy("催办分客方案"), gettext_lazy("催办"),
        lambda plan: [_("尚未答复的机构主管（都已答复的，为分管领导）会收到一条消息，每人每天至多一条。")], _remind,
    )
)  # fmt: skip


# --- the head ---------------------------------------------------------------------------------------------------------------
@require_http_methods(["GET", "POST"])
def plan_approve(request: SignedInRequest, number: str) -> HttpResponse:
    """领导审批: exactly what would be approved, what it does, who stays and why; recounted before it is decided."""
    require(request.user, PLAN_APPROVE)
    plan, today = _found(request.user, number, PLAN_APPROVE), timezone.localdate()
    despite, drop = _keys(request, "despite"), _keys(request, "drop")
    agreed = plan.lines.filter(state=LineState.AGREED).count()
    options: dict[str, Any] = {"today": today, "all_listed": agreed <= LISTED}
    if request.method == "GET":
        PLAN.check("approve", plan.state, by=plan.moved_by, at=plan.moved_at)
        form = ApproveForm(initial={"version": version_of(plan)}, **options)
        return _approve_page(request, plan, form, chosen_of(plan, (), ()), 200)
    form = ApproveForm(request.POST, **options)
    if form.is_valid():
        try:
            drop |= _numbered(plan, form.numbers())
            if "recount" not in request.POST:
                return _approved(request, plan, form, despite, drop)
        except ValidationError as error:
            add_service_error(form, error)
    try:
        chosen = chosen_of(plan, despite, drop)
    except ValidationError as error:
        add_service_error(form, error)
        chosen = chosen_of(plan, (), ())
    return _approve_page(request, plan, form, chosen, 422 if form.errors else 200, despite, drop)


def _approved(
    request: SignedInRequest, plan: Any, form: ApproveForm, despite: set[int], drop: set[int]
) -> HttpResponse:
    done = deciding.plan_approve(
        actor=request.user, plan_id=plan.pk, effective_on=form.cleaned_data["effective_on"], despite=despite, drop=drop,
        form=form.sent(), now=timezone.now(), today=timezone.localdate(),
    )  # fmt: skip
    words = {"approved": done.approved, "dropped": done.dropped}
    messages.success(request, _("已批准 %(approved)d 户，未批准 %(dropped)d 户。") % words)
    return HttpResponseRedirect(PLANS.url("detail", plan))


def _keys(request: SignedInRequest, name: str) -> set[int]:
    return {
        int(value)
        for value in request.POST.getlist(name)
        if value.isascii() and value.isdigit() and len(value) < 19
    }


def _numbered(plan: Any, numbers: list[str]) -> set[int]:
    """The agreed lines of customers named by number. Raises ValidationError at `others` for one that is none."""
    if not numbers:
        return set()
    rows = plan.lines.filter(state=LineState.AGREED, customer__customer_no__in=numbers)
    found = dict(rows.values_list("customer__customer_no", "pk"))
    strange = [number for number in numbers if number not in found]
    if strange:
        said = _("%(numbers)s 不是本方案双方都同意的客户，请核对编号。")
        raise refused("others", "not_found", said % {"numbers": "、".join(strange[:5])})
    return set(found.values())


def _approve_page(
    request: SignedInRequest, plan: Any, form: ApproveForm, chosen: Chosen, status: int, despite: set[int] | None = None,
    drop: set[int] | None = None,
) -> HttpResponse:  # fmt: skip
    through, out = despite or set(), drop or set()
    rows = plan.lines.filter(state=LineState.AGREED).select_related(
        "customer__tier", "present__unit", "proposed__unit"
    )
    held = list(rows.exclude(holds=[]).order_by("-effort", "pk"))
    others = list(rows.filter(holds=[]).order_by("-forced", "-effort", "pk")[:LISTED])
    no = LineSide.objects.filter(plan=plan, verdict=Verdict.REFUSED).select_related("line__customer", "unit")
    today = timezone.localdate()
    page = ConfirmPage(
        title=_("审批分客方案"), subtitle=PLANS.object_title(plan), form=form,
        effects=(), submit_label=_("批准"), cancel_url=PLANS.url("detail", plan),
    )  # fmt: skip
    context = {
        "page": page, "plan": plan, "figures": effect_figures(chosen.effect), "effect": chosen.effect, "chosen": chosen,
        "progress": progress_of(plan, today), "held": [_line(one, through) for one in held],
        "lines": [_line(one, out) for one in others], "refused": list(no.order_by("line", "side")[:LISTED]),
        "all_url": f"{MOVES.url('list')}?plan={plan.number}", "return_url": reverse("allocation_plans_return", args=[plan.number]),
    }  # fmt: skip
    return render(request, "approval/decide.html", context, status=status)


def _line(move: AllocationMove, picked: set[int]) -> dict[str, Any]:
    return {
        "move": move,
        "why": reason(move),
        "holds": "；".join(holds_said(move.holds)),
        "picked": move.pk in picked,
    }
