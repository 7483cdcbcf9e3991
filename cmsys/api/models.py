"""Client: a program that reads and writes through the API in its own name; IdempotencyKey: what it has written already."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from oauth2_provider.models import AbstractApplication

from cmsys.access.functions import Function
from cmsys.access.masks import Mask
from cmsys.api.permissions import CLIENT_APPROVE, CLIENT_EDIT, CLIENT_REVOKE, CLIENT_VIEW
from cmsys.org.models import OrgUnit
from cmsys.org.scope import ScopedQuerySet, ScopeFields

EXPIRY_WARNING = timedelta(days=30)


class ClientState(models.TextChoices):
    """Where a client stands; only an active one gets tokens."""

    WAITING = "waiting", _("待核准")
    ACTIVE = "active", _("在用")
    EXPIRING = "expiring", _("即将到期")
    EXPIRED = "expired", _("已到期")
    REVOKED = "revoked", _("已停用")


class Client(AbstractApplication):
    """接口客户端. Holds scopes and perhaps a unit whose subtree is all it ever sees; expires, and can be revoked.

    What it may do counts once the security administrator has approved it (`approved_at`); a change of its rights needs
    a new approval. It has one secret, or two while it changes from one to the other; each expires by itself.

    The base class knows other grant types, public clients and people behind a client; the database allows none of them.
    A secret is 256 random bits, so its sha256 is kept and not a slow hash: guessing is hopeless either way, and a
    flood of token requests stays cheap.
    """

    resource: ClassVar[str] = "api-clients"
    audit_masks: ClassVar[Mapping[str, Mask]] = {}
    functions: ClassVar[Mapping[str, Function]] = {
        "view": CLIENT_VIEW,
        "edit": CLIENT_EDIT,
        "approve": CLIENT_APPROVE,
        "revoke": CLIENT_REVOKE,
    }
    scope: ClassVar[ScopeFields] = ScopeFields(unit_path="unit__path")

    client_secret = models.CharField(_("密钥摘要"), max_length=64, editable=False)
    expires_at = models.DateTimeField(_("到期时间"))
    next_secret = models.CharField(_("新密钥摘要"), max_length=64, blank=True, editable=False)
    next_expires_at = models.DateTimeField(_("新密钥到期时间"), null=True, blank=True, editable=False)
    purpose = models.CharField(_("用途"), max_length=300, blank=True)
    allowed_scopes = ArrayField(models.CharField(max_length=60), verbose_name=_("权限范围"))
    unit = models.ForeignKey(
        OrgUnit,
        verbose_name=_("机构范围"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="api_clients",
    )
    # Networks it may call from, in CIDR notation; none means any.
    addresses = ArrayField(
        models.CharField(max_length=49), verbose_name=_("来源地址"), default=list, blank=True
    )
    revoked_at = models.DateTimeField(_("停用时间"), null=True, blank=True)
    # Positions in the change feed below this one were given for other rights than these (docs/adr/0132); set by a trigger
    # when scopes or unit change, or the unit is moved in the tree.
    feed_from = models.BigIntegerField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(_("最近使用"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("创建人"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # Whoever set the rights as they are now; made equal to created_by by the creation.
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("权限设定人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    approved_at = models.DateTimeField(_("核准时间"), null=True, blank=True, editable=False)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("核准人"), null=True, blank=True, on_delete=models.PROTECT,
        related_name="+", editable=False,
    )  # fmt: skip

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
            models.CheckConstraint(
                condition=Q(next_secret="", next_expires_at__isnull=True)
                | Q(("next_secret__regex", "^[0-9a-f]{64}$"), next_expires_at__isnull=False),
                name="api_client_next_secret_hashed",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | Q(changed_by__isnull=True) | ~Q(approved_by=F("changed_by")),
                name="api_client_four_eyes",
                violation_error_message=_("设定权限的人不能核准自己设定的权限"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def ends_at(self) -> datetime:
        """When the last of its secrets expires."""
        return max(self.expires_at, self.next_expires_at or self.expires_at)

    def state_at(self, now: datetime) -> ClientState:
        """What people read of it."""
        if self.revoked_at is not None:
            return ClientState.REVOKED
        if now >= self.ends_at:
            return ClientState.EXPIRED
        if self.approved_at is None:
            return ClientState.WAITING
        return ClientState.EXPIRING if now >= self.ends_at - EXPIRY_WARNING else ClientState.ACTIVE

    def usable_at(self, now: datetime) -> bool:
        """Approved, neither revoked nor expired."""
        return self.state_at(now) in (ClientState.ACTIVE, ClientState.EXPIRING)

    def secrets_at(self, now: datetime) -> list[str]:
        """The digests that are good at this moment: one, or two while the client changes its secret."""
        kept = [(self.client_secret, self.expires_at), (self.next_secret, self.next_expires_at)]
        return [digest for digest, ends_at in kept if digest and ends_at is not None and now < ends_at]

    def allows(self, address: str) -> bool:
        """Whether it may call from this address."""
        if not self.addresses:
            return True
        try:
            here = ip_address(address)
        except ValueError:
            return False
        return any(here in ip_network(network) for network in self.addresses)

    def is_usable(self, request: Any) -> bool:
        """What the token endpoint asks before it believes the client."""
        return self.usable_at(timezone.now())


class IdempotencyKey(models.Model):
    """What a client was answered when it wrote with this `Idempotency-Key`; kept for a day at least (docs/adr/0131).

    Written in the transaction of the change itself, so that there is a row exactly when there is an effect.
    `fingerprint` is of the method, the address and the content. `body` and `headers` are given again as they are.
    """

    client = models.ForeignKey(Client, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    headers: Any = models.JSONField(default=dict)
    body = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("幂等键")
        constraints = [models.UniqueConstraint(fields=["client", "key"], name="api_idempotency_key_once")]

    def __str__(self) -> str:
        return f"{self.client_id} {self.key}"
