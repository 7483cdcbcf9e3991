"""The first level: the supervisor passes a proposal on, alters it, sends it back, or hands it to somebody."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.grading.cases import flagged, kind_between, review_url, steps_between, unflagged
from appraisal.grading.choices import Flag
from appraisal.grading.flags import flags_of
from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_REVIEW
from appraisal.grading.queues import is_clear
from appraisal.grading.recusals import check_levels
from appraisal.grading.services.moving import Form, Moved, decision_move
from appraisal.grading.transitions import REVIEW
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.inbox.sending import message_send
from managers.careers.models import Grade
from managers.conduct.selectors import recusal

# A promotion out of turn is argued for, not ticked.
LEAST_EXCEPTIONAL = 20


@dataclass(frozen=True)
class Left:
    """A case of a batch that stayed where it was, and why."""

    decision_id: int
    name: str
    why: str


@dataclass(frozen=True)
class Batch:
    """What became of several cases: the keys of those that went, and those that did not with the reason."""

    done: tuple[int, ...]
    left: tuple[Left, ...]


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
    return in_turn(actor, DECISION_REVIEW, ids, form, versions, now, today, decision_approve)


# --- shared with the second level ---------------------------------------------------------------------------------------
def in_turn(
    actor: Actor, function: Function, ids: Sequence[int], form: Form, versions: Mapping[int, str] | None,
    now: datetime, today: date, act: Callable[..., Moved],
) -> Batch:  # fmt: skip
    """Takes one verb for several cases, each in a transaction of its own. What the actor does not reach is not named."""
    wanted = list(dict.fromkeys(ids))
    rows = GradeDecision.objects.reached_by(actor, function).select_related("manager", "cycle__scheme")
    found = rows.in_bulk(wanted)
    done, left = [], []
    for pk in wanted:
        decision = found.get(pk)
        if decision is None:
            left.append(Left(pk, "", _("没有找到这一事项。")))
            continue
        own = replace(
            form, nonce=f"{form.nonce[:28]}-{pk}" if form.nonce else "", version=(versions or {}).get(pk, "")
        )
        try:
            if not is_clear(decision):
                raise Conflict(_("%(why)s，请打开单独办理。") % {"why": _why(decision)})
            act(actor=actor, decision_id=pk, form=own, now=now, today=today)
        except (Conflict, ValidationError, GradeDecision.DoesNotExist) as refusal:
            left.append(Left(pk, decision.manager.name, _said(refusal)))
        else:
            done.append(pk)
    return Batch(tuple(done), tuple(left))


def _why(decision: GradeDecision) -> str:
    said = [text.rstrip("。") for _code, text in flags_of(decision)]
    return "；".join(said + ([_("数据已变动")] if decision.stale else []))


def _said(refusal: Exception) -> str:
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    return _("没有找到这一事项。") if isinstance(refusal, GradeDecision.DoesNotExist) else str(refusal)


def account_of(actor: Actor) -> User | None:
    """The account behind an actor; None for the system."""
    return actor if isinstance(actor, User) else None


def check_defined(decision: GradeDecision) -> None:
    """Raises ValidationError at `grade` where a change leads nowhere."""
    if decision.grade_id is None and decision.kind in (ProposalKind.PROMOTION, ProposalKind.DEMOTION):
        message = _("方案建议的等级没有在系统里定义，不能通过；请调整为已有等级，或退回。")
        raise refused("grade", "unknown", message)


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
