"""Post and Grade."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.careers.permissions import GRADE_EDIT, GRADE_VIEW


class Series(models.TextChoices):
    """The three tracks a career can follow (000, 001)."""

    BUSINESS = "business", _("业务序列")
    MANAGEMENT = "management", _("管理序列")
    EXPERT = "expert", _("专家序列")


class Post(models.Model):
    """岗位: a place in a unit with a headcount, e.g. 公司客户经理岗 of 城东支行. Without a unit it exists everywhere."""

    resource: ClassVar[str] = "posts"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": UNIT_VIEW, "edit": UNIT_EDIT, "export": UNIT_VIEW}
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path", common_when_empty="unit")

    code = models.CharField(_("岗位编码"), max_length=40, unique=True)
    name = models.CharField(_("岗位名称"), max_length=120)
    series = models.CharField(_("序列"), max_length=20, choices=Series.choices, default=Series.BUSINESS)
    headcount = models.PositiveIntegerField(_("编制"), null=True, blank=True)
    unit = models.ForeignKey(
        OrgUnit,
        verbose_name=_("所属机构"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
    )
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("岗位")
        ordering = ["code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="careers_post_updated")]

    def __str__(self) -> str:
        return self.name


class Grade(models.Model):
    """等级: a step of the ladder, e.g. 初级 → 中级 → 高级客户经理. `order` rises with the grade within a series."""

    resource: ClassVar[str] = "grade-definitions"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": GRADE_VIEW, "edit": GRADE_EDIT}
    scope: ClassVar[ScopeFields] = ScopeFields()

    code = models.CharField(_("等级编码"), max_length=40, unique=True)
    name = models.CharField(_("等级名称"), max_length=80)
    series = models.CharField(_("序列"), max_length=20, choices=Series.choices, default=Series.BUSINESS)
    order = models.PositiveSmallIntegerField(_("次序"))
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("等级")
        ordering = ["series", "order"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "order"], name="careers_grade_order_unique",
                violation_error_message=_("同一序列中这个次序已有等级"),
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
