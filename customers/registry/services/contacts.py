"""Contacts of a customer are entered, changed, taken out, and their personal data looked up (CUS-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from customers.registry.models import Contact, Customer
from customers.registry.permissions import CUSTOMER_EDIT, CUSTOMER_REVEAL
from customers.registry.rules import is_masked, is_phone

EDITABLE = ("name", "role", "mobile", "birthday", "channel", "marketing")


@transaction.atomic
def contact_add(
    *,
    actor: Actor,
    today: date,
    customer_id: int,
    name: str,
    role: str = "",
    mobile: str = "",
    birthday: date | None = None,
    channel: str = "",
    marketing: str = "",
) -> Contact:
    """Enters a contact of a customer within reach. Raises MissingFunction, Customer.DoesNotExist, ValidationError."""
    require(actor, CUSTOMER_EDIT)
    customer = Customer.objects.visible_to(actor, "edit").select_for_update(of=("self",)).get(pk=customer_id)
    values = {
        "name": name, "role": role, "mobile": mobile, "birthday": birthday, "channel": channel, "marketing": marketing,
    }  # fmt: skip
    _check(values, today)
    contact = Contact(customer=customer, **values)
    _check_once(contact)
    contact.full_clean()
    contact.save()
    given = {field: value for field, value in values.items() if value}
    record(
        "contact.create", contact, actor=actor, label=_label(contact), after=given | {"customer": customer}
    )
    return contact


@transaction.atomic
def contact_update(*, actor: Actor, today: date, contact_id: int, values: Mapping[str, Any]) -> Contact:
    """Changes the named fields; no event when nothing differs. Raises MissingFunction, DoesNotExist, ValidationError."""
    require(actor, CUSTOMER_EDIT)
    if set(values) - set(EDITABLE):
        raise ValueError(f"not editable here: {sorted(set(values) - set(EDITABLE))}")
    contact = _locked(actor, contact_id)
    _check(values, today)
    before, after = changes_between({name: getattr(contact, name) for name in values}, values)
    if not after:
        return contact
    for name, value in after.items():
        setattr(contact, name, value)
    _check_once(contact)
    contact.full_clean()
    contact.save()
    record("contact.update", contact, actor=actor, label=_label(contact), before=before, after=after)
    return contact


@transaction.atomic
def contact_remove(*, actor: Actor, contact_id: int, reason: str) -> None:
    """Takes a contact out; the event keeps what was on file, masked. Raises MissingFunction, DoesNotExist, ValidationError."""
    require(actor, CUSTOMER_EDIT)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写原因。"))
    contact = _locked(actor, contact_id)
    values = {name: value for name in EDITABLE if (value := getattr(contact, name))}
    record("contact.remove", contact, actor=actor, label=_label(contact), before=values, reason=reason)
    contact.delete()


@transaction.atomic
def contact_reveal(*, actor: Actor, contact_id: int, field: str, reason: str) -> str:
    """`name`, `mobile` or `birthday` of a contact in clear; the look is an event. One's own customer needs no reason.

    Raises MissingFunction, Contact.DoesNotExist, ValidationError (no reason), ValueError (another field).
    """
    if field not in Contact.audit_masks:
        raise ValueError(f"{field} is not masked")
    require(actor, CUSTOMER_REVEAL)
    seen = Contact.objects.visible_to(actor, "reveal").select_related("customer__owner")
    contact = seen.get(pk=contact_id)
    owner = contact.customer.owner
    own = owner is not None and owner.employee_no == getattr(actor, "employee_no", None)
    if not reason.strip() and not own:
        raise refused("reason", "missing", _("请填写查看原因。"))
    record("pii.reveal", contact, actor=actor, label=_label(contact), after={"field": field}, reason=reason)
    return str(getattr(contact, field) or "")


def _locked(actor: Actor, contact_id: int) -> Contact:
    found = (
        Contact.objects.visible_to(actor, "edit")
        .select_related("customer")
        .select_for_update(of=("self",))
        .get(pk=contact_id)
    )
    assert isinstance(found, Contact)
    return found


def _label(contact: Contact) -> str:
    return f"{contact.customer}：{contact}"


def _check_once(contact: Contact) -> None:
    same = Contact.objects.filter(customer=contact.customer_id, name=contact.name).exclude(pk=contact.pk)
    if same.exists():
        raise refused("name", "duplicate", _("该客户已有同名的联系人，请直接修改那一位，或写明区别。"))


def _check(values: Mapping[str, Any], today: date) -> None:
    for field in ("name", "mobile"):
        if is_masked(values.get(field) or ""):
            raise refused(field, "bad_value", _("收到的是打码后的值，请填写完整内容。"))
    mobile, birthday = values.get("mobile"), values.get("birthday")
    if mobile and not is_phone(mobile):
        raise refused("mobile", "bad_value", _("应为 11 位手机号、带区号的座机，或港澳台号码。"))
    if birthday is not None and birthday > today:
        raise refused("birthday", "bad_value", _("生日不能晚于今天。"))
