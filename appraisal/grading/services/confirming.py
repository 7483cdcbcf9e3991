"""The second level: human resources confirm, send back, answer what was returned, withdraw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from appraisal.grading.cases import AFTER_CONFIRM, STAYS, due_again, flagged
from appraisal.grading.choices import Flag
from appraisal.grading.deciding import Batch, account_of, check_defined, in_turn
from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM
from appraisal.grading.services.moving import Moved, decision_move
from appraisal.grading.voiding import voided
from cmsys.access.actors import Actor, require
from cmsys.workflow.form import Form


def decision_confirm(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Confirms what the supervisor has passed on; somebody else than he. Who keeps his grade does so from the day set for
    the round; a promotion waits for its notice, a demotion until it is served. Raises what `decision_move` raises."""

    def changes(decision: GradeDecision) -> Mapping[str, Any]:
        check_defined(decision)
        found: dict[str, Any] = {"confirmed_by": account_of(actor)}
        if decision.kind in STAYS:
            found["effective_from"] = decision.round.effective_on
        return found

    return decision_move(
        actor=actor, decision_id=decision_id, verb="confirm", form=form, now=now, today=today, changes=changes
    )


def decisions_confirm_many(
    *, actor: Actor, ids: Sequence[int], form: Form, now: datetime, today: date,
    versions: Mapping[int, str] | None = None,
) -> Batch:  # fmt: skip
    """Confirms clear cases, each by itself (review.decisions_approve_many). Raises MissingFunction."""
    require(actor, DECISION_CONFIRM)

    def act(key: int, own: Form) -> Moved:
        return decision_confirm(actor=actor, decision_id=key, form=own, now=now, today=today)

    return in_turn(actor, DECISION_CONFIRM, ids, form, versions, act)


def decision_send_back(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Gives a case back to the reviewers with a reason. Raises what `decision_move` raises."""
    return decision_move(
        actor=actor, decision_id=decision_id, verb="send_back", form=form, now=now, today=today,
        changes=lambda decision: {"reviewed_by": None} | _again(decision, today),
    )  # fmt: skip


def decision_resubmit(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Answers what the supervisor has returned, and brings it before him again. Raises what `decision_move` raises."""
    return decision_move(
        actor=actor, decision_id=decision_id, verb="resubmit", form=form, now=now, today=today,
        changes=lambda decision: _again(decision, today),
    )  # fmt: skip


@transaction.atomic
def decision_withdraw(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Ends a case that is not in effect; the grade stays as it is. Raises what `decision_move` raises."""
    moved = decision_move(
        actor=actor, decision_id=decision_id, verb="withdraw", form=form, now=now, today=today
    )
    if not moved.repeated and moved.step.from_state in AFTER_CONFIRM:
        voided(moved.decision, now)
    return moved


def _again(decision: GradeDecision, today: date) -> dict[str, Any]:
    return {"flags": flagged(decision, Flag.RETURNED), "due_on": due_again(decision.round, today)}
