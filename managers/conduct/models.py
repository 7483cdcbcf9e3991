"""InterestDeclaration: who must not decide about whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields
from managers.conduct import permissions
from managers.profiles.models import RelationshipManager


class RelationKind(models.TextChoices):
    """利害关系, as personnel rules usually group it."""

    SPOUSE = "spouse", _("夫妻")
    DIRECT = "direct", _("直系血亲")
    COLLATERAL = "collateral", _("三代以内旁系血亲")
    IN_LAW = "in_law", _("近姻亲")
    INTEREST = "interest", _("经济利益关系")
    OTHER = "other", _("其他可能影响公正的关系")


class InterestDeclaration(models.Model):
    """利益申报: an account holder declares a relation to a relationship manager, `[starts_on, ends_on)`.

    While it is in force neither decides, rates or hears about the other; ending it takes a reason and stays on record.
    """

    resource: ClassVar[str] = "interest-declarations"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.DECLARATION_VIEW,
        "edit": permissions.DECLARATION_EDIT,
        "own": permissions.DECLARATION_OWN,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="manager__unit__path", account="declarant_id")

    declarant = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("申报人"),
        on_delete=models.PROTECT,
        related_name="declarations",
    )
    manager = models.ForeignKey(
        RelationshipManager, verbose_name=_("关系人"), on_delete=models.PROTECT, related_name="declared_by"
    )
    kind = models.CharField(_("关系"), max_length=20, choices=RelationKind.choices)
    detail = models.CharField(_("说明"), max_length=200, blank=True)
    starts_on = models.DateField(_("申报日期"))
    ends_on = models.DateField(_("解除日期"), null=True, blank=True)
    end_reason = models.CharField(_("解除原因"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("利益申报")
        ordering = ["-starts_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="conduct_declaration_period",
                violation_error_message=_("解除日期不能早于申报日期"),
            ),
            models.UniqueConstraint(
                fields=["declarant", "manager"], condition=Q(ends_on__isnull=True), name="conduct_declared_once",
                violation_error_message=_("该关系已经申报"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.declarant} · {self.manager}"
