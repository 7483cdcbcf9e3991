"""`check --deploy --database default`: demonstration accounts are found, and not being able to look is no pass."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import OperationalError, connection

from cmsys.access.actors import SystemActor
from cmsys.accounts.services.users import user_create
from cmsys.demo.checks import no_demonstration_accounts

pytestmark = pytest.mark.django_db


def found() -> list[str | None]:
    return [problem.id for problem in no_demonstration_accounts(databases=["default"])]


def test_one_demonstration_account_is_one_too_many() -> None:
    actor = SystemActor("system:test")
    user_create(actor=actor, username="real", name="张三", password="Aa1!aaaaaaaaaaaa")
    assert found() == []
    user_create(actor=actor, username="demo", name="李四", password="Aa1!aaaaaaaaaaaa", is_demo=True)
    assert found() == ["cmsys.E001"]
    assert no_demonstration_accounts(databases=None) == []


def test_a_login_that_may_not_look_fails_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any) -> None:
        raise OperationalError('permission denied to set role "cmsys_app"')

    monkeypatch.setattr(connection.introspection, "table_names", refused)
    assert found() == ["cmsys.E002"]
