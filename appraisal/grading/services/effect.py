"""The day comes: confirmed decisions take effect, the grade history goes on, earlier decisions are superseded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.cases import (
    STAYS,
    case_url,
    codes_of,
    due_for_effect,
    flagged,
    is_worse,
    kind_between,
    unflagged,
)
from appraisal.grading.choices import DecisionState, Flag
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM, DECISION_REVIEW
from appraisal.grading.recusals import check_levels
from appraisal.grading.services.moving import Moved, decision_move
from appraisal.grading.transitions import APPEAL
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record, record_many
from cmsys.audit.models import Event
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_by_unit, accounts_everywhere, accounts_of
from cmsys.workflow.form import Form
from managers.careers.models import Grade
from managers.conduct.selectors import recusal
from managers.profiles.models import RelationshipManager, Status
from managers.profiles.services.managers import grade_appraise

AT_ONCE = 500
RELATED = ("manager__grade", "manager__unit", "cycle", "round", "grade", "previous_grade")


@dataclass(frozen=True)
class Effect:
    """What one go did: the last case it looked at (0 when there were none left), how many took effect, how many could not."""

    last: int = 0
    effective: int = 0
    troubled: int = 0


@dataclass
class _Going:
    """The cases of one go: those that take effect with their day, and those that cannot with the reason."""

    effective: list[Any] = field(default_factory=list)
    troubled: list[tuple[Any, str]] = field(default_factory=list)


@transaction.atomic
def take_effect(*, actor: Actor, today: date, now: datetime, after: int = 0, most: int = AT_ONCE) -> Effect:
    """Makes up to `most` cases effective whose day has come, from the key `after` on; again and again the same cases are
    done once, and after a downtime each gets the day that was its own.

    Promotions and demotions begin a grade (managers.profiles) in a savepoint each: one that cannot is left as it is with
    a flag, and human resources are told once. The person's earlier decision is superseded. Locks the cases. A dozen
    statements and, for each change of grade, a few more. Raises MissingFunction.
    """
    require(actor, DECISION_CONFIRM)
    rows = due_for_effect(today).filter(pk__gt=after).order_by("pk").select_related(*RELATED)
    cases = list(rows.select_for_update(of=("self",))[:most])
    if not cases:
        return Effect()
    going = _sorted_out(actor, cases)
    _put_in_effect(actor, going.effective, now)
    _supersede(actor, going.effective, now)
    _hold_up(actor, going.troubled, today, now)
    _tell(going.effective, today, now)
    return Effect(cases[-1].pk, len(going.effective), len(going.troubled))


def decision_correct(
    *, actor: Actor, decision_id: int, grade: Grade, form: Form, now: datetime, today: date
) -> Moved:
    """An appeal was upheld after the day: the better grade stands from today, with its place in the grade history.

    For the room of appeals, which has asked for the right to decide the appeal. Raises GradeDecision.DoesNotExist,
    Conflict (not in effect), ValidationError at `reason`, `recusal` (who decided before, or a relative) or `grade` (not
    better than the grade in force).
    """

    def changes(decision: GradeDecision) -> Mapping[str, Any]:
        _check_appeal(actor, decision, today)
        present = RelationshipManager.objects.select_related("grade").get(pk=decision.manager_id).grade
        _check_better(present, grade)
        kind = kind_between(decision.previous_grade, grade)
        flags = unflagged(decision, "demotion")
        return {"grade": grade, "kind": kind, "effective_from": today, "flags": flags}

    with transaction.atomic():
        moved = decision_move(
            actor=actor,
            decision_id=decision_id,
            verb="correct",
            form=form,
            now=now,
            today=today,
            changes=changes,
        )
        if not moved.repeated:
            note = _("申诉成立，更正 %(cycle)s 的决定") % {"cycle": moved.decision.cycle}
            grade_appraise(
                actor=actor, manager_id=moved.decision.manager_id, grade=grade, starts_on=today, note=note
            )
    return moved


# --- which of them ------------------------------------------------------------------------------------------------------
def _sorted_out(actor: Actor, cases: list[Any]) -> _Going:
    going = _Going()
    later = _in_effect_later(cases)
    for decision in cases:
        why = _("更近一期的决定已经生效") if decision.pk in later else _obstacle(decision)
        if not why and decision.kind not in STAYS:
            why = _begin_grade(actor, decision)
        if why:
            going.troubled.append((decision, why))
        else:
            going.effective.append(decision)
    return going


def _in_effect_later(cases: list[Any]) -> set[int]:
    """Cases of people for whom a decision of a later cycle, or one that begins later, is in effect; one query."""
    rows = GradeDecision.objects.filter(
        manager__in=[decision.manager_id for decision in cases], state=DecisionState.EFFECTIVE
    ).values_list("manager_id", "cycle__starts_on", "effective_from")
    found: dict[int, list[tuple[date, date]]] = {}
    for manager, starts_on, begun in rows:
        found.setdefault(manager, []).append((starts_on, begun))
    return {
        decision.pk
        for decision in cases
        for starts_on, begun in found.get(decision.manager_id, ())
        if starts_on > decision.cycle.starts_on or begun > decision.begins
    }


def _obstacle(decision: GradeDecision) -> str:
    """Why a change of grade cannot begin although everything was decided; empty when it can."""
    if decision.kind in STAYS:
        return ""
    if decision.grade is None:
        return _("等级没有定义")
    if decision.manager.status == Status.LEFT:
        return _("本人已经离职")
    present = decision.manager.grade_id
    if present not in (decision.previous_grade_id, decision.grade_id):
        return _("本人现等级（%(grade)s）已不是定级时的等级") % {
            "grade": decision.manager.grade or _("未定级")
        }
    return ""


def _begin_grade(actor: Actor, decision: Any) -> str:
    note = _("%(cycle)s 考核定级") % {"cycle": decision.cycle}
    try:
        with transaction.atomic():
            grade_appraise(
                actor=actor,
                manager_id=decision.manager_id,
                grade=decision.grade,
                starts_on=decision.begins,
                note=note,
            )
    except (ValidationError, RelationshipManager.DoesNotExist) as refusal:
        return " ".join(getattr(refusal, "messages", [])) or str(refusal)
    return ""


# --- writing ------------------------------------------------------------------------------------------------------------
def _put_in_effect(actor: Actor, cases: list[Any], now: datetime) -> None:
    """One update, one insert of steps, one of events."""
    before = {decision.pk: decision.state for decision in cases}
    for decision in cases:
        decision.state, decision.effective_from = DecisionState.EFFECTIVE, decision.begins
        decision.flags = unflagged(decision, Flag.TROUBLE)
    _write(actor, cases, "take_effect", before, now, ("effective_from", "flags"))


def _supersede(actor: Actor, cases: list[Any], now: datetime) -> None:
    begins = {decision.manager_id: decision.begins for decision in cases}
    earlier = list(
        GradeDecision.objects.filter(manager__in=begins, state=DecisionState.EFFECTIVE)
        .exclude(pk__in=[decision.pk for decision in cases])
        .select_related("manager", "cycle")
        .select_for_update(of=("self",))
    )
    before = {decision.pk: decision.state for decision in earlier}
    for decision in earlier:
        decision.state, decision.effective_to = DecisionState.SUPERSEDED, begins[decision.manager_id]
    _write(actor, earlier, "supersede", before, now, ("effective_to",))


def _write(
    actor: Actor,
    cases: list[Any],
    verb: str,
    before: dict[int, Any],
    now: datetime,
    fields: tuple[str, ...],
) -> None:
    if not cases:
        return
    who = actor.actor_name[:120]
    for decision in cases:
        decision.moved_at, decision.moved_by, decision.updated_at = now, who, now
    GradeDecision.objects.bulk_update(cases, ["state", "moved_at", "moved_by", "updated_at", *fields])
    shown = [name for name in fields if name != "flags"]
    DecisionStep.objects.bulk_create(
        DecisionStep(
            decision=decision, verb=verb, actor_id=actor.actor_id, actor_name=who, from_state=before[decision.pk],
            to_state=decision.state, at=now,
            data={name: {"from": None, "to": str(getattr(decision, name))} for name in shown},
        )
        for decision in cases
    )  # fmt: skip
    record_many([
        Event(
            at=now, kind=f"decision.{verb}", resource=GradeDecision.resource, object_id=str(decision.pk),
            object_label=str(decision)[:200], actor_id=actor.actor_id, actor_name=who,
            before={"state": before[decision.pk]},
            after={"state": decision.state, **{name: getattr(decision, name) for name in shown}},
        )
        for decision in cases
    ])  # fmt: skip


def _hold_up(actor: Actor, troubled: list[tuple[Any, str]], today: date, now: datetime) -> None:
    """Flag, event and message, once for a case."""
    fresh = [(decision, why) for decision, why in troubled if Flag.TROUBLE not in codes_of(decision)]
    told = accounts_everywhere(DECISION_CONFIRM, today) if fresh else []
    for decision, why in fresh:
        decision.flags = flagged(decision, Flag.TROUBLE)
        decision.save(update_fields=["flags", "updated_at"])
        record(
            "decision.trouble", decision, actor=actor, after={"state": decision.state}, reason=why, now=now
        )
        words = {"case": str(decision), "why": why}
        message_send(
            told, kind="decision", key=f"trouble:{decision.pk}:{why[:60]}", title=_("%(case)s 未能生效") % words,
            body=_("%(why)s。请核对后撤销这一变更，或更正等级历史；原因消除后系统会自动再试。") % words,
            url=case_url(decision.pk), now=now,
        )  # fmt: skip


def _tell(cases: list[Any], today: date, now: datetime) -> None:
    """The person himself, and for a change of grade those who review him."""
    own = accounts_of([decision.manager.employee_no for decision in cases])
    changed = [decision for decision in cases if decision.kind not in STAYS]
    paths = {decision.manager.unit.path or "" for decision in changed}
    above = accounts_by_unit(DECISION_REVIEW, paths, today) if changed else {}
    for decision in cases:
        words = {
            "cycle": str(decision.cycle), "grade": decision.grade or _("未定级"), "day": decision.begins.isoformat(),
            "name": decision.manager.name,
        }  # fmt: skip
        user = own.get(decision.manager.employee_no)
        if user is not None:
            message_send(
                [user], kind="decision", key=f"effect:{decision.pk}", url=reverse("my_grade"), now=now,
                title=_("%(cycle)s 定级结果生效：%(grade)s，自 %(day)s 起") % words,
            )  # fmt: skip
        others = [pk for pk in above.get(decision.manager.unit.path or "", ()) if pk != user]
        if decision in changed and others:
            message_send(
                others, kind="decision", key=f"effect:{decision.pk}", url=case_url(decision.pk), now=now,
                title=_("%(name)s 的等级变更生效：%(grade)s，自 %(day)s 起") % words,
            )  # fmt: skip


# --- appeals ------------------------------------------------------------------------------------------------------------
def _check_appeal(actor: Actor, decision: GradeDecision, today: date) -> None:
    if actor.actor_id is None:
        return
    person = decision.manager
    own_number = getattr(actor, "employee_no", None)
    if said := recusal(actor.actor_id, own_number, person.pk, person.employee_no, today):
        raise refused("recusal", "recused", said)
    check_levels(decision, {actor.actor_id}, APPEAL)


def _check_better(present: Grade | None, grade: Grade) -> None:
    if present is not None and present.pk == grade.pk:
        raise refused("grade", "unchanged", _("已经是“%(grade)s”，没有可更正的。") % {"grade": grade.name})
    if is_worse(present, grade):
        words = {"grade": grade.name, "present": present.name if present else ""}
        raise refused("grade", "worse", _("申诉不得加重：%(grade)s低于现等级%(present)s。") % words)
