"""The one way a decision moves: check, lock, act, note the step. Every verb of the table goes through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.recusals import check_recusal, on_behalf
from appraisal.grading.transitions import DECISION
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.workflow.transitions import Transition

# Fields a verb may set beside the state.
SETTABLE = frozenset({
    "grade", "kind", "assignee", "due_on", "stale", "flags", "reviewed_by", "confirmed_by", "effective_from",
    "effective_to", "basis", "ability", "performance", "total", "quadrant", "proposal", "proposed_grade",
    "counterfactual",
})  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """A decision after a step. `repeated`: the same form had been sent before, and nothing was done again."""

    decision: GradeDecision
    step: DecisionStep
    repeated: bool = False


@dataclass(frozen=True)
class Form:
    """What came with a click: words, the form's own number, and the version the person was looking at."""

    reason: str = ""
    nonce: str = ""
    version: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def decision_move(
    *, actor: Actor, decision_id: int, verb: str, form: Form, now: datetime, today: date,
    changes: Mapping[str, Any] | None = None,
) -> Moved:  # fmt: skip
    """Takes one transition of one decision in the actor's name; `changes` are fields it sets (SETTABLE). Locks the row.

    The same nonce again gives the step it made, without doing anything. Otherwise, in this order: MissingFunction,
    GradeDecision.DoesNotExist (out of scope), recusal (PermissionDenied with the reason), Conflict (another state, or
    changed since `version`: who and when), ValidationError (no reason). Six queries and an event.
    """
    transition = DECISION[verb]
    if form.nonce and (done := _done(actor, decision_id, verb, form.nonce)):
        return done
    decision = _locked(actor, decision_id, transition)
    if form.nonce and (done := _done(actor, decision_id, verb, form.nonce)):
        return done
    behalf = on_behalf(actor, decision, transition)
    check_recusal(actor, decision, transition, behalf, today)
    DECISION.check(verb, decision.state, by=decision.moved_by, at=decision.moved_at)
    if form.version and form.version != decision.updated_at.isoformat():
        raise Conflict(_changed(decision))
    DECISION.check_reason(transition, form.reason)
    if decision.stale and transition.level:
        raise Conflict(_("提交后数据有变动，请等重新定级后再办理。"))
    return _take(actor, decision, transition, form, now, dict(changes or {}), behalf)


def _done(actor: Actor, decision_id: int, verb: str, nonce: str) -> Moved | None:
    """The step this very form made. Another person's number, or one of another case, is a mistake and is refused."""
    step = DecisionStep.objects.select_related("decision").filter(nonce=nonce).first()
    if step is None:
        return None
    if (step.decision_id, step.verb, step.actor_id) != (decision_id, verb, actor.actor_id):
        raise refused("nonce", "conflict", _("表单编号已被使用，请刷新页面后重试。"))
    return Moved(step.decision, step, repeated=True)


def _locked(actor: Actor, decision_id: int, transition: Transition) -> GradeDecision:
    rows = GradeDecision.objects.all()
    if transition.function is not None:
        require(actor, transition.function)
        rows = rows.reached_by(actor, transition.function)
    elif actor.actor_id is not None:
        # The system's own transitions are taken for people by the services of other rooms, which have asked already.
        pass
    # The relations that are shown are read after the lock.
    return (
        rows.select_for_update(of=("self",)).select_related("manager", "cycle", "round").get(pk=decision_id)
    )


def _changed(decision: GradeDecision) -> str:
    return _("您打开之后，%(who)s 又办理过这一事项。请刷新页面后再定。") % {
        "who": decision.moved_by or _("系统")
    }


def _take(
    actor: Actor, decision: GradeDecision, transition: Transition, form: Form, now: datetime,
    changes: dict[str, Any], behalf: User | None,
) -> Moved:  # fmt: skip
    if strange := changes.keys() - SETTABLE:
        raise ValueError(f"not set by a step: {sorted(strange)}")
    before = {"state": decision.state, **{name: getattr(decision, name) for name in changes}}
    source = decision.state
    decision.state = transition.target
    for name, value in changes.items():
        setattr(decision, name, value)
    decision.moved_at, decision.moved_by = now, actor.actor_name[:120]
    decision.save(update_fields=["state", *changes, "moved_at", "moved_by", "updated_at"])
    step = DecisionStep.objects.create(
        decision=decision, verb=transition.verb, level=transition.level, actor_id=actor.actor_id,
        actor_name=actor.actor_name[:120], on_behalf=behalf, from_state=source, to_state=transition.target,
        reason=form.reason.strip(), data=dict(form.data), nonce=form.nonce or None, at=now,
    )  # fmt: skip
    after = {"state": decision.state, **{name: getattr(decision, name) for name in changes}}
    if behalf is not None:
        after["on_behalf"] = str(behalf)
    record(
        f"decision.{transition.verb}",
        decision,
        actor=actor,
        before=before,
        after=after,
        reason=form.reason,
        now=now,
    )
    return Moved(decision, step)
