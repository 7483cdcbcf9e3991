"""ScoreSheet, SheetLine, the schedule of regrading, and the unlogged tables a regrading collects its work in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.models import Cycle
from appraisal.cycles.permissions import CYCLE_EDIT
from appraisal.scoring import permissions
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.profiles.models import RelationshipManager

# Exact decimals of the engine: score places + weight places + 2 for a dimension, more with the total and coefficients.
# A regulation that needs more than 20 is refused when it is run, never rounded.
EXACT: dict[str, Any] = {"max_digits": 40, "decimal_places": 20}
FIGURE: dict[str, Any] = {"max_digits": 38, "decimal_places": 12}


class ProposalKind(models.TextChoices):
    """What the rules propose for a person's grade."""

    PROMOTION = "promotion", _("晋升")
    DEMOTION = "demotion", _("降级")
    HOLD = "hold", _("保持")
    NOT_RATED = "not_rated", _("未评")


class ScoreSheet(models.Model):
    """考核表: what a regrading made of one person in one cycle. Written by the job as a whole, all people or none.

    `performance`, `ability` and `total` are exact; `unit` and `grade_code` are those frozen with the cycle. `reasons`
    are the rules that fired with their values (appraisal.scoring.documents.Reasons); they follow the figures chunk by
    chunk and are empty until then. Not rated people have a sheet without scores, never with zeros. `digest` stands for
    everything on the sheet and its lines, so that a regrading finds what differs by comparing one value.
    """

    resource: ClassVar[str] = "score-sheets"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.SHEET_LIST,
        "view": permissions.SHEET_VIEW,
        "export": permissions.SHEET_EXPORT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    cycle = models.ForeignKey(
        Cycle, verbose_name=_("考核周期"), on_delete=models.PROTECT, related_name="sheets", db_index=False
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="sheets"
    )
    unit = models.ForeignKey(OrgUnit, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="+")
    grade_code = models.CharField(_("等级"), max_length=40, blank=True)
    ability = models.DecimalField(_("能力得分"), null=True, blank=True, **EXACT)
    performance = models.DecimalField(_("绩效得分"), null=True, blank=True, **EXACT)
    total = models.DecimalField(_("综合得分"), null=True, blank=True, **EXACT)
    quadrant = models.CharField(_("矩阵位置"), max_length=10, blank=True)
    level = models.CharField(_("考核等次"), max_length=40, blank=True)
    proposal = models.CharField(_("等级建议"), max_length=20, choices=ProposalKind.choices)
    proposed_grade = models.CharField(_("建议等级"), max_length=40, blank=True)
    reasons = models.JSONField(_("判定依据"), null=True, blank=True)
    digest = models.CharField(max_length=32, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("考核表")
        ordering = ["cycle", "manager"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="scoring_sheet_updated"),
            models.Index(fields=["cycle", "quadrant"], name="scoring_sheet_quadrant"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "manager"], name="scoring_sheet_once"),
            models.CheckConstraint(
                condition=~Q(proposal="not_rated") | Q(proposed_grade=""), name="scoring_sheet_not_rated"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.cycle} {self.manager}"


class LineSource(models.TextChoices):
    """Where the raw figure of a line came from."""

    COMPUTED = "computed", _("系统记录")
    IMPORTED = "imported", _("导入")
    RATING = "rating", _("评分")
    FORMULA = "formula", _("公式")
    NONE = "none", _("无")


class SheetLine(models.Model):
    """One line of a score sheet: raw value, target, score, weight and contribution; contributions add up exactly."""

    id = models.BigAutoField(primary_key=True)
    sheet = models.ForeignKey(ScoreSheet, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    dimension = models.CharField(max_length=40)
    code = models.CharField(_("指标编码"), max_length=60)
    name = models.CharField(_("指标"), max_length=160)
    # indicator, bonus, deduction, coefficient, …: the engine's words.
    kind = models.CharField(max_length=20)
    source = models.CharField(_("来源"), max_length=10, choices=LineSource.choices, default=LineSource.NONE)
    raw = models.DecimalField(_("实际值"), null=True, blank=True, **FIGURE)
    target = models.DecimalField(_("目标值"), null=True, blank=True, **FIGURE)
    score = models.DecimalField(_("得分"), null=True, blank=True, **EXACT)
    weight = models.DecimalField(_("权重"), null=True, blank=True, **EXACT)
    stated_weight = models.DecimalField(_("方案权重"), null=True, blank=True, **EXACT)
    contribution = models.DecimalField(_("贡献"), null=True, blank=True, **EXACT)
    note = models.CharField(_("说明"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("考核表明细")
        ordering = ["sheet", "position"]
        constraints = [models.UniqueConstraint(fields=["sheet", "position"], name="scoring_line_once")]

    def __str__(self) -> str:
        return f"{self.code} {self.contribution}"


class RegradeSchedule(models.Model):
    """定级计划: after each period of a scheme, so many days after its last day and at a time of day, the cycle is opened
    if it is not there yet and regraded. `since` is when people last changed the plan: periods that were due before are
    not caught up; `last_due` is the last moment that was served, so that each is served once."""

    resource: ClassVar[str] = "regrade-schedules"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": CYCLE_EDIT, "edit": CYCLE_EDIT}
    scope: ClassVar[ScopeFields] = ScopeFields()

    scheme_code = models.CharField(_("方案编码"), max_length=40, unique=True)
    enabled = models.BooleanField(_("启用"), default=True)
    days_after = models.PositiveSmallIntegerField(_("期末后天数"), default=5)
    at = models.TimeField(_("时间"))
    since = models.DateTimeField(_("生效时间"), editable=False)
    last_due = models.DateTimeField(_("上次到期时间"), null=True, blank=True, editable=False)
    last_period = models.CharField(_("上次定级期间"), max_length=7, blank=True, editable=False)
    last_outcome = models.CharField(_("上次结果"), max_length=200, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("定级计划")
        ordering = ["scheme_code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(days_after__lte=180), name="scoring_schedule_days",
                violation_error_message=_("期末后天数不能超过 180"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.scheme_code


# --- work in progress: unlogged, empty after a crash of the database, which the job notices and begins anew -----------
class StagedFigure(models.Model):
    """One computed reading of one manager, as its source gave it to a job; rounded half up to 12 decimals."""

    pk = models.CompositePrimaryKey("job", "code", "manager")
    job = models.BigIntegerField()
    code = models.CharField(max_length=40)
    manager = models.BigIntegerField()
    value = models.DecimalField(**FIGURE)


class StagedSheet(models.Model):
    """One sheet that differs from the published one."""

    pk = models.CompositePrimaryKey("job", "manager")
    job = models.BigIntegerField()
    manager = models.BigIntegerField()
    unit = models.BigIntegerField()
    grade_code = models.CharField(max_length=40)
    ability = models.DecimalField(null=True, **EXACT)
    performance = models.DecimalField(null=True, **EXACT)
    total = models.DecimalField(null=True, **EXACT)
    quadrant = models.CharField(max_length=10)
    level = models.CharField(max_length=40)
    proposal = models.CharField(max_length=20)
    proposed_grade = models.CharField(max_length=40)
    digest = models.CharField(max_length=32)


class StagedLine(models.Model):
    """One line of a staged sheet."""

    pk = models.CompositePrimaryKey("job", "manager", "position")
    job = models.BigIntegerField()
    manager = models.BigIntegerField()
    position = models.PositiveSmallIntegerField()
    dimension = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=10)
    raw = models.DecimalField(null=True, **FIGURE)
    target = models.DecimalField(null=True, **FIGURE)
    score = models.DecimalField(null=True, **EXACT)
    weight = models.DecimalField(null=True, **EXACT)
    stated_weight = models.DecimalField(null=True, **EXACT)
    contribution = models.DecimalField(null=True, **EXACT)
    note = models.CharField(max_length=80)
