"""GradingRound, GradeDecision and DecisionStep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.grading import permissions
from appraisal.grading.choices import STATUS_OF, DecisionState, GradeStatus, RoundState
from appraisal.scoring.models import EXACT, ProposalKind, ScoreSheet
from cmsys.access.actors import Actor
from cmsys.access.functions import Function, Reach
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.careers.models import Grade
from managers.profiles.models import RelationshipManager


class GradingRound(models.Model):
    """定级批次: the decisions of one cycle on their way, with the days that were set when it was submitted.

    `notice_days` and `appeal_days` are working days; `effective_on` is the day on which decisions take effect unless a
    notice ends later. Made by the regrading together with the first proposals.
    """

    resource: ClassVar[str] = "grading-rounds"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.ROUND_VIEW,
        "edit": permissions.ROUND_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields()

    cycle = models.OneToOneField(
        Cycle, verbose_name=_("考核周期"), on_delete=models.PROTECT, related_name="round"
    )
    state = models.CharField(_("状态"), max_length=10, choices=RoundState.choices, default=RoundState.DRAFT)
    submitted_at = models.DateTimeField(_("提交时间"), null=True, blank=True, editable=False)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("提交人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", editable=False,
    )  # fmt: skip
    review_due_on = models.DateField(_("复核截止日"), null=True, blank=True)
    effective_on = models.DateField(_("拟生效日"), null=True, blank=True)
    notice_days = models.PositiveSmallIntegerField(_("公示工作日"), default=5)
    appeal_days = models.PositiveSmallIntegerField(_("申诉工作日"), default=5)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("定级批次")
        ordering = ["-cycle__starts_on", "cycle__scheme_code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", submitted_at__isnull=True)
                | (~Q(state="draft") & Q(submitted_at__isnull=False, review_due_on__isnull=False, effective_on__isnull=False)),
                name="grading_round_submitted",
            ),
            models.CheckConstraint(
                condition=Q(notice_days__range=(1, 30), appeal_days__range=(1, 60)), name="grading_round_days",
                violation_error_message=_("公示须为 1 到 30 个工作日，申诉须为 1 到 60 个工作日"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return str(self.cycle)


# What the person himself may see of his own case: nothing before it is confirmed.
OWN_SHOWN = (
    DecisionState.ON_NOTICE, DecisionState.SERVED, DecisionState.CLEARED, DecisionState.EFFECTIVE,
    DecisionState.SUPERSEDED, DecisionState.WITHDRAWN,
)  # fmt: skip
SHOWN_WHEN_NAMED = (permissions.DECISION_LIST, permissions.DECISION_VIEW, permissions.DECISION_REVIEW)


class DecisionQuerySet(ScopedQuerySet):
    """Scope as everywhere, and two rules of its own: whoever a case was handed to has it, and nobody sees his own case
    before there is a result. Clients see what their scopes allow (`readable_by`)."""

    def _reach(self, user: Actor, function: Function) -> Q:
        own = any(reached.reach is Reach.SELF for reached in user.access.reaches(function))
        seen = super()._reach(user, function)
        number = getattr(user, "employee_no", None)
        if number:
            # As a supervisor he has his own case no more than as the person concerned.
            shown = Q(state__in=OWN_SHOWN) if own else Q(pk__in=())
            seen &= ~Q(manager__employee_no=number) | shown
        if function in SHOWN_WHEN_NAMED and user.actor_id is not None and user.access.reaches(function):
            handed = Q(assignee=user.actor_id)
            seen |= handed & ~Q(manager__employee_no=number) if number else handed
        return seen

    def readable_by(self, user: Actor) -> Self:
        """The rows of `grades` for a client: public ones with grades:read, all with grades:read_unpublished."""
        everything = self.reached_by(user, permissions.GRADE_READ_UNPUBLISHED)
        public = self.reached_by(user, permissions.GRADE_READ).filter(status__in=GradeStatus.values[3:])
        return everything | public


class GradeDecision(models.Model):
    """等级变更: what becomes of one person's grade in one cycle, from the proposal to the day it takes effect.

    One row per sheet, also for those who keep their grade and for the not rated. `grade` is what will be (the proposed
    one until somebody amends it), `previous_grade` what it was when the cycle was frozen; scores are those of the sheet
    the case stands on (`basis`, its digest). `unit` follows the person: a trigger moves it with him (docs/adr/0130).
    `status` is what clients read, computed by the database from `state`.
    """

    resource: ClassVar[str] = "grade-decisions"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.DECISION_LIST,
        "view": permissions.DECISION_VIEW,
        "export": permissions.DECISION_EXPORT,
        "review": permissions.DECISION_REVIEW,
        "confirm": permissions.DECISION_CONFIRM,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    round = models.ForeignKey(
        GradingRound,
        verbose_name=_("定级批次"),
        on_delete=models.PROTECT,
        related_name="decisions",
        db_index=False,
    )
    cycle = models.ForeignKey(
        Cycle, verbose_name=_("考核周期"), on_delete=models.PROTECT, related_name="decisions"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="decisions"
    )
    unit = models.ForeignKey(OrgUnit, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="+")
    sheet = models.OneToOneField(
        ScoreSheet, verbose_name=_("考核表"), on_delete=models.PROTECT, related_name="decision"
    )
    basis = models.CharField(_("依据指纹"), max_length=32, blank=True, editable=False)
    # Marks of the person's figures, targets and ratings as the regrading read them (grounds.py).
    ground = models.TextField(blank=True, editable=False)
    ability = models.DecimalField(_("能力得分"), null=True, blank=True, **EXACT)
    performance = models.DecimalField(_("绩效得分"), null=True, blank=True, **EXACT)
    total = models.DecimalField(_("综合得分"), null=True, blank=True, **EXACT)
    quadrant = models.CharField(_("矩阵位置"), max_length=10, blank=True)
    proposal = models.CharField(_("系统建议"), max_length=20, choices=ProposalKind.choices)
    proposed_grade = models.ForeignKey(
        Grade, verbose_name=_("建议等级"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    kind = models.CharField(_("变更类型"), max_length=20, choices=ProposalKind.choices)
    previous_grade = models.ForeignKey(
        Grade, verbose_name=_("原等级"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    grade = models.ForeignKey(
        Grade, verbose_name=_("等级"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(
        _("办理状态"), max_length=12, choices=DecisionState.choices, default=DecisionState.DRAFTED
    )
    status = models.GeneratedField(
        expression=Case(
            *[When(state=state, then=Value(status)) for state, status in STATUS_OF.items()],
            default=Value("proposed"),
        ),
        output_field=models.CharField(_("状态"), max_length=12, choices=GradeStatus.choices),
        db_persist=True,
    )
    # Why it cannot be decided now although it is in review: the figures have changed since.
    stale = models.BooleanField(_("数据已变动"), default=False)
    # Anything a reviewer must look at by himself: such cases cannot be approved together with others.
    flags = models.JSONField(_("提示"), default=list, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("转办给"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="assigned_decisions",
    )  # fmt: skip
    due_on = models.DateField(_("办理截止日"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("复核人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("审定人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    effective_from = models.DateField(_("生效日期"), null=True, blank=True)
    effective_to = models.DateField(_("失效日期"), null=True, blank=True)
    # The nearest changes that would have altered the proposal (documents.Counterfactual), written after the regrading.
    counterfactual = models.JSONField(_("最小改变"), null=True, blank=True)
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True, editable=False)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = DecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("等级变更")
        ordering = ["-cycle__starts_on", "manager"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="grading_decision_updated"),
            models.Index(fields=["round", "state"], name="grading_decision_state"),
            models.Index(fields=["manager", "effective_from"], name="grading_decision_manager"),
            models.Index(
                fields=["assignee"], name="grading_decision_assignee", condition=Q(assignee__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "manager"], name="grading_decision_once"),
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True)
                | Q(confirmed_by__isnull=True)
                | ~Q(reviewed_by=F("confirmed_by")),
                name="grading_decision_four_eyes",
                violation_error_message=_("复核与审定不得由同一人办理"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("effective", "superseded")) | Q(effective_from__isnull=False),
                name="grading_decision_effective",
            ),
            models.CheckConstraint(
                condition=Q(effective_to__isnull=True) | Q(effective_to__gte=F("effective_from")),
                name="grading_decision_period",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.manager} {self.cycle}"


class DecisionStep(models.Model):
    """One act on a decision, as its page shows them in order (经过). `on_behalf` is the principal when a deputy acted.

    `nonce` is the form's own number: the same form sent twice is one step. `data` holds what the verb changed.
    """

    decision = models.ForeignKey(
        GradeDecision, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    verb = models.CharField(_("动作"), max_length=20)
    level = models.CharField(max_length=12, blank=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(_("操作人"), max_length=120)
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_state = models.CharField(max_length=12)
    to_state = models.CharField(max_length=12)
    reason = models.CharField(_("理由"), max_length=500, blank=True)
    data: Any = models.JSONField(default=dict, blank=True)
    nonce = models.CharField(max_length=40, null=True, blank=True, unique=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("办理记录")
        ordering = ["decision", "pk"]
        indexes = [models.Index(fields=["decision", "id"], name="grading_step_order")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"
