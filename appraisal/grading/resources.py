"""The declared classes of decisions and rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.grading.choices import PENDING, DecisionState, RoundState
from appraisal.grading.filters import DecisionFilterSet, RoundFilterSet
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.permissions import (
    DECISION_CONFIRM,
    DECISION_LIST,
    DECISION_REVIEW,
    DECISION_WITHDRAW,
    ROUND_EDIT,
)
from appraisal.grading.queues import due_said
from appraisal.scoring.filters import cycle_label
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.paper import TONES
from appraisal.scoring.resources import rounded
from appraisal.scoring.words import exact, said, words_of
from cmsys.access.actors import may
from cmsys.ui.context import covered
from cmsys.ui.pages import Action, Empty
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource

STATE_TONES: dict[str, str] = {
    DecisionState.DRAFTED: "hold", DecisionState.IN_REVIEW: "warn", DecisionState.RETURNED: "down",
    DecisionState.REVIEWED: "info", DecisionState.CONFIRMED: "info", DecisionState.ON_NOTICE: "info",
    DecisionState.SERVED: "info", DecisionState.CLEARED: "info", DecisionState.EFFECTIVE: "up",
    DecisionState.SUPERSEDED: "hold", DecisionState.WITHDRAWN: "hold",
}  # fmt: skip
ROUND_TONES: dict[str, str] = {RoundState.DRAFT: "warn", RoundState.REVIEW: "info", RoundState.CLOSED: "hold"}
JOINED = (
    "manager__line", "unit", "cycle__scheme", "round", "previous_grade", "grade", "proposed_grade", "assignee",
    "reviewed_by", "confirmed_by",
)  # fmt: skip


def grade_name(grade: Any) -> str:
    """The grade's name, 未定级 where there is none."""
    return str(grade.name) if grade is not None else _("未定级")


def change_said(decision: Any) -> str:
    """`初级 → 中级`, `保持 中级`, `未评`: what becomes of the person, as a tag has room for it."""
    if decision.kind == ProposalKind.NOT_RATED:
        return _("未评 %(grade)s") % {"grade": short_grade(decision.previous_grade)}
    if decision.kind == ProposalKind.HOLD or decision.grade_id == decision.previous_grade_id:
        return _("保持 %(grade)s") % {"grade": short_grade(decision.previous_grade)}
    return f"{short_grade(decision.previous_grade)} → {short_grade(decision.grade)}"


def short_grade(grade: Any) -> str:
    """`中级` of `中级客户经理`: beside another grade the common end says nothing."""
    name = grade_name(grade)
    return name.removesuffix("客户经理") or name


def score(value: Any) -> str:
    """A result with two decimals, as headlines show it."""
    return said(rounded(exact(value)), 2)


class DecisionResource(Resource):
    """等级变更: one row a person and cycle, from the proposal to the day it takes effect."""

    key = "grade-decisions"
    noun = gettext_lazy("等级变更")
    model = GradeDecision
    list_action = "list"
    filterset = DecisionFilterSet
    default_sort = ("-cycle__starts_on", "unit__path", "manager__name_pinyin")
    columns = (
        Column("name", gettext_lazy("姓名"), lambda d: d.manager.name, sort=("manager__name_pinyin",)),
        Column("employee_no", gettext_lazy("工号"), lambda d: d.manager.employee_no, sort=("manager__employee_no",)),
        Column("unit", gettext_lazy("机构"), lambda d: d.unit.name, sort=("unit__path",)),
        Column("cycle", gettext_lazy("周期"), lambda d: d.cycle.period, sort=("cycle__starts_on",)),
        Column("kind", gettext_lazy("变更"), lambda d: d.get_kind_display(), sort=("kind",), tone=lambda d: TONES[d.kind]),
        Column("previous_grade", gettext_lazy("原等级"), lambda d: d.previous_grade and d.previous_grade.name,
               sort=("previous_grade__order",)),
        Column("grade", gettext_lazy("新等级"), lambda d: d.grade and d.grade.name, sort=("grade__order",)),
        Column("state", gettext_lazy("办理状态"), lambda d: d.get_state_display(), sort=("state",),
               tone=lambda d: STATE_TONES[d.state]),
        Column("due_on", gettext_lazy("截止日"), lambda d: d.due_on if d.state in PENDING else None, sort=("due_on",),
               kind="date"),
        Column("effective_from", gettext_lazy("生效日期"), lambda d: d.effective_from, sort=("effective_from",), kind="date"),
        Column("ability", gettext_lazy("能力得分"), lambda d: rounded(exact(d.ability)), sort=("ability",), numeric=True,
               kind="number", shown=False),
        Column("performance", gettext_lazy("绩效得分"), lambda d: rounded(exact(d.performance)), sort=("performance",),
               numeric=True, kind="number", shown=False),
        Column("proposed", gettext_lazy("系统建议"), lambda d: proposed_said(d), shown=False),
        Column("line", gettext_lazy("条线"), lambda d: d.manager.line and d.manager.line.name, shown=False),
        Column("reviewed_by", gettext_lazy("复核人"), lambda d: d.reviewed_by and d.reviewed_by.name, shown=False),
        Column("confirmed_by", gettext_lazy("审定人"), lambda d: d.confirmed_by and d.confirmed_by.name, shown=False),
        Column("assignee", gettext_lazy("转办给"), lambda d: d.assignee and d.assignee.name, shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action)
        return rows.select_related(*JOINED).defer("cycle__scheme__document", "counterfactual")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("%(where)s · 从建议到生效，每一步都有据可查") % {
            "where": covered(request.user, DECISION_LIST)
        }

    def list_actions(self, request: Any) -> list[Action]:
        """To what waits for the reader."""
        actions = []
        if may(request.user, DECISION_REVIEW):
            actions.append(Action(_("去复核"), reverse("grade_review"), primary=True, icon="tasks"))
        if may(request.user, DECISION_CONFIRM):
            actions.append(Action(_("去审定"), reverse("grade_confirm"), primary=True, icon="tasks"))
        return actions

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return super().empty(request, True)
        return Empty(_("还没有等级变更，或者都不在您的权限范围内。考核周期运行定级之后，建议会出现在这里。"))

    # --- one case -----------------------------------------------------------------------------------------------------
    def object_title(self, instance: Any) -> str:
        return _("%(name)s的等级变更") % {"name": instance.manager.name}

    def object_subtitle(self, instance: Any) -> Text:
        return cycle_label(instance.cycle)

    def identity(self, instance: Any) -> dict[str, Any]:
        manager = instance.manager
        place = [instance.unit.name, manager.line and manager.line.name]
        return {
            "initial": manager.name[:1],
            "lines": [
                f"{manager.name}（{manager.employee_no}）",
                " · ".join(str(item) for item in place if item),
            ],
        }

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        return figures_of(instance)

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        """What fits the state and is within this reader's reach; one query where the state leaves anything to do."""
        offered = _offered(instance)
        if not offered:
            return []
        reached = self.within_reach(request.user, {function for function, _made in offered}, instance)
        return [action for function, action in offered if function in reached]


def _offered(decision: Any) -> list[tuple[Any, Action]]:
    """The buttons of a state, the primary one last, each with what it needs."""
    found: list[tuple[Any, Action]] = []

    def act(verb: str, label: str, function: Any, **rest: Any) -> None:
        found.append(
            (function, Action(label, reverse(f"grade_decisions_{verb}", args=[decision.pk]), **rest))
        )

    state = decision.state
    if state in WITHDRAWABLE:
        act("withdraw", _("撤销"), DECISION_WITHDRAW, danger=True)
    if state == DecisionState.REVIEWED:
        act("send_back", _("退回复核"), DECISION_CONFIRM)
        url = f"{reverse('grade_confirm')}?case={decision.pk}"
        found.append((DECISION_CONFIRM, Action(_("去审定"), url, primary=True, icon="check")))
    if state == DecisionState.RETURNED:
        act("resubmit", _("答复并重新提交"), DECISION_CONFIRM, primary=True)
    if state == DecisionState.IN_REVIEW:
        url = f"{reverse('grade_review')}?case={decision.pk}"
        found.append((DECISION_REVIEW, Action(_("去复核"), url, primary=True, icon="check")))
    return found


WITHDRAWABLE = frozenset(PENDING) - {DecisionState.DRAFTED}


def proposed_said(decision: Any) -> str:
    """`晋升为中级客户经理`, `保持`."""
    label = str(ProposalKind(decision.proposal).label)
    if decision.proposed_grade_id is None or decision.proposal in (ProposalKind.HOLD, ProposalKind.NOT_RATED):
        return label
    return _("%(kind)s为%(grade)s") % {"kind": label, "grade": grade_name(decision.proposed_grade)}


def figures_of(decision: Any) -> list[dict[str, Any]]:
    """Scores, cell, what becomes of the person, where the case stands."""
    words, today = words_of(decision.cycle.scheme), timezone.localdate()
    found: list[dict[str, Any]] = [
        {"label": words.dimension_name("ability"), "value": score(decision.ability), "before": ""},
        {"label": words.dimension_name("performance"), "value": score(decision.performance), "before": ""},
    ]
    if decision.quadrant:
        found.append({"label": _("矩阵位置"), "value": words.cell_name(decision.quadrant), "before": ""})
    before = _("建议%(what)s") % {"what": proposed_said(decision)} if is_amended(decision) else ""
    found.append(
        {"label": _("变更"), "value": change_said(decision), "tone": TONES[decision.kind], "before": before}
    )
    due = due_said(decision.due_on, today)[0] if decision.state in PENDING else ""
    found.append({"label": _("办理状态"), "value": decision.get_state_display(), "before": due})
    return found


def is_amended(decision: Any) -> bool:
    """Whether somebody chose otherwise than the rules proposed."""
    if decision.kind != decision.proposal:
        return True
    changes = (ProposalKind.PROMOTION, ProposalKind.DEMOTION)
    return decision.kind in changes and decision.grade_id != decision.proposed_grade_id


class RoundResource(Resource):
    """定级批次: the decisions of one cycle on their way."""

    key = "grading-rounds"
    noun = gettext_lazy("定级批次")
    model = GradingRound
    filterset = RoundFilterSet
    default_sort = ("-cycle__starts_on", "cycle__scheme_code")
    columns = (
        Column("period", gettext_lazy("期间"), lambda r: r.cycle.period, sort=("cycle__starts_on",)),
        Column("scheme", gettext_lazy("考核方案"), lambda r: r.cycle.scheme.name, sort=("cycle__scheme_code",)),
        Column("state", gettext_lazy("状态"), lambda r: r.get_state_display(), sort=("state",),
               tone=lambda r: ROUND_TONES[r.state]),
        Column("changes", gettext_lazy("变更"), lambda r: r.changes, sort=("changes",), numeric=True, kind="number"),
        Column("total", gettext_lazy("人数"), lambda r: r.total, sort=("total",), numeric=True, kind="number"),
        Column("left", gettext_lazy("待办结"), lambda r: r.left, sort=("left",), numeric=True, kind="number"),
        Column("review_due_on", gettext_lazy("复核截止日"), lambda r: r.review_due_on, sort=("review_due_on",), kind="date"),
        Column("effective_on", gettext_lazy("拟生效日"), lambda r: r.effective_on, sort=("effective_on",), kind="date"),
        Column("submitted_by", gettext_lazy("提交人"), lambda r: r.submitted_by and r.submitted_by.name, shown=False),
        Column("submitted_at", gettext_lazy("提交时间"), lambda r: r.submitted_at, sort=("submitted_at",), shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        """Counts are of the cases the reader may list, not of the whole bank."""
        rows = super().queryset(actor, action).select_related("cycle__scheme", "submitted_by")
        seen = Q(decisions__in=GradeDecision.objects.visible_to(actor, "list").values("pk"))
        change = Q(decisions__kind__in=(ProposalKind.PROMOTION, ProposalKind.DEMOTION))
        return rows.defer("cycle__scheme__document").annotate(
            total=Count("decisions", filter=seen),
            changes=Count("decisions", filter=seen & change),
            left=Count("decisions", filter=seen & Q(decisions__state__in=PENDING)),
        )

    def subtitle(self, request: Any, total: int) -> Text:
        return _("%(where)s · 一期一批，提交后进入复核") % {"where": covered(request.user, DECISION_LIST)}

    def empty(self, request: Any, filtered: bool) -> Empty:
        if filtered:
            return super().empty(request, True)
        return Empty(_("还没有定级批次。考核周期运行定级之后，系统会自动建立。"))

    def object_title(self, instance: Any) -> str:
        return _("%(period)s 定级批次") % {"period": instance.cycle.period}

    def object_subtitle(self, instance: Any) -> Text:
        text = instance.cycle.scheme.name
        if instance.submitted_at is None:
            return text
        who = instance.submitted_by.name if instance.submitted_by else _("系统")
        at = timezone.localtime(instance.submitted_at).strftime("%Y-%m-%d %H:%M")
        return _("%(scheme)s · %(who)s %(at)s 提交") % {"scheme": text, "who": who, "at": at}

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        today = timezone.localdate()
        listed = f"{reverse('grade_decisions_list')}?cycle={instance.cycle_id}"
        found: list[dict[str, Any]] = [
            {"label": _("状态"), "value": instance.get_state_display(), "before": ""},
            {"label": _("人数"), "value": instance.total, "url": listed, "before": ""},
            {"label": _("变更"), "value": instance.changes, "before": _("晋升与降级")},
            {"label": _("待办结"), "value": instance.left, "url": f"{listed}&state=pending", "before": ""},
        ]
        if instance.review_due_on and instance.state == RoundState.REVIEW:
            said_due, tone = due_said(instance.review_due_on, today)
            found.append(
                {
                    "label": _("复核期限"),
                    "value": said_due,
                    "tone": tone,
                    "before": instance.review_due_on.isoformat(),
                }
            )
        return found

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = [
            Action(
                _("等级变更"), f"{reverse('grade_decisions_list')}?cycle={instance.cycle_id}", icon="grade"
            )
        ]
        if may(request.user, ROUND_EDIT):
            if instance.state == RoundState.DRAFT:
                url = reverse("grading_rounds_submit", args=[instance.pk])
                actions.append(Action(_("提交复核"), url, primary=True, icon="check"))
            elif instance.state == RoundState.REVIEW:
                actions.append(Action(_("办结"), reverse("grading_rounds_close", args=[instance.pk])))
        return actions


DECISIONS = DecisionResource()
ROUNDS = RoundResource()
