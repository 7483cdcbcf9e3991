"""The one way an appeal or a plan moves: check, write, note the step, one event."""

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
from cmsys.workflow.transitions import Machine

EVENTS = {"appeal": "appeal", "improvement_plan": "improvement"}
# What is pleaded and answered stays in the case; the ledger says that it was.
PLEADED = frozenset({"comment", "remark", "decide"})


def case_take(
    *, actor: Actor, case: Any, machine: Machine, verb: str, form: Form, now: datetime,
    behalf: User | None = None, changes: Mapping[str, Any] | None = None,
) -> Any:  # fmt: skip
    """Takes one transition of a locked case and returns its step; `changes` are fields it sets.

    Raises MissingFunction, Conflict (another state, or changed since the form's version: who and when),
    ValidationError (no reason).
    """
    transition = machine.check(verb, case.state, by=case.moved_by, at=case.moved_at)
    assert transition.function is not None
    require(actor, transition.function)
    if form.version and form.version != case.updated_at.isoformat():
        words = _("您打开之后，%(who)s 又办理过这一事项。请刷新页面后再定。")
        raise Conflict(words % {"who": case.moved_by or _("系统")})
    machine.check_reason(transition, form.reason)
    given = dict(changes or {})
    before = {"state": case.state, **{name: getattr(case, name) for name in given}}
    source, case.state = case.state, transition.target
    for name, value in given.items():
        setattr(case, name, value)
    case.moved_at, case.moved_by = now, actor.actor_name[:120]
    case.save(update_fields=["state", *given, "moved_at", "moved_by", "updated_at"])
    step = case.steps.create(
        verb=verb, actor_id=actor.actor_id, actor_name=actor.actor_name[:120], on_behalf=behalf,
        from_state=source, to_state=transition.target, reason=form.reason.strip(), nonce=form.nonce or None,
        at=now,
    )  # fmt: skip
    after: dict[str, Any] = {"state": case.state, **{name: getattr(case, name) for name in given}}
    if behalf is not None:
        after["on_behalf"] = str(behalf)
    reason = "" if verb in PLEADED else form.reason
    kind = f"{EVENTS[machine.name]}.{verb}"
    record(kind, case, actor=actor, before=before, after=after, reason=reason, now=now)
    return step
