"""The cast and its decisions, the feed as rows, and a sealer that is asked when the test wants it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Max
from django.utils import timezone

from cmsys.audit.models import Settled, settled_to
from cmsys.audit.sealer import Sealer
from cmsys.feed.models import FeedChange
from tests.api.conftest import Caller, _empty_cache, caller
from tests.appraisal.world import computing
from tests.audit.conftest import another
from tests.cast import Cast, stage
from tests.decisions.world import Proposals, opened

__all__ = ["Caller", "_empty_cache", "another", "caller"]


@pytest.fixture
def cast(db: None) -> Cast:
    """Everybody on stage, and what that wrote into the feed taken away again."""
    cast = stage()
    FeedChange.objects.all().delete()
    return cast


@pytest.fixture
def no_sources() -> Iterator[None]:
    with computing({}):
        yield


@pytest.fixture
def submitted(cast: Cast, no_sources: None) -> Proposals:
    """The demonstration cycle before the reviewers, the feed empty."""
    found = opened(cast)
    found.submit()
    FeedChange.objects.all().delete()
    return found


def settle() -> None:
    """Everything committed is settled afterwards."""
    sealer = Sealer()
    for _ in range(3):
        sealer.tick(timezone.now())


def settle_here() -> int:
    """The same inside a test's own transaction, which no sealer would settle."""
    last: int = max(FeedChange.objects.aggregate(last=Max("id"))["last"] or 1, settled_to())
    Settled.objects.update_or_create(id=1, defaults={"event_id": last})
    return last


def written(*fields: str, **conditions: Any) -> list[Any]:
    """The feed in its order."""
    rows = FeedChange.objects.filter(**conditions).order_by("id")
    return list(rows.values_list(*fields, flat=len(fields) == 1))


def position(caller: Caller) -> int:
    """Where the client stands now."""
    answer = caller.get("/api/v1/changes/")
    assert answer.status_code == 200, answer.content
    return int(answer.json()["next_after"])


def told(caller: Caller, after: int) -> list[tuple[str, str, str]]:
    """(resource, id, op) of everything above `after` that is settled."""
    settle_here()
    found: list[tuple[str, str, str]] = []
    while True:
        answer = caller.get(f"/api/v1/changes/?after={after}&limit=1000")
        assert answer.status_code == 200, answer.content
        page = answer.json()
        found += [(one["resource"], one["id"], one["op"]) for one in page["results"]]
        after = page["next_after"]
        if not page["more"]:
            return found
