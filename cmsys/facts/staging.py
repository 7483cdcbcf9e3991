"""A file into a temporary table: unlogged, seen by this transaction only, gone with it."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connection

from cmsys.facts.engine.flow import blocks, staged_columns
from cmsys.facts.sql import READY, STAGED, TWICE, fetch, run
from cmsys.transfers.engine.columns import Column, Type
from cmsys.transfers.engine.rows import Reading, Row
from cmsys.transfers.report import KEPT_FINDINGS

PIECE = 256 * 1024
_TYPES = {
    Type.DECIMAL: "numeric",
    Type.INTEGER: "bigint",
    Type.DATE: "date",
    Type.DATETIME: "timestamp",
}


def clear() -> None:
    """Temporary tables of an earlier import in the same transaction go."""
    run(f"DROP TABLE IF EXISTS {STAGED}, {TWICE}, {READY}")


def stage(reading: Reading) -> Feed:
    """Copies every row of a reading into the staging table; the answer knows the refused ones (up to KEPT_FINDINGS).

    Of a refused row only line and key are staged. Memory: a block of lines. Raises FileRefused.
    """
    columns = staged_columns(reading)
    clear()
    defined = "".join(f", {_quoted(column)} {_TYPES.get(column.type, 'text')}" for column in columns)
    run(f"CREATE TEMPORARY TABLE facts_staged (line integer, bad boolean{defined}) ON COMMIT DROP")
    feed = Feed(reading)
    names = ", ".join(["line", "bad", *(_quoted(column) for column in columns)])
    with connection.cursor() as cursor:
        try:
            cursor.copy_expert(f"COPY {STAGED} ({names}) FROM STDIN", feed, PIECE)
        except Exception:
            # The driver reports that reading failed, not why.
            if feed.failure is not None:
                raise feed.failure
            raise
    run(f"ANALYZE {STAGED}")
    return feed


def find_twice(key: Column) -> bool:
    """Notes the lines whose key an earlier line bears already; whether there are any. Two statements."""
    name = _quoted(key)
    run(
        "CREATE TEMPORARY TABLE facts_twice ON COMMIT DROP AS SELECT s.line, k.first"
        f" FROM (SELECT {name} AS key, min(line) AS first FROM {STAGED} WHERE {name} IS NOT NULL"
        f" GROUP BY {name} HAVING count(*) > 1) k JOIN {STAGED} s ON s.{name} = k.key WHERE s.line > k.first"
    )
    return bool(fetch(f"SELECT EXISTS (SELECT FROM {TWICE})")[0][0])


def drop_twice() -> set[int]:
    """Takes the lines that repeat a key out again; which they were."""
    run(f"DELETE FROM {STAGED} s USING {TWICE} t WHERE s.line = t.line")
    return {line for (line,) in fetch(f"SELECT line FROM {TWICE}")}


def _quoted(column: Column) -> str:
    return connection.ops.quote_name(column.code)


class Feed:
    """What COPY reads from: blocks of text, one after the other; and what was found to be wrong meanwhile."""

    def __init__(self, reading: Reading) -> None:
        self.refused: list[Row] = []
        self.problems = 0
        self.failure: Exception | None = None
        self._texts = self._produced(reading)
        self._rest = b""
        self._at = 0

    def _produced(self, reading: Reading) -> Iterator[bytes]:
        for block in blocks(reading):
            room = KEPT_FINDINGS - len(self.refused)
            self.refused += block.refused[: max(room, 0)]
            self.problems += sum(len(row.problems) for row in block.refused)
            if block.text:
                yield block.text.encode()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; empty at the end."""
        if self._at >= len(self._rest):
            try:
                self._rest, self._at = next(self._texts, b""), 0
            except Exception as failure:
                self.failure = failure
                raise
        taken = self._rest[self._at : self._at + size]
        self._at += size
        return taken
