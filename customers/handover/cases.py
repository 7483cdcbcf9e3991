"""What every step on a handover asks first: the paper, locked; whether this very form was sent before; in whose place, and who
must keep out."""

from __future__ import annotations

from datetime import date

from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.org.deputising import in_place_of
from cmsys.workflow.steps import step_of
from customers.handover.models import Handover, HandoverStep
from managers.conduct.selectors import recusal


def handover_locked(actor: Actor, handover_id: int, function: Function) -> Handover:
    """The handover, locked, with both sides. Raises MissingFunction, Handover.DoesNotExist (out of reach)."""
    require(actor, function)
    rows = Handover.objects.reached_by(actor, function).select_for_update(of=("self",))
    found: Handover = rows.select_related("giver__unit", "taker__unit", "plan").get(pk=handover_id)
    return found


def repeated(handover: Handover, actor: Actor, verb: str, nonce: str) -> bool:
    """Whether this very form was taken already. Another person's number, or one of another act, is refused."""
    steps = HandoverStep.objects.all()
    return step_of(steps, "handover_id", handover.pk, actor=actor, verb=verb, nonce=nonce) is not None


def principal_of(actor: Actor, function: Function, *paths: str) -> User | None:
    """In whose place the actor acts at units (paths), any of which will do; None where he has the function there himself.
    A query for a deputy."""
    principal = in_place_of(actor, function, *paths)
    return User.objects.filter(pk=principal).first() if principal else None


def check_third(actor: Actor, behalf: User | None, handover: Handover, today: date) -> None:
    """Raises ValidationError at `recusal` where the actor, or the one he stands in for, is a party or has declared a relation
    to one. Four queries a person at most."""
    for person in [actor, *([behalf] if behalf is not None else [])]:
        for side in (handover.giver, handover.taker):
            number = getattr(person, "employee_no", None)
            said = recusal(person.actor_id or 0, number, side.pk, side.employee_no, today)
            if said:
                raise refused("recusal", "recused", said)
