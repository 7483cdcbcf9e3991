"""The one way a handover moves: check, write, note the step, one event. Every verb of the table goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.workflow.form import Form
from customers.handover.models import Handover, HandoverStep
from customers.handover.transitions import HANDOVER


def handover_take(
    *, actor: Actor, handover: Handover, verb: str, form: Form, now: datetime, behalf: User | None = None,
    changes: Mapping[str, Any] | None = None, told: Mapping[str, Any] | None = None,
) -> HandoverStep:  # fmt: skip
    """Takes one transition of a locked handover and returns its step; `changes` are fields it sets, `told` what the step
    says besides.

    Raises MissingFunction, Conflict (another state, or changed since the form's version: who and when), ValidationError
    (no reason). An update, two inserts.
    """
    transition = HANDOVER.check(verb, handover.state, by=handover.moved_by, at=handover.moved_at)
    if transition.function is not None:
        require(actor, transition.function)
    if form.version and form.version != handover.updated_at.isoformat():
        words = _("您打开之后，%(who)s 又办理过这一移交单。请刷新页面后再定。")
        raise Conflict(words % {"who": handover.moved_by or _("系统")})
    HANDOVER.check_reason(transition, form.reason)
    given, said = dict(changes or {}), dict(told or {})
    before = {"state": handover.state}
    source, handover.state = handover.state, transition.target
    for name, value in given.items():
        setattr(handover, name, value)
    handover.moved_at, handover.moved_by = now, actor.actor_name[:120]
    handover.save(update_fields=["state", *given, "moved_at", "moved_by", "updated_at"])
    step: HandoverStep = handover.steps.create(
        verb=verb, actor_id=actor.actor_id, actor_name=actor.actor_name[:120], on_behalf=behalf, from_state=source,
        to_state=transition.target, reason=form.reason.strip(), data=said, nonce=form.nonce or None, at=now,
    )  # fmt: skip
    after: dict[str, Any] = {"state": handover.state, **said}
    if behalf is not None:
        after["on_behalf"] = str(behalf)
    record(f"handover.{verb}", handover, actor=actor, before=before, after=after, reason=form.reason, now=now)
    return step
