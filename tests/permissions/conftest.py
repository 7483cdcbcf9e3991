"""One stage for a module: made once, every request undone by a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction

from tests.permissions.house import House, furnish


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Everything below happens in one transaction that is rolled back with the module; tests are marked django_db, and
    so are savepoints within."""
    logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback
    with django_db_blocker.unblock(), transaction.atomic():
        yield furnish()
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
