"""SchemeVersion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from appraisal.schemes import permissions
from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.org.scope import ScopedQuerySet, ScopeFields


class CycleLength(models.TextChoices):
    """How long a period of the scheme is."""

    MONTH = "month", _("月")
    QUARTER = "quarter", _("季")
    HALF = "half", _("半年")
    YEAR = "year", _("年")


class SchemeVersion(models.Model):
    """考核方案 in one version: the document as it was brought in. Once a cycle uses it, it is succeeded, never changed."""

    resource: ClassVar[str] = "schemes"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": permissions.SCHEME_VIEW,
        "edit": permissions.SCHEME_EDIT,
        "export": permissions.SCHEME_VIEW,
    }
    scope: ClassVar[ScopeFields] = ScopeFields()

    code = models.CharField(_("方案编码"), max_length=40)
    version = models.PositiveIntegerField(_("版本"))
    name = models.CharField(_("方案名称"), max_length=120)
    cycle = models.CharField(_("周期"), max_length=10, choices=CycleLength.choices)
    document = models.TextField(_("方案文件"))
    # sha256 of the document's meaning (parsed data as canonical JSON), so that layout and comments do not count.
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("录入时间"), auto_now_add=True)
    updated_at = models.DateTimeField(_("更新时间"), auto_now=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("考核方案")
        ordering = ["code", "-version"]
        indexes = [models.Index(fields=["updated_at", "id"], name="schemes_version_updated")]
        constraints = [
            models.UniqueConstraint(fields=["code", "version"], name="schemes_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="schemes_version_from_one"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
