"""Ticket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from customers.registry.models import Customer
from customers.service import permissions
from managers.profiles.models import RelationshipManager


class TicketKind(models.TextChoices):
    """工单类型."""

    INQUIRY = "inquiry", _("咨询")
    PROBLEM = "problem", _("问题")
    COMPLAINT = "complaint", _("投诉")
    SUGGESTION = "suggestion", _("建议")
    DISPUTE = "dispute", _("纠纷")


class TicketQuerySet(ScopedQuerySet):
    """A ticket is within reach by its manager, and by whom it is laid to: nobody is charged with what he cannot read."""

    def _reach(self, user: Actor, function: Function) -> Q:
        people = RelationshipManager.objects.reached_by(user, function).values("pk")
        seen = super()._reach(user, function)
        # Without the function there is nobody, and the plain condition already says so.
        return seen | Q(responsible__in=people) if user.access.reaches(function) else seen


class Ticket(models.Model):
    """服务工单. `manager` was the customer's primary manager when it was opened; `responsible` is whom a complaint that
    was upheld (`upheld`) is laid to. `rating` is the customer's, 1 to 5."""

    resource: ClassVar[str] = "tickets"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.TICKET_VIEW,
        "export": permissions.TICKET_EXPORT,
        "import": permissions.TICKET_IMPORT,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(
        unit_path="manager__unit__path", line="manager__line_id", employee_no="manager__employee_no"
    )

    id = models.BigAutoField(primary_key=True)
    ticket_no = models.CharField(_("工单编号"), max_length=60, unique=True)
    customer = models.ForeignKey(
        Customer, verbose_name=_("客户"), on_delete=models.PROTECT, related_name="tickets"
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("责任客户经理"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="tickets", db_index=False,
    )  # fmt: skip
    kind = models.CharField(_("工单类型"), max_length=20, choices=TicketKind.choices)
    channel = models.CharField(_("渠道"), max_length=40, blank=True)
    opened_at = models.DateTimeField(_("受理时间"))
    responded_at = models.DateTimeField(_("响应时间"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("解决时间"), null=True, blank=True)
    rating = models.DecimalField(_("评价"), max_digits=3, decimal_places=1, null=True, blank=True)
    cause = models.CharField(_("原因"), max_length=300, blank=True)
    upheld = models.BooleanField(_("是否成立"), null=True, blank=True)
    responsible = models.ForeignKey(
        RelationshipManager, verbose_name=_("责任人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="upheld_tickets",
    )  # fmt: skip
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("服务工单")
        ordering = ["-opened_at", "-id"]
        indexes = [
            models.Index(fields=["manager", "opened_at"], name="service_ticket_manager"),
            models.Index(fields=["opened_at", "id"], name="service_ticket_opened"),
            models.Index(fields=["updated_at", "id"], name="service_ticket_updated"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="service_ticket_rating",
                violation_error_message=_("评价须在 1 到 5 之间"),
            ),
            models.CheckConstraint(
                condition=Q(responded_at__isnull=True) | Q(responded_at__gte=F("opened_at")),
                name="service_ticket_responded", violation_error_message=_("响应时间不能早于受理时间"),
            ),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | Q(resolved_at__gte=F("opened_at")),
                name="service_ticket_resolved", violation_error_message=_("解决时间不能早于受理时间"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.ticket_no
