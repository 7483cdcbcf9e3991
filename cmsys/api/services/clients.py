"""Clients are made, approved, changed and revoked here."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from oauth2_provider.models import AccessToken

from cmsys.access.actors import Actor, SystemActor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.api.models import Client
from cmsys.api.permissions import CLIENT_APPROVE, CLIENT_EDIT, CLIENT_REVOKE
from cmsys.api.scopes import all_scopes
from cmsys.audit.ledger import changes_between, record
from cmsys.org.models import OrgUnit

LIFETIME = timedelta(days=180)


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def client_create(
    *,
    actor: Actor,
    now: datetime,
    name: str,
    scopes: Collection[str],
    unit: OrgUnit | None = None,
    purpose: str = "",
    addresses: Sequence[str] = (),
) -> tuple[Client, str]:
    """Makes a client that lives for 180 days and returns it with its secret, which is not kept and never shown again.

    One that a person makes waits for the security administrator; the system's own (commands, the demonstration) is
    approved by being made. Raises MissingFunction, ValidationError (no or unknown scope, no name, no network). One
    insert and an event.
    """
    require(actor, CLIENT_EDIT)
    scopes = _known(scopes)
    if not name.strip():
        raise refused("name", "missing", _("请给客户端起一个名称。"))
    secret = secrets.token_urlsafe(32)
    person = actor if isinstance(actor, User) else None
    client = Client(
        name=name.strip(),
        purpose=purpose.strip(),
        allowed_scopes=scopes,
        unit=unit,
        addresses=_networks(addresses),
        client_secret=digest(secret),
        expires_at=now + LIFETIME,
        client_id=secrets.token_hex(16),
        created_by=person,
        changed_by=person,
        approved_at=now if isinstance(actor, SystemActor) else None,
        client_type=Client.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Client.GRANT_CLIENT_CREDENTIALS,
    )
    client.full_clean()
    client.save()
    after = {"name": client.name, "expires_at": _day(client.expires_at)}
    record("api.client_create", client, actor=actor, now=now, after=after | _rights(client))
    return client, secret


@transaction.atomic
def client_change(
    *,
    actor: Actor,
    now: datetime,
    client_id: int,
    scopes: Collection[str],
    unit: OrgUnit | None,
    purpose: str,
    addresses: Sequence[str],
    reason: str,
    version: str = "",
) -> Client:
    """Other rights, purpose or addresses. Other scopes or another unit end its tokens, make it wait for approval again,
    and whatever it has copied must be fetched anew. No event when nothing differs.

    Raises MissingFunction, Client.DoesNotExist, Conflict (changed since `version`, revoked), ValidationError.
    """
    client = _locked(actor, CLIENT_EDIT, client_id, version)
    before = _rights(client) | {"purpose": client.purpose}
    rights = (client.allowed_scopes, client.unit_id)
    client.allowed_scopes, client.unit = _known(scopes), unit
    client.purpose, client.addresses = purpose.strip(), _networks(addresses)
    before, after = changes_between(before, _rights(client) | {"purpose": client.purpose})
    if not after:
        return client
    if rights != (client.allowed_scopes, client.unit_id):
        client.changed_by = actor if isinstance(actor, User) else None
        client.approved_at = now if isinstance(actor, SystemActor) else None
        client.approved_by = None
        AccessToken.objects.filter(application=client).delete()
    client.full_clean()
    client.save()
    record("api.client_change", client, actor=actor, before=before, after=after, reason=reason, now=now)
    return client


@transaction.atomic
def client_approve(*, actor: Actor, now: datetime, client_id: int, version: str = "") -> Client:
    """The client may use the rights it was given. `version` is the state the approver has read.

    Raises MissingFunction, Client.DoesNotExist, Conflict (changed since, approved or revoked already), ValidationError
    (one's own).
    """
    client = _locked(actor, CLIENT_APPROVE, client_id, version)
    if client.approved_at is not None:
        who = client.approved_by.name if client.approved_by else _("系统")
        raise Conflict(_("这个客户端已由%(who)s核准，无需再办。") % {"who": who})
    client.approved_at, client.approved_by = now, actor if isinstance(actor, User) else None
    client.full_clean()
    client.save()
    record("api.client_approve", client, actor=actor, after=_rights(client), now=now)
    return client


@transaction.atomic
def client_rotate(*, actor: Actor, now: datetime, client_id: int, reason: str) -> tuple[Client, str]:
    """A second secret, good for 180 days from now, returned once; the first one stays good until it is retired.

    Raises MissingFunction, Client.DoesNotExist, Conflict (revoked), ValidationError (there are two already).
    """
    client = _locked(actor, CLIENT_EDIT, client_id)
    if client.next_secret:
        raise refused("reason", "conflict", _("已有新旧两个密钥同时有效，请先停用旧密钥，再换新的。"))
    secret = secrets.token_urlsafe(32)
    client.next_secret, client.next_expires_at = digest(secret), now + LIFETIME
    client.save(update_fields=["next_secret", "next_expires_at", "updated"])
    after = {"next_expires_at": _day(client.next_expires_at)}
    record("api.client_rotate", client, actor=actor, after=after, reason=reason, now=now)
    return client, secret


@transaction.atomic
def client_retire(*, actor: Actor, now: datetime, client_id: int, reason: str) -> Client:
    """The first secret is good no more, the second takes its place; tokens end, so that no one goes on with the old one.

    Raises MissingFunction, Client.DoesNotExist, Conflict (revoked), ValidationError (there is only one).
    """
    client = _locked(actor, CLIENT_EDIT, client_id)
    if not client.next_secret or client.next_expires_at is None:
        raise refused("reason", "conflict", _("只有一个密钥，停用它请停用整个客户端；要更换请先生成新密钥。"))
    before = {"expires_at": _day(client.expires_at)}
    client.client_secret, client.expires_at = client.next_secret, client.next_expires_at
    client.next_secret, client.next_expires_at = "", None
    client.save(update_fields=["client_secret", "expires_at", "next_secret", "next_expires_at", "updated"])
    AccessToken.objects.filter(application=client).delete()
    after = {"expires_at": _day(client.expires_at)}
    record("api.client_retire", client, actor=actor, before=before, after=after, reason=reason, now=now)
    return client


@transaction.atomic
def client_revoke(*, actor: Actor, now: datetime, client_id: int, reason: str) -> Client:
    """Ends a client and every token it holds, at once; repeating changes nothing. `client_id` is the row's key.

    Raises MissingFunction, Client.DoesNotExist.
    """
    require(actor, CLIENT_REVOKE)
    client: Client = (
        Client.objects.reached_by(actor, CLIENT_REVOKE).select_for_update(of=("self",)).get(pk=client_id)
    )
    if client.revoked_at is None:
        client.revoked_at = now
        client.save(update_fields=["revoked_at", "updated"])
        AccessToken.objects.filter(application=client).delete()
        record(
            "api.client_revoke", client, actor=actor, after={"revoked_at": _day(now)}, reason=reason, now=now
        )
    return client


def _locked(actor: Actor, function: Function, client_id: int, version: str = "") -> Client:
    require(actor, function)
    rows = Client.objects.reached_by(actor, function).select_related("unit", "approved_by")
    client: Client = rows.select_for_update(of=("self",)).get(pk=client_id)
    if client.revoked_at is not None:
        raise Conflict(_("这个客户端已停用，不能再办理；需要时请新建一个。"))
    if version and version != client.updated.isoformat():
        raise Conflict(_("您打开之后，这个客户端又被修改过。请重新打开，看过现在的权限再定。"))
    return client


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)


def _rights(client: Client) -> dict[str, Any]:
    unit = client.unit.code if client.unit is not None else None
    return {"allowed_scopes": client.allowed_scopes, "unit": unit, "addresses": client.addresses}


def _known(scopes: Collection[str]) -> list[str]:
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
    return sorted(set(scopes))


def _networks(addresses: Sequence[str]) -> list[str]:
    found = []
    for text in dict.fromkeys(part.strip() for part in addresses):
        try:
            found.append(str(ip_network(text)))
        except ValueError:
            message = _("“%(text)s”不是地址或网段，应写成 10.1.2.3 或 10.1.0.0/16。") % {"text": text[:60]}
            raise refused("addresses", "bad_value", message) from None
    return found
