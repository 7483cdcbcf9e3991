"""The demonstration bank."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.demo.bank import people_for, units_for
from managers.profiles.models import GradeRecord, RelationshipManager


def test_same_seed_same_people_and_another_seed_others() -> None:
    units = units_for(60)
    day = date(2026, 3, 2)
    first = list(people_for(60, units, seed=7, today=day))
    assert first == list(people_for(60, units, seed=7, today=day))
    assert first != list(people_for(60, units, seed=8, today=day))


def test_four_levels_of_units() -> None:
    kinds = {unit.kind for unit in units_for(200)}
    assert {"head", "branch", "subbranch", "team"} <= kinds
    # 200 people at 26 a city: eight branches with three sub-branches and six teams each, two departments, one head.
    assert len(units_for(200)) == 3 + 8 * (1 + 3 + 6)


@pytest.mark.django_db
def test_command_fills_an_empty_database_and_refuses_a_second_time(tmp_path: Path) -> None:
    target = tmp_path / "demo.json"
    call_command("demo_data", managers=60, customers=0, accounts_file=target, verbosity=0)
    written = json.loads(target.read_text())
    assert [account["role"] for account in written["accounts"]] == [
        "SYS", "SEC", "AUD", "HRH", "HRB", "CM", "CMD", "DA", "TRN", "LDR", "MGR",
    ]  # fmt: skip
    assert target.stat().st_mode & 0o777 == 0o600
    assert set(written["api"]) == {"client_id", "client_secret", "scopes"}
    assert RelationshipManager.objects.count() == 60
    assert Event.objects.filter(kind="manager.create").count() == 60
    # The grade of today is the grade of the open record, for everybody.
    assert GradeRecord.objects.filter(ends_on=None, grade=F("manager__grade")).count() == 60
    for account in written["accounts"]:
        assert User.objects.get(username=account["username"]).check_password(account["password"])
    with pytest.raises(CommandError, match="空库"):
        call_command("demo_data", managers=60, customers=0, accounts_file=target, verbosity=0)
    assert json.loads(target.read_text()) == written
