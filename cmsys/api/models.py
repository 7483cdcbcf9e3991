"""Client: a program that reads (and later writes) through the API in its own name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.api.permissions import CLIENT_EDIT
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields


class Client(AbstractApplication):
    """接口客户端. Holds scopes and perhaps a unit whose subtree is all it ever sees; expires, and can be revoked.

    The base class knows other grant types, public clients and people behind a client; the database allows none of them.
    The secret is 256 random bits, so its sha256 is kept and not a slow hash: guessing is hopeless either way, and a
    flood of token requests stays cheap.
    """

    resource: ClassVar[str] = "api-clients"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {"view": CLIENT_EDIT, "edit": CLIENT_EDIT}
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path")

    client_secret = models.CharField(_("密钥摘要"), max_length=64, editable=False)
    allowed_scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("权限范围"))
    unit = models.ForeignKey(
        OrgUnit,
        verbose_name=_("机构范围"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_clients",
    )
    expires_at = models.DateTimeField(_("到期时间"))
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("创建人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        verbose_name = _("接口客户端")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    authorization_grant_type=AbstractApplication.GRANT_CLIENT_CREDENTIALS,
                    client_type=AbstractApplication.CLIENT_CONFIDENTIAL,
                    user__isnull=True,
                    redirect_uris="",
                ),
                name="api_client_credentials_only",
            ),
            models.CheckConstraint(
                condition=Q(("client_secret__regex", "^[0-9a-f]{64}$")), name="api_client_secret_hashed"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def usable_at(self, now: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at

    def is_usable(self, request: Any) -> bool:
        """What the token endpoint asks before it believes the client."""
        return self.usable_at(timezone.now())
