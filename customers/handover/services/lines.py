"""One line of the list: what passes with the customer, and the joint visit."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_everywhere
from cmsys.workflow.form import Form
from customers.handover.cases import check_third, handover_locked, principal_of, repeated
from customers.handover.choices import HandoverState, LineKind
from customers.handover.models import HandoverLine
from customers.handover.permissions import HANDOVER_ARRANGE, HANDOVER_SIGN
from customers.handover.services.moving import handover_take
from customers.registry.permissions import ASSIGNMENT_EDIT

STAY_REASON = 300


@transaction.atomic
def line_arrange(
    *, actor: Actor, line_id: int, kind: str, form: Form, now: datetime, today: date
) -> HandoverLine:
    """A head says what passes with a customer, before anybody has signed. 不移交 needs a reason and is told to customers
    management, which alone gives the customer back; the owner stays who he is. Locks the handover.

    Raises MissingFunction, HandoverLine.DoesNotExist (out of reach), ValidationError (`kind` unknown or the same; no
    reason; `recusal`), Conflict (signed already).
    """
    require(actor, HANDOVER_ARRANGE)
    rows = HandoverLine.objects.reached_by(actor, HANDOVER_ARRANGE)
    handover = handover_locked(
        actor, rows.values_list("handover_id", flat=True).get(pk=line_id), HANDOVER_ARRANGE
    )
    line: HandoverLine = handover.lines.select_related("customer").get(pk=line_id)
    if repeated(handover, actor, "arrange", form.nonce):
        return line
    # The head of either side.
    paths = (handover.giver.unit.path or "", handover.taker.unit.path or "")
    behalf = principal_of(actor, HANDOVER_ARRANGE, *paths)
    check_third(actor, behalf, handover, today)
    if kind not in LineKind.values:
        raise refused("kind", "unknown", _("请选择移交方式。"))
    reason = form.reason.strip()
    if kind == LineKind.STAY and not reason:
        raise refused("reason", "missing", _("不移交须写明原因。"))
    if (kind, reason if kind == LineKind.STAY else "") == (line.kind, line.reason):
        raise refused("kind", "unchanged", _("移交方式没有变化。"))
    before = line.get_kind_display()
    line.kind, line.reason = kind, reason[:STAY_REASON] if kind == LineKind.STAY else ""
    line.save(update_fields=["kind", "reason"])
    handover_take(
        actor=actor, handover=handover, verb="arrange", form=form, now=now, behalf=behalf,
        changes={"stays": handover.lines.filter(kind=LineKind.STAY).count()},
        told={"customer": line.customer.customer_no, "before": before, "kind": line.get_kind_display()},
    )  # fmt: skip
    if kind == LineKind.STAY:
        words = {"number": handover.number, "customer": line.customer.masked_name, "reason": line.reason}
        message_send(
            accounts_everywhere(ASSIGNMENT_EDIT, today), kind="handover", key=f"handover:{line.pk}:stay:{now.isoformat()}",
            now=now, title=_("%(number)s：%(customer)s 申请不移交") % words, url=reverse("handover_lines_detail", args=[line.pk]),
            body=_("原因：%(reason)s。主办仍是%(taker)s；同意的，请在客户页登记归属改回。")
            % {**words, "taker": handover.taker.name},
        )  # fmt: skip
    return line


@transaction.atomic
def visit_record(
    *, actor: Actor, line_id: int, on: date, note: str, now: datetime, today: date
) -> HandoverLine:
    """Either side notes the day of the joint visit and what was said. Written again it replaces what stood there; one event.
    Locks the handover.

    Raises MissingFunction, HandoverLine.DoesNotExist (not his), Conflict (cancelled), ValidationError (`on` in the future,
    `note` empty, the customer stays).
    """
    require(actor, HANDOVER_SIGN)
    rows = HandoverLine.objects.reached_by(actor, HANDOVER_SIGN)
    handover = handover_locked(
        actor, rows.values_list("handover_id", flat=True).get(pk=line_id), HANDOVER_SIGN
    )
    line: HandoverLine = handover.lines.select_related("customer").get(pk=line_id)
    if handover.state == HandoverState.CANCELLED:
        raise Conflict(_("移交单已取消，不再登记走访。"))
    if line.kind == LineKind.STAY:
        raise refused("on", "stays", _("该客户不移交，不需要共同走访。"))
    if on > today:
        raise refused("on", "future", _("走访日期不能晚于今天。"))
    if not note.strip():
        raise refused("note", "missing", _("请写明走访情况。"))
    before = {"visit_on": line.visit_on, "visit_note": line.visit_note}
    line.visit_on, line.visit_note, line.visit_by = on, note.strip(), actor.actor_name[:120]
    line.full_clean(exclude=["customer", "handover"])
    line.save(update_fields=["visit_on", "visit_note", "visit_by"])
    after = {"customer": line.customer, "visit_on": line.visit_on, "visit_note": line.visit_note}
    record("handover.visit", handover, actor=actor, before=before, after=after, now=now)
    return line
