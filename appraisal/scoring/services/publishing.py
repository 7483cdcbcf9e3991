"""The results of a regrading become the sheets people see, all of them or none."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.scoring.permissions import REGRADE
from appraisal.scoring.publication import published
from appraisal.scoring.selectors import Tally, result_lines, tally_of
from cmsys.access.actors import Actor, require
from cmsys.access.refusals import refused
from cmsys.audit.ledger import record

OLD_LINES = """
DELETE FROM appraisal_scoring_sheetline l USING appraisal_scoring_scoresheet s, appraisal_scoring_stagedsheet t
WHERE t.job = %(job)s AND s.cycle_id = %(cycle)s AND s.manager_id = t.manager AND l.sheet_id = s.id"""
SHEETS = """
INSERT INTO appraisal_scoring_scoresheet (cycle_id, manager_id, unit_id, grade_code, ability, performance, total, quadrant,
    level, proposal, proposed_grade, digest, reasons, updated_at)
SELECT %(cycle)s, manager, unit, grade_code, ability, performance, total, quadrant, level, proposal, proposed_grade, digest,
    NULL, %(now)s
FROM appraisal_scoring_stagedsheet WHERE job = %(job)s ORDER BY manager
ON CONFLICT (cycle_id, manager_id) DO UPDATE SET unit_id = EXCLUDED.unit_id, grade_code = EXCLUDED.grade_code,
    ability = EXCLUDED.ability, performance = EXCLUDED.performance, total = EXCLUDED.total, quadrant = EXCLUDED.quadrant,
    level = EXCLUDED.level, proposal = EXCLUDED.proposal, proposed_grade = EXCLUDED.proposed_grade,
    digest = EXCLUDED.digest, reasons = NULL, updated_at = EXCLUDED.updated_at"""
LINES = """
INSERT INTO appraisal_scoring_sheetline (sheet_id, position, dimension, code, name, kind, source, raw, target, score, weight,
    stated_weight, contribution, note)
SELECT s.id, t.position, t.dimension, t.code, t.name, t.kind, t.source, t.raw, t.target, t.score, t.weight, t.stated_weight,
    t.contribution, t.note
FROM appraisal_scoring_stagedline t JOIN appraisal_scoring_scoresheet s
    ON s.cycle_id = %(cycle)s AND s.manager_id = t.manager
WHERE t.job = %(job)s"""


@transaction.atomic
def sheets_publish(
    *, actor: Actor, cycle_id: int, job_id: int, tally: Tally, whole: bool, now: datetime
) -> int:
    """Puts the staged sheets of a job in place of the published ones; how many differed. Four statements for any number
    of people, in one transaction, and one event, none of them when nothing differs. Locks the cycle. Rooms that follow
    publications (publication.follow) do their part in the same transaction.

    The cycle keeps fingerprint and counts of what is published then; after a part (`whole` false) they are worked out
    anew from the sheets. Raises MissingFunction, Cycle.DoesNotExist, ValidationError (the cycle is closed).
    """
    require(actor, REGRADE)
    cycle: Cycle = Cycle.objects.select_for_update(of=("self",)).select_related("scheme").get(pk=cycle_id)
    if cycle.state != CycleState.OPEN:
        raise refused("state", "closed", _("考核周期 %(cycle)s 已经结束，不能再定级。") % {"cycle": cycle})
    changed = _replace(cycle_id, job_id, now)
    published(actor, cycle, now)
    if not whole:
        tally = tally_of(result_lines(cycle))
    before = {"result_hash": cycle.result_hash, "scored": cycle.scored, "promotions": cycle.promotions,
              "demotions": cycle.demotions, "holds": cycle.holds}  # fmt: skip
    after = {"result_hash": tally.result_hash, "scored": tally.scored, "promotions": tally.promotion,
             "demotions": tally.demotion, "holds": tally.hold}  # fmt: skip
    if not changed and before == after and (cycle.graded_at is not None or not whole):
        return 0
    for name, value in after.items():
        setattr(cycle, name, value)
    if whole:
        cycle.graded_at = now
    cycle.save(update_fields=[*after, "graded_at", "updated_at"])
    after |= {"changed": changed, "job": job_id}
    record("cycle.grade", cycle, actor=actor, before=before, after=after, now=now)
    return changed


def _replace(cycle_id: int, job_id: int, now: datetime) -> int:
    values: dict[str, int | datetime] = {"job": job_id, "cycle": cycle_id, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(OLD_LINES, values)
        cursor.execute(SHEETS, values)
        sheets: int = cursor.rowcount
        cursor.execute(LINES, values)
    return sheets
