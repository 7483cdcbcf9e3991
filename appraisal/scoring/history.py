"""Earlier results of the same people under the same scheme, as the engine reads them: one row a period."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from appraisal.cycles.models import Cycle
from appraisal.cycles.selectors import period_of
from appraisal.schemes.engine import Scheme
from appraisal.schemes.engine.exact import NumberError, to_fraction
from appraisal.scoring.needs import ON_THE_SHEET, Needs

Rows = Callable[..., list[tuple[Any, ...]]]
SHEETS = """
SELECT s.manager_id, c.period, trim_scale(s.ability), trim_scale(s.performance), trim_scale(s.total), s.grade_code, s.level,
       s.quadrant
FROM appraisal_scoring_scoresheet s JOIN appraisal_cycles_cycle c ON c.id = s.cycle_id
WHERE c.scheme_code = %s AND c.period = ANY(%s) ORDER BY 1, 2"""
LINES = """
SELECT s.manager_id, c.period, l.dimension, l.code, l.kind, trim_scale(l.raw), trim_scale(l.target), trim_scale(l.score),
       trim_scale(l.contribution)
FROM appraisal_scoring_sheetline l JOIN appraisal_scoring_scoresheet s ON s.id = l.sheet_id
JOIN appraisal_cycles_cycle c ON c.id = s.cycle_id
WHERE c.scheme_code = %s AND c.period = ANY(%s) AND (l.code = ANY(%s) OR l.dimension = ANY(%s)) ORDER BY 1, 2, l.position"""
MEASURES = """
SELECT s.manager_id, c.period, (s.reasons -> 'measures')::text
FROM appraisal_scoring_scoresheet s JOIN appraisal_cycles_cycle c ON c.id = s.cycle_id
WHERE c.scheme_code = %s AND c.period = ANY(%s) AND s.reasons IS NOT NULL ORDER BY 1, 2"""
TABLES = {"score": "scores", "reading": "readings", "target": "targets"}


def history_of(
    cycle: Cycle, scheme: Scheme, needs: Needs, rows: Rows
) -> dict[int, tuple[Mapping[str, Any], ...]]:
    """By manager: the rows of the periods the scheme looks back to. One to three queries through `rows`.

    An earlier sheet counts whatever version of the scheme it was made by; where somebody was not rated, its figures
    are missing, not nothing.
    """
    here = period_of(cycle)
    periods = [str(here.before(back)) for back in range(1, needs.depth + 1)]
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for manager, period, ability, performance, total, grade, level, quadrant in rows(
        SHEETS, cycle.scheme_code, periods
    ):
        found[manager, period] = {
            "period": period, "ability": _number(ability), "performance": _number(performance), "total": _number(total),
            "grade": grade or None, "level": level or None, "quadrant": quadrant or None,
        }  # fmt: skip
    if found:
        _add_lines(found, cycle, scheme, needs, periods, rows)
        _add_measures(found, cycle, needs, periods, rows)
    by_manager: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for (manager, _), row in found.items():
        by_manager[manager].append(row)
    return {manager: tuple(items) for manager, items in by_manager.items()}


def _number(value: Any) -> Fraction | None:
    return None if value is None else Fraction(value)


def _add_lines(
    found: dict[tuple[int, str], dict[str, Any]], cycle: Cycle, scheme: Scheme, needs: Needs, periods: list[str],
    rows: Rows,
) -> None:  # fmt: skip
    """Scores, readings and targets of indicators, and results of dimensions that have no column of their own."""
    dimensions = {item.code for item in scheme.dimensions} & _bare(needs, "dimension") - ON_THE_SHEET
    reads = {item.code: item.reads.partition(".") for item in scheme.indicators()}
    asked = {name.partition(".")[2] or name for name in needs.past}
    codes = sorted(code for code, (_, _, read) in reads.items() if {code, read} & asked)
    if not dimensions and not codes:
        return
    for manager, period, dimension, code, kind, raw, target, score, contribution in rows(
        LINES, cycle.scheme_code, periods, codes, sorted(dimensions)
    ):
        row = found[manager, period]
        if dimension in dimensions and contribution is not None:
            row[dimension] = row.get(dimension, Fraction(0)) + Fraction(contribution)
        if kind != "indicator" or code not in reads:
            continue
        source, _, read = reads[code]
        if score is not None and code in needs.words.scores:
            row.setdefault("scores", {})[code] = Fraction(score)
        if raw is not None and source == "reading" and read in needs.words.readings:
            row.setdefault("readings", {})[read] = Fraction(raw)
        if target is not None and code in needs.words.targets:
            row.setdefault("targets", {})[code] = Fraction(target)


def _add_measures(
    found: dict[tuple[int, str], dict[str, Any]], cycle: Cycle, needs: Needs, periods: list[str], rows: Rows
) -> None:
    """Measures stand in the explanation of a sheet."""
    measures = needs.words.measures & _bare(needs, "measure")
    if not measures:
        return
    for manager, period, stored in rows(MEASURES, cycle.scheme_code, periods):
        row = found[manager, period]
        known = json.loads(stored or "{}")
        for code in sorted(measures & known.keys()):
            value = _measured(known[code])
            if value is not None:
                row.setdefault("measures", {})[code] = row[code] = value


def _measured(value: Any) -> Fraction | None:
    try:
        return None if value is None else to_fraction(value)
    except NumberError:
        return None


def _bare(needs: Needs, kind: str) -> set[str]:
    return {name.removeprefix(f"{kind}.") for name in needs.past}
