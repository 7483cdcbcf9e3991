"""What makes a case one that must be looked at by itself: each flag is a code with its data, and a sentence.

A case without flags is clear and may be decided together with others. Flags are worked out set-wise for all pending
cases of a cycle: when they are proposed, and again when the reasons of their sheets are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import PENDING, Flag
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.ratings.models import RaterGroup
from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import Scheme
from appraisal.schemes.engine.conditions import leaves
from appraisal.schemes.engine.exact import plain
from appraisal.scoring.filters import previous_cycle
from appraisal.scoring.words import SchemeWords, said, words_of

# A score so close to a limit that the decision hangs on it, and a change so great that it wants an explanation.
NEAR_LIMIT, SWING = Decimal("0.5"), Decimal(20)
SCORES = ("ability", "performance", "total")

FLAGS = """
WITH pending AS MATERIALIZED (
    SELECT d.id, d.manager_id, d.sheet_id, d.kind, d.proposal, d.quadrant, d.ability, d.performance, d.total, d.flags,
        s.grade_code, s.reasons, m.status, p.quadrant AS old_quadrant, p.ability AS old_ability,
        p.performance AS old_performance, p.total AS old_total
    FROM appraisal_grading_gradedecision d
    JOIN appraisal_scoring_scoresheet s ON s.id = d.sheet_id
    JOIN managers_profiles_relationshipmanager m ON m.id = d.manager_id
    LEFT JOIN appraisal_scoring_scoresheet p ON p.cycle_id = %(previous)s AND p.manager_id = d.manager_id
    WHERE d.cycle_id = %(cycle)s AND d.state = ANY(%(states)s)
), scores AS (
    SELECT p.id, p.grade_code, v.name, v.score, v.old FROM pending p CROSS JOIN LATERAL (VALUES
        ('ability', p.ability, p.old_ability), ('performance', p.performance, p.old_performance),
        ('total', p.total, p.old_total)) AS v (name, score, old)
    WHERE v.score IS NOT NULL
), rules AS (
    SELECT p.id, r.rule->'detail' AS detail FROM pending p
    CROSS JOIN LATERAL jsonb_array_elements(p.reasons->'reasons') AS r (rule)
), found AS (
    SELECT id, 10 AS place, jsonb_build_object('code', 'demotion') AS flag FROM pending WHERE kind = 'demotion'
    UNION ALL SELECT id, 20, jsonb_build_object('code', 'veto', 'names', jsonb_agg(detail->'name')) FROM rules
    WHERE detail->>'code' = 'veto' GROUP BY id
    UNION ALL SELECT id, 30, jsonb_build_object('code', 'protected') FROM rules
    WHERE detail->>'code' IN ('no_demotion', 'no_promotion', 'hold', 'grace') GROUP BY id
    UNION ALL SELECT id, 40, jsonb_build_object('code', status) FROM pending WHERE status IN ('on_leave', 'seconded')
    UNION ALL SELECT id, 50, jsonb_build_object('code', 'not_rated') FROM pending WHERE proposal = 'not_rated'
    UNION ALL SELECT id, 60, jsonb_build_object('code', 'jump', 'before', old_quadrant, 'after', quadrant) FROM pending
    WHERE quadrant <> '' AND old_quadrant <> ''
        AND abs(translate(left(quadrant, 1), 'LH', '01')::int - translate(left(old_quadrant, 1), 'LH', '01')::int)
          + abs(translate(right(quadrant, 1), 'LH', '01')::int - translate(right(old_quadrant, 1), 'LH', '01')::int) >= 2
    UNION ALL SELECT id, 70, jsonb_build_object('code', 'swing', 'scores', jsonb_agg(jsonb_build_object(
        'name', name, 'before', trim_scale(old)::text, 'after', trim_scale(score)::text) ORDER BY name)) FROM scores
    WHERE abs(score - old) > %(swing)s GROUP BY id
    UNION ALL SELECT c.id, 80, jsonb_build_object('code', 'near_limit', 'scores', jsonb_agg(DISTINCT jsonb_build_object(
        'name', c.name, 'score', trim_scale(c.score)::text, 'limit', trim_scale(l.value)::text))) FROM scores c
    JOIN unnest(%(names)s::text[], %(limits)s::numeric[], %(grades)s::text[]) AS l (name, value, grade)
        ON l.name = c.name AND l.grade IN ('', c.grade_code)
    WHERE abs(c.score - l.value) <= %(near)s GROUP BY c.id
    UNION ALL SELECT p.id, 90, jsonb_build_object('code', 'missing', 'names', jsonb_agg(l.name ORDER BY l.position))
    FROM pending p JOIN appraisal_scoring_sheetline l ON l.sheet_id = p.sheet_id
    WHERE l.kind = 'indicator' AND l.note ~ '^(missing|target_missing|no_answer)_' GROUP BY p.id
    UNION ALL SELECT p.id, 100, jsonb_build_object('code', 'few_raters', 'groups', jsonb_agg(DISTINCT k.rater_group))
    FROM pending p CROSS JOIN unnest(%(codes)s::text[], %(groups)s::text[], %(least)s::int[]) AS k (code, rater_group, least)
    LEFT JOIN (SELECT manager_id, indicator_code, rater_group, count(*) AS n FROM appraisal_ratings_rating
        WHERE period = %(period)s AND indicator_code = ANY(%(codes)s) GROUP BY 1, 2, 3) r
        ON r.manager_id = p.manager_id AND r.indicator_code = k.code AND r.rater_group = k.rater_group
    WHERE coalesce(r.n, 0) < k.least GROUP BY p.id
    UNION ALL SELECT id, 110, jsonb_build_object('code', 'unexplained') FROM pending
    WHERE reasons IS NULL AND proposal <> 'not_rated'
), gathered AS (
    SELECT p.id, coalesce(jsonb_agg(f.flag ORDER BY f.place) FILTER (WHERE f.flag IS NOT NULL), '[]')
        || coalesce((SELECT jsonb_agg(e.flag ORDER BY e.place) FROM jsonb_array_elements(p.flags) WITH ORDINALITY
            AS e (flag, place) WHERE e.flag->>'code' = ANY(%(kept)s)), '[]') AS flags, p.flags AS old
    FROM pending p LEFT JOIN found f ON f.id = p.id GROUP BY p.id, p.flags
)
UPDATE appraisal_grading_gradedecision d SET flags = g.flags, updated_at = %(now)s
FROM gathered g WHERE d.id = g.id AND g.flags <> g.old"""


def refresh_flags(of: Cycle | GradingRound, now: datetime | None = None) -> int:
    """Works out the flags of every pending case of a cycle (or of its round) anew; how many have changed. Three queries,
    in the transaction of whoever calls it; only cases whose flags differ are written. Those that come from what was done
    with a case (choices.Flag) stay."""
    cycle = of.cycle if isinstance(of, GradingRound) else of
    scheme, previous = loaded(cycle.scheme), previous_cycle(cycle)
    limits, raters = sorted(set(_limits(scheme))), sorted(set(_least_raters(scheme)))
    values: dict[str, Any] = {
        "cycle": cycle.pk, "previous": previous.pk if previous else None, "period": cycle.period,
        "states": [state.value for state in PENDING], "swing": SWING, "near": NEAR_LIMIT, "now": now or timezone.now(),
        "names": [row[0] for row in limits], "limits": [row[1] for row in limits], "grades": [row[2] for row in limits],
        "kept": Flag.values, "codes": [row[0] for row in raters], "groups": [row[1] for row in raters], "least": [row[2] for row in raters],
    }  # fmt: skip
    with connection.cursor() as cursor:
        # Right after a regrading the database knows nothing of the new rows, and would join each case with all others.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(FLAGS, values)
        count = int(cursor.rowcount)
        cursor.execute("SET LOCAL enable_nestloop = on")
    return count


def _limits(scheme: Scheme) -> Iterator[tuple[str, str, str]]:
    """(score, limit, grade it matters to or empty for all): what the rules compare this period's scores with."""
    matrix: Mapping[str, Any] = scheme.sections.get("matrix") or {}
    if matrix.get("by", "absolute") == "absolute":
        for axis in ("ability", "performance"):
            given = matrix.get(axis)
            yield from ((axis, plain(item), "") for item in _numbers(given))
    for rule in scheme.section("promotion"):
        below = [item.code for item in scheme.grades if rule["to"] in item.following]
        for grade in rule.get("from") or below:
            yield from _compared(rule["when"], grade)
    for section, key in (("demotion", "from"), ("keep", "grade")):
        for rule in scheme.section(section):
            yield from _compared(rule["when"], rule[key])
    placement: Mapping[str, Any] = scheme.sections.get("placement") or {}
    for band in placement.get("bands") or ():
        for edge in _numbers((band.get("from"), band.get("to"))):
            yield from ((name, plain(edge), "") for name in _scores(placement.get("value")))
    for standard in placement.get("standards") or ():
        yield from _compared(standard["when"], "")


def _compared(condition: Any, grade: str) -> Iterator[tuple[str, str, str]]:
    for leaf in leaves(condition):
        than = leaf.get("than")
        if isinstance(than, Fraction) and not leaf.get("offset"):
            yield from ((name, plain(than), grade) for name in _scores(leaf.get("value")))


def _scores(value: Any) -> list[str]:
    name = str(value).removeprefix("dimension.")
    return [name] if name in SCORES else []


def _numbers(given: Any) -> list[Fraction]:
    items: Sequence[Any] = given if isinstance(given, tuple) else (given,)
    return [item for item in items if isinstance(item, Fraction)]


def _least_raters(scheme: Scheme) -> Iterator[tuple[str, str, int]]:
    for item in scheme.indicators():
        for group, least in (item.method.get("minimum_raters") or {}).items():
            yield item.reads.partition(".")[2], str(group), int(least)


# --- in words -------------------------------------------------------------------------------------------------------------
def flags_of(decision: GradeDecision) -> list[tuple[str, str]]:
    """(code, sentence) of each flag of a case, the gravest first. Needs the scheme of the cycle; no query where it is
    loaded."""
    words = words_of(decision.cycle.scheme)
    return [(str(flag["code"]), flag_said(words, flag)) for flag in decision.flags]


def flag_said(words: SchemeWords, flag: Mapping[str, Any]) -> str:
    """One flag as a sentence; a code this product does not know is shown as it is."""
    code = str(flag["code"])
    plain_texts = {
        "demotion": _("建议降级，须逐人办理。"),
        "protected": _("处于保护期，规则本应作出的调整没有执行。"),
        "on_leave": _("休假中。"),
        "seconded": _("借调中，本机构的数据可能不完整。"),
        "not_rated": _("本期未评，请核对原因。"),
        "unexplained": _("判定依据正在写入，请稍后再批量办理。"),
    }
    if code in plain_texts:
        return plain_texts[code]
    if code in Flag.values:
        return _("%(what)s。") % {"what": Flag(code).label}
    if code == "veto":
        return _("触发一票否决：%(names)s。") % {"names": "、".join(str(name) for name in flag["names"])}
    if code == "missing":
        return _("缺数据：%(names)s。") % {"names": "、".join(str(name) for name in flag["names"])}
    if code == "few_raters":
        labels = dict(RaterGroup.choices)
        return _("评分人数不足，未计入：%(groups)s。") % {
            "groups": "、".join(str(labels.get(group, group)) for group in flag["groups"])
        }
    if code == "jump":
        return _("矩阵位置由“%(before)s”跳到“%(after)s”。") % {
            "before": words.cell_name(flag["before"]), "after": words.cell_name(flag["after"]),
        }  # fmt: skip
    if code == "swing":
        changed = "、".join(
            _("%(name)s %(before)s → %(after)s") % {
                "name": words.dimension_name(row["name"]), "before": said(row["before"], 2), "after": said(row["after"], 2),
            }
            for row in flag["scores"]
        )  # fmt: skip
        return _("与上期相差超过 %(n)s 分：%(changed)s。") % {"n": said(SWING), "changed": changed}
    if code == "near_limit":
        close = "、".join(
            _("%(name)s %(score)s（界限 %(limit)s）") % {
                "name": words.dimension_name(row["name"]), "score": said(row["score"], 2), "limit": said(row["limit"]),
            }
            for row in flag["scores"]
        )  # fmt: skip
        return _("得分离界限不超过 %(n)s 分：%(close)s。") % {"n": said(NEAR_LIMIT), "close": close}
    return code
