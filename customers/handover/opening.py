"""Handovers and first contacts come about, and go, with what changes an owner: lines of a plan, or an entry by hand.

Set-wise: a chunk of a thousand lines costs as many queries as one line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_of
from cmsys.org.workdays import add_working_days
from customers.allocation.selectors import document_of, policy_for
from customers.handover.brief import snapshots
from customers.handover.choices import PENDING, RECENT_DAYS, SIGN_DAYS, HandoverState, LineKind
from customers.handover.models import FirstContact, Handover, HandoverLine, HandoverStep
from customers.handover.numbering import first_serial, number_of
from customers.planning.choices import LineState
from customers.planning.models import AllocationMove, AllocationPlan
from customers.registry.models import Assignment
from managers.profiles.models import RelationshipManager

USUAL_DAYS = 5
BATCH = 1000


@dataclass(frozen=True)
class Change:
    """A customer who has got a new owner: keys of customer, giver (None: he had nobody), taker, taker's unit, assignment."""

    customer: int
    giver: int | None
    taker: int
    unit: int
    assignment: int | None
    begins_on: date


# --- a plan -------------------------------------------------------------------------------------------------------------
def lines_opened(
    actor: Actor, plan: AllocationPlan, lines: Sequence[int], now: datetime, today: date
) -> None:
    """Follows lines of a plan that were carried out: for each pair of old and new owner one handover, one first contact for
    each customer. Told twice it is done once. Not for people: whoever carries out a plan was asked there."""
    cutoff = plan.effective_on or today
    rows = AllocationMove.objects.filter(plan=plan, pk__in=lines, state=LineState.APPLIED).order_by("pk")
    found = rows.values_list(
        "customer_id", "former__manager_id", "present_id", "proposed_id", "proposed__unit_id", "assignment_id",
        "assignment__starts_on",
    )  # fmt: skip
    changes = [
        Change(customer, former or present, taker, unit, assignment, starts_on or cutoff)
        for customer, former, present, taker, unit, assignment, starts_on in found
    ]
    if not changes:
        return
    days = document_of(plan.policy).first_contact_days
    made, papers = _hand_over(actor, plan, changes, cutoff, now)
    contacts = _first_contacts(plan, changes, days, papers, now)
    if not made and not contacts:
        return
    counts = {"handovers": len(set(made.values())), "customers": len(made), "first_contacts": len(contacts)}
    record("handover.open", plan, actor=actor, after=counts, now=now)
    _tell_opened(plan, changes, cutoff, days, now)


def lines_cancelled(
    actor: Actor, plan: AllocationPlan, lines: Sequence[int], now: datetime, today: date
) -> None:
    """Follows lines that were taken back: handovers of their customers that nobody has closed and first contacts that were
    not made are cancelled, and whoever was to sign is told. What was closed or made stays as it is."""
    customers = list(
        AllocationMove.objects.filter(plan=plan, pk__in=lines).values_list("customer_id", flat=True)
    )
    reason = _("方案 %(number)s 已撤回") % {"number": plan.number}
    concerned = HandoverLine.objects.filter(handover__plan=plan, customer__in=customers).values("handover")
    cancelled = _cancel(actor, Handover.objects.filter(pk__in=concerned), reason, now)
    of_plan = FirstContact.objects.filter(plan=plan, customer__in=customers)
    contacts = of_plan.filter(done_on__isnull=True, cancelled_at__isnull=True).update(
        cancelled_at=now, cancel_reason=reason, updated_at=now
    )
    # The assignments may go with the plan.
    of_plan.update(assignment=None)
    if not cancelled and not contacts:
        return
    counts = {"handovers": len(cancelled), "first_contacts": contacts}
    record("handover.cancel", plan, actor=actor, after=counts, reason=reason, now=now)
    numbers = {number for one in cancelled for number in (one.giver.employee_no, one.taker.employee_no)}
    message_send(
        accounts_of(numbers).values(), kind="handover", key=f"handover:{plan.number}:cancelled", now=now,
        title=_("方案 %(number)s 已撤回，您的移交单作废") % {"number": plan.number}, url=reverse("handovers_list"),
        body=_("客户回到原主办；没有办结的移交单和没有完成的首次联系都已取消。"),
    )  # fmt: skip


# --- by hand ------------------------------------------------------------------------------------------------------------
def owner_opened(actor: Actor, begun: Assignment, former: Assignment | None, today: date) -> None:
    """Follows an owner entered by hand: a handover from the one before him, with others of the same day and pair on one
    paper, and a first contact. Nothing for what began long ago or is over: that is a record of the past."""
    over = begun.ends_on is not None and begun.ends_on <= today
    if over or begun.starts_on < today - timedelta(days=RECENT_DAYS):
        return
    now = timezone.now()
    manager, customer = begun.manager, begun.customer
    policy = policy_for(customer.unit.path if customer.unit else manager.unit.path)
    days = document_of(policy).first_contact_days if policy else USUAL_DAYS
    giver = former.manager_id if former is not None else None
    change = Change(customer.pk, giver, manager.pk, manager.unit_id, begun.pk, begun.starts_on)
    made, papers = _hand_over(actor, None, [change], begun.starts_on, now)
    [contact] = _first_contacts(None, [change], days, papers, now)
    record(
        "handover.open", papers.get(customer.pk) or contact, actor=actor,
        after={"customer": customer, "giver": former.manager if former else None, "taker": manager, "due_on": contact.due_on},
        now=now,
    )  # fmt: skip
    people = [manager] if former is None else [manager, former.manager]
    accounts = accounts_of([one.employee_no for one in people])
    url = (
        reverse("handovers_detail", args=[papers[customer.pk].number])
        if made
        else reverse("first_contacts_list")
    )
    for one in people:
        if one.employee_no in accounts:
            taking = one is manager
            title = (
                _("%(customer)s由您主办，请在 %(day)s 前首次联系")
                if taking
                else _("%(customer)s移交%(taker)s，请签移交单")
            )
            words = {
                "customer": customer.masked_name,
                "day": contact.due_on.isoformat(),
                "taker": manager.name,
            }
            message_send(
                [accounts[one.employee_no]], kind="handover", key=f"handover:begun:{begun.pk}:{one.pk}", now=now,
                title=title % words, url=url,
            )  # fmt: skip


def owner_cancelled(actor: Actor, withdrawn: Assignment, today: date) -> None:
    """Follows an owner taken back before his first day: the customer is not handed over, and not contacted."""
    now, reason = timezone.now(), _("归属登记已取消")
    contacts = FirstContact.objects.filter(
        assignment=withdrawn, done_on__isnull=True, cancelled_at__isnull=True
    )
    papers = list(contacts.values_list("handover_id", flat=True))
    contacts.update(cancelled_at=now, cancel_reason=reason, updated_at=now)
    lines = HandoverLine.objects.filter(
        handover__in=[pk for pk in papers if pk], handover__state__in=PENDING, customer=withdrawn.customer_id
    )
    touched = list(lines.values_list("handover_id", flat=True))
    lines.update(kind=LineKind.STAY, reason=reason)
    _count(touched, now)
    # A paper on which nobody is handed over any more is none.
    empty = Handover.objects.filter(pk__in=touched).annotate(
        left=Count("lines", filter=~Q(lines__kind=LineKind.STAY))
    )
    _cancel(
        actor,
        Handover.objects.filter(pk__in=list(empty.filter(left=0).values_list("pk", flat=True))),
        reason,
        now,
    )
    if touched or papers:
        record(
            "handover.cancel",
            withdrawn.customer,
            actor=actor,
            after={"handovers": len(touched)},
            reason=reason,
            now=now,
        )


# --- how ----------------------------------------------------------------------------------------------------------------
def _hand_over(
    actor: Actor, plan: AllocationPlan | None, changes: Iterable[Change], cutoff: date, now: datetime
) -> tuple[dict[int, int], dict[int, Handover]]:
    """Lines for customers who are on no paper of the plan yet: (customer → key of handover) of the new lines, and the paper
    of every customer among the changes that has one."""
    moved = [one for one in changes if one.giver is not None and one.giver != one.taker]
    if not moved:
        return {}, {}
    # Whoever opens handovers at the same time waits here, so that a pair has one open paper.
    serial = first_serial(timezone.localdate(now).year)
    papers = {} if plan is None else _papers_of(plan, [one.customer for one in moved])
    new = [one for one in moved if one.customer not in papers]
    if not new:
        return {}, papers
    opened = _open_papers(plan, new, cutoff)
    wanted = {(one.giver, one.taker): one.unit for one in new}
    made: list[Handover] = []
    for (giver, taker), unit in sorted(wanted.items(), key=lambda item: (item[0][0] or 0, item[0][1])):
        if (giver, taker) in opened:
            continue
        year = timezone.localdate(now).year
        made.append(
            Handover(
                number=number_of(year, serial + len(made)), year=year, serial=serial + len(made), plan=plan, giver_id=giver or 0,
                taker_id=taker, unit_id=unit, cutoff_on=cutoff, due_on=add_working_days(cutoff, SIGN_DAYS), opened_at=now,
                moved_at=now, moved_by=actor.actor_name[:120], updated_at=now,
            )
        )  # fmt: skip
    Handover.objects.bulk_create(made, batch_size=BATCH)
    opened |= {(one.giver_id, one.taker_id): one for one in made}
    figures = snapshots([one.customer for one in new], cutoff)
    paper_of = {one.customer: opened[one.giver, one.taker] for one in new}
    HandoverLine.objects.bulk_create(
        [HandoverLine(handover=paper_of[one.customer], customer_id=one.customer, snapshot=figures[one.customer]) for one in new],
        batch_size=BATCH,
    )  # fmt: skip
    fresh = {one.pk for one in made}
    touched = {one.pk: one for one in paper_of.values()}
    _note(
        actor,
        [
            (one, "open" if pk in fresh else "extend", "" if pk in fresh else one.state)
            for pk, one in touched.items()
        ],
        now,
    )
    _count(touched, now)
    return {customer: one.pk for customer, one in paper_of.items()}, papers | paper_of


def _papers_of(plan: AllocationPlan, customers: Collection[int]) -> dict[int, Handover]:
    lines = HandoverLine.objects.filter(handover__plan=plan, customer__in=customers)
    known = lines.exclude(handover__state=HandoverState.CANCELLED).select_related("handover")
    return {line.customer_id: line.handover for line in known}


def _open_papers(
    plan: AllocationPlan | None, changes: Sequence[Change], cutoff: date
) -> dict[tuple[int | None, int], Handover]:
    """Papers that nobody has signed, locked: these get more lines."""
    rows = Handover.objects.filter(
        state=HandoverState.OPEN, plan=plan, giver__in={one.giver for one in changes}, taker__in={one.taker for one in changes}
    )  # fmt: skip
    rows = rows.filter(cutoff_on=cutoff) if plan is None else rows
    return {(one.giver_id, one.taker_id): one for one in rows.select_for_update()}


def _first_contacts(
    plan: AllocationPlan | None,
    changes: Sequence[Change],
    days: int,
    papers: dict[int, Handover],
    now: datetime,
) -> list[FirstContact]:
    """One for each change that has none; those of owners before are over."""
    asked = [one.customer for one in changes]
    known = set()
    if plan is not None:
        known = set(
            FirstContact.objects.filter(plan=plan, customer__in=asked).values_list("customer_id", flat=True)
        )
    new = [one for one in changes if one.customer not in known]
    earlier = FirstContact.objects.filter(
        customer__in=[one.customer for one in new], done_on__isnull=True, cancelled_at__isnull=True
    )
    earlier.update(cancelled_at=now, cancel_reason=_("客户已换主办"), updated_at=now)
    due = {day: add_working_days(day, days) for day in {one.begins_on for one in new}}
    return FirstContact.objects.bulk_create(
        [
            FirstContact(
                customer_id=one.customer, manager_id=one.taker, plan=plan, handover=papers.get(one.customer),
                assignment_id=one.assignment, begins_on=one.begins_on, due_on=due[one.begins_on], made_at=now, updated_at=now,
            )
            for one in new
        ],
        batch_size=BATCH,
    )  # fmt: skip


def _cancel(actor: Actor, handovers: QuerySet[Handover], reason: str, now: datetime) -> list[Handover]:
    """Cancels those of the handovers that are not closed; they come with both sides."""
    rows = (
        handovers.filter(state__in=PENDING).select_related("giver", "taker").select_for_update(of=("self",))
    )
    found = list(rows.order_by("pk"))
    states = [(one, "cancel", one.state) for one in found]
    Handover.objects.filter(pk__in=[one.pk for one in found]).update(
        state=HandoverState.CANCELLED, moved_at=now, moved_by=actor.actor_name[:120], updated_at=now
    )
    _note(actor, states, now, HandoverState.CANCELLED, reason)
    return found


def _note(
    actor: Actor, acts: Sequence[tuple[Handover, str, str]], now: datetime, to: str = HandoverState.OPEN, reason: str = ""
) -> None:  # fmt: skip
    HandoverStep.objects.bulk_create(
        [
            HandoverStep(
                handover=one, verb=verb, actor_id=actor.actor_id, actor_name=actor.actor_name[:120], from_state=source,
                to_state=to, reason=reason, at=now,
            )
            for one, verb, source in acts
        ],
        batch_size=BATCH,
    )  # fmt: skip


def _count(handovers: Collection[int], now: datetime) -> None:
    """The number of customers, and of those who stay, kept with each handover; one statement."""
    of_it: Any = HandoverLine.objects.filter(handover=OuterRef("pk")).order_by().values("handover")

    def counted(lines: Any) -> Coalesce:
        return Coalesce(Subquery(lines.annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField())

    Handover.objects.filter(pk__in=list(handovers)).update(
        customers=counted(of_it), stays=counted(of_it.filter(kind=LineKind.STAY)), updated_at=now
    )


def _tell_opened(
    plan: AllocationPlan, changes: Sequence[Change], cutoff: date, days: int, now: datetime
) -> None:
    """One message a person and plan, however many chunks it comes in."""
    takers = {one.taker for one in changes}
    givers = {one.giver for one in changes if one.giver is not None}
    numbers = dict(
        RelationshipManager.objects.filter(pk__in=takers | givers).values_list("pk", "employee_no")
    )
    accounts = accounts_of(list(numbers.values()))

    def told(people: set[int]) -> list[int]:
        return [accounts[numbers[pk]] for pk in sorted(people) if numbers[pk] in accounts]

    words = {
        "number": plan.number,
        "day": cutoff.isoformat(),
        "due": add_working_days(cutoff, days).isoformat(),
    }
    message_send(
        told(givers), kind="handover", key=f"handover:{plan.number}:giving", now=now, url=reverse("handovers_list"),
        title=_("方案 %(number)s：您有客户移交他人，请签移交单") % words, body=_("新主办自 %(day)s 起管户。") % words,
    )  # fmt: skip
    message_send(
        told(takers), kind="handover", key=f"handover:{plan.number}:taking", now=now, url=reverse("first_contacts_list"),
        title=_("方案 %(number)s：有客户分给您，请在 %(due)s 前首次联系") % words,
        body=_("自 %(day)s 起由您管户；有原主办的，移交人签字后请您接交。") % words,
    )  # fmt: skip
