"""What people decided in the demonstration bank: three quarters from the proposal to the day, and one under review.

Everything goes through the services, as the accounts of the bank, on the days on which it would have happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.services.confirming import decision_confirm
from appraisal.grading.services.effect import take_effect
from appraisal.grading.services.review import decision_approve, decision_return
from appraisal.grading.services.rounds import round_close, round_submit
from appraisal.notices.models import NoticeLine
from appraisal.notices.services.publishing import line_clear, notice_publish
from appraisal.notices.services.serving import Delivery, receipt_enter, service_serve
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.audit.acting import acting_as
from cmsys.org.models import RoleGrant
from cmsys.org.workdays import add_working_days
from cmsys.workflow.form import Form

# Each case is decided one by one: a large bank would take hours, and shows nothing more.
MOST_PEOPLE = 2_000
# Of the cases under review, those of the supervisor who has a password wait whole; elsewhere one in so many waits.
WAITING = 4


@dataclass(frozen=True)
class Moment:
    """A working day at ten o'clock."""

    day: date

    @property
    def now(self) -> datetime:
        return datetime.combine(self.day, time(10), ZoneInfo(settings.TIME_ZONE))

    @property
    def when(self) -> dict[str, Any]:
        return {"now": self.now, "today": self.day}

    def after(self, days: int) -> Moment:
        return Moment(add_working_days(self.day, days))


class Deciders:
    """Who reviews where: the head of the nearest unit above that has one; who confirms."""

    def __init__(self) -> None:
        self.personnel = User.objects.get(username="hrh")
        grants = RoleGrant.objects.filter(role="MGR").select_related("unit", "user")
        self.heads = sorted(
            ((grant.unit.path or "?", grant.user) for grant in grants), key=lambda one: -len(one[0])
        )

    def head_of(self, decision: GradeDecision) -> User | None:
        path = decision.unit.path or ""
        found = next((user for start, user in self.heads if path.startswith(start)), None)
        return found if found is None or found.employee_no != decision.manager.employee_no else None


def cases(found: GradingRound, *states: str) -> list[GradeDecision]:
    """The cases of a round in these states, by employee number."""
    rows = GradeDecision.objects.filter(round=found, state__in=states)
    return list(rows.select_related("unit", "manager", "cycle__scheme").order_by("manager__employee_no"))


def decide(*, actor: SystemActor, cycle: Cycle) -> None:
    """A quarter that is over: submitted six days after its end, reviewed and confirmed within days, on notice or served,
    and in effect. Everybody agrees with the machine."""
    found = GradingRound.objects.filter(cycle=cycle).first()
    if found is None or GradeDecision.objects.filter(round=found).count() > MOST_PEOPLE:
        return
    who, begin = Deciders(), Moment(add_working_days(cycle.ends_on, 3))
    with acting_as(actor):
        round_submit(
            actor=who.personnel, round_id=found.pk, effective_on=add_working_days(begin.day, 15), **begin.when
        )
        _reviewed(who, cases(found, DecisionState.IN_REVIEW), begin.after(2))
        _confirmed(who, cases(found, DecisionState.REVIEWED), begin.after(4))
        last = _told(who, found, begin.after(5))
        until = max(last.day, add_working_days(begin.day, 15)) + timedelta(days=1)
        _cleared(actor, found, Moment(add_working_days(until, 0)))
        day = Moment(add_working_days(until, 1))
        effect = take_effect(actor=actor, **day.when)
        while effect.last:
            effect = take_effect(actor=actor, after=effect.last, **day.when)
        if not cases(found, *_PENDING):
            round_close(actor=who.personnel, round_id=found.pk, now=day.now)


_PENDING = tuple(
    state for state in DecisionState.values if state not in ("effective", "superseded", "withdrawn")
)


def review(*, actor: SystemActor, cycle: Cycle, today: date) -> None:
    """The newest quarter, under way: cases wait with the supervisors, some have gone on to human resources, one came back,
    some promotions are on notice. What waits for the supervisor with a password is left as it is."""
    found = GradingRound.objects.filter(cycle=cycle).first()
    if found is None or GradeDecision.objects.filter(round=found).count() > MOST_PEOPLE:
        return
    who, begin = Deciders(), Moment(_working_days_before(today, 3))
    with acting_as(actor):
        round_submit(
            actor=who.personnel, round_id=found.pk, review_due_on=add_working_days(today, 3),
            effective_on=add_working_days(today, 10), **begin.when,
        )  # fmt: skip
        shown = next((path for path, user in who.heads if user.username == "mgr"), "?")
        open_ = [
            case
            for case in cases(found, DecisionState.IN_REVIEW)
            if not (case.unit.path or "").startswith(shown)
        ]
        going = [case for place, case in enumerate(open_) if place % WAITING]
        changes = [case for case in going if case.kind == ProposalKind.PROMOTION]
        if changes:
            _returned(who, changes[0], begin.after(1))
        _reviewed(who, [case for case in going if case not in changes[:1]], begin.after(1))
        ready = cases(found, DecisionState.REVIEWED)
        _confirmed(who, [case for place, case in enumerate(ready) if place % 2], begin.after(2))
        promoted = [
            case.pk for case in cases(found, DecisionState.CONFIRMED) if case.kind == ProposalKind.PROMOTION
        ]
        if promoted[:3]:
            notice_publish(
                actor=who.personnel, round_id=found.pk, decision_ids=promoted[:3], **Moment(today).when
            )


def _reviewed(who: Deciders, found: list[GradeDecision], moment: Moment) -> None:
    for case in found:
        head = who.head_of(case)
        if head is not None:
            decision_approve(actor=head, decision_id=case.pk, form=Form(), **moment.when)


def _returned(who: Deciders, case: GradeDecision, moment: Moment) -> None:
    head = who.head_of(case)
    if head is not None:
        form = Form(reason=_("本季有一笔大额业务归属未定，请核实后再议"))
        decision_return(actor=head, decision_id=case.pk, form=form, **moment.when)


def _confirmed(who: Deciders, found: list[GradeDecision], moment: Moment) -> None:
    for case in found:
        decision_confirm(actor=who.personnel, decision_id=case.pk, form=Form(), **moment.when)


def _told(who: Deciders, found: GradingRound, moment: Moment) -> Moment:
    """Promotions go on notice, demotions are served on paper; the last day of the notice."""
    kinds = {case.kind for case in cases(found, DecisionState.CONFIRMED)}
    last = moment.day
    if ProposalKind.PROMOTION in kinds:
        notice = notice_publish(actor=who.personnel, round_id=found.pk, **moment.when)
        last = notice.ends_on or last
    for case in cases(found, DecisionState.CONFIRMED):
        if case.kind == ProposalKind.DEMOTION:
            paper = Delivery(method="in_person", reasons=_("连续两期绩效低于该等级的要求，详见考核表"))
            service = service_serve(actor=who.personnel, decision_id=case.pk, delivery=paper, **moment.when)
            receipt_enter(actor=who.personnel, service_id=service.pk, note=_("本人当面签收"), now=moment.now)
    return Moment(last)


def _cleared(actor: SystemActor, found: GradingRound, moment: Moment) -> None:
    for line in NoticeLine.objects.filter(decision__round=found).order_by("pk"):
        line_clear(actor=actor, line_id=line.pk, **moment.when)


def _working_days_before(day: date, count: int) -> date:
    """The latest day from which `count` working days lead to `day` at most."""
    earlier = day - timedelta(days=count)
    while add_working_days(earlier, count) > day:
        earlier -= timedelta(days=1)
    return earlier
