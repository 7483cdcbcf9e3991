"""Three signatures in their order, and the ways back."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_of
from cmsys.workflow.form import Form
from customers.handover.cases import check_third, handover_locked, principal_of, repeated
from customers.handover.models import Handover
from customers.handover.permissions import HANDOVER_SIGN, HANDOVER_STAND_IN, HANDOVER_WATCH
from customers.handover.selectors import absent, number_of
from customers.handover.services.moving import handover_take

# What going back to the giver takes away.
UNSIGNED: dict[str, Any] = {
    "given_by": None, "given_name": "", "given_at": None, "witness": "", "taken_by": None, "taken_name": "", "taken_at": None,
}  # fmt: skip


@transaction.atomic
def handover_give(*, actor: Actor, handover_id: int, form: Form, now: datetime, today: date) -> Handover:
    """移交人 signs that the list is complete; the taker is told. The same form again is one signature. Locks the handover.

    Raises MissingFunction, Handover.DoesNotExist (not his to give), Conflict (signed already, changed since).
    """
    handover = _own(actor, handover_id, "giver")
    if repeated(handover, actor, "give", form.nonce):
        return handover
    handover_take(
        actor=actor, handover=handover, verb="give", form=form, now=now,
        changes={"given_by_id": actor.actor_id, "given_name": actor.actor_name[:120], "given_at": now},
    )  # fmt: skip
    _tell(handover, "taker", _("%(number)s 待您接交") % {"number": handover.number}, now)
    return handover


@transaction.atomic
def handover_stand_in(
    *, actor: Actor, handover_id: int, witness: str, form: Form, now: datetime, today: date
) -> Handover:
    """The head of the giver's unit signs in his place, before a witness, because the giver has left, has no account or has
    let the day go by. Locks the handover.

    Raises MissingFunction, Handover.DoesNotExist (out of reach), ValidationError (`giver`: he can sign himself; `witness`
    missing or concerned; `recusal`; no reason), Conflict.
    """
    handover = handover_locked(actor, handover_id, HANDOVER_STAND_IN)
    if repeated(handover, actor, "stand-in", form.nonce):
        return handover
    behalf = principal_of(actor, HANDOVER_STAND_IN, handover.giver.unit.path or "")
    check_third(actor, behalf, handover, today)
    witness = witness.strip()
    if not witness:
        raise refused("witness", "missing", _("请填写见证人姓名。"))
    concerned = {handover.giver.name, handover.taker.name, getattr(actor, "name", actor.actor_name)}
    if witness in concerned:
        raise refused("witness", "concerned", _("见证人不能是移交人、接交人或代签人。"))
    if not Handover.objects.filter(absent(today), pk=handover.pk).exists():
        words = _("移交人%(name)s在职并有账号，%(day)s 前须由本人签字。")
        raise refused("giver", "present", words % {"name": handover.giver.name, "day": handover.due_on})
    handover_take(
        actor=actor, handover=handover, verb="stand-in", form=form, now=now, behalf=behalf, told={"witness": witness},
        changes={
            "given_by_id": actor.actor_id, "given_name": actor.actor_name[:120], "given_at": now, "witness": witness,
        },
    )  # fmt: skip
    _tell(handover, "taker", _("%(number)s 待您接交") % {"number": handover.number}, now)
    return handover


@transaction.atomic
def handover_accept(*, actor: Actor, handover_id: int, form: Form, now: datetime, today: date) -> Handover:
    """接交人 signs that he has taken over what stands on the list. Locks the handover. Raises as `handover_give`."""
    handover = _own(actor, handover_id, "taker")
    if repeated(handover, actor, "take", form.nonce):
        return handover
    handover_take(
        actor=actor, handover=handover, verb="take", form=form, now=now,
        changes={"taken_by_id": actor.actor_id, "taken_name": actor.actor_name[:120], "taken_at": now},
    )  # fmt: skip
    return handover


@transaction.atomic
def handover_decline(*, actor: Actor, handover_id: int, form: Form, now: datetime, today: date) -> Handover:
    """接交人 gives the paper back with what is missing; the giver signs anew. Locks the handover.

    Raises MissingFunction, Handover.DoesNotExist (not his to take), ValidationError (no reason), Conflict.
    """
    handover = _own(actor, handover_id, "taker")
    if repeated(handover, actor, "decline", form.nonce):
        return handover
    handover_take(actor=actor, handover=handover, verb="decline", form=form, now=now, changes=UNSIGNED)
    _tell(
        handover,
        "giver",
        _("%(number)s 被退回，请补充后重新签字") % {"number": handover.number},
        now,
        form.reason,
    )
    return handover


@transaction.atomic
def handover_close(*, actor: Actor, handover_id: int, form: Form, now: datetime, today: date) -> Handover:
    """监交人 signs, and the handover is closed. He heads the taker's unit or one above it, is no party nor related to one,
    and has signed for neither. Locks the handover.

    Raises MissingFunction, Handover.DoesNotExist (out of reach), ValidationError (`recusal`), Conflict.
    """
    handover, behalf, done = _watched(actor, handover_id, "close", form, today)
    if done:
        return handover
    involved = {actor.actor_id, behalf.pk if behalf is not None else None} - {None}
    if involved & {handover.given_by_id, handover.taken_by_id}:
        raise refused("recusal", "signed_before", _("您已在这份移交单上签过字，监交须由他人办理。"))
    handover_take(
        actor=actor, handover=handover, verb="close", form=form, now=now, behalf=behalf,
        changes={"watched_by_id": actor.actor_id, "watched_name": actor.actor_name[:120], "watched_at": now},
    )  # fmt: skip
    for side in ("giver", "taker"):
        _tell(handover, side, _("%(number)s 移交办结") % {"number": handover.number}, now)
    return handover


@transaction.atomic
def handover_return(*, actor: Actor, handover_id: int, form: Form, now: datetime, today: date) -> Handover:
    """监交人 sends the paper back to the giver; both sign anew. Locks the handover. Raises as `handover_close`, and
    ValidationError without a reason."""
    handover, behalf, done = _watched(actor, handover_id, "return", form, today)
    if done:
        return handover
    handover_take(
        actor=actor, handover=handover, verb="return", form=form, now=now, behalf=behalf, changes=UNSIGNED
    )
    for side in ("giver", "taker"):
        _tell(
            handover,
            side,
            _("%(number)s 监交退回，须重新签字") % {"number": handover.number},
            now,
            form.reason,
        )
    return handover


def _own(actor: Actor, handover_id: int, side: str) -> Handover:
    handover = handover_locked(actor, handover_id, HANDOVER_SIGN)
    number = number_of(actor)
    if not number or getattr(handover, side).employee_no != number:
        raise Handover.DoesNotExist
    return handover


def _watched(
    actor: Actor, handover_id: int, verb: str, form: Form, today: date
) -> tuple[Handover, Any, bool]:
    handover = handover_locked(actor, handover_id, HANDOVER_WATCH)
    if repeated(handover, actor, verb, form.nonce):
        return handover, None, True
    behalf = principal_of(actor, HANDOVER_WATCH, handover.taker.unit.path or "")
    check_third(actor, behalf, handover, today)
    return handover, behalf, False


def _tell(handover: Handover, side: str, title: str, now: datetime, body: str = "") -> None:
    """A message to one side's account, if there is one."""
    person = getattr(handover, side)
    message_send(
        accounts_of([person.employee_no]).values(), kind="handover", key=f"handover:{handover.pk}:{handover.state}:{side}:{now.isoformat()}",
        now=now, title=title, body=body, url=reverse("handovers_detail", args=[handover.number]),
    )  # fmt: skip
