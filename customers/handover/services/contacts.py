"""A first contact is recorded; those that are missing are told, once to the head and once to customers management."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, F
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_everywhere, accounts_of
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form
from customers.handover.choices import SECOND_DAYS, Channel
from customers.handover.models import FirstContact
from customers.handover.permissions import FIRST_CONTACT_RECORD, FIRST_CONTACT_VIEW
from customers.handover.selectors import late, nearest_heads


@transaction.atomic
def contact_record(
    *, actor: Actor, contact_id: int, channel: str, on: date, note: str, form: Form, now: datetime, today: date,
    objection: str = "",
) -> FirstContact:  # fmt: skip
    """The owner records that he has been in touch with the customer, and what the customer has against the change, of which
    customers management is told at once. The same form again is one record. Locks the row.

    Raises MissingFunction, FirstContact.DoesNotExist (not his own), ValidationError (`channel` unknown; `on` in the future
    or before the customer was given to him), Conflict (recorded otherwise, cancelled).
    """
    require(actor, FIRST_CONTACT_RECORD)
    rows = FirstContact.objects.reached_by(actor, FIRST_CONTACT_RECORD).select_for_update(of=("self",))
    contact: FirstContact = rows.select_related("customer", "manager").get(pk=contact_id)
    if form.nonce and contact.nonce == form.nonce:
        return contact
    if form.nonce and FirstContact.objects.filter(nonce=form.nonce).exists():
        raise refused("nonce", "conflict", _("表单编号已被使用，请刷新页面后重试。"))
    if contact.cancelled_at is not None:
        raise Conflict(_("客户已换主办或方案已撤回，不需要再联系。"))
    if contact.done_on is not None:
        words = _("%(who)s 已于 %(day)s 联系过，不能重复记录。")
        raise Conflict(words % {"who": contact.done_name, "day": contact.done_on})
    if channel not in Channel.values:
        raise refused("channel", "unknown", _("请选择联系方式。"))
    earliest = min(contact.begins_on, timezone.localdate(contact.made_at))
    if not earliest <= on <= today:
        words = _("联系日期应在 %(first)s 到今天之间。")
        raise refused("on", "outside", words % {"first": earliest.isoformat()})
    contact.done_on, contact.channel, contact.note, contact.objection = (
        on,
        channel,
        note.strip(),
        objection.strip(),
    )
    contact.done_at, contact.done_name, contact.nonce = now, actor.actor_name[:120], form.nonce or None
    contact.full_clean(
        exclude=["customer", "manager", "plan", "handover", "assignment"], validate_constraints=False
    )
    contact.save()
    after = {
        "customer": contact.customer,
        "channel": contact.get_channel_display(),
        "on": on,
        "due_on": contact.due_on,
    }
    if contact.objection:
        after["objection"] = True
        _tell_objection(contact, now, today)
    record("first_contact.record", contact, actor=actor, after=after, now=now)
    return contact


@transaction.atomic
def contacts_escalate(*, actor: Actor, now: datetime, today: date) -> tuple[int, int]:
    """Tells of first contacts that are missing: the owner and the head nearest above him on the day after the deadline,
    customers management two working days later. Each contact is told once to each, and everybody gets one message a day.
    How many were told to heads, and to customers management. Raises MissingFunction."""
    require(actor, FIRST_CONTACT_VIEW)
    fresh = FirstContact.objects.filter(late(today), escalated_at__isnull=True)
    first = _lock(fresh)
    if first:
        _tell_heads(first, now, today)
        FirstContact.objects.filter(pk__in=first).update(escalated_at=now, updated_at=now)
    waiting = FirstContact.objects.filter(late(today), told_cmd_at__isnull=True)
    days = waiting.order_by().values_list("due_on", flat=True).distinct()
    over = [day for day in days if add_working_days(day, SECOND_DAYS) < today]
    second = _lock(waiting.filter(due_on__in=over))
    if second:
        _tell_management(second, now, today)
        FirstContact.objects.filter(pk__in=second).update(told_cmd_at=now, updated_at=now)
    if first or second:
        after = {"heads": len(first), "management": len(second)}
        record("first_contact.escalate", None, actor=actor, resource="first-contacts", after=after, now=now)
    return len(first), len(second)


def _lock(rows: Any) -> list[int]:
    return list(rows.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))


def _by_manager(contacts: list[int]) -> list[dict[str, Any]]:
    """How many of the contacts each manager owes, in order of his number; one query."""
    rows: Any = FirstContact.objects.filter(pk__in=contacts).order_by("manager__employee_no")
    return list(
        rows.values("manager_id").annotate(
            n=Count("pk"), number=F("manager__employee_no"), name=F("manager__name"), path=F("manager__unit__path"),
            unit=F("manager__unit__name"),
        )
    )  # fmt: skip


def _tell_heads(contacts: list[int], now: datetime, today: date) -> None:
    people = _by_manager(contacts)
    heads = nearest_heads([(row["manager_id"], row["number"], row["path"] or "") for row in people], today)
    owed: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in people:
        for head in heads[row["manager_id"]]:
            owed[head].append(row)
    url = f"{reverse('first_contacts_list')}?state=late"
    for head, rows in sorted(owed.items()):
        message_send(
            [head], kind="handover", key=f"first_contact:late:{today.isoformat()}", now=now, url=url,
            title=_("%(n)d 户客户逾期未首次联系") % {"n": sum(row["n"] for row in rows)}, body=_told(rows, "name"),
        )  # fmt: skip
    accounts = accounts_of([row["number"] for row in people])
    for row in people:
        if row["number"] in accounts:
            message_send(
                [accounts[row["number"]]], kind="handover", key=f"first_contact:own:{today.isoformat()}", now=now, url=url,
                title=_("您有 %(n)d 户客户逾期未首次联系，请尽快联系") % {"n": row["n"]},
            )  # fmt: skip


def _tell_management(contacts: list[int], now: datetime, today: date) -> None:
    people = _by_manager(contacts)
    units: dict[str, int] = defaultdict(int)
    for row in people:
        units[row["unit"]] += row["n"]
    rows = [{"unit": unit, "n": n} for unit, n in sorted(units.items(), key=lambda item: (-item[1], item[0]))]
    message_send(
        accounts_everywhere(FIRST_CONTACT_VIEW, today), kind="handover", key=f"first_contact:cmd:{today.isoformat()}", now=now,
        url=f"{reverse('first_contacts_list')}?state=late",
        title=_("%(n)d 户客户逾期两个工作日仍未首次联系") % {"n": sum(row["n"] for row in people)},
        body=_told(rows, "unit"),
    )  # fmt: skip


def _tell_objection(contact: FirstContact, now: datetime, today: date) -> None:
    message_send(
        accounts_everywhere(FIRST_CONTACT_VIEW, today), kind="handover", key=f"first_contact:objection:{contact.pk}", now=now,
        url=reverse("first_contacts_detail", args=[contact.pk]),
        title=_("%(customer)s 对换主办有异议") % {"customer": contact.customer}, body=contact.objection,
    )  # fmt: skip


def _told(rows: list[dict[str, Any]], name: str, most: int = 20) -> str:
    """`陈思远 2 户、王雅琴 1 户`."""
    said = _("、").join(_("%(name)s %(n)d 户") % {"name": row[name], "n": row["n"]} for row in rows[:most])
    return said + (_("等") if len(rows) > most else "")
