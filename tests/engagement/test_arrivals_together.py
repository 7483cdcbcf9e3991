"""Two imports of dealings at once: one waits for the other, and sums, stamps and beginnings are those of both."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from django.db import connection

from customers.engagement.models import Transaction
from tests.cast import stage
from tests.engagement.arrivals import TX, beginnings, bring, counted, expected_beginnings, furnish, sums

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_files_with_the_same_numbers_at_once() -> None:
    furnish(stage())
    files = [
        [TX, *(f"T{k},C{1 + k % 3},,2025-06-{1 + k % 28:02d},,{k + more},1" for k in order)]
        for order, more in ((range(60), 0), (range(90, 30, -1), 1000))
    ]
    came: list[tuple[int, int, int, int]] = []
    gate = threading.Barrier(len(files))

    def work(lines: list[str]) -> None:
        try:
            gate.wait(20)
            report = bring("transactions", lines).report
            came.append((report.created, report.updated, report.unchanged, report.error_count))
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(lines,)) for lines in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    # Numbers 31 to 59 stand in both: whoever came second found them there.
    assert sorted(came) in ([(31, 29, 0, 0), (60, 0, 0, 0)],)
    assert Transaction.objects.count() == 91
    assert sums() == counted()
    assert beginnings() == expected_beginnings()
    assert beginnings()["C1"][0] == date(2025, 6, 1)
