"""One stage for a module: made once, every request undone by a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from cmsys.inbox import context
from cmsys.inbox.selectors import waiting_count
from tests.permissions.house import House, furnish


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Everything below happens in one transaction that is rolled back with the module; tests are marked django_db, and
    so are savepoints within."""
    logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        made = furnish()
        # Every request is undone, so what waits for somebody is the same on every page: counted once for each person
        # instead of some twenty thousand times (tests/inbox counts it page by page).
        today = timezone.localdate()
        waits = {
            user.pk: waiting_count(made.cast.user(name), today) for name, user in made.cast.users.items()
        }
        patch.setattr(context, "waiting_count", lambda user, day: waits[user.pk])
        yield made
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
