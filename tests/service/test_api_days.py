"""Days at the ends of the calendar are answerable questions of the tickets' interface."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kernel.conftest import cast
from tests.permissions.house import clients_of

__all__ = ["cast"]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["to=9999-12-31", "from=9999-12-31", "to=0001-01-01", "from=0001-01-01"])
def test_any_day_is_an_answerable_question(cast: Any, query: str) -> None:
    browser = clients_of(cast, "tickets:read")["client"]
    answer = browser.get(f"/api/v1/tickets/?{query}")
    assert (answer.status_code, answer.json()["results"]) == (200, [])
