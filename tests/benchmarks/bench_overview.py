"""The overview of grading over many people, and how long the smallest changes of some take.

    python -m tests.benchmarks.bench_overview [people [explained]]

Prints one JSON line per figure: {"name", "n", "median_s"}. The page is asked for by human resources, with two cycles of
`people` cases each, as a browser asks for it; `explain` is the engine alone on the demonstration scheme.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from typing import Any

from tests.benchmarks.bench_import import database

TIMES, SAMPLE = 7, 60
# Ten lines a sheet, one in forty without a figure; six ratings by the superior and, of nine in ten, six by peers.
LINES = """
INSERT INTO appraisal_scoring_sheetline (sheet_id, position, dimension, code, name, kind, source, score, weight, contribution, note)
SELECT s.id, 100 + n, 'performance', 'SALES', '销售额', 'indicator', 'none', 80, 10, 8,
    CASE WHEN (s.id + n) % 40 = 0 THEN 'missing_excluded' ELSE '' END
FROM appraisal_scoring_scoresheet s, generate_series(1, 10) n"""
RATINGS = """
INSERT INTO appraisal_ratings_rating (period, manager_id, rater, rater_group, indicator_code, score, updated_at, comment)
SELECT %s, m.id, 'B' || r || n, CASE r WHEN 1 THEN 'superior' ELSE 'peer' END, CASE n %% 2 WHEN 0 THEN 'COMM' ELSE 'TEAM' END,
    80, now(), ''
FROM managers_profiles_relationshipmanager m, generate_series(1, 2) r, generate_series(1, 6) n WHERE r = 1 OR m.id %% 10 > 0"""


def report(name: str, n: int, seconds: float, **more: Any) -> None:
    print(json.dumps({"name": name, "n": n, "median_s": round(seconds, 4), **more}), flush=True)


def pages(people: int) -> None:
    """The page, its part for htmx, and the desk's tile."""
    from django.db import connection, transaction
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from tests.appraisal.world import demo_world
    from tests.cast import stage
    from tests.overview.world import crowd, decided

    cast = stage()
    with transaction.atomic():
        world = decided(demo_world(cast))
    crowd(world, people - 4)
    with connection.cursor() as cursor:
        cursor.execute(LINES)
        cursor.execute(RATINGS, [world.cycle.period])
        cursor.execute("SET ROLE cmsys_owner")
        cursor.execute("ANALYZE")
        cursor.execute("SET ROLE cmsys_app")
    browser = Client()
    browser.force_login(cast.user("hrh"), backend="django.contrib.auth.backends.ModelBackend")
    for name, address in (
        ("overview", "/overview/"), ("overview.unit", "/overview/?unit=BJ"), ("overview.missing", "/overview/missing/?what=group:peer"),
    ):  # fmt: skip
        browser.get(address)
        taken = []
        for _ in range(TIMES):
            before = time.perf_counter()
            assert browser.get(address).status_code == 200
            taken.append(time.perf_counter() - before)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        slowest = sorted(float(query["time"]) for query in queries)[-3:]
        report(
            name,
            people,
            statistics.median(taken),
            best_s=round(min(taken), 4),
            queries=len(queries),
            slowest=slowest,
        )


def explanations(people: int) -> None:
    """Everybody swept and explained as the job does it, without reading and writing; changes by a sample, scaled up."""
    from appraisal.grading.counterfactuals import Case, Explainer
    from tests.counterfactuals.test_flips import evaluated

    evaluation = evaluated("YS", people, 5)
    explainer = Explainer(evaluation)
    kinds = [evaluation.decision(index)[0] for index in range(people)]
    before = time.perf_counter()
    near = explainer.near_misses([index for index in range(people) if kinds[index] == "hold"])
    swept = time.perf_counter() - before
    report("explain.sweep", kinds.count("hold"), swept, near=len(near))
    asked = [index for index in range(people) if kinds[index] in ("promotion", "demotion")] + near
    sample = asked[:: max(1, len(asked) // SAMPLE)]
    before = time.perf_counter()
    for index in sample:
        explainer.explain(Case(index, kinds[index]), "")
    taken = (time.perf_counter() - before) * len(asked) / len(sample)
    report("explain.changes", len(asked), taken, sample=len(sample))
    report("explain.all", people, swept + taken)


def main(arguments: list[str]) -> None:
    people = int(arguments[0]) if arguments else 20_000
    explained = int(arguments[1]) if len(arguments) > 1 else 200
    with database():
        pages(people)
        explanations(explained)


if __name__ == "__main__":
    main(sys.argv[1:])
