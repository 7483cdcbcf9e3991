"""Printing a notice, a service with its receipt, a letter of appointment: each print is an event."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from django.db import transaction
from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from appraisal.notices import permissions
from appraisal.notices.models import AppointmentLetter, PublicNotice, ServiceOfNotice
from appraisal.notices.numbering import next_number
from appraisal.notices.printing import letter_pdf, notice_pdf, service_pdf
from appraisal.notices.selectors import has_letter, shown_lines
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import Conflict
from cmsys.audit.ledger import record
from cmsys.org.models import OrgUnit


@dataclass(frozen=True)
class Printed:
    """A finished file and what it is called when it is saved."""

    content: bytes
    name: str

    @property
    def quoted_name(self) -> str:
        return quote(self.name)


def _issuer() -> str:
    """Human resources of the institution, in its own name."""
    root = OrgUnit.objects.filter(parent__isnull=True, closed_on__isnull=True).order_by("pk").first()
    return _("%(unit)s人力资源部") % {"unit": root.name if root else ""}


@transaction.atomic
def notice_print(*, actor: Actor, notice_id: int, now: datetime) -> Printed:
    """公示稿. Raises MissingFunction, PublicNotice.DoesNotExist (out of scope)."""
    require(actor, permissions.NOTICE_EDIT)
    rows: Any = PublicNotice.objects.visible_to(actor, "edit").select_related("audience")
    notice: PublicNotice = rows.get(pk=notice_id)
    content = notice_pdf(notice, list(shown_lines(notice)), _issuer(), actor.actor_name)
    record("notice.print", notice, actor=actor, now=now)
    return Printed(content, f"公示稿-{notice.number or notice.pk}.pdf")


@transaction.atomic
def service_print(*, actor: Actor, service_id: int, now: datetime) -> Printed:
    """送达通知书与回执. Raises MissingFunction, ServiceOfNotice.DoesNotExist (out of scope)."""
    require(actor, permissions.SERVICE_VIEW)
    rows: Any = ServiceOfNotice.objects.visible_to(actor, "view").select_related(
        "decision__manager", "decision__cycle", "witness_one", "witness_two"
    )
    service: ServiceOfNotice = rows.get(pk=service_id)
    content = service_pdf(service, _issuer(), actor.actor_name)
    record("service.print", service, actor=actor, now=now)
    return Printed(content, f"送达通知书-{service.number}-{service.decision.manager.name}.pdf")


@transaction.atomic
def letter_print(*, actor: Actor, decision_id: int, now: datetime, today: date) -> Printed:
    """聘任通知 of a promotion that has taken effect; the first print gives it its number and day. Locks the case.

    Raises MissingFunction, GradeDecision.DoesNotExist (out of scope), Conflict (not in effect, or no promotion).
    """
    require(actor, permissions.APPOINTMENT_PRINT)
    rows: Any = GradeDecision.objects.reached_by(actor, permissions.APPOINTMENT_PRINT)
    rows = rows.select_for_update(of=("self",)).select_related("manager", "cycle", "grade", "previous_grade")
    decision: GradeDecision = rows.get(pk=decision_id)
    if not has_letter(decision):
        raise Conflict(_("晋升生效之后才能打印聘任通知。"))
    letter = AppointmentLetter.objects.filter(decision=decision).first()
    if letter is None:
        letter = AppointmentLetter.objects.create(
            decision=decision, issued_on=today, issued_by=actor.actor_name[:120], **next_number(AppointmentLetter, today.year)
        )  # fmt: skip
    content = letter_pdf(letter, _issuer(), actor.actor_name)
    record("appointment.print", letter, actor=actor, now=now)
    return Printed(content, f"聘任通知-{letter.number}-{decision.manager.name}.pdf")
