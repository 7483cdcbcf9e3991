"""One stage for a module: made once, every request undone by a savepoint."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import transaction

from cmsys.inbox import selectors
from tests.permissions.house import House, furnish


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: Any) -> Iterator[House]:
    """Everything below happens in one transaction that is rolled back with the module; tests are marked django_db, and
    so are savepoints within."""
    logging.disable(logging.CRITICAL)  # thousands of refusals, each with its traceback
    with django_db_blocker.unblock(), transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        made = furnish()
        # Every request is undone, so what waits for somebody is the same on every page: asked once for each person
        # instead of some ten thousand times (tests/inbox asks page by page).
        ask, answers = selectors._at_hand, {}

        def remembered(actor: Any, today: date) -> Any:
            if (actor.pk, today) not in answers:
                answers[actor.pk, today] = ask(actor, today)
            return answers[actor.pk, today]

        patch.setattr(selectors, "_at_hand", remembered)
        yield made
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
