"""Cards: what is pleaded, said and answered; what a plan asks and found; and both on the pages of people and decisions."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.appeals.acts import may_check
from appraisal.appeals.choices import OPEN_APPEALS, TOLD, AppealState, PlanState, Progress, Remedy
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.permissions import APPEAL_LODGE, PLAN_EDIT
from appraisal.appeals.resources import APPEALS, OUTCOME_TONES, PLAN_TONES, PLANS, clock_said, is_late
from appraisal.appeals.selectors import COMMENTS, plans_of, window_of
from appraisal.appeals.transitions import APPEAL, PLAN
from appraisal.grading.models import GradeDecision
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.permissions import REGRADE
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import cn_datetime
from cmsys.workflow.transitions import Machine
from managers.profiles.models import RelationshipManager

# What a plan and an appeal begin with is no transition.
BEGUN = {"lodge": gettext_lazy("提出申诉"), "open": gettext_lazy("建立")}


# --- an appeal ------------------------------------------------------------------------------------------------------------
def claim_card(request: SignedInRequest, appeal: GradeAppeal) -> str:
    """What the person pleads, against what, and within which days."""
    decision = appeal.decision
    change = f"{decision.previous_grade or _('未定级')} → {decision.grade or _('未定级')}"
    facts = [
        {"label": _("事实与理由"), "value": appeal.text, "wide": True},
        {"label": _("请求"), "value": appeal.wish, "wide": True},
        {"label": _("等级变更"), "value": f"{decision.get_kind_display()}：{change}"},
        {"label": _("办理状态"), "value": decision.get_state_display()},
        {"label": _("知悉日期"), "value": appeal.told_on.isoformat()},
        {"label": _("申诉截止日"), "value": appeal.window_ends_on.isoformat()},
        {"label": _("提出时间"), "value": cn_datetime(appeal.lodged_at)},
        {"label": _("答复期限"), "value": clock_said(appeal) or appeal.due_on.isoformat(),
         "tag": "down" if is_late(appeal, OPEN_APPEALS) else ""},
        {"label": _("办理人"), "value": appeal.handler and appeal.handler.name},
    ]  # fmt: skip
    if appeal.state in OPEN_APPEALS:
        effect = _("暂缓生效，等待答复") if appeal.suspended else _("申诉期间不停止执行")
        facts.append({"label": _("生效"), "value": effect})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def statements_card(request: SignedInRequest, appeal: GradeAppeal) -> str:
    """What the supervisor says; one query."""
    steps = appeal.steps.filter(verb__in=COMMENTS).order_by("pk")
    entries = [
        {"when": cn_datetime(step.at), "title": step.actor_name, "who": "", "text": step.reason}
        for step in steps
    ]
    if not entries:
        return render_to_string("appeals/cards/none.html", {"words": _("主管还没有说明。")}, request=request)
    return render_to_string("components/timeline.html", {"entries": entries}, request=request)


def answer_card(request: SignedInRequest, appeal: GradeAppeal) -> str:
    """The outcome, its reasons and what follows; a way to a new regrading where figures were wrong."""
    if appeal.state != AppealState.DECIDED:
        return ""
    regrade = appeal.remedy == Remedy.DATA and may(request.user, REGRADE)
    context = {
        "outcome": appeal.get_outcome_display(), "tone": OUTCOME_TONES[appeal.outcome],
        "remedy": appeal.get_remedy_display(), "grade": appeal.new_grade, "answer": appeal.answer,
        "at": cn_datetime(appeal.decided_at), "who": appeal.handler and appeal.handler.name,
        "regrade_url": reverse("cycles_detail", args=[appeal.decision.cycle_id]) if regrade else "",
    }  # fmt: skip
    return render_to_string("appeals/cards/answer.html", context, request=request)


def course_card(request: SignedInRequest, case: Any) -> str:
    """Who did what when; one query."""
    machine = APPEAL if isinstance(case, GradeAppeal) else PLAN
    entries = [_entry(machine, step) for step in case.steps.select_related("on_behalf").order_by("pk")]
    return render_to_string("components/timeline.html", {"entries": entries}, request=request)


def _entry(machine: Machine, step: Any) -> dict[str, Any]:
    known = machine.transitions.get(step.verb)
    who = step.actor_name
    if step.on_behalf is not None:
        who = _("%(who)s（代 %(principal)s）") % {"who": who, "principal": step.on_behalf.name}
    title = str(known.label) if known is not None else str(BEGUN.get(step.verb, step.verb))
    # What was pleaded and answered stands in cards of its own.
    text = "" if step.verb in (*COMMENTS, "decide") else step.reason
    return {"when": cn_datetime(step.at), "title": title, "who": who, "text": text}


def decision_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """Appeals against a decision, and for the person himself until when he may appeal. Four queries at most."""
    rows = list(GradeAppeal.objects.visible_to(request.user).filter(decision=decision).order_by("-pk"))
    own = may(request.user, APPEAL_LODGE) and decision.manager.employee_no == request.user.employee_no
    window = window_of(decision) if own and decision.state in TOLD else None
    if not rows and window is None:
        return ""
    today = timezone.localdate()
    free = window is not None and window.is_open(today) and not any(
        row.state in (*OPEN_APPEALS, AppealState.DECIDED) for row in rows
    )  # fmt: skip
    context = {
        "rows": [{"appeal": row, "url": APPEALS.url("detail", row), "clock": clock_said(row)} for row in rows],
        "window": window, "open": window is not None and window.is_open(today),
        "lodge_url": reverse("appeal_lodge", args=[decision.pk]) if free else "",
    }  # fmt: skip
    return render_to_string("appeals/cards/decision.html", context, request=request)


def own_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """One's own appeals, for one's own page; one query."""
    rows = list(
        GradeAppeal.objects.visible_to(request.user).filter(decision__manager=manager).order_by("-pk")[:5]
    )
    if not rows:
        return ""
    shown = [{"appeal": row, "url": APPEALS.url("detail", row), "clock": clock_said(row)} for row in rows]
    context = {"rows": shown, "window": None, "open": False, "lodge_url": ""}
    return render_to_string("appeals/cards/decision.html", context, request=request)


# --- a plan ---------------------------------------------------------------------------------------------------------------
def plan_card(request: SignedInRequest, plan: ImprovementPlan) -> str:
    """Goal, coach, period, cause, signatures, result."""
    supervisor = plan.supervisor.name if plan.supervisor else ""
    facts = [
        {"label": _("起因"), "value": f"{plan.get_cause_display()}：{plan.note}", "wide": True},
        {"label": _("改进目标"), "value": plan.goal, "wide": True},
        {"label": _("辅导人"), "value": plan.coach},
        {"label": _("期限"), "value": f"{plan.starts_on} — {plan.ends_on}"},
        {"label": _("主管签字"), "value": f"{supervisor} {cn_datetime(plan.issued_at)}" if plan.issued_at else ""},
        {"label": _("本人签署"), "value": _signed(plan)},
    ]  # fmt: skip
    if plan.opinion:
        facts.append({"label": _("本人意见"), "value": plan.opinion, "wide": True})
    if plan.closed_at:
        tone = PLAN_TONES[plan.state]
        facts.append({"label": _("结果"), "value": plan.get_state_display(), "tag": tone})
        facts.append({"label": _("认定理由"), "value": plan.result, "wide": True})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def _signed(plan: ImprovementPlan) -> str:
    if plan.signed_at:
        return cn_datetime(plan.signed_at)
    return _("拒签，见证人 %(who)s") % {"who": plan.witness} if plan.witness else ""


def measures_card(request: SignedInRequest, plan: ImprovementPlan) -> str:
    """What is to be done; one query."""
    measures = list(plan.measures.order_by("position"))
    if not measures:
        return render_to_string("appeals/cards/none.html", {"words": _("还没有写措施。")}, request=request)
    return render_to_string("appeals/cards/measures.html", {"measures": measures}, request=request)


def checks_card(request: SignedInRequest, plan: ImprovementPlan) -> str:
    """The check-points, what they found, and a way to record those whose day has come."""
    today = timezone.localdate()
    recording = plan.state == PlanState.ACTIVE and may_check(request.user, plan, today)
    rows = [
        {
            "check": check, "late": plan.state == PlanState.ACTIVE and not check.recorded_at and check.on < today,
            "tone": "up" if check.progress == Progress.ON_TRACK else "down",
            "url": reverse("improvement_plan_check", args=[plan.pk, check.pk])
            if recording and not check.recorded_at and check.on <= today
            else "",
        }
        for check in plan.checks.order_by("on")
    ]  # fmt: skip
    if not rows:
        return render_to_string("appeals/cards/none.html", {"words": _("还没有定检查点。")}, request=request)
    return render_to_string("appeals/cards/checks.html", {"rows": rows}, request=request)


def manager_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """The latest plans of a person, with a way to open one. Three queries at most."""
    return _plans(request, manager, opening=True)


def sheet_card(request: SignedInRequest, sheet: ScoreSheet) -> str:
    """The plans of the person, beside his sheet; nothing where there were none. One query."""
    return _plans(request, sheet.manager)


def own_plans_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """One's own plans, for one's own page; one query."""
    return _plans(request, manager)


def graded_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """The plans of the person, for whoever decides on his grade; nothing where there were none. One query."""
    return _plans(request, decision.manager)


def _plans(request: SignedInRequest, manager: RelationshipManager, opening: bool = False) -> str:
    plans = list(plans_of(request.user, manager.pk)[:5])
    url = ""
    if opening and may(request.user, PLAN_EDIT) and not any(plan.closed_at is None for plan in plans):
        people = RelationshipManager.objects.reached_by(request.user, PLAN_EDIT)
        own = manager.employee_no == request.user.employee_no
        if not own and people.filter(pk=manager.pk).exists():
            url = f"{reverse('improvement_plan_open')}?employee_no={manager.employee_no}"
    if not plans and not url:
        return ""
    rows = [
        {"plan": plan, "url": PLANS.url("detail", plan), "tone": PLAN_TONES[plan.state]} for plan in plans
    ]
    return render_to_string("appeals/cards/plans.html", {"rows": rows, "open_url": url}, request=request)
