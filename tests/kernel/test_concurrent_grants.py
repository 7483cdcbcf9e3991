"""Two connections at once: the constraint on the three administrators holds where no form could see the other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from cmsys.accounts.models import User
from cmsys.org.models import OrgUnit, RoleGrant, UnitKind

INSERT = """INSERT INTO org_rolegrant (user_id, unit_id, role, side, starts_on, reason)
            VALUES (%s, %s, %s, %s, '2026-04-01', '')"""


@pytest.mark.django_db(transaction=True)
def test_of_two_grants_at_the_same_moment_one_wins(another: Callable[[], Any]) -> None:
    """Each connection sees nothing of the other; the second waits, and is refused when the first has committed."""
    user = User.objects.create(username="two", name="两边")
    unit = OrgUnit.objects.create(code="HO", name="总行", kind=UnitKind.HEAD, path="/1/")
    first, second = another(), another()
    with first.cursor() as cursor:
        cursor.execute(INSERT, [user.pk, unit.pk, "SYS", 1])
    refusal: list[str] = []

    def insert_beside() -> None:
        try:
            with second.cursor() as cursor:
                cursor.execute(INSERT, [user.pk, unit.pk, "HRH", 0])
            second.commit()
        except Exception as problem:
            refusal.append(str(problem))
            second.rollback()

    beside = threading.Thread(target=insert_beside)
    beside.start()
    beside.join(0.3)
    assert beside.is_alive(), "it must wait for the first to end"
    first.commit()
    beside.join(10)
    assert "org_grant_separation_of_duty" in refusal[0]
    assert list(RoleGrant.objects.values_list("role", flat=True)) == ["SYS"]
