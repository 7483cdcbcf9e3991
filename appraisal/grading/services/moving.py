"""The one way a decision moves: check, lock, act, note the step. Every verb of the table goes through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.grading.cases import flagged
from appraisal.grading.choices import Flag
from appraisal.grading.grounds import grounds_of, labels_of, moved_since, names_said
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.recusals import check_recusal, on_behalf
from appraisal.grading.transitions import DECISION
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.workflow.form import Form
from cmsys.workflow.steps import step_of
from cmsys.workflow.transitions import Transition

# Fields a verb may set beside the state.
SETTABLE = frozenset({
    "grade", "kind", "assignee", "due_on", "stale", "flags", "reviewed_by", "confirmed_by", "effective_from",
    "effective_to", "basis", "ability", "performance", "total", "quadrant", "proposal", "proposed_grade",
    "counterfactual", "ground",
})  # fmt: skip

# Fields whose change a step shows (DecisionStep.data).
TOLD = ("grade", "kind", "proposal", "proposed_grade", "assignee", "due_on", "effective_from", "effective_to")


@dataclass(frozen=True)
class Moved:
    """A decision after a step. `repeated`: the same form had been sent before, and nothing was done again."""

    decision: GradeDecision
    step: DecisionStep
    repeated: bool = False


# What a verb sets; worked out from the locked decision when it depends on it.
Changes = Mapping[str, Any] | Callable[[GradeDecision], Mapping[str, Any]]
# Verbs that must not be taken when the figures are others by now.
ON_FIRM_GROUND = frozenset({"approve", "amend", "confirm"})


class GroundMoved(Conflict):
    """The figures have changed since the sheet was made."""

    def __init__(self, said: str, names: list[str]) -> None:
        super().__init__(said)
        self.names = names


def decision_move(
    *, actor: Actor, decision_id: int, verb: str, form: Form, now: datetime, today: date, changes: Changes | None = None
) -> Moved:  # fmt: skip
    """Takes one transition of one decision in the actor's name; `changes` are fields it sets (SETTABLE). Locks the row.

    The same nonce again gives the step it made, without doing anything. Otherwise, in this order: MissingFunction,
    GradeDecision.DoesNotExist (out of scope), ValidationError at `recusal`, Conflict (another state, or changed since
    `version`: who and when), ValidationError (no reason; a demotion is not published), GroundMoved (figures changed after the sheet was made; which),
    whatever `changes` raises. Seven queries and an event.

    A refusal for moved ground undoes the caller's transaction, so the mark on the case is set in one of its own after it;
    where the caller has a transaction around this, the look round the figures (services.stale) sets it later.
    """
    try:
        return _moved(actor, decision_id, verb, form, now, today, changes)
    except GroundMoved as refusal:
        _mark_stale(actor, decision_id, refusal, now)
        raise


@transaction.atomic
def _moved(
    actor: Actor, decision_id: int, verb: str, form: Form, now: datetime, today: date, changes: Changes | None
) -> Moved:
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
        raise Conflict(_changed(decision, form.version))
    DECISION.check_reason(transition, form.reason)
    _check_kind(decision, verb)
    wanted = dict(changes(decision) if callable(changes) else changes or {})
    if verb in ("uphold", "void"):
        wanted.setdefault("flags", flagged(decision, Flag.UPHELD))
    if verb in ON_FIRM_GROUND:
        _check_ground(decision)
        if decision.stale:
            wanted.setdefault("stale", False)
    return _take(actor, decision, transition, form, now, wanted, behalf)


def _check_kind(decision: GradeDecision, verb: str) -> None:
    """Promotions are put on notice, demotions are served; the other way round never, whoever asks."""
    if verb == "publish" and decision.kind != ProposalKind.PROMOTION:
        raise refused("kind", "not_public", _("只有晋升可以公示；降级送达本人，不公示。"))
    if verb == "serve" and decision.kind != ProposalKind.DEMOTION:
        raise refused("kind", "no_demotion", _("只有降级须送达；晋升请公示。"))


def _check_ground(decision: GradeDecision) -> None:
    """Raises GroundMoved; one query."""
    ground = grounds_of(decision.cycle, [decision.manager_id]).get(decision.manager_id, "")
    names = moved_since(decision.ground, ground)
    if names:
        said = names_said(names, labels_of(decision.cycle))
        raise GroundMoved(
            _("考核表生成之后，%(what)s 有变动；请等人力资源重新定级后再办理。") % {"what": said}, names
        )


@transaction.atomic
def _mark_stale(actor: Actor, decision_id: int, refusal: GroundMoved, now: datetime) -> None:
    decision = GradeDecision.objects.select_for_update(of=("self",)).filter(pk=decision_id).first()
    if decision is None or decision.stale:
        return
    decision.stale = True
    decision.save(update_fields=["stale", "updated_at"])
    after = {"stale": True, "inputs": refusal.names}
    record("decision.stale", decision, actor=actor, before={"stale": False}, after=after, now=now)


def _done(actor: Actor, decision_id: int, verb: str, nonce: str) -> Moved | None:
    """The step this very form made. Another person's number, or one of another case, is a mistake and is refused."""
    steps = DecisionStep.objects.select_related("decision")
    step = step_of(steps, "decision_id", decision_id, actor=actor, verb=verb, nonce=nonce)
    return None if step is None else Moved(step.decision, step, repeated=True)


def _locked(actor: Actor, decision_id: int, transition: Transition) -> GradeDecision:
    rows = GradeDecision.objects.all()
    # The system's own transitions are taken for people by services that have asked for a right of their own already.
    if transition.function is not None:
        require(actor, transition.function)
        rows = rows.reached_by(actor, transition.function)
    related = ("manager", "cycle__scheme", "round", "unit", "grade", "previous_grade", "proposed_grade")
    found: GradeDecision = rows.select_for_update(of=("self",)).select_related(*related).get(pk=decision_id)
    return found


def _told(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What a step keeps of the fields that differ, as people read them: {"grade": {"from": "中级…", "to": "高级…"}}."""
    return {
        name: {
            "from": None if before[name] is None else str(before[name]),
            "to": None if value is None else str(value),
        }
        for name, value in after.items()
        if name in TOLD and before[name] != value
    }


def _changed(decision: GradeDecision, version: str) -> str:
    """Somebody has acted on it since; or only what it shows is different (a name, new figures)."""
    try:
        seen = datetime.fromisoformat(version)
    except ValueError:
        seen = None
    if seen is not None and (decision.moved_at is None or decision.moved_at <= seen):
        return _("您打开之后，这一事项的内容有变动。请刷新页面，看过之后再定。")
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
        reason=form.reason.strip(), data=dict(form.data) | _told(before, changes), nonce=form.nonce or None, at=now,
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
