"""The declared classes of appeals and improvement plans."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.appeals.acts import appeal_acts, plan_acts
from appraisal.appeals.choices import OPEN_APPEALS, AppealState, Outcome, PlanState
from appraisal.appeals.filters import AppealFilterSet, PlanFilterSet
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.permissions import APPEAL_VIEW, PLAN_EDIT, PLAN_VIEW
from appraisal.appeals.transitions import APPEAL, PLAN
from cmsys.access.actors import may
from cmsys.access.functions import Function, Reach
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource

APPEAL_TONES: dict[str, str] = {
    AppealState.LODGED: "warn", AppealState.HEARING: "info", AppealState.DECIDED: "up",
    AppealState.WITHDRAWN: "hold",
}  # fmt: skip
OUTCOME_TONES: dict[str, str] = {Outcome.UPHELD: "up", Outcome.PARTLY: "info", Outcome.REJECTED: "hold"}
PLAN_TONES: dict[str, str] = {
    PlanState.DRAFT: "warn", PlanState.SIGNING: "warn", PlanState.ACTIVE: "info", PlanState.PASSED: "up",
    PlanState.FAILED: "down", PlanState.CANCELLED: "hold",
}  # fmt: skip
DANGEROUS = frozenset({"withdraw", "fail", "cancel", "refusal"})
FIRST = frozenset({"accept", "decide", "comment", "issue", "sign"})


def where(actor: Any, function: Function) -> Text:
    """What a list covers for its reader: himself, or units."""
    own = all(one.reach is Reach.SELF for one in actor.access.reaches(function))
    return _("本人") if own else covered(actor, function)


def is_late(case: Any, states: Sequence[str]) -> bool:
    return case.state in states and case.due_on < timezone.localdate()


def clock_said(appeal: Any) -> str:
    """When the answer is due, and whether it is late."""
    if appeal.state not in OPEN_APPEALS:
        return ""
    return (
        _("%(day)s（已逾期）") % {"day": appeal.due_on}
        if is_late(appeal, OPEN_APPEALS)
        else str(appeal.due_on)
    )


class AppealResource(Resource):
    """申诉: earliest deadline first."""

    key = "appeals"
    noun = gettext_lazy("申诉")
    model = GradeAppeal
    filterset = AppealFilterSet
    default_sort = ("-lodged_at", "-pk")
    columns = (
        Column("name", gettext_lazy("申诉人"), lambda a: a.decision.manager.name, sort=("decision__manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda a: a.decision.manager.employee_no, sort=("decision__manager__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda a: a.decision.unit.name, sort=("decision__unit__path",)),
        Column("cycle", gettext_lazy("考核周期"), lambda a: a.decision.cycle.period, sort=("decision__cycle__starts_on",)),
        Column("ground", gettext_lazy("理由类别"), lambda a: a.get_ground_display(), sort=("ground",)),
        Column("lodged_on", gettext_lazy("提出日期"), lambda a: timezone.localdate(a.lodged_at), sort=("lodged_at",), kind="date"),
        Column(
            "due_on", gettext_lazy("答复期限"), clock_said, sort=("due_on",),
            tone=lambda a: "down" if is_late(a, OPEN_APPEALS) else "",
        ),
        Column("state", gettext_lazy("状态"), lambda a: a.get_state_display(), sort=("state",), tone=lambda a: APPEAL_TONES[a.state]),
        Column("handler", gettext_lazy("办理人"), lambda a: a.handler and a.handler.name, sort=("handler__name",)),
        Column(
            "outcome", gettext_lazy("结论"), lambda a: a.get_outcome_display(), sort=("outcome",),
            tone=lambda a: OUTCOME_TONES.get(a.outcome, ""),
        ),
        Column("remedy", gettext_lazy("处理"), lambda a: a.get_remedy_display(), shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        joined = (
            "decision__manager__unit", "decision__unit", "decision__cycle", "decision__round", "decision__grade",
            "decision__previous_grade", "handler", "new_grade",
        )  # fmt: skip
        return super().queryset(actor, action).select_related(*joined)

    def subtitle(self, request: Any, total: int) -> Text:
        rule = _("由没有办理过该等级变更的人处理，结果不会比原来更差")
        return f"{where(request.user, APPEAL_VIEW)} · {rule}"

    def object_title(self, instance: Any) -> str:
        decision = instance.decision
        return _("%(name)s对 %(period)s 等级变更的申诉") % {
            "name": decision.manager.name,
            "period": decision.cycle.period,
        }

    def object_subtitle(self, instance: Any) -> Text:
        text = f"{instance.get_ground_display()} · {instance.get_state_display()}"
        if instance.state in OPEN_APPEALS:
            text += " · " + _("答复期限 %(due)s") % {"due": clock_said(instance)}
        return text

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What the reader can do now; the most likely first."""
        verbs = appeal_acts(request.user, instance, timezone.localdate())
        return [
            Action(
                APPEAL[verb].label, reverse("appeal_act", args=[instance.pk, verb]), primary=verb in FIRST,
                danger=verb in DANGEROUS,
            )
            for verb in verbs
        ]  # fmt: skip


class PlanResource(Resource):
    """改进计划: newest first."""

    key = "improvement-plans"
    noun = gettext_lazy("改进计划")
    model = ImprovementPlan
    filterset = PlanFilterSet
    default_sort = ("-opened_at", "-pk")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda p: p.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda p: p.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda p: p.manager.unit.name, sort=("manager__unit__path",)),
        Column("cause", gettext_lazy("起因"), lambda p: p.get_cause_display(), sort=("cause",)),
        Column("state", gettext_lazy("状态"), lambda p: p.get_state_display(), sort=("state",), tone=lambda p: PLAN_TONES[p.state]),
        Column("starts_on", gettext_lazy("开始日期"), lambda p: p.starts_on, sort=("starts_on",), kind="date"),
        Column("ends_on", gettext_lazy("结束日期"), lambda p: p.ends_on, sort=("ends_on",), kind="date"),
        Column("checks", gettext_lazy("已检查"), lambda p: f"{p.recorded}/{p.planned}"),
        Column("coach", gettext_lazy("辅导人"), lambda p: p.coach, sort=("coach",)),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = (
            super().queryset(actor, action).select_related("manager__unit", "supervisor", "decision__cycle")
        )
        recorded = Count("checks", filter=Q(checks__recorded_at__isnull=False))
        return rows.annotate(planned=Count("checks"), recorded=recorded)

    def subtitle(self, request: Any, total: int) -> Text:
        rule = _("降级生效或考核落入改进类位置后自动建立，也可由主管提出")
        return f"{where(request.user, PLAN_VIEW)} · {rule}"

    def list_actions(self, request: Any) -> list[Action]:
        if may(request.user, PLAN_EDIT):
            return [Action(_("制定改进计划"), reverse("improvement_plan_open"), primary=True, icon="plus")]
        return []

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的改进计划") % {"name": instance.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        text = f"{instance.starts_on} — {instance.ends_on} · {instance.get_state_display()}"
        if instance.state == PlanState.DRAFT:
            text += " · " + _("拟定期限 %(day)s") % {"day": instance.due_on}
        return text

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What the reader can do now, and the agreement on paper."""
        actions = [
            Action(_("拟定内容"), reverse("improvement_plan_write", args=[instance.pk]), icon="edit")
            if verb == "write"
            else Action(
                PLAN[verb].label, reverse("improvement_plan_act", args=[instance.pk, verb]), primary=verb in FIRST,
                danger=verb in DANGEROUS,
            )
            for verb in plan_acts(request.user, instance, timezone.localdate())
        ]  # fmt: skip
        if instance.state != PlanState.DRAFT:
            print_url = reverse("improvement_plan_print", args=[instance.pk])
            actions.append(Action(_("改进协议 PDF"), print_url, icon="print"))
        return actions


APPEALS = AppealResource()
PLANS = PlanResource()
