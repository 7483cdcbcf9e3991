"""The demonstration cycle graded and submitted on 2026-03-02, with an account for 赵立群 of 城西 beside the cast."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.org.services.grants import role_grant
from tests.appraisal.world import computing
from tests.cast import PASSWORD, STAGE, Cast
from tests.decisions.world import Proposals, opened
from tests.kernel.conftest import _empty_cache, another, cast, signed_in

__all__ = ["_empty_cache", "another", "cast", "signed_in"]
SUBMITTED = datetime(2026, 3, 2, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_sources() -> Iterator[None]:
    with computing({}):
        yield


@pytest.fixture
def graded_only(cast: Cast, db: None) -> Proposals:
    """Graded, not yet submitted."""
    return opened(cast)


@pytest.fixture
def submitted(graded_only: Proposals) -> Proposals:
    graded_only.submit(now=SUBMITTED)
    return graded_only


@pytest.fixture
def zhao(cast: Cast) -> User:
    """赵立群, M-CX1, with an account."""
    user = user_create(
        actor=STAGE, username="zhao", name="赵立群", employee_no="M-CX1", password=PASSWORD, is_demo=True
    )
    role_grant(
        actor=STAGE, user=user, role=Role.CM, unit=cast.units["CX"], starts_on=date(2020, 1, 1), reason="测试"
    )
    cast.users["zhao"] = user
    return user
