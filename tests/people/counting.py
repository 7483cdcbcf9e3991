"""Numbers of queries against a committed baseline; CMSYS_UPDATE_QUERY_COUNTS=1 writes it anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext

BASELINE = Path(__file__).with_name("query_counts.json")
UPDATE = "CMSYS_UPDATE_QUERY_COUNTS"
PAGE_LIMIT, API_LIMIT = 25, 10
# The desk is many small pages in one: a tile or a list of each room. What waits is one query, each list shown its own.
# A room with both, such as hand-overs, is two more for a head.
DESK_LIMIT = 38


def counted(browser: Any, address: str) -> list[str]:
    """The statements of one request that answers 200, shortened to what tells them apart."""
    with CaptureQueriesContext(connection) as queries:
        answer = browser.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return [_short(query["sql"]) for query in queries.captured_queries]


def _short(sql: str) -> str:
    return re.sub(r"SELECT .{80,}? FROM", "SELECT … FROM", sql)[:300]


def check(name: str, few: list[str], many: list[str], limit: int) -> None:
    """One row and thirty rows cost the same, as much as the baseline says, and no more than the limit."""
    assert len(few) == len(many), _told(f"{name}: {len(few)} queries for 1 row, {len(many)} for 30", many)
    assert len(many) <= limit, _told(f"{name}: {len(many)} queries, allowed are {limit}", many)
    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    if os.environ.get(UPDATE):
        known[name] = len(many)
        BASELINE.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")
        return
    assert known.get(name) == len(many), _told(
        f"{name}: {len(many)} queries, the baseline says {known.get(name)} ({UPDATE}=1 writes it anew)", many
    )


def _told(what: str, statements: list[str]) -> str:
    return "\n".join([what, *(f"{place:3} {sql}" for place, sql in enumerate(statements, start=1))])
