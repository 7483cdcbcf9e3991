"""Printing a score sheet."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from django.db import transaction

from appraisal.cycles.models import CycleMember
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.paper import grade_label, paper_of
from appraisal.scoring.permissions import SHEET_VIEW
from appraisal.scoring.printing import sheet_pdf
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record


@dataclass(frozen=True)
class Printed:
    """A finished file and what it is called when it is saved."""

    content: bytes
    name: str

    @property
    def quoted_name(self) -> str:
        return quote(self.name)


@transaction.atomic
def sheet_print(*, actor: Actor, sheet_id: int) -> Printed:
    """The sheet as a PDF; that it was printed is an event of the sheet.

    Raises MissingFunction, ScoreSheet.DoesNotExist (out of scope).
    """
    require(actor, SHEET_VIEW)
    rows = ScoreSheet.objects.visible_to(actor, "view").select_related(
        "manager__line", "unit", "cycle__scheme"
    )
    sheet = rows.annotate(grade_label=grade_label()).get(pk=sheet_id)
    member = CycleMember.objects.filter(cycle_id=sheet.cycle_id, manager_id=sheet.manager_id).first()
    content = sheet_pdf(paper_of(sheet, list(sheet.lines.all()), member), actor.actor_name)
    record(
        "sheet.print",
        sheet,
        actor=actor,
        after={"cycle": str(sheet.cycle), "manager": sheet.manager.employee_no},
    )
    name = f"考核表-{sheet.cycle.period}-{sheet.manager.employee_no}-{sheet.manager.name}.pdf"
    return Printed(content, name)
