"""Whether the ground has moved: the figures, targets and ratings a sheet was made from, compared with those of now.

A decision keeps a short mark for each of them (`GradeDecision.ground`, e.g. `rating.COMM=1f0a33bc reading.SALES=90e1…`),
so that a change, a row taken back and one put back are all seen, and can be named.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.schemes.adapters import loaded
from appraisal.scoring.needs import needs_of
from appraisal.scoring.runs import REGRADE, RegradeCursor
from cmsys.jobs.documents import load
from cmsys.jobs.models import OPEN, Job
from cmsys.org.models import OrgUnit

# A row that changed while the regrading read stands with a mark that never fits: nobody knows which value was read.
UNSURE = "?"
INPUTS = """
WITH inputs (manager, name, mark, at) AS (
    SELECT manager_id, 'reading.' || indicator_code, md5(trim_scale(value)::text), updated_at
    FROM appraisal_figures_reading
    WHERE period = %(period)s AND indicator_code = ANY(%(readings)s) AND (%(all)s OR manager_id = ANY(%(managers)s))
    UNION ALL
    SELECT manager_id, 'target.' || indicator_code, md5(trim_scale(value)::text), updated_at
    FROM appraisal_figures_target
    WHERE period = %(period)s AND indicator_code = ANY(%(targets)s) AND manager_id IS NOT NULL
        AND (%(all)s OR manager_id = ANY(%(managers)s))
    UNION ALL
    SELECT manager_id, 'rating.' || indicator_code,
        md5(string_agg(rater_group || ' ' || trim_scale(score), ',' ORDER BY rater_group, score)), max(updated_at)
    FROM appraisal_ratings_rating
    WHERE period = %(period)s AND indicator_code = ANY(%(ratings)s) AND (%(all)s OR manager_id = ANY(%(managers)s))
    GROUP BY 1, 2)
SELECT manager, string_agg(name || '=' || CASE WHEN at > %(since)s THEN '?' ELSE left(mark, 8) END, ' ' ORDER BY name)
FROM inputs GROUP BY manager"""
NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def grounds_of(
    cycle: Cycle, managers: Collection[int] | None = None, since: datetime = NEVER
) -> dict[int, str]:
    """The marks by person, of everybody when `managers` is None; whoever has no figures is left out. One query.

    Only codes the scheme reads count. What changed after `since` is UNSURE.
    """
    needs = needs_of(loaded(cycle.scheme))
    values: dict[str, Any] = {
        "period": cycle.period, "readings": sorted(needs.columns | set(needs.facts)),
        "targets": sorted(needs.words.targets), "ratings": sorted(needs.words.ratings), "all": managers is None,
        "managers": list(managers or ()), "since": since,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(INPUTS, values)
        return dict(cursor.fetchall())


def moved_since(before: str, now: str) -> list[str]:
    """The inputs that differ, e.g. ["rating.COMM", "reading.SALES"]."""
    then, since = _marks(before), _marks(now)
    return sorted(name for name in then.keys() | since.keys() if then.get(name) != since.get(name))


def _marks(ground: str) -> dict[str, str]:
    return dict(mark.rsplit("=", 1) for mark in ground.split(" ") if mark)


def names_said(names: Iterable[str], labels: dict[str, str]) -> str:
    """The inputs as people call them: 指标值“净增存款”、评分“沟通能力”."""
    kinds = {"reading": _("指标值"), "target": _("目标"), "rating": _("评分")}
    said = []
    for name in names:
        kind, _dot, code = name.partition(".")
        said.append(f"{kinds.get(kind, kind)}“{labels.get(code, code)}”")
    return "、".join(said)


def labels_of(cycle: Cycle) -> dict[str, str]:
    """Code → name of the scheme's indicators, by their own code and by what they read."""
    found: dict[str, str] = {}
    for item in loaded(cycle.scheme).indicators():
        found[item.reads.partition(".")[2] or item.code] = item.name
        found[item.code] = item.name
    return found


def reading_began(cycle: Cycle, now: datetime) -> tuple[datetime, str]:
    """When the regrading that publishes now began to read, and the path of the unit it writes ("" for everybody).

    Its cursor keeps whole seconds: the moment is exact when it is the job's own start, else the end of that second.
    """
    job = Job.objects.filter(kind=REGRADE, key=str(cycle.pk), state__in=OPEN).first()
    if job is None or job.cursor is None:
        return now, ""
    unit = int(job.args.get("unit") or 0)
    path = (OrgUnit.objects.values_list("path", flat=True).get(pk=unit) or "") if unit else ""
    began = datetime.fromtimestamp(load(RegradeCursor, job.cursor).since, UTC)
    if job.started_at is not None and began <= job.started_at < began + timedelta(seconds=1):
        return job.started_at, path
    return began + timedelta(seconds=1), path
