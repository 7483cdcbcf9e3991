"""Clients are made and revoked here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.api.models import Client
from cmsys.api.permissions import CLIENT_EDIT
from cmsys.api.scopes import all_scopes
from cmsys.audit.ledger import record
from cmsys.org.models import OrgUnit

LIFETIME = timedelta(days=180)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def client_create(
    *, actor: Actor, now: datetime, name: str, scopes: Collection[str], unit: OrgUnit | None = None
) -> tuple[Client, str]:
    """Makes a client that lives for 180 days and returns it with its secret, which is not kept and never shown again.

    Raises MissingFunction, ValidationError (no or unknown scope, no name). One insert and an event.
    """
    require(actor, CLIENT_EDIT)
    known = all_scopes()
    listed = "、".join(known)
    unknown = sorted(set(scopes) - set(known))
    if unknown:
        words = _("没有这样的权限范围：%(unknown)s。可用的有：%(known)s。")
        raise refused("allowed_scopes", "not_found", words % {"unknown": "、".join(unknown), "known": listed})
    if not scopes:
        raise refused(
            "allowed_scopes", "missing", _("至少要有一个权限范围。可用的有：%(known)s。") % {"known": listed}
        )
    if not name.strip():
        raise refused("name", "missing", _("请给客户端起一个名称。"))
    secret = secrets.token_urlsafe(32)
    client = Client(
        name=name.strip(),
        allowed_scopes=sorted(set(scopes)),
        unit=unit,
        client_secret=digest(secret),
        expires_at=now + LIFETIME,
        client_id=secrets.token_hex(16),
        created_by=actor if isinstance(actor, User) else None,
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
    )
    client.full_clean()
    client.save()
    record(
        "api.client_create",
        client,
        actor=actor,
        now=now,
        after={
            "name": client.name,
            "client_id": client.client_id,
            "scopes": client.allowed_scopes,
            "unit": unit.code if unit else None,
            "expires_at": client.expires_at,
        },
    )
    return client, secret


@transaction.atomic
def client_revoke(*, actor: Actor, now: datetime, client_id: int, reason: str) -> Client:
    """Ends a client and every token it holds, at once; repeating changes nothing. `client_id` is the row's key.

    Raises MissingFunction, Client.DoesNotExist.
    """
    require(actor, CLIENT_EDIT)
    client: Client = (
        Client.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=client_id)
    )
    if client.revoked_at is None:
        client.revoked_at = now
        client.save(update_fields=["revoked_at", "updated"])
        AccessToken.objects.filter(application=client).delete()
        record("api.client_revoke", client, actor=actor, after={"revoked_at": now}, reason=reason, now=now)
    return client
