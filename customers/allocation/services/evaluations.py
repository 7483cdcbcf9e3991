"""Staff evaluation sheets are drafted, confirmed by both sides, and succeeded here."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.audit.ledger import record, record_many
from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit
from cmsys.org.months import months_after
from customers.allocation.evidence import evidence_of
from customers.allocation.models import EvaluationState, StaffEvaluation
from customers.allocation.permissions import EVALUATION_DRAFT, EVALUATION_HEAD, EVALUATION_HR
from customers.allocation.policy_document import PARTS, PolicyDocument
from customers.allocation.selectors import document_of, policy_for
from customers.allocation.sheets import CENT, experience_points, merit_of
from managers.conduct.selectors import recusal
from managers.profiles.models import RelationshipManager, Status


@transaction.atomic
def evaluations_draft(*, actor: Actor, unit_id: int, today: date, now: datetime) -> int:
    """Drafts a sheet for everybody at work in a unit and below who has none in force and none waiting, from what the
    appraisals say; how many. People the appraisals know nothing of get none. Six queries, whatever their number.

    Raises MissingFunction, OrgUnit.DoesNotExist (out of reach), ValidationError (no policy holds there).
    """
    require(actor, EVALUATION_DRAFT)
    unit = OrgUnit.objects.reached_by(actor, EVALUATION_DRAFT).get(pk=unit_id)
    document = _policy(unit.path)
    people: Any = RelationshipManager.objects.reached_by(actor, EVALUATION_DRAFT)
    people = people.filter(unit__path__startswith=unit.path or "?").exclude(status=Status.LEFT)
    waiting = StaffEvaluation.objects.filter(state=EvaluationState.DRAFT)
    held = StaffEvaluation.objects.filter(state=EvaluationState.CONFIRMED, valid_until__gt=today)
    people = people.exclude(pk__in=waiting.values("manager")).exclude(pk__in=held.values("manager"))
    managers = list(people.order_by("pk"))
    known = evidence_of([manager.pk for manager in managers], today)
    rows = []
    for manager in managers:
        if manager.pk in known:
            one = known[manager.pk]
            parts = {"ability": one.ability, "experience": experience_points(manager.experience_years), "results": one.results}  # fmt: skip
            rows.append(
                StaffEvaluation(manager=manager, **parts, merit=merit_of(document, parts), basis=one.basis)
            )
    StaffEvaluation.objects.bulk_create(rows, batch_size=1000)
    record_many(
        [
            Event(
                at=now, kind="evaluation.draft", resource=row.resource, object_id=str(row.pk), object_label=str(row)[:200],
                actor_id=actor.actor_id, actor_name=actor.actor_name[:120], after={"merit": str(row.merit)},
            )
            for row in rows
        ]
    )  # fmt: skip
    return len(rows)


@transaction.atomic
def evaluation_change(
    *, actor: Actor, evaluation_id: int, values: dict[str, Decimal], reason: str, now: datetime
) -> StaffEvaluation:
    """Other figures for a sheet that waits, with a reason; confirmations given so far are taken back.

    Raises MissingFunction, DoesNotExist, ValidationError (no reason, out of range), Conflict (confirmed already).
    """
    require(actor, EVALUATION_DRAFT)
    sheet = _locked(actor, "edit", evaluation_id)
    if not reason.strip():
        raise refused("reason", "missing", _("请填写调整的原因。"))
    before = {name: getattr(sheet, name) for name in PARTS}
    after = {name: Decimal(values[name]).quantize(CENT, ROUND_HALF_UP) for name in PARTS}
    for name, value in after.items():
        setattr(sheet, name, value)
    sheet.merit = merit_of(_policy(sheet.manager.unit.path), after)
    sheet.hr_by = sheet.hr_at = sheet.head_by = sheet.head_at = None
    sheet.full_clean()
    sheet.save()
    record("evaluation.change", sheet, actor=actor, before=before, after=after, reason=reason, now=now)
    return sheet


@transaction.atomic
def evaluation_confirm_hr(*, actor: Actor, evaluation_id: int, today: date, now: datetime) -> StaffEvaluation:
    """Human resources stand for a sheet; repeating changes nothing. Raises MissingFunction, DoesNotExist, ValidationError
    (oneself, a relative, the same person on both sides), Conflict."""
    require(actor, EVALUATION_HR)
    sheet = _locked(actor, "confirm_hr", evaluation_id)
    if sheet.hr_by_id is not None:
        return sheet
    _check_person(actor, sheet, today, sheet.head_by_id)
    sheet.hr_by_id, sheet.hr_at = actor.actor_id, now
    return _confirmed(actor, sheet, "evaluation.confirm_hr", today, now)


@transaction.atomic
def evaluation_confirm_head(
    *, actor: Actor, evaluation_id: int, today: date, now: datetime
) -> StaffEvaluation:
    """The head of the department stands for a sheet; as `evaluation_confirm_hr`."""
    require(actor, EVALUATION_HEAD)
    sheet = _locked(actor, "confirm_head", evaluation_id)
    if sheet.head_by_id is not None:
        return sheet
    _check_person(actor, sheet, today, sheet.hr_by_id)
    sheet.head_by_id, sheet.head_at = actor.actor_id, now
    return _confirmed(actor, sheet, "evaluation.confirm_head", today, now)


def _policy(path: str | None) -> PolicyDocument:
    policy = policy_for(path)
    if policy is None:
        raise refused("policy", "missing", _("还没有分客政策；员工评估的权重写在政策里，请先导入政策。"))
    return document_of(policy)


def _locked(actor: Actor, action: str, evaluation_id: int) -> StaffEvaluation:
    rows: Any = StaffEvaluation.objects.visible_to(actor, action).select_for_update(of=("self",))
    sheet: StaffEvaluation = rows.select_related("manager__unit").get(pk=evaluation_id)
    if sheet.state != EvaluationState.DRAFT:
        raise Conflict(
            _("这张评估表%(state)s，不能再改。请刷新页面。") % {"state": sheet.get_state_display()}
        )
    return sheet


def _check_person(actor: Actor, sheet: StaffEvaluation, today: date, other: int | None) -> None:
    number = getattr(actor, "employee_no", None)
    if said := recusal(actor.actor_id or 0, number, sheet.manager_id, sheet.manager.employee_no, today):
        raise refused("recusal", "recused", said)
    if actor.actor_id is not None and actor.actor_id == other:
        raise refused("recusal", "decided_before", _("您已代表另一方确认，须由他人确认。"))


def _confirmed(
    actor: Actor, sheet: StaffEvaluation, kind: str, today: date, now: datetime
) -> StaffEvaluation:
    if sheet.hr_by_id is not None and sheet.head_by_id is not None:
        StaffEvaluation.objects.filter(manager=sheet.manager_id, state=EvaluationState.CONFIRMED).update(
            state=EvaluationState.SUPERSEDED
        )
        months = _policy(sheet.manager.unit.path).evaluation_months
        sheet.state, sheet.valid_from = EvaluationState.CONFIRMED, today
        sheet.valid_until = months_after(today, months)
    sheet.full_clean()
    sheet.save()
    record(kind, sheet, actor=actor, after={"state": sheet.state, "merit": sheet.merit}, now=now)
    return sheet
