"""Competency and Course."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import BusinessLine
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from training.courses import permissions

FUNCTIONS: Mapping[str, Function] = {"view": permissions.COURSE_VIEW, "edit": permissions.COURSE_EDIT}


class Competency(models.Model):
    """胜任力: what can be learned, e.g. 沟通协调, and the codes under which appraisal schemes measure it."""

    resource: ClassVar[str] = "competencies"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = FUNCTIONS
    scope: ClassVar[ScopeFields] = ScopeFields()

    code = models.CharField(_("胜任力编码"), max_length=40, unique=True)
    name = models.CharField(_("胜任力"), max_length=80, unique=True)
    indicators = ArrayField(
        models.CharField(max_length=60), verbose_name=_("对应指标编码"), default=list, blank=True
    )
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("胜任力")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class Level(models.IntegerChoices):
    """How far a course goes; a grade of the ladder asks for one of them."""

    BASIC = 1, _("初级")
    MIDDLE = 2, _("中级")
    ADVANCED = 3, _("高级")


class CourseKind(models.TextChoices):
    """How it is taught (001)."""

    INTERNAL = "internal", _("内部集中培训")
    EXTERNAL = "external", _("外部培训")
    ONLINE = "online", _("在线学习")
    PRACTICE = "practice", _("岗位实践")
    MENTORING = "mentoring", _("导师带教")


class Course(models.Model):
    """课程: one entry of the catalogue, for a competency at a level, for one business line or for all.

    `hours` are periods of teaching, `cost` yuan for each participant. A course that is no longer offered stays for the
    plans that name it.
    """

    resource: ClassVar[str] = "courses"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = FUNCTIONS
    scope: ClassVar[ScopeFields] = ScopeFields()

    code = models.CharField(_("课程编码"), max_length=40, unique=True)
    name = models.CharField(_("课程名称"), max_length=120)
    competency = models.ForeignKey(
        Competency, verbose_name=_("胜任力"), on_delete=models.PROTECT, related_name="courses"
    )
    level = models.PositiveSmallIntegerField(_("层级"), choices=Level.choices, default=Level.BASIC)
    line = models.ForeignKey(
        BusinessLine,
        verbose_name=_("适用条线"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    kind = models.CharField(_("方式"), max_length=20, choices=CourseKind.choices, default=CourseKind.INTERNAL)
    hours = models.PositiveSmallIntegerField(_("学时"))
    cost = models.DecimalField(_("人均费用（元）"), max_digits=10, decimal_places=2, default=0)
    description = models.CharField(_("内容"), max_length=500, blank=True)
    offered = models.BooleanField(_("在开"), default=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("课程")
        ordering = ["code"]
        indexes = [models.Index(fields=["updated_at", "id"], name="training_course_updated")]
        constraints = [
            models.CheckConstraint(
                condition=Q(hours__range=(1, 500)), name="training_course_hours",
                violation_error_message=_("学时须在 1 到 500 之间"),
            ),
            models.CheckConstraint(
                condition=Q(cost__gte=0), name="training_course_cost", violation_error_message=_("费用不能为负数")
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
