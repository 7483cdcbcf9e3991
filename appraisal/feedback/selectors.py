"""Reading answers to sheets: which stand, which are void, who is waited for until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from appraisal.feedback.choices import DAYS, Signature
from appraisal.feedback.models import FeedbackInterview, SheetAcknowledgement
from appraisal.feedback.permissions import FEEDBACK_GIVE, SHEET_SIGN
from appraisal.grading.choices import RoundState
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor
from cmsys.org.workdays import add_working_days

# Of the version that is published now.
STANDING = SheetAcknowledgement.objects.filter(sheet=OuterRef("pk"), digest=OuterRef("digest"))


def unsigned(sheet_ids: Collection[int]) -> set[int]:
    """Those of the sheets whose present version nobody has answered: not signed, and no refusal recorded. One query."""
    rows = ScoreSheet.objects.filter(pk__in=list(sheet_ids)).order_by()
    return set(rows.filter(~Exists(STANDING)).values_list("pk", flat=True))


def with_answers(sheets: QuerySet[Any]) -> QuerySet[Any]:
    """The sheets with `signature` (choices.Signature), `signed_at`, `talked_on` and `talk_signed_at`. No further query."""
    answered = SheetAcknowledgement.objects.filter(sheet=OuterRef("pk"))
    talked = FeedbackInterview.objects.filter(sheet=OuterRef("pk"))
    return sheets.annotate(
        signature=Coalesce(
            Subquery(STANDING.values("outcome")[:1]),
            Case(When(Exists(answered), then=Value(Signature.VOID)), default=Value(Signature.NONE)),
        ),
        answered_at=Subquery(STANDING.values("at")[:1]),
        talked_on=Subquery(talked.values("held_on")[:1]),
        talk_signed_at=Subquery(talked.values("signed_at")[:1]),
    )


def signature_of(sheet: ScoreSheet, answers: Collection[SheetAcknowledgement]) -> Signature:
    """Where a sheet stands, from its answers."""
    standing = next((one for one in answers if one.digest == sheet.digest), None)
    if standing is not None:
        return Signature(standing.outcome)
    return Signature.VOID if answers else Signature.NONE


def answers_of(sheet: ScoreSheet) -> list[SheetAcknowledgement]:
    """Every answer to a sheet, newest first, with who took part; one query."""
    rows = SheetAcknowledgement.objects.filter(sheet=sheet).select_related("by", "witness", "second_witness")
    return list(rows.order_by("-at", "-pk"))


def due_of(submitted_at: datetime) -> date:
    """Until when sheets of a round are signed and talked about: five working days after it was submitted."""
    return add_working_days(timezone.localtime(submitted_at).date(), DAYS)


def own_sheets(actor: Actor) -> QuerySet[Any]:
    """The actor's own sheets, newest first."""
    return ScoreSheet.objects.reached_by(actor, SHEET_SIGN).order_by("-cycle__starts_on", "-pk")


def to_sign(actor: Actor) -> QuerySet[Any]:
    """Own sheets whose present version has no answer, of rounds that were submitted and are not closed: what a cycle
    that is over left unsigned stands on its sheet and asks for nothing any more."""
    submitted = own_sheets(actor).filter(decision__round__submitted_at__isnull=False)
    submitted = submitted.exclude(decision__round__state=RoundState.CLOSED)
    return submitted.filter(~Exists(STANDING)).annotate(submitted_at=F("decision__round__submitted_at"))


def talks_to_confirm(actor: Actor) -> QuerySet[FeedbackInterview]:
    """Interviews the person has not confirmed yet."""
    rows = FeedbackInterview.objects.reached_by(actor, SHEET_SIGN).filter(signed_at__isnull=True)
    return rows.annotate(submitted_at=F("sheet__decision__round__submitted_at")).order_by("written_at", "pk")


@dataclass(frozen=True)
class Left:
    """What a supervisor has still to do in a round: talks not held, sheets without an answer."""

    cycle_id: int
    period: str
    submitted_at: datetime
    people: int
    talks: int
    sheets: int

    @property
    def due_on(self) -> date:
        return due_of(self.submitted_at)


def left_to_talk(actor: Actor) -> list[Left]:
    """Rounds in review with talks to hold or sheets without an answer within the supervisor's reach, without himself;
    one query."""
    number = getattr(actor, "employee_no", None)
    sheets = ScoreSheet.objects.reached_by(actor, FEEDBACK_GIVE).filter(
        decision__round__state=RoundState.REVIEW
    )
    if number:
        sheets = sheets.exclude(manager__employee_no=number)
    talked = FeedbackInterview.objects.filter(sheet=OuterRef("pk"))
    marked = sheets.order_by().annotate(talked=Exists(talked), answered=Exists(STANDING))
    rows = marked.values("cycle_id", "cycle__period", "decision__round__submitted_at").annotate(
        people=Count("pk"),
        talks=Count("pk", filter=Q(talked=False)),
        left=Count("pk", filter=Q(answered=False)),
    )
    found = []
    for row in rows:
        submitted_at = row["decision__round__submitted_at"]
        if submitted_at is not None and (row["talks"] or row["left"]):
            period, people = row["cycle__period"], row["people"]
            found.append(Left(row["cycle_id"], period, submitted_at, people, row["talks"], row["left"]))
    return sorted(found, key=lambda row: (row.submitted_at, row.cycle_id))
