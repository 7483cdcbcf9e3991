"""Cases whose figures have changed since are marked before anybody opens them, and unmarked when the change is undone."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.grading.cases import AFTER_CONFIRM
from appraisal.grading.choices import PENDING
from appraisal.grading.grounds import UNSURE, grounds_of
from appraisal.grading.models import GradeDecision
from appraisal.grading.permissions import DECISION_CONFIRM
from appraisal.scoring.permissions import REGRADE
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from cmsys.inbox.sending import message_send
from cmsys.org.holders import accounts_everywhere


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
    late = 0
    rows = GradeDecision.objects.filter(cycle=cycle, state__in=PENDING).order_by()
    for pk, manager, ground, stale, state in rows.values_list("pk", "manager_id", "ground", "stale", "state"):
        moved = UNSURE in ground or ground != grounds.get(manager, "")
        if moved != stale:
            wrong.append((pk, moved))
            late += moved and state in AFTER_CONFIRM
    marked = [pk for pk, moved in wrong if moved]
    fine = [pk for pk, moved in wrong if not moved]
    for ids, moved in ((marked, True), (fine, False)):
        if ids:
            GradeDecision.objects.filter(pk__in=ids, state__in=PENDING).update(stale=moved, updated_at=now)
    if wrong:
        after = {"stale": len(marked), "firm": len(fine)}
        record("round.stale", cycle.round, actor=actor, after=after, now=now)
    if late:
        _tell(cycle, late, now)
    return len(wrong)


def _tell(cycle: Cycle, count: int, now: datetime) -> None:
    """Human resources: what was confirmed does not take effect on figures that have changed."""
    words = {"cycle": str(cycle), "n": count}
    message_send(
        accounts_everywhere(DECISION_CONFIRM, timezone.localdate(now)), kind="decision", key=f"stale:{cycle.pk}:{now.isoformat()}",
        title=_("%(cycle)s 有 %(n)d 项已审定的等级变更数据有变动") % words, now=now,
        body=_("这些事项暂不生效。请重新定级：结果不变的继续，结果有变化的退回重新办理。"),
        url=f"{reverse('grade_decisions_list')}?cycle={cycle.pk}",
    )  # fmt: skip
