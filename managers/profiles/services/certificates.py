"""Certificates are entered, changed and taken back here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import changes_between, record
from managers.profiles.models import Certificate, RelationshipManager
from managers.profiles.permissions import MANAGER_EDIT

EDITABLE = ("name", "number", "issuer", "issued_on", "expires_on")


@transaction.atomic
def certificate_add(
    *,
    actor: Actor,
    manager_id: int,
    name: str,
    issued_on: date,
    expires_on: date | None = None,
    number: str = "",
    issuer: str = "",
) -> Certificate:
    """Enters a certificate of a person within reach. Raises MissingFunction, DoesNotExist, ValidationError (twice, dates)."""
    require(actor, MANAGER_EDIT)
    manager = (
        RelationshipManager.objects.visible_to(actor, "edit")
        .select_for_update(of=("self",))
        .get(pk=manager_id)
    )
    values = {
        "name": name,
        "number": number,
        "issuer": issuer,
        "issued_on": issued_on,
        "expires_on": expires_on,
    }
    certificate = Certificate(manager=manager, **values)
    certificate.full_clean()
    certificate.save()
    record(
        "certificate.add",
        certificate,
        actor=actor,
        label=f"{manager}：{name}",
        after=values | {"manager": manager},
    )
    return certificate


@transaction.atomic
def certificate_update(*, actor: Actor, certificate_id: int, values: Mapping[str, Any]) -> Certificate:
    """Changes the named fields; no event when nothing differs. Raises MissingFunction, DoesNotExist, ValidationError."""
    require(actor, MANAGER_EDIT)
    certificate = _locked(actor, certificate_id)
    before, after = changes_between({name: getattr(certificate, name) for name in values}, values)
    if not after:
        return certificate
    for name in EDITABLE:
        if name in values:
            setattr(certificate, name, values[name])
    certificate.full_clean()
    certificate.save()
    label = f"{certificate.manager}：{certificate.name}"
    record("certificate.update", certificate, actor=actor, label=label, before=before, after=after)
    return certificate


@transaction.atomic
def certificate_remove(*, actor: Actor, certificate_id: int, reason: str) -> None:
    """Takes an entry back that should not be there; the event keeps what it said. Raises MissingFunction, DoesNotExist."""
    require(actor, MANAGER_EDIT)
    certificate = _locked(actor, certificate_id)
    label = f"{certificate.manager}：{certificate.name}"
    values = {name: getattr(certificate, name) for name in EDITABLE}
    record("certificate.remove", certificate, actor=actor, label=label, before=values, reason=reason)
    certificate.delete()


def _locked(actor: Actor, certificate_id: int) -> Certificate:
    visible = (
        Certificate.objects.visible_to(actor, "edit")
        .select_for_update(of=("self",))
        .select_related("manager")
    )
    found = visible.get(pk=certificate_id)
    assert isinstance(found, Certificate)
    return found
