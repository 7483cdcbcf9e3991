"""Cases whose figures have changed since are marked before anybody opens them, and unmarked when the change is undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from appraisal.cycles.models import Cycle, CycleState
from appraisal.grading.choices import PENDING
from appraisal.grading.grounds import UNSURE, grounds_of
from appraisal.grading.models import GradeDecision
from appraisal.scoring.permissions import REGRADE
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record


@transaction.atomic
def stale_mark(*, actor: Actor, cycle_id: int, now: datetime) -> int:
    """Makes `stale` of every case of an open cycle that is still being decided say whether its figures are others than
    those it stands on; how many changed. One event for a cycle, none when nothing changed. Four queries.

    Raises MissingFunction, Cycle.DoesNotExist.
    """
    require(actor, REGRADE)
    cycle = Cycle.objects.select_related("scheme").get(pk=cycle_id, state=CycleState.OPEN)
    grounds = grounds_of(cycle)
    wrong = []
    rows = GradeDecision.objects.filter(cycle=cycle, state__in=PENDING).order_by()
    for pk, manager, ground, stale in rows.values_list("pk", "manager_id", "ground", "stale"):
        moved = UNSURE in ground or ground != grounds.get(manager, "")
        if moved != stale:
            wrong.append((pk, moved))
    marked = [pk for pk, moved in wrong if moved]
    fine = [pk for pk, moved in wrong if not moved]
    for ids, moved in ((marked, True), (fine, False)):
        if ids:
            GradeDecision.objects.filter(pk__in=ids, state__in=PENDING).update(stale=moved, updated_at=now)
    if wrong:
        after = {"stale": len(marked), "firm": len(fine)}
        record("round.stale", cycle.round, actor=actor, after=after, now=now)
    return len(wrong)
