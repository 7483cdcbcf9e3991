"""The cast, the feed as rows, and a sealer that is asked when the test wants it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from cmsys.audit.sealer import Sealer
from cmsys.feed.models import FeedChange
from tests.api.conftest import Caller, _empty_cache, caller
from tests.audit.conftest import another
from tests.cast import Cast, stage

__all__ = ["Caller", "_empty_cache", "another", "caller"]


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody on stage, and what that wrote into the feed taken away again."""
    cast = stage()
    FeedChange.objects.all().delete()
    return cast


@pytest.fixture
def committed_cast(transactional_db: None) -> Cast:
    """The same, for several connections."""
    cast = stage()
    settle()
    return cast


def settle() -> None:
    """Everything committed is settled afterwards."""
    sealer = Sealer()
    for _ in range(3):
        sealer.tick(timezone.now())


def written(*fields: str, **conditions: Any) -> list[Any]:
    """The feed in its order."""
    rows = FeedChange.objects.filter(**conditions).order_by("id")
    return list(rows.values_list(*fields, flat=len(fields) == 1))
