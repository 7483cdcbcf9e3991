"""Demotions are served here, and the receipt is signed, brought in on paper, or refused before witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM
from appraisal.grading.services.moving import decision_move
from appraisal.notices import permissions
from appraisal.notices.choices import Method, ServiceState
from appraisal.notices.models import ServiceOfNotice
from appraisal.notices.numbering import next_number
from appraisal.notices.words import account_of, appeal_channel, effective_from
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form


@dataclass(frozen=True)
class Delivery:
    """How a decision was handed over and what the paper says."""

    method: str
    reasons: str
    mail_no: str = ""
    channel: str = ""


@transaction.atomic
def service_serve(
    *, actor: Actor, decision_id: int, delivery: Delivery, now: datetime, today: date, version: str = ""
) -> ServiceOfNotice:
    """Serves a confirmed demotion on the person, today: numbers the paper, moves the decision (`serve`), sets until when he
    may appeal (the round's working days after today) and from when it holds (never before tomorrow). Locks the decision.

    Raises MissingFunction, GradeDecision.DoesNotExist (out of scope), Conflict (not confirmed, served already, changed),
    ValidationError (`decision`: no demotion, figures changed; `method`: he has no account; `mail_no`, `reasons` empty;
    `recusal`).
    """
    require(actor, permissions.SERVICE_SERVE)
    rows: Any = GradeDecision.objects.reached_by(actor, DECISION_CONFIRM).select_for_update(of=("self",))
    decision: GradeDecision = rows.select_related("manager", "round", "grade", "previous_grade").get(
        pk=decision_id
    )
    account = account_of(decision.manager.employee_no)
    _check(decision, delivery, account)
    decision_move(
        actor=actor, decision_id=decision.pk, verb="serve", now=now, today=today,
        form=Form(version=version, data={"method": delivery.method}),
        changes={"effective_from": effective_from(decision.round.effective_on, today)},
    )  # fmt: skip
    service = ServiceOfNotice(
        decision=decision, method=delivery.method, mail_no=delivery.mail_no.strip(), reasons=delivery.reasons.strip(),
        from_grade=decision.previous_grade.name if decision.previous_grade else "",
        to_grade=decision.grade.name if decision.grade else "", served_on=today, served_at=now,
        served_by_id=actor.actor_id, served_name=actor.actor_name[:120], channel=delivery.channel.strip() or appeal_channel(),
        appeal_until=add_working_days(today, decision.round.appeal_days), **next_number(ServiceOfNotice, today.year),
    )  # fmt: skip
    service.full_clean(exclude=["served_by"])
    service.save()
    after = {
        "decision": str(decision),
        "method": service.method,
        "served_on": today,
        "appeal_until": service.appeal_until,
    }
    record("service.serve", service, actor=actor, after=after, now=now)
    if account is not None:
        message_send(
            [account.pk], kind="service.served", key=f"service:{service.pk}", now=now,
            title=_("有一份等级变更决定送达给您，请签收"), url=reverse("served_detail", args=[service.pk]),
            body=_("文号 %(number)s。对决定有异议的，可在 %(day)s 前申诉。") % {
                "number": service.number, "day": service.appeal_until.isoformat(),
            },
        )  # fmt: skip
    return service


def _check(decision: GradeDecision, delivery: Delivery, account: User | None) -> None:
    if decision.kind != ProposalKind.DEMOTION:
        raise refused("decision", "no_demotion", _("只有降级须送达；晋升请公示。"))
    if decision.stale:
        raise refused("decision", "stale", _("提交后数据有变动，请等重新定级后再送达。"))
    if not delivery.reasons.strip():
        raise refused("reasons", "missing", _("请写明理由：送达的决定必须说明依据。"))
    if delivery.method not in Method.values:
        raise refused("method", "invalid", _("请选择送达方式。"))
    if delivery.method == Method.SYSTEM and account is None:
        raise refused("method", "no_account", _("当事人没有可用的账号，请当面或邮寄送达。"))
    if delivery.method == Method.MAIL and not delivery.mail_no.strip():
        raise refused("mail_no", "missing", _("邮寄送达请填写邮件单号。"))


@transaction.atomic
def service_sign(
    *, actor: Actor, service_id: int, now: datetime, note: str = "", version: str = ""
) -> ServiceOfNotice:
    """The person acknowledges that he has it; that is no consent. Signing twice is once. Locks the row.

    Raises MissingFunction, ServiceOfNotice.DoesNotExist (not his own), Conflict (settled otherwise).
    """
    require(actor, permissions.SERVICE_SIGN)
    number = getattr(actor, "employee_no", None)
    own = (
        ServiceOfNotice.objects.filter(decision__manager__employee_no=number)
        if number
        else ServiceOfNotice.objects.none()
    )
    service = _locked(own, service_id)
    if service.state == ServiceState.SIGNED and not service.on_paper:
        return service
    _check_open(service)
    return _settle(actor, service, ServiceState.SIGNED, {"note": note.strip()}, now)


@transaction.atomic
def receipt_enter(*, actor: Actor, service_id: int, note: str, now: datetime) -> ServiceOfNotice:
    """HR enters that the signed receipt has come back on paper. Locks the row.

    Raises MissingFunction, ServiceOfNotice.DoesNotExist (out of scope), Conflict, ValidationError (`note` empty: where the
    paper is; `recusal`: his own).
    """
    require(actor, permissions.SERVICE_SERVE)
    service = _served(actor, service_id)
    if not note.strip():
        raise refused("note", "missing", _("请写明回执的签收日期和存放处。"))
    return _settle(actor, service, ServiceState.SIGNED, {"note": note.strip(), "on_paper": True}, now)


@transaction.atomic
def refusal_witness(
    *, actor: Actor, service_id: int, witnesses: tuple[User, User], note: str, now: datetime
) -> ServiceOfNotice:
    """HR enters that the person would not sign, before two witnesses: neither he himself, nor who served it, nor who
    enters this. Locks the row.

    Raises MissingFunction, ServiceOfNotice.DoesNotExist, Conflict, ValidationError (`witness_one`, `witness_two`, `note`,
    `recusal`).
    """
    require(actor, permissions.SERVICE_SERVE)
    service = _served(actor, service_id)
    if not note.strip():
        raise refused("note", "missing", _("请写明拒绝签收的时间、地点和经过。"))
    one, two = witnesses
    for field, witness in (("witness_one", one), ("witness_two", two)):
        _check_witness(actor, service, field, witness)
    if one.pk == two.pk:
        raise refused("witness_two", "same", _("两名见证人不能是同一人。"))
    values = {"note": note.strip(), "witness_one": one, "witness_two": two}
    return _settle(actor, service, ServiceState.REFUSED, values, now)


def _check_witness(actor: Actor, service: ServiceOfNotice, field: str, witness: User) -> None:
    if witness.employee_no and witness.employee_no == service.decision.manager.employee_no:
        raise refused(field, "himself", _("当事人不能为自己作见证。"))
    if witness.pk in (service.served_by_id, actor.actor_id):
        raise refused(field, "server", _("送达人和登记人不能作见证人，请另选。"))
    if not witness.is_active:
        raise refused(field, "disabled", _("这个账号已停用，请另选见证人。"))


def _served(actor: Actor, service_id: int) -> ServiceOfNotice:
    rows: Any = ServiceOfNotice.objects.reached_by(actor, permissions.SERVICE_SERVE)
    service = _locked(rows, service_id)
    number = getattr(actor, "employee_no", None)
    if number and number == service.decision.manager.employee_no:
        raise refused("recusal", "recused", _("这是您本人的事项，须由他人办理。"))
    _check_open(service)
    return service


def _locked(rows: Any, service_id: int) -> ServiceOfNotice:
    found: ServiceOfNotice = (
        rows.select_for_update(of=("self",)).select_related("decision__manager").get(pk=service_id)
    )
    return found


def _check_open(service: ServiceOfNotice) -> None:
    if service.state != ServiceState.SERVED:
        raise Conflict(
            _("这份送达现在是“%(state)s”，不能再登记。请刷新页面。") % {"state": service.get_state_display()}
        )


def _settle(
    actor: Actor, service: ServiceOfNotice, state: ServiceState, values: dict[str, Any], now: datetime
) -> ServiceOfNotice:
    before = {"state": service.state}
    service.state, service.closed_at = state, now
    for name, value in values.items():
        setattr(service, name, value)
    service.full_clean(exclude=["served_by"])
    service.save()
    kind = (
        "service.refuse"
        if state == ServiceState.REFUSED
        else "service.paper"
        if service.on_paper
        else "service.sign"
    )
    after = {"state": service.state} | {name: value for name, value in values.items() if value}
    record(kind, service, actor=actor, before=before, after=after, now=now)
    return service


@transaction.atomic
def service_void(*, actor: Actor, service_id: int, now: datetime) -> ServiceOfNotice | None:
    """What was served holds no more, because the decision was withdrawn or its figures changed. The person is told. None
    when it was void already. Raises MissingFunction."""
    require(actor, permissions.SERVICE_SERVE)
    service = _locked(ServiceOfNotice.objects.all(), service_id)
    if service.state == ServiceState.VOID:
        return None
    before = {"state": service.state}
    service.state, service.closed_at = ServiceState.VOID, service.closed_at or now
    service.save(update_fields=["state", "closed_at", "updated_at"])
    record("service.void", service, actor=actor, before=before, after={"state": service.state}, now=now)
    account = account_of(service.decision.manager.employee_no)
    if account is not None:
        message_send(
            [account.pk], kind="service.void", key=f"service:{service.pk}:void", now=now,
            title=_("送达给您的等级变更决定已失效"), url=reverse("served_detail", args=[service.pk]),
            body=_("文号 %(number)s。事项重新办理，结果会另行通知。") % {"number": service.number},
        )  # fmt: skip
    return service
