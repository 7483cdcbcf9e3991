"""Handover with its lines and steps, and FirstContact."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.handover import permissions
from customers.handover.choices import Channel, ContactState, HandoverState, LineKind
from customers.planning.models import AllocationPlan
from customers.registry.models import Assignment, Customer
from managers.profiles.models import RelationshipManager


class HandoverQuerySet(ScopedQuerySet):
    """A handover is within reach by either side; to watch it by the taking side alone, to stand in for the giver by his."""

    parties: ClassVar[str] = ""

    def _reach(self, user: Actor, function: Function) -> Q:
        taking = super()._reach(user, function)
        if function is permissions.HANDOVER_WATCH or not user.access.reaches(function):
            return taking
        people = RelationshipManager.objects.reached_by(user, function).order_by()
        giving = Q(**{f"{self.parties}giver__in": people.values("pk")})
        return giving if function is permissions.HANDOVER_STAND_IN else taking | giving


class HandoverLineQuerySet(HandoverQuerySet):
    """As the handover they stand on."""

    parties = "handover__"


class Handover(models.Model):
    """移交单: one manager hands customers over to another, as of the first day of the new owner (`cutoff_on`).

    Signed by 移交人, 接交人 and 监交人, in this order; who takes it back or sends it back starts anew. One is open for a pair
    in a plan (without one: for a pair and a day) at a time; what has been signed gets no more customers. `unit` is where
    the taker stood: its head watches. The owner has changed already, by plan or by hand; nothing here moves anybody.
    """

    resource: ClassVar[str] = "handovers"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.HANDOVER_VIEW,
        "sign": permissions.HANDOVER_SIGN,
        "stand_in": permissions.HANDOVER_STAND_IN,
        "watch": permissions.HANDOVER_WATCH,
        "arrange": permissions.HANDOVER_ARRANGE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="taker__unit__path", line="taker__line_id", employee_no="taker__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    number = models.CharField(_("移交单号"), max_length=20, unique=True)
    year = models.PositiveSmallIntegerField(_("年份"), editable=False)
    serial = models.PositiveIntegerField(_("序号"), editable=False)
    plan = models.ForeignKey(
        AllocationPlan, verbose_name=_("分客方案"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="handovers",
    )  # fmt: skip
    giver = models.ForeignKey(
        RelationshipManager, verbose_name=_("移交人"), on_delete=models.PROTECT, related_name="handed_over"
    )
    taker = models.ForeignKey(
        RelationshipManager, verbose_name=_("接交人"), on_delete=models.PROTECT, related_name="taken_over"
    )
    unit = models.ForeignKey(OrgUnit, verbose_name=_("监交机构"), on_delete=models.PROTECT, related_name="+")
    cutoff_on = models.DateField(_("截止日"))
    due_on = models.DateField(_("签字期限"))
    state = models.CharField(
        _("状态"), max_length=10, choices=HandoverState.choices, default=HandoverState.OPEN
    )
    customers = models.PositiveIntegerField(_("客户数"), default=0)
    stays = models.PositiveIntegerField(_("不移交"), default=0)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    given_name = models.CharField(_("移交签字"), max_length=120, blank=True)
    given_at = models.DateTimeField(_("移交签字时间"), null=True, blank=True)
    # Whoever was there when the head signed in the giver's place; empty when the giver signed himself.
    witness = models.CharField(_("见证人"), max_length=80, blank=True)
    taken_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    taken_name = models.CharField(_("接交签字"), max_length=120, blank=True)
    taken_at = models.DateTimeField(_("接交签字时间"), null=True, blank=True)
    watched_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    watched_name = models.CharField(_("监交签字"), max_length=120, blank=True)
    watched_at = models.DateTimeField(_("监交签字时间"), null=True, blank=True)
    opened_at = models.DateTimeField(_("生成时间"))
    moved_at = models.DateTimeField(_("最近办理时间"), null=True, blank=True, editable=False)
    moved_by = models.CharField(_("最近办理人"), max_length=120, blank=True, editable=False)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = HandoverQuerySet.as_manager()

    class Meta:
        verbose_name = _("客户移交")
        ordering = ["-opened_at", "-pk"]
        indexes = [
            models.Index(fields=["state", "due_on"], name="handover_waiting"),
            models.Index(fields=["updated_at", "id"], name="handover_updated"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["year", "serial"], name="handover_number_once"),
            models.UniqueConstraint(
                fields=["plan", "giver", "taker"], condition=Q(state="open", plan__isnull=False), name="handover_one_open_of_a_plan"
            ),
            models.UniqueConstraint(
                fields=["giver", "taker", "cutoff_on"], condition=Q(state="open", plan__isnull=True),
                name="handover_one_open_of_a_day",
            ),
            models.CheckConstraint(condition=~Q(giver=F("taker")), name="handover_two_sides"),
            models.CheckConstraint(
                condition=Q(state__in=("open", "cancelled")) | Q(given_at__isnull=False, given_by__isnull=False),
                name="handover_given",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("taken", "closed")) | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="handover_taken",
            ),
            models.CheckConstraint(
                condition=~Q(state="closed") | Q(watched_at__isnull=False, watched_by__isnull=False), name="handover_closed"
            ),
            models.CheckConstraint(
                condition=Q(watched_by__isnull=True) | ~Q(watched_by=F("given_by")) & ~Q(watched_by=F("taken_by")),
                name="handover_three_people", violation_error_message=_("监交人须是移交、接交以外的第三人"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class HandoverLine(models.Model):
    """移交清单的一行: one customer, what passes with him, and what he was worth to the bank at the cut-off.

    `snapshot` is fixed when the line is made (brief.snapshots says which figures); money in fen. A line that stays has its
    reason. `visit_on` is the day both sides went to see the customer.
    """

    resource: ClassVar[str] = "handover-lines"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.HANDOVER_VIEW,
        "sign": permissions.HANDOVER_SIGN,
        "arrange": permissions.HANDOVER_ARRANGE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="handover__taker__unit__path", line="handover__taker__line_id",
        employee_no="handover__taker__employee_no",
    )  # fmt: skip

    id = models.BigAutoField(primary_key=True)
    handover = models.ForeignKey(
        Handover, verbose_name=_("移交单"), on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="handover_lines"
    )
    kind = models.CharField(_("移交方式"), max_length=8, choices=LineKind.choices, default=LineKind.CARE)
    reason = models.CharField(_("不移交的原因"), max_length=300, blank=True)
    snapshot: Any = models.JSONField(default=dict)
    visit_on = models.DateField(_("共同走访日期"), null=True, blank=True)
    visit_note = models.CharField(_("走访情况"), max_length=1000, blank=True)
    visit_by = models.CharField(_("登记人"), max_length=120, blank=True)

    objects = HandoverLineQuerySet.as_manager()

    class Meta:
        verbose_name = _("移交清单")
        ordering = ["handover", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["handover", "customer"], name="handover_line_once"),
            models.CheckConstraint(condition=~Q(kind="stay") | ~Q(reason=""), name="handover_stay_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.handover} {self.customer}"


class HandoverStep(models.Model):
    """One act on a handover, as its page shows them in order (经过). The same form (`nonce`) sent twice is one step."""

    handover = models.ForeignKey(Handover, on_delete=models.CASCADE, related_name="steps", db_index=False)
    verb = models.CharField(_("动作"), max_length=20)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_name = models.CharField(_("操作人"), max_length=120)
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    reason = models.CharField(_("内容"), max_length=500, blank=True)
    data: Any = models.JSONField(default=dict, blank=True)
    nonce = models.CharField(max_length=40, null=True, blank=True, unique=True)
    at = models.DateTimeField(_("时间"))

    class Meta:
        verbose_name = _("移交经过")
        ordering = ["handover", "pk"]
        indexes = [models.Index(fields=["handover", "id"], name="handover_step_order")]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


class FirstContact(models.Model):
    """首次联系: the new owner gets in touch with the customer by `due_on`; one for each time a customer gets an owner.

    Not done in time it is told once to the head of the owner's unit (`escalated_at`), and once to customers management
    (`told_cmd_at`). Cancelled when the customer goes elsewhere before. `objection` is what the customer, told of his new
    manager, has against it.
    """

    resource: ClassVar[str] = "first-contacts"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.FIRST_CONTACT_VIEW,
        "record": permissions.FIRST_CONTACT_RECORD,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="first_contacts"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("主办客户经理"), on_delete=models.PROTECT, related_name="first_contacts",
        db_index=False,
    )  # fmt: skip
    plan = models.ForeignKey(
        AllocationPlan, verbose_name=_("分客方案"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="first_contacts",
    )  # fmt: skip
    handover = models.ForeignKey(
        Handover, verbose_name=_("移交单"), null=True, blank=True, on_delete=models.SET_NULL,
        related_name="first_contacts",
    )  # fmt: skip
    assignment = models.OneToOneField(
        Assignment,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="first_contact",
        editable=False,
    )
    begins_on = models.DateField(_("管户开始日"))
    due_on = models.DateField(_("联系期限"))
    done_on = models.DateField(_("联系日期"), null=True, blank=True)
    channel = models.CharField(_("联系方式"), max_length=10, choices=Channel.choices, blank=True)
    note = models.CharField(_("联系情况"), max_length=500, blank=True)
    objection = models.CharField(_("客户异议"), max_length=500, blank=True)
    done_at = models.DateTimeField(_("记录时间"), null=True, blank=True)
    done_name = models.CharField(_("记录人"), max_length=120, blank=True)
    nonce = models.CharField(max_length=40, null=True, blank=True, unique=True)
    escalated_at = models.DateTimeField(_("逾期上报主管"), null=True, blank=True)
    told_cmd_at = models.DateTimeField(_("逾期上报客户管理"), null=True, blank=True)
    cancelled_at = models.DateTimeField(_("取消时间"), null=True, blank=True)
    cancel_reason = models.CharField(_("取消原因"), max_length=200, blank=True)
    made_at = models.DateTimeField(_("生成时间"))
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("首次联系")
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["manager", "due_on"], name="handover_contact_manager"),
            models.Index(
                fields=["due_on", "id"], name="handover_contact_waiting",
                condition=Q(done_on__isnull=True, cancelled_at__isnull=True),
            ),
            models.Index(fields=["updated_at", "id"], name="handover_contact_updated"),
        ]  # fmt: skip
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "customer"], condition=Q(plan__isnull=False), name="handover_contact_once"
            ),
            models.CheckConstraint(
                condition=Q(done_on__isnull=True, done_at__isnull=True, channel="")
                | Q(done_on__isnull=False, done_at__isnull=False) & ~Q(channel=""),
                name="handover_contact_done",
            ),
            models.CheckConstraint(
                condition=Q(done_on__isnull=True) | Q(cancelled_at__isnull=True), name="handover_contact_one_end"
            ),
            models.CheckConstraint(
                condition=Q(due_on__gte=F("begins_on")), name="handover_contact_due"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.customer} {self.due_on}"

    def state(self, today: date) -> ContactState:
        """Where it stands on a day."""
        if self.cancelled_at is not None:
            return ContactState.CANCELLED
        if self.done_on is not None:
            return ContactState.DONE
        return ContactState.LATE if self.due_on < today else ContactState.DUE
