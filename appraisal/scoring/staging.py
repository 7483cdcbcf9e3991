"""The unlogged tables of a regrading: filled by COPY, counted, and emptied. Everything belongs to one job."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from io import StringIO

from django.db import connection

from cmsys.jobs.models import OPEN

SHEET_COLUMNS = (
    "job", "manager", "unit", "grade_code", "ability", "performance", "total", "quadrant", "level", "proposal",
    "proposed_grade", "digest",
)  # fmt: skip
LINE_COLUMNS = (
    "job", "manager", "position", "dimension", "code", "name", "kind", "source", "raw", "target", "score", "weight",
    "stated_weight", "contribution", "note",
)  # fmt: skip
NOTHING = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def escaped(text: str) -> str:
    """A text as COPY reads it."""
    return text.translate(_ESCAPES)


def copy_rows(table: str, columns: Iterable[str], rows: Iterable[str]) -> None:
    """Rows in COPY's text format, each ended by a line feed, into a staging table."""
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY appraisal_scoring_{table} ({', '.join(columns)}) FROM STDIN", StringIO("".join(rows))
        )


def stage_figures(job: int, code: str, figures: Iterable[tuple[int, Decimal]]) -> int:
    """What one source computed; a second try of the same chunk finds nothing of the first. How many there were."""
    rows = [f"{job}\t{code}\t{manager}\t{value:f}\n" for manager, value in figures]
    copy_rows("stagedfigure", ("job", "code", "manager", "value"), rows)
    return len(rows)


def staged_counts(job: int) -> tuple[int, int]:
    """How many sheets and lines of a job are there; a restart of the database after a crash leaves none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM appraisal_scoring_stagedsheet WHERE job = %s),"
            " (SELECT count(*) FROM appraisal_scoring_stagedline WHERE job = %s)",
            [job, job],
        )
        sheets, lines = cursor.fetchone()
        return sheets, lines


def figures_staged(job: int) -> int:
    """How many computed figures of a job are there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM appraisal_scoring_stagedfigure WHERE job = %s", [job])
        return int(cursor.fetchone()[0])


def forget(job: int) -> None:
    """Takes away what a job staged, and what jobs left that are over."""
    with connection.cursor() as cursor:
        for table in ("stagedline", "stagedsheet", "stagedfigure"):
            cursor.execute(
                f"DELETE FROM appraisal_scoring_{table} s WHERE s.job = %s OR NOT EXISTS"  # noqa: S608
                " (SELECT 1 FROM jobs_job j WHERE j.id = s.job AND j.state = ANY(%s))",
                [job, [state.value for state in OPEN]],
            )
