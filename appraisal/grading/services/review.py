"""The first level: the supervisor passes a proposal on, alters it, sends it back, or hands it to somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.grading.cases import flagged, kind_between, review_url, steps_between, unflagged
from appraisal.grading.choices import Flag
from appraisal.grading.deciding import Batch, account_of, check_defined, in_turn
from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_REVIEW
from appraisal.grading.recusals import check_levels
from appraisal.grading.services.moving import Moved, decision_move
from appraisal.grading.transitions import REVIEW
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.inbox.sending import message_send
from cmsys.workflow.form import Form
from managers.careers.models import Grade
from managers.conduct.selectors import recusal

# A promotion out of turn is argued for, not ticked.
LEAST_EXCEPTIONAL = 20


def decision_approve(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Passes a proposal on to human resources as it is. Raises what `decision_move` raises, and ValidationError at
    `grade` when it leads to a grade that is not defined."""

    def changes(decision: GradeDecision) -> Mapping[str, Any]:
        check_defined(decision)
        return {"reviewed_by": account_of(actor)}

    return decision_move(
        actor=actor, decision_id=decision_id, verb="approve", form=form, now=now, today=today, changes=changes
    )


def decision_amend(
    *, actor: Actor, decision_id: int, grade_code: str, exceptional: bool = False, form: Form, now: datetime,
    today: date,
) -> Moved:  # fmt: skip
    """Passes a case on with another grade, for which there is a reason; human resources confirm it as any other. At most
    one step from the present grade, further (破格) only with `exceptional` and a reason of 20 characters.

    Raises what `decision_move` raises, ValidationError at `grade` (unknown, the same, of another series, too far) or
    `reason` (too short).
    """

    def changes(decision: GradeDecision) -> Mapping[str, Any]:
        grade = _chosen(decision, grade_code)
        _check_distance(decision, grade, exceptional, form.reason)
        return _altered(decision, grade, exceptional) | {"reviewed_by": account_of(actor)}

    said = replace(form, data={**form.data, "exceptional": exceptional})
    return decision_move(
        actor=actor, decision_id=decision_id, verb="amend", form=said, now=now, today=today, changes=changes
    )


def decision_return(*, actor: Actor, decision_id: int, form: Form, now: datetime, today: date) -> Moved:
    """Sends a case back to human resources with a reason; they answer and submit it again. Raises what `decision_move` raises."""
    return decision_move(
        actor=actor, decision_id=decision_id, verb="return", form=form, now=now, today=today,
        changes=lambda decision: {"flags": flagged(decision, Flag.RETURNED)},
    )  # fmt: skip


@transaction.atomic
def decision_delegate(
    *, actor: Actor, decision_id: int, assignee_id: int, form: Form, now: datetime, today: date
) -> Moved:
    """Hands a case to a colleague who reviews somewhere himself; he is told, and the supervisor still sees it.

    Raises what `decision_move` raises, ValidationError at `assignee`: unknown or disabled, oneself, holds it already, may
    not review, must keep out; or the case was handed to the actor himself.
    """

    def changes(decision: GradeDecision) -> Mapping[str, Any]:
        if decision.assignee_id is not None and decision.assignee_id == actor.actor_id:
            message = _("这是转办给您的事项，不能再转办；请直接办理，或者退回。")
            raise refused("assignee", "handed", message)
        return {"assignee": _colleague(actor, decision, assignee_id, today)}

    moved = decision_move(
        actor=actor,
        decision_id=decision_id,
        verb="delegate",
        form=form,
        now=now,
        today=today,
        changes=changes,
    )
    if not moved.repeated:
        words = {"who": actor.actor_name, "case": str(moved.decision)}
        message_send(
            [assignee_id], kind="decision", key=f"delegate:{moved.step.pk}",
            title=_("%(who)s 把 %(case)s 转给您办理") % words, body=form.reason[:500],
            url=review_url(moved.decision.pk), now=now,
        )  # fmt: skip
    return moved


def decisions_approve_many(
    *, actor: Actor, ids: Sequence[int], form: Form, now: datetime, today: date,
    versions: Mapping[int, str] | None = None,
) -> Batch:  # fmt: skip
    """Approves clear cases (no flags, figures unchanged), each by itself: one that does not go keeps none of the others.
    `versions` are those the person was looking at. Raises MissingFunction."""
    require(actor, DECISION_REVIEW)

    def act(key: int, own: Form) -> Moved:
        return decision_approve(actor=actor, decision_id=key, form=own, now=now, today=today)

    return in_turn(actor, DECISION_REVIEW, ids, form, versions, act)


# --- another grade ------------------------------------------------------------------------------------------------------
def _chosen(decision: GradeDecision, code: str) -> Grade:
    grade = Grade.objects.filter(code=code).first()
    if grade is None:
        raise refused("grade", "not_found", _("没有编码为“%(code)s”的等级。") % {"code": code[:40]})
    if grade.pk == decision.grade_id:
        raise refused(
            "grade", "unchanged", _("与现在的建议相同（%(grade)s），请直接通过。") % {"grade": grade.name}
        )
    previous = decision.previous_grade
    if previous is not None and previous.series != grade.series:
        words = {"grade": grade.name, "series": previous.get_series_display()}
        raise refused(
            "grade", "other_series", _("%(grade)s不属于%(series)s，不能在考核中跨序列调整。") % words
        )
    return grade


def _check_distance(decision: GradeDecision, grade: Grade, exceptional: bool, reason: str) -> None:
    previous = decision.previous_grade
    far = previous is None or abs(steps_between(previous, grade)) > 1
    if far and not exceptional:
        was = previous.name if previous is not None else _("未定级")
        words = {"was": was, "grade": grade.name}
        raise refused(
            "grade",
            "too_far",
            _("从%(was)s到%(grade)s超过一级；确需破格的，请勾选“破格”并写明理由。") % words,
        )
    if exceptional and len(reason.strip()) < LEAST_EXCEPTIONAL:
        raise refused(
            "reason", "too_short", _("破格须写明理由，至少 %(n)d 个字。") % {"n": LEAST_EXCEPTIONAL}
        )


def _altered(decision: GradeDecision, grade: Grade, exceptional: bool) -> dict[str, Any]:
    """Grade and kind, and the flags that follow: one that speaks of a demotion does so only while it is one."""
    kind = kind_between(decision.previous_grade, grade)
    flags = unflagged(decision, "demotion", Flag.AMENDED, Flag.EXCEPTIONAL, Flag.UNKNOWN_GRADE, Flag.FAR)
    if kind == ProposalKind.DEMOTION:
        flags.append({"code": "demotion"})
    if grade.pk != (decision.proposed_grade_id or decision.previous_grade_id):
        flags.append({"code": Flag.AMENDED.value})
    if exceptional:
        flags.append({"code": Flag.EXCEPTIONAL.value})
    return {"grade": grade, "kind": kind, "flags": flags}


# --- somebody else ------------------------------------------------------------------------------------------------------
def _colleague(actor: Actor, decision: GradeDecision, assignee_id: int, today: date) -> User:
    found = User.objects.filter(pk=assignee_id, is_active=True).first()
    if found is None:
        raise refused("assignee", "not_found", _("没有这个账号，或者它已停用。"))
    if found.pk == actor.actor_id:
        raise refused("assignee", "self", _("不能转办给自己。"))
    if found.pk == decision.assignee_id:
        raise refused("assignee", "unchanged", _("已经转给%(name)s办理。") % {"name": found.name})
    if not found.access.reaches(DECISION_REVIEW):
        raise refused("assignee", "no_right", _("%(name)s没有复核等级变更的权限。") % {"name": found.name})
    person = decision.manager
    if recusal(found.pk, found.employee_no, person.pk, person.employee_no, today):
        raise refused(
            "assignee", "recused", _("%(name)s与当事人有利害关系或就是本人，须回避。") % {"name": found.name}
        )
    try:
        check_levels(decision, {found.pk}, REVIEW)
    except ValidationError:
        message = _("%(name)s在其他环节已经对该事项作过决定，须由他人办理。") % {"name": found.name}
        raise refused("assignee", "decided_before", message) from None
    return found
