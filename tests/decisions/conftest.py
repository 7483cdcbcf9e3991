"""The demonstration cycle graded once for a module, and submitted for a test; what a test does is undone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.appraisal.world import computing
from tests.cast import Cast
from tests.decisions.world import Case, Proposals, opened
from tests.kernel.conftest import _empty_cache, another, cast, signed_in

__all__ = ["_empty_cache", "another", "cast", "signed_in"]


@pytest.fixture(autouse=True)
def no_sources() -> Iterator[None]:
    with computing({}):
        yield


@pytest.fixture(scope="module")
def proposals(cast: Cast, django_db_blocker: Any) -> Proposals:
    """Graded, not yet submitted. Tests that use it are marked django_db."""
    with django_db_blocker.unblock(), computing({}):
        return opened(cast)


@pytest.fixture
def submitted(proposals: Proposals, db: None) -> Proposals:
    """Before the reviewers since 2026-03-02."""
    proposals.submit()
    return proposals


@pytest.fixture
def case(submitted: Proposals) -> Case:
    """陈思远 of 城东, whose supervisor is 李敏: proposed to stay MIDDLE."""
    return submitted.case("M-CD1")
