"""RelationshipManager, Certificate and GradeRecord."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask, mask_birth_date, mask_email, mask_mobile
from cmsys.org.models import BusinessLine, DateRange, OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.careers.models import Grade, Post
from managers.profiles import permissions


class Gender(models.TextChoices):
    MALE = "male", _("男")
    FEMALE = "female", _("女")


class Education(models.TextChoices):
    """学历, lowest first."""

    HIGH_SCHOOL = "high_school", _("高中及以下")
    COLLEGE = "college", _("大专")
    BACHELOR = "bachelor", _("本科")
    MASTER = "master", _("硕士")
    DOCTOR = "doctor", _("博士")


class Status(models.TextChoices):
    """Whether the person is at work."""

    PROBATION = "probation", _("试用")
    ACTIVE = "active", _("在岗")
    ON_LEAVE = "on_leave", _("休假")
    SECONDED = "seconded", _("借调")
    LEFT = "left", _("离职")


class ManagerCategory(models.Model):
    """客户经理类别: 对公, 个金, 小微, 集团, 行业 …"""

    resource: ClassVar[str] = "manager-categories"

    code = models.CharField(_("类别编码"), max_length=40, unique=True)
    name = models.CharField(_("类别名称"), max_length=80, unique=True)

    class Meta:
        verbose_name = _("客户经理类别")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class RelationshipManager(models.Model):
    """客户经理: the person who looks after customers, e.g. 陈思远 of 城东支行, 中级客户经理 in 公司业务.

    `grade` is the grade of today; GradeRecord holds every grade with its dates. The person's account is the User with
    the same `employee_no`.
    """

    resource: ClassVar[str] = "managers"
    audit_masks: ClassVar[Mapping[str, Mask]] = {
        "mobile": mask_mobile,
        "email": mask_email,
        "birth_date": mask_birth_date,
    }
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.MANAGER_LIST,
        "view": permissions.MANAGER_VIEW,
        "edit": permissions.MANAGER_EDIT,
        "export": permissions.MANAGER_EXPORT,
        "import": permissions.MANAGER_IMPORT,
        "reveal": permissions.MANAGER_REVEAL,
        "reveal_mobile": permissions.MOBILE_REVEAL,
        "contact": permissions.CONTACT_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="unit__path", line="line_id", employee_no="employee_no"
    )

    employee_no = models.CharField(_("工号"), max_length=40, unique=True)
    name = models.CharField(_("姓名"), max_length=100)
    name_pinyin = models.CharField(_("姓名拼音"), max_length=200, blank=True, editable=False)
    gender = models.CharField(_("性别"), max_length=10, choices=Gender.choices, blank=True)
    birth_date = models.DateField(_("出生日期"), null=True, blank=True)
    unit = models.ForeignKey(
        OrgUnit, verbose_name=_("所属机构"), on_delete=models.PROTECT, related_name="managers"
    )
    post = models.ForeignKey(
        Post, verbose_name=_("岗位"), null=True, blank=True, on_delete=models.PROTECT, related_name="managers"
    )
    line = models.ForeignKey(
        BusinessLine,
        verbose_name=_("条线"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="managers",
    )
    category = models.ForeignKey(
        ManagerCategory,
        verbose_name=_("客户经理类别"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="managers",
    )
    grade = models.ForeignKey(
        Grade,
        verbose_name=_("等级"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="managers",
    )
    status = models.CharField(_("状态"), max_length=20, choices=Status.choices, default=Status.ACTIVE)
    hire_date = models.DateField(_("入职日期"), null=True, blank=True)
    education = models.CharField(_("学历"), max_length=20, choices=Education.choices, blank=True)
    major = models.CharField(_("专业"), max_length=80, blank=True)
    experience_years = models.PositiveSmallIntegerField(_("从业年限"), null=True, blank=True)
    industries = ArrayField(
        models.CharField(max_length=40), verbose_name=_("擅长行业"), default=list, blank=True
    )
    region_code = models.CharField(_("服务区域"), max_length=12, blank=True)
    mobile = models.CharField(_("手机"), max_length=20, blank=True)
    email = models.EmailField(_("邮箱"), max_length=120, blank=True)
    capacity = models.PositiveIntegerField(_("客户容量"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户经理")
        ordering = ["employee_no"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="profiles_manager_updated"),
            models.Index(fields=["name_pinyin", "id"], name="profiles_manager_pinyin"),
            GinIndex(
                name="profiles_manager_search",
                fields=["name", "employee_no", "name_pinyin"],
                opclasses=["gin_trgm_ops"] * 3,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(hire_date__isnull=True)
                | Q(birth_date__isnull=True)
                | Q(hire_date__gt=F("birth_date")),
                name="profiles_manager_hired_after_birth",
                violation_error_message=_("入职日期须晚于出生日期"),
            ),
            models.CheckConstraint(
                condition=Q(experience_years__isnull=True) | Q(experience_years__lte=60),
                name="profiles_manager_experience",
                violation_error_message=_("从业年限须在 0 到 60 之间"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.employee_no}）"


class Certificate(models.Model):
    """资格证书, e.g. AFP, with its validity; `expires_on` is the first day on which it no longer counts."""

    resource: ClassVar[str] = "certificates"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.MANAGER_VIEW,
        "edit": permissions.MANAGER_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="certificates"
    )
    name = models.CharField(_("证书名称"), max_length=80)
    number = models.CharField(_("证书编号"), max_length=60, blank=True)
    issuer = models.CharField(_("颁发机构"), max_length=80, blank=True)
    issued_on = models.DateField(_("取得日期"))
    expires_on = models.DateField(_("失效日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("资格证书")
        ordering = ["manager", "-issued_on", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["manager", "name", "issued_on"], name="profiles_certificate_once"
            ),
            models.CheckConstraint(
                condition=Q(expires_on__isnull=True) | Q(expires_on__gt=F("issued_on")),
                name="profiles_certificate_validity",
                violation_error_message=_("失效日期须晚于取得日期"),
            ),
        ]
        indexes = [models.Index(fields=["updated_at", "id"], name="profiles_certificate_updated")]

    def __str__(self) -> str:
        return self.name


class GradeCause(models.TextChoices):
    """Why a grade began."""

    IMPORTED = "imported", _("期初录入")
    HIRED = "hired", _("入职定级")
    CORRECTION = "correction", _("更正")
    APPRAISAL = "appraisal", _("考核定级")


class GradeRecord(models.Model):
    """等级历史: the grade a person held from a day (included) to a day (excluded); one at a time."""

    resource: ClassVar[str] = "grade-records"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}

    manager = models.ForeignKey(RelationshipManager, on_delete=models.PROTECT, related_name="grade_records")
    grade = models.ForeignKey(Grade, verbose_name=_("等级"), on_delete=models.PROTECT, related_name="+")
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    cause = models.CharField(_("原因"), max_length=20, choices=GradeCause.choices)
    note = models.CharField(_("说明"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("等级历史")
        ordering = ["manager", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="profiles_grade_period",
            ),
            ExclusionConstraint(
                name="profiles_one_grade_a_day",
                expressions=[
                    (F("manager"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grade} {self.starts_on}"
