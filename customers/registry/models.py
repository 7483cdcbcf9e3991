"""Customer, Contact, CustomerTier, TierHold and Assignment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask, mask_birth_date, mask_mobile
from cmsys.org.models import DateRange, OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.registry import permissions
from customers.registry.expressions import list_name, name_characters, search_key
from customers.registry.masking import mask_person
from managers.profiles.models import RelationshipManager


class CustomerKind(models.TextChoices):
    """客户类型. 企业 where the source does not say how large."""

    ENTERPRISE = "enterprise", _("企业")
    GOVERNMENT = "government", _("政府")
    PUBLIC = "public", _("事业单位")
    LARGE = "large", _("大型企业")
    SME = "sme", _("中小企业")
    INDIVIDUAL = "individual", _("个人")


class CustomerNature(models.TextChoices):
    """客户属性 (002)."""

    RESOURCE = "resource", _("资源类")
    PROJECT = "project", _("项目类")


class CustomerCategory(models.TextChoices):
    """客户分类 (004)."""

    KEY = "key", _("重点客户")
    GENERAL = "general", _("一般客户")
    PROSPECT = "prospect", _("潜在客户")


class RelationState(models.TextChoices):
    """潜在 before the first contract, 已有 from it on; derived, never typed."""

    PROSPECT = "prospect", _("潜在")
    EXISTING = "existing", _("已有")


class CustomerTier(models.Model):
    """客户分级: A, B, C by default; the first is worth most."""

    resource: ClassVar[str] = "customer-tiers"

    code = models.CharField(_("分级编码"), max_length=10, unique=True)
    name = models.CharField(_("分级名称"), max_length=40, unique=True)
    order = models.PositiveSmallIntegerField(_("次序"), unique=True)

    class Meta:
        verbose_name = _("客户分级")
        ordering = ["order"]

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """客户: an institution or a person the bank serves or wants to serve.

    `since` is the day of its first contract, or of its first transaction where there is none: before it the customer
    is 潜在, from it on 已有; `developed_by` is the manager who was responsible on that day. `owner` is today's primary
    manager (主办); Assignment knows the one of any other day.

    `name` is in clear: pages, interfaces, exports and the ledger show `masked_name` to whoever may not read the names of
    people. The text of a customer (`str`) is the masked one. `list_name` and `search_key` are derived by the database.
    """

    resource: ClassVar[str] = "customers"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "list": permissions.CUSTOMER_LIST,
        "view": permissions.CUSTOMER_VIEW,
        "count": permissions.CUSTOMER_COUNT,
        "edit": permissions.CUSTOMER_EDIT,
        "export": permissions.CUSTOMER_EXPORT,
        "import": permissions.CUSTOMER_IMPORT,
        "reveal": permissions.CUSTOMER_REVEAL,
        "assign": permissions.ASSIGNMENT_EDIT,
        "tier": permissions.CUSTOMER_TIER,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path", employee_no="owner__employee_no")

    id = models.BigAutoField(primary_key=True)
    customer_no = models.CharField(_("客户编号"), max_length=60, unique=True)
    name = models.CharField(_("客户名称"), max_length=160)
    name_pinyin = models.CharField(_("名称拼音"), max_length=320, blank=True, editable=False)
    kind = models.CharField(
        _("客户类型"), max_length=20, choices=CustomerKind.choices, default=CustomerKind.ENTERPRISE
    )
    nature = models.CharField(_("客户属性"), max_length=20, choices=CustomerNature.choices, blank=True)
    category = models.CharField(_("客户分类"), max_length=20, choices=CustomerCategory.choices, blank=True)
    tier = models.ForeignKey(
        CustomerTier, verbose_name=_("客户分级"), null=True, blank=True, on_delete=models.PROTECT, related_name="customers"
    )  # fmt: skip
    group_no = models.CharField(_("集团编号"), max_length=60, blank=True)
    industry_code = models.CharField(_("行业代码"), max_length=40, blank=True)
    region_code = models.CharField(_("行政区划代码"), max_length=12, blank=True)
    latitude = models.DecimalField(_("纬度"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("经度"), max_digits=9, decimal_places=6, null=True, blank=True)
    scale = models.CharField(_("规模"), max_length=40, blank=True)
    credit_code = models.CharField(_("统一社会信用代码"), max_length=18, blank=True)
    needs = models.CharField(_("需求偏好"), max_length=300, blank=True)
    source = models.CharField(_("来源"), max_length=60, blank=True)
    unit = models.ForeignKey(
        OrgUnit, verbose_name=_("所属机构"), null=True, blank=True, on_delete=models.PROTECT, related_name="customers"
    )  # fmt: skip
    owner = models.ForeignKey(
        RelationshipManager, verbose_name=_("主办客户经理"), null=True, blank=True, editable=False,
        on_delete=models.PROTECT, related_name="customers",
    )  # fmt: skip
    since = models.DateField(_("建立合作日期"), null=True, blank=True, editable=False)
    developed_by = models.ForeignKey(
        RelationshipManager, verbose_name=_("开发人"), null=True, blank=True, editable=False,
        on_delete=models.PROTECT, related_name="developed_customers",
    )  # fmt: skip
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)
    list_name = models.GeneratedField(
        expression=list_name(), output_field=models.TextField(), db_persist=True, editable=False
    )
    search_key = models.GeneratedField(
        expression=search_key(), output_field=models.TextField(), db_persist=True, editable=False
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户")
        ordering = ["customer_no"]
        indexes = [
            models.Index(fields=["updated_at", "id"], name="registry_customer_updated"),
            models.Index(fields=["list_name", "id"], name="registry_customer_listed"),
            models.Index(
                fields=["credit_code"], name="registry_customer_credit", condition=~Q(credit_code="")
            ),
            models.Index(fields=["developed_by", "since"], name="registry_customer_developed"),
            GinIndex(name="registry_customer_found", fields=["search_key"], opclasses=["gin_trgm_ops"]),
            GinIndex(name_characters(), name="registry_customer_characters"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(latitude__isnull=True) | Q(latitude__range=(-90, 90)), name="registry_customer_latitude",
                violation_error_message=_("纬度须在 -90 到 90 之间"),
            ),
            models.CheckConstraint(
                condition=Q(longitude__isnull=True) | Q(longitude__range=(-180, 180)),
                name="registry_customer_longitude",
                violation_error_message=_("经度须在 -180 到 180 之间"),
            ),
            models.CheckConstraint(
                condition=Q(developed_by__isnull=True) | Q(since__isnull=False), name="registry_customer_developed_since"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.masked_name}（{self.customer_no}）"

    @property
    def is_person(self) -> bool:
        return self.kind == CustomerKind.INDIVIDUAL

    @property
    def masked_name(self) -> str:
        """The name as anybody may read it: of an institution in clear, of a person the family name."""
        return mask_person(self.name) if self.is_person else self.name

    @property
    def state(self) -> RelationState:
        return RelationState.EXISTING if self.since else RelationState.PROSPECT


class TierHold(models.Model):
    """手工分级: a tier somebody has set by hand holds against every rule until a day (excluded), or until it is released.

    One is open for a customer at a time; a later one succeeds it. `tier` is what was set, empty for 未分级.
    """

    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.CASCADE, related_name="tier_holds", db_index=False
    )
    tier = models.ForeignKey(
        CustomerTier, verbose_name=_("客户分级"), null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # fmt: skip
    reason = models.CharField(_("原因"), max_length=300)
    set_by = models.CharField(_("评定人"), max_length=120)
    set_at = models.DateTimeField(_("评定时间"), db_default=Now())
    ends_on = models.DateField(_("有效期至（不含）"), null=True, blank=True)
    released_at = models.DateTimeField(_("解除时间"), null=True, blank=True)

    class Meta:
        verbose_name = _("手工分级")
        ordering = ["customer", "-pk"]
        indexes = [models.Index(fields=["customer"], name="registry_hold_customer")]
        constraints = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(released_at__isnull=True), name="registry_one_hold_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.tier_id} {self.ends_on}"


class ContactRole(models.TextChoices):
    """What a contact is to the customer's decision (002)."""

    INVESTOR = "investor", _("投资者")
    DECIDER = "decider", _("决策者")
    USER = "user", _("用户")
    SUPPORTER = "supporter", _("支持者")


class ContactChannel(models.TextChoices):
    """How a contact wants to be reached."""

    PHONE = "phone", _("电话")
    MESSAGE = "message", _("短信")
    WECHAT = "wechat", _("微信")
    MAIL = "mail", _("邮件")
    VISIT = "visit", _("上门")


class Marketing(models.TextChoices):
    """营销意愿. Empty where nobody has asked."""

    ACCEPTED = "accepted", _("接受营销")
    REFUSED = "refused", _("拒绝营销")


class ContactQuerySet(ScopedQuerySet):
    """Contacts."""

    def to_greet(self) -> Any:
        """Whom the bank may remember on a birthday: not those who refuse marketing."""
        return self.exclude(birthday=None).exclude(marketing=Marketing.REFUSED)


class Contact(models.Model):
    """联系人 of a customer: a person, so that name, mobile and birthday are shown masked; the text of one is masked.

    `channel` is how he wants to be reached. Who refuses marketing is named for no birthday.
    """

    resource: ClassVar[str] = "contacts"
    audit_masks: ClassVar[Mapping[str, Mask]] = {
        "name": mask_person,
        "mobile": mask_mobile,
        "birthday": mask_birth_date,
    }
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.CUSTOMER_VIEW,
        "edit": permissions.CUSTOMER_EDIT,
        "reveal": permissions.CUSTOMER_REVEAL,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="customer__unit__path", employee_no="customer__owner__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="contacts"
    )
    name = models.CharField(_("联系人"), max_length=100)
    role = models.CharField(_("角色"), max_length=20, choices=ContactRole.choices, blank=True)
    mobile = models.CharField(_("手机"), max_length=20, blank=True)
    birthday = models.DateField(_("生日"), null=True, blank=True)
    channel = models.CharField(_("首选渠道"), max_length=20, choices=ContactChannel.choices, blank=True)
    marketing = models.CharField(_("营销意愿"), max_length=20, choices=Marketing.choices, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("联系人")
        ordering = ["customer", "name"]
        constraints = [models.UniqueConstraint(fields=["customer", "name"], name="registry_contact_once")]
        indexes = [models.Index(fields=["updated_at", "id"], name="registry_contact_updated")]

    def __str__(self) -> str:
        return mask_person(self.name)


class AssignmentRole(models.TextChoices):
    """归属类型: the one accountable holder, and those who help."""

    PRIMARY = "primary", _("主办")
    ASSISTANT = "assistant", _("协办")
    BACKUP = "backup", _("AB角")
    SERVICE = "service", _("客服专员")
    TECHNICAL = "technical", _("技术支持")
    RISK = "risk", _("风险经理")


class Assignment(models.Model):
    """归属: a manager looks after a customer in a role from a day (included) to a day (excluded).

    The database allows one primary holder a customer at any instant, and nobody twice in the same role.
    """

    resource: ClassVar[str] = "assignments"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.CUSTOMER_VIEW,
        "edit": permissions.ASSIGNMENT_EDIT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="customer__unit__path", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="assignments", db_index=False
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("客户经理"), on_delete=models.PROTECT, related_name="assignments"
    )
    role = models.CharField(_("归属类型"), max_length=20, choices=AssignmentRole.choices)
    starts_on = models.DateField(_("开始日期"))
    ends_on = models.DateField(_("结束日期"), null=True, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户归属")
        ordering = ["customer", "-starts_on", "role"]
        indexes = [
            models.Index(fields=["customer", "starts_on"], name="registry_assignment_customer"),
            models.Index(fields=["updated_at", "id"], name="registry_assignment_updated"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gt=F("starts_on")),
                name="registry_assignment_period",
                violation_error_message=_("结束日期须晚于开始日期"),
            ),
            ExclusionConstraint(
                name="registry_one_primary_at_a_time",
                expressions=[
                    (F("customer"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=Q(role="primary"),
                violation_error_message=_("同一客户同一时间只能有一名主办"),
            ),
            ExclusionConstraint(
                name="registry_helper_once_at_a_time",
                expressions=[
                    (F("customer"), RangeOperators.EQUAL),
                    (F("manager"), RangeOperators.EQUAL),
                    (F("role"), RangeOperators.EQUAL),
                    (DateRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
                condition=~Q(role="primary"),
                violation_error_message=_("同一人在同一时间不能重复担任同一归属"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.starts_on}"
