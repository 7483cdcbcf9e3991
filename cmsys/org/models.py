"""OrgUnit, UnitPlacement, BusinessLine, RoleGrant and Deputyship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.access.roles import Role
from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW
from cmsys.org.scope import ScopedQuerySet, ScopeFields


class DateRange(Func):
    """`daterange(from, to)`: half-open, an empty end means for ever."""

    function = "daterange"
    output_field = DateRangeField()


class UnitKind(models.TextChoices):
    """The levels of the tree; which may stand below which is left to the institution."""

    HEAD = "head", _("总部")
    BRANCH = "branch", _("分行")
    SUBBRANCH = "subbranch", _("支行")
    DEPARTMENT = "department", _("部门")
    TEAM = "team", _("团队")


class OrgUnit(models.Model):
    """A unit of the institution: 总部, 分行, 支行, 部门, 团队. Closed units stay; nothing that refers to one is lost.

    `path` is the chain of ids from the root, `/1/7/42/`, so that a subtree is one prefix. It follows the placement of
    today; UnitPlacement knows the tree of any other day.
    """

    resource: ClassVar[str] = "org-units"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": UNIT_VIEW, "edit": UNIT_EDIT, "export": UNIT_VIEW}
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="path")

    code = models.CharField(_("机构编码"), max_length=40, unique=True)
    name = models.CharField(_("机构名称"), max_length=120)
    kind = models.CharField(_("机构类型"), max_length=20, choices=UnitKind.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )
    path = models.CharField(_("路径"), max_length=255, unique=True, null=True, editable=False)
    region_code = models.CharField(_("行政区划代码"), max_length=12, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    head = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("负责人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="headed_units",
    )
    opened_on = models.DateField(_("设立日期"), null=True, blank=True)
    closed_on = models.DateField(_("撤销日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("机构")
        ordering = ["path"]
        indexes = [
            models.Index(fields=["path"], name="org_unit_path_prefix", opclasses=["text_pattern_ops"]),
            models.Index(fields=["updated_at", "id"], name="org_unit_updated"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(closed_on__isnull=True)
                | Q(opened_on__isnull=True)
                | Q(closed_on__gt=F("opened_on")),
                name="org_unit_closes_after_opening",
                violation_error_message=_("撤销日期须晚于设立日期"),
            ),
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)),
                name="org_unit_latitude",
                violation_error_message=_("纬度须在 -90 到 90 之间"),
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                name="org_unit_longitude",
                violation_error_message=_("经度须在 -180 到 180 之间"),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def depth(self) -> int:
        """0 for a root."""
        return max((self.path or "").count("/") - 2, 0)


class UnitPlacement(models.Model):
    """Where a unit stood in the tree, from a day (included) to a day (excluded)."""

    unit = models.ForeignKey(OrgUnit, on_delete=models.CASCADE, related_name="placements")
    parent = models.ForeignKey(OrgUnit, null=True, on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)

    class Meta:
        verbose_name = _("机构隶属")
        ordering = ["unit", "starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")), name="org_placement_period"
            ),
            ExclusionConstraint(
                name="org_placement_one_parent_a_day",
                expressions=[
                    (F("unit"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.starts_on}"


class BusinessLine(models.Model):
    """条线: corporate, retail, small business … A grant can be limited to one."""

    resource: ClassVar[str] = "business-lines"

    code = models.CharField(_("条线编码"), max_length=40, unique=True)
    name = models.CharField(_("条线名称"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("条线")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class RoleGrant(models.Model):
    """A role held by a person at a unit (and perhaps in one business line), from a day to a day (excluded).

    The database keeps the three administrators apart from each other and from business at every instant (三员分立).
    """

    resource: ClassVar[str] = "role-grants"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("账号"), on_delete=models.CASCADE, related_name="grants"
    )
    role = models.CharField(_("角色"), max_length=10, choices=Role.choices)
    unit = models.ForeignKey(OrgUnit, verbose_name=_("机构"), on_delete=models.PROTECT, related_name="grants")
    line = models.ForeignKey(
        BusinessLine,
        verbose_name=_("条线"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="grants",
    )
    side = models.SmallIntegerField(editable=False)
    starts_on = models.DateField(_("生效日期"), default=timezone.localdate)
    ends_on = models.DateField(_("失效日期"), null=True, blank=True)
    reason = models.CharField(_("授权事由"), max_length=300, blank=True)
    granted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("授权人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        verbose_name = _("授权")
        ordering = ["user", "starts_on", "role"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="org_grant_period",
                violation_error_message=_("失效日期须晚于生效日期"),
            ),
            ExclusionConstraint(
                name="org_grant_separation_of_duty",
                expressions=[
                    (F("user"), RangeOperators.EQUAL),
                    (F("side"), RangeOperators.NOT_EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("系统、安全、审计三员与业务角色不得由同一人同时担任"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} · {self.unit}"


class Deputyship(models.Model):
    """代理: somebody takes another's decisions from a day to a day (excluded), e.g. while a supervisor is on leave.

    Only functions declared as delegable pass to the deputy; steps he takes name both. An early end is `ends_on` moved
    forward; `revoked_at` says that and when.
    """

    resource: ClassVar[str] = "deputyships"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    principal = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("委托人"), on_delete=models.PROTECT, related_name="deputies"
    )
    deputy = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("代理人"),
        on_delete=models.PROTECT,
        related_name="principals",
    )
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期（不含）"))
    reason = models.CharField(_("事由"), max_length=300)
    revoked_at = models.DateTimeField(_("撤回时间"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("登记时间"), auto_now_add=True)

    class Meta:
        verbose_name = _("代理")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            # An empty period is one that was taken back before it began.
            models.CheckConstraint(
                condition=Q(ends_on__gte=F("starts_on")), name="org_deputyship_period",
                violation_error_message=_("结束日期须晚于开始日期"),
            ),
            models.CheckConstraint(
                condition=~Q(principal=F("deputy")), name="org_deputyship_other",
                violation_error_message=_("代理人不能是本人"),
            ),
            ExclusionConstraint(
                name="org_deputyship_one_at_a_time",
                expressions=[
                    (F("principal"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("这段时间已经有代理人"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.principal} → {self.deputy}"
