"""Cards of a handover, of its lines, of a first contact, and what this room adds to a customer's page."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import money
from cmsys.ui.listing import shown
from customers.engagement.models import Contract, Opportunity, Transaction
from customers.engagement.selectors import latest
from customers.handover.brief import agenda, being_sold, in_force, quarter_name, revenue_of, yuan
from customers.handover.choices import WATCH_DAYS, HandoverState, LineKind
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.handover.resources import (
    CONTACT_TONES,
    CONTACTS,
    KIND_TONES,
    LINES,
    TONES,
    contact_state,
    state_said,
)
from customers.handover.transitions import HANDOVER
from customers.registry.masking import mask_person
from customers.registry.models import Contact, Customer
from customers.service.models import Ticket, TicketKind

FIRST = 20


def _at(moment: Any) -> str:
    return timezone.localtime(moment).strftime("%Y-%m-%d %H:%M") if moment else ""


def _facts(request: SignedInRequest, facts: list[dict[str, Any]]) -> str:
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


# --- a handover ---------------------------------------------------------------------------------------------------------
def signing_card(request: SignedInRequest, handover: Handover) -> str:
    """The three signatures in their order, and who is waited for. No query."""
    order = (HandoverState.OPEN, HandoverState.GIVEN, HandoverState.TAKEN, HandoverState.CLOSED)
    cancelled = handover.state == HandoverState.CANCELLED
    reached = -1 if cancelled else order.index(HandoverState(handover.state))
    given = f"{handover.given_name} {_at(handover.given_at)}".strip()
    if handover.witness:
        given = _("%(who)s（代签，见证人 %(witness)s）") % {"who": given, "witness": handover.witness}
    signed = (
        (_("移交人签字"), given, handover.giver.name), (_("接交人签字"), f"{handover.taken_name} {_at(handover.taken_at)}".strip(), handover.taker.name),
        (_("监交人签字"), f"{handover.watched_name} {_at(handover.watched_at)}".strip(), _("%(unit)s主管") % {"unit": handover.unit.name}),
    )  # fmt: skip
    steps = [
        {"label": label, "note": "" if note else waited, "state": "done" if place < reached else "on" if place == reached else ""}
        for place, (label, note, waited) in enumerate(signed)
    ]  # fmt: skip
    facts = [{"label": label, "value": note} for label, note, _waited in signed if note]
    return render_to_string(
        "handover/cards/signing.html",
        {"steps": steps, "facts": facts, "cancelled": cancelled},
        request=request,
    )


def lines_card(request: SignedInRequest, handover: Handover) -> str:
    """The first customers of the list, with the way to all of them; two queries at most."""
    rows = (
        LINES.queryset(request.user, "view")
        .filter(handover=handover)
        .order_by("customer__customer_no")[:FIRST]
    )
    items = [
        {
            "url": LINES.url("detail", row), "name": LINES.object_title(row), "tier": row.customer.tier.code if row.customer.tier else "",
            "kind": row.get_kind_display(), "tone": KIND_TONES[row.kind], "visit_on": row.visit_on,
            "contracts": row.snapshot["contracts"]["n"], "amount": yuan(row.snapshot["contracts"]["fen"]),
            "revenue": yuan(revenue_of(row.snapshot)), "open": row.snapshot["opportunities"]["n"],
            "tickets": row.snapshot["tickets"]["n"], "renewals": row.snapshot["renewals"]["n"],
        }
        for row in rows
    ]  # fmt: skip
    url = f"{LINES.url('list')}?{urlencode({'handover': handover.number})}"
    context = {"items": items, "total": handover.customers, "url": url}
    return render_to_string("handover/cards/lines.html", context, request=request)


def steps_card(request: SignedInRequest, handover: Handover) -> str:
    """经过: every act in order; one query."""
    labels = {"open": _("生成移交单")} | {verb: str(one.label) for verb, one in HANDOVER.transitions.items()}
    entries = [
        {
            "when": _at(step.at), "title": labels.get(step.verb, step.verb), "text": _said(step), "who": _who(step),
            "tone": TONES.get(step.to_state, ""),
        }
        for step in handover.steps.select_related("on_behalf").order_by("-pk")
    ]  # fmt: skip
    return render_to_string("components/timeline.html", {"entries": entries}, request=request)


def _who(step: Any) -> str:
    if step.on_behalf is not None:
        return _("%(deputy)s（代%(principal)s）") % {
            "deputy": step.actor_name,
            "principal": step.on_behalf.name,
        }
    return str(step.actor_name)


def _said(step: Any) -> str:
    parts = []
    if "customer" in step.data:
        parts.append(_("%(customer)s：%(before)s → %(kind)s") % step.data)
    if "witness" in step.data:
        parts.append(_("见证人 %(witness)s") % step.data)
    return "；".join([*parts, *([step.reason] if step.reason else [])])


# --- a line -------------------------------------------------------------------------------------------------------------
def line_card(request: SignedInRequest, line: HandoverLine) -> str:
    """What passes, the visit, and quarter by quarter what the customer brought. No query."""
    facts: list[dict[str, Any]] = [
        {"label": _("移交方式"), "value": line.get_kind_display(), "tag": KIND_TONES[line.kind]},
        {"label": _("移交单"), "value": line.handover.number, "url": reverse("handovers_detail", args=[line.handover.number])},
        {"label": _("移交状态"), "value": state_said(line.handover), "tag": TONES[line.handover.state]},
    ]  # fmt: skip
    facts += [
        {"label": quarter_name(row["quarter"]), "value": yuan(row["fen"])} for row in line.snapshot["revenue"]
    ]
    if line.reason:
        facts.append({"label": _("不移交的原因"), "value": line.reason, "wide": True})
    if line.visit_on:
        said = _("%(day)s · %(note)s（%(who)s登记）")
        words = {"day": line.visit_on.isoformat(), "note": line.visit_note, "who": line.visit_by}
        facts.append({"label": _("共同走访"), "value": said % words, "wide": True})
    return _facts(request, facts)


def agenda_card(request: SignedInRequest, line: HandoverLine) -> str:
    """What the joint visit has to settle; nothing for a customer who stays. Two queries at most."""
    if line.kind == LineKind.STAY:
        return ""
    names = [row["name"] for row in _people(request, line) if row["name"]][:3]
    points = agenda(
        line.snapshot, taker=line.handover.taker.name, cutoff_on=line.handover.cutoff_on, contacts=names
    )
    return render_to_string("handover/cards/agenda.html", {"points": points}, request=request)


def people_card(request: SignedInRequest, line: HandoverLine) -> str:
    """Contacts, as far as the reader may see the customer: masked unless he is his own. Two queries at most."""
    context = {"rows": _people(request, line), "known": line.snapshot["contacts"], "named": _named(line)}
    return render_to_string("handover/cards/people.html", context, request=request)


def _named(line: Any) -> bool:
    return bool(line.named)


def _people(request: SignedInRequest, line: Any) -> list[dict[str, str]]:
    """Once for a request."""
    kept: dict[int, list[dict[str, str]]] = request.__dict__.setdefault("_handover_people", {})
    if line.pk not in kept:
        kept[line.pk] = [_person(contact, line.clear) for contact in _contacts(line)] if _named(line) else []
    return kept[line.pk]


def _contacts(line: Any) -> Any:
    return Contact.objects.filter(customer=line.customer_id).order_by("name", "pk")[:FIRST]


def _person(contact: Contact, clear: bool) -> dict[str, str]:
    mask = Contact.audit_masks["mobile"]
    return {
        "name": contact.name if clear else mask_person(contact.name),
        "role": str(contact.get_role_display()),
        "mobile": contact.mobile if clear else (mask(contact.mobile) if contact.mobile else ""),
    }


def dealings_card(request: SignedInRequest, line: HandoverLine) -> str:
    """The last dealings up to the cut-off and what was open: five of each kind, whoever was responsible. Both sides and
    their heads read them here, because the work passes from one to the other. Four queries."""
    day, customer = line.handover.cutoff_on, line.customer_id
    contracts = Contract.objects.filter(in_force(day), customer=customer)
    groups = [
        _group(_("在执行合同"), (_("合同"), _("到期"), _("金额")), [
            (one.contract_no, one.ends_on, money(one.amount)) for one in latest(contracts, "ends_on", "pk")
        ]),
        _group(_("在谈商机"), (_("商机"), _("阶段"), _("金额")), [
            (one.opportunity_no, one.get_stage_display(), money(one.amount))
            for one in latest(Opportunity.objects.filter(being_sold(day), customer=customer), "-amount", "pk")
        ]),
        _group(_("未办结工单"), (_("工单"), _("类型"), _("受理")), [
            (one.ticket_no, one.get_kind_display(), _at(one.opened_at))
            for one in latest(_tickets_before(line).filter(resolved_at__isnull=True), "opened_at", "pk")
        ]),
        _group(_("最近交易"), (_("流水号"), _("日期"), _("金额")), [
            (one.transaction_no, one.occurred_on, money(one.amount))
            for one in latest(Transaction.objects.filter(customer=customer, occurred_on__lt=day), "-occurred_on", "-pk")
        ]),
    ]  # fmt: skip
    return render_to_string("handover/cards/dealings.html", {"groups": groups}, request=request)


def _tickets_before(line: HandoverLine) -> Any:
    """Opened before the end of the cut-off day."""
    day = line.handover.cutoff_on + timedelta(days=1)
    return Ticket.objects.filter(customer=line.customer_id, opened_at__date__lt=day)


def _group(label: str, heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    cells = [
        [{"head": head, "text": shown(text)} for head, text in zip(heads, row, strict=True)] for row in rows
    ]
    return {"label": label, "heads": heads, "rows": cells}


def watch_card(request: SignedInRequest, line: HandoverLine) -> str:
    """移交后 90 天: whether things go on as before, for those who may read the customer; nothing before the cut-off, nothing
    for a customer who stays. Three queries."""
    today, day = timezone.localdate(), line.handover.cutoff_on
    gone = min((today - day).days, WATCH_DAYS)
    if gone <= 0 or line.kind == LineKind.STAY or not _named(line):
        return ""
    span = timedelta(days=gone)
    rows = Transaction.objects.filter(customer=line.customer_id)
    sold = rows.filter(occurred_on__gte=day - span, occurred_on__lt=day + span).aggregate(
        before=Sum("amount", filter=Q(occurred_on__lt=day), default=0),
        after=Sum("amount", filter=Q(occurred_on__gte=day), default=0),
    )
    tickets = Ticket.objects.filter(
        customer=line.customer_id, opened_at__date__gte=day, opened_at__date__lt=day + span
    ).aggregate(n=Count("pk"), complaints=Count("pk", filter=Q(kind=TicketKind.COMPLAINT)))
    contact = FirstContact.objects.filter(handover=line.handover_id, customer=line.customer_id).first()
    facts = [
        {"label": _("已过天数"), "value": f"{gone} / {WATCH_DAYS}"},
        {"label": _("首次联系"), "value": contact_said(contact) if contact else "—",
         "tag": CONTACT_TONES[contact_state(contact)] if contact else ""},
        {"label": _("移交前 %(n)d 天业绩") % {"n": gone}, "value": money(sold["before"])},
        {"label": _("移交后 %(n)d 天业绩") % {"n": gone}, "value": money(sold["after"])},
        {"label": _("移交后工单"), "value": _("%(n)d 件，其中投诉 %(complaints)d 件") % tickets},
    ]  # fmt: skip
    return _facts(request, facts)


def contact_said(contact: FirstContact) -> str:
    """`已联系 2026-10-12 电话`, `待联系 2026-10-12 前`."""
    state = contact_state(contact)
    if contact.done_on is not None:
        return f"{state.label} {contact.done_on.isoformat()} {contact.get_channel_display()}"
    if contact.cancelled_at is not None:
        return f"{state.label}（{contact.cancel_reason}）"
    return _("%(state)s，%(day)s 前") % {"state": state.label, "day": contact.due_on.isoformat()}


# --- a first contact ----------------------------------------------------------------------------------------------------
def contact_card(request: SignedInRequest, contact: Any) -> str:
    """Everything that is known of it; no query."""
    customer = reverse("customers_detail", args=[contact.customer.customer_no]) if contact.named else ""
    facts: list[dict[str, Any]] = [
        {"label": _("状态"), "value": contact_state(contact).label, "tag": CONTACT_TONES[contact_state(contact)]},
        {"label": _("客户编号"), "value": contact.customer.customer_no, "url": customer},
        {"label": _("主办客户经理"), "value": f"{contact.manager.name} {contact.manager.employee_no}"},
        {"label": _("管户开始日"), "value": contact.begins_on.isoformat()},
        {"label": _("联系期限"), "value": contact.due_on.isoformat()},
        {"label": _("联系日期"), "value": contact.done_on.isoformat() if contact.done_on else ""},
        {"label": _("联系方式"), "value": contact.get_channel_display()},
        {"label": _("分客方案"), "value": contact.plan.number if contact.plan else ""},
        {"label": _("移交单"), "value": contact.handover.number if contact.handover else ""},
        {"label": _("逾期上报主管"), "value": _at(contact.escalated_at)},
        {"label": _("逾期上报客户管理"), "value": _at(contact.told_cmd_at)},
    ]  # fmt: skip
    for label, text in (
        (_("联系情况"), contact.note),
        (_("客户异议"), contact.objection),
        (_("取消原因"), contact.cancel_reason),
    ):
        if text:
            facts.append({"label": label, "value": text, "wide": True})
    return _facts(request, facts)


# --- a customer ---------------------------------------------------------------------------------------------------------
def customer_card(request: SignedInRequest, customer: Customer) -> str:
    """移交与首次联系: whose hands the customer has gone through, newest first, as far as the reader may see. Two queries."""
    lines: Any = HandoverLine.objects.visible_to(request.user).filter(customer=customer)
    contacts: Any = FirstContact.objects.visible_to(request.user).filter(customer=customer)
    rows = [
        (
            line.handover.opened_at,
            {
                "when": line.handover.cutoff_on.isoformat(), "url": LINES.url("detail", line),
                "title": _("%(giver)s 移交 %(taker)s") % {"giver": line.handover.giver.name, "taker": line.handover.taker.name},
                "who": line.handover.number, "tag": state_said(line.handover), "tone": TONES[line.handover.state],
                "text": line.reason if line.kind == LineKind.STAY else "",
            },
        )
        for line in lines.select_related("handover__giver", "handover__taker").order_by("-pk")[:FIRST]
    ]  # fmt: skip
    rows += [
        (
            contact.made_at,
            {
                "when": contact.begins_on.isoformat(), "url": CONTACTS.url("detail", contact), "who": contact.manager.name,
                "title": _("首次联系"), "text": contact_said(contact), "tone": CONTACT_TONES[contact_state(contact)],
                "tag": contact_state(contact).label,
            },
        )
        for contact in contacts.select_related("manager").order_by("-pk")[:FIRST]
    ]  # fmt: skip
    if not rows:
        return ""
    entries = [entry for _moment, entry in sorted(rows, key=lambda row: row[0], reverse=True)]
    return render_to_string("components/timeline.html", {"entries": entries}, request=request)
