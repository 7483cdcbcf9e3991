"""What waits: a handover for each of its three signatures, a first contact for the new owner; and a mark in 我的客户."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import Actor
from cmsys.inbox.items import InboxItem, InboxSource
from customers.handover.choices import HandoverState
from customers.handover.models import FirstContact, Handover, HandoverStep
from customers.handover.permissions import (
    FIRST_CONTACT_RECORD,
    HANDOVER_SIGN,
    HANDOVER_VIEW,
    HANDOVER_WATCH,
)
from customers.handover.selectors import to_give, to_stand_in, to_take, to_watch, waiting_contacts
from customers.handover.transitions import HANDOVER
from customers.registry.marks import Mark


def _to_sign(actor: Actor) -> Any:
    return to_give(actor) | to_take(actor)


def _for_heads(actor: Actor, today: date) -> Any:
    """To watch, or to sign in a giver's place: one kind of work, because every page of a head asks for it."""
    return to_watch(actor, today) | to_stand_in(actor, today)


def _items(rows: Any, limit: int) -> list[InboxItem]:
    found = rows.select_related("giver", "taker").order_by("due_on", "pk")[:limit]
    return [
        InboxItem(
            title=_("移交单 %(number)s") % {"number": one.number}, state=str(one.get_state_display()),
            detail=_("%(giver)s 移交 %(taker)s，%(n)d 户") % {"giver": one.giver.name, "taker": one.taker.name, "n": one.customers},
            url=reverse("handovers_detail", args=[one.number]), at=one.moved_at or one.opened_at, due_on=one.due_on,
        )
        for one in found
    ]  # fmt: skip


def _signed(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    """已办: what the person has signed or sent back."""
    steps = HandoverStep.objects.filter(
        actor=actor.actor_id, handover__in=Handover.objects.reached_by(actor, HANDOVER_VIEW)
    )
    found = (
        steps.exclude(verb__in=("open", "extend")).select_related("handover").order_by("-at", "-pk")[:limit]
    )
    return [
        InboxItem(
            title=_("移交单 %(number)s") % {"number": step.handover.number}, at=step.at, detail=step.reason,
            url=reverse("handovers_detail", args=[step.handover.number]), state=str(HANDOVER[step.verb].label),
        )
        for step in found
    ]  # fmt: skip


def _name(contact: Any) -> str:
    """In full to the owner, from his first day on."""
    customer = contact.customer
    return str(customer.name if customer.owner_id == contact.manager_id else customer.masked_name)


def _contacts(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows = waiting_contacts(actor).select_related("customer", "handover__giver")[:limit]
    return [
        InboxItem(
            title=_("首次联系 %(customer)s") % {"customer": _name(one)}, url=reverse("first_contact_record", args=[one.pk]),
            detail=_("原主办 %(name)s") % {"name": one.handover.giver.name} if one.handover else _("新分配的客户"),
            at=one.made_at, due_on=one.due_on,
        )
        for one in rows
    ]  # fmt: skip


def _contacted(actor: Actor, today: date, limit: int) -> list[InboxItem]:
    rows: Any = FirstContact.objects.reached_by(actor, FIRST_CONTACT_RECORD).filter(done_at__isnull=False)
    return [
        InboxItem(
            title=_("首次联系 %(customer)s") % {"customer": _name(one)}, detail=one.note, at=one.done_at,
            url=reverse("first_contacts_detail", args=[one.pk]), state=str(one.get_channel_display()),
        )
        for one in rows.select_related("customer").order_by("-done_at", "-pk")[:limit]
    ]  # fmt: skip


SOURCES = (
    InboxSource(
        "handover.contact", gettext_lazy("首次联系"), 62, lambda actor, today: waiting_contacts(actor), _contacts,
        done=_contacted, function=FIRST_CONTACT_RECORD,
    ),
    InboxSource(
        "handover.sign", gettext_lazy("移交签字"), 63, lambda actor, today: _to_sign(actor),
        lambda actor, today, limit: _items(_to_sign(actor), limit), done=_signed, function=HANDOVER_SIGN,
    ),
    InboxSource(
        "handover.watch", gettext_lazy("监交与代签"), 64, _for_heads,
        lambda actor, today, limit: _items(_for_heads(actor, today), limit), done=_signed, function=HANDOVER_WATCH,
    ),
)  # fmt: skip


def marks(actor: Actor, customers: Sequence[int], today: date) -> Mapping[int, Mark]:
    """In 我的客户: until when the first contact is due, with the button that records it. One query."""
    found = {}
    rows = (
        waiting_contacts(actor)
        .filter(customer__in=list(customers))
        .exclude(handover__state=HandoverState.CANCELLED)
    )
    for one in rows:
        over = one.due_on < today
        words = {"day": one.due_on.isoformat()}
        found[one.customer_id] = Mark(
            (_("首次联系已逾期（%(day)s）") if over else _("%(day)s 前首次联系")) % words, "down" if over else "warn",
            reverse("first_contact_record", args=[one.pk]), _("记录首次联系"),
        )  # fmt: skip
    return found
