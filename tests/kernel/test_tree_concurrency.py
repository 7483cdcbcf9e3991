"""The tree keeps its shape when several people change it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_create, unit_move
from tests.cast import STAGE, stage

LATER = date(2026, 4, 1)
pytestmark = pytest.mark.django_db(transaction=True)


def beside(work: Callable[[], Any]) -> tuple[threading.Thread, list[BaseException]]:
    """Runs the work in a thread with a connection of its own; what it raised stands in the list."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, raised


def test_two_moves_at_once_cannot_put_two_branches_below_each_other() -> None:
    """BJ below PD (of SH) and SH below CD (of BJ) share no row, and together would make a circle without a root."""
    units = stage().units
    with transaction.atomic():
        unit_move(
            actor=STAGE,
            unit_id=units["BJ"].pk,
            parent_id=units["PD"].pk,
            on=LATER,
            today=LATER,
            reason="并行",
        )
        other, raised = beside(
            lambda: unit_move(
                actor=STAGE,
                unit_id=units["SH"].pk,
                parent_id=units["CD"].pk,
                on=LATER,
                today=LATER,
                reason="并行",
            )
        )
        other.join(timeout=0.5)
        assert other.is_alive(), "the second move must wait for the first"
    other.join(timeout=10)
    assert [type(error) for error in raised] == [ValidationError]
    ids = {code: OrgUnit.objects.get(code=code) for code in units}
    pk = {code: unit.pk for code, unit in ids.items()}
    assert ids["CD"].path == f"/{pk['HO']}/{pk['SH']}/{pk['PD']}/{pk['BJ']}/{pk['CD']}/"
    assert ids["SH"].path == f"/{pk['HO']}/{pk['SH']}/"


def test_a_unit_opened_beside_a_move_of_its_parent_gets_the_new_path() -> None:
    units = stage().units
    with transaction.atomic():
        unit_move(
            actor=STAGE,
            unit_id=units["BJ"].pk,
            parent_id=units["SH"].pk,
            on=LATER,
            today=LATER,
            reason="并行",
        )
        other, raised = beside(
            lambda: unit_create(
                actor=STAGE, today=LATER, code="CD-T1", name="一团队", kind="team", parent=units["CD"]
            )
        )
        other.join(timeout=0.5)
        assert other.is_alive(), "the opening must wait for the move"
    other.join(timeout=10)
    assert raised == []
    team = OrgUnit.objects.get(code="CD-T1")
    pk = {code: unit.pk for code, unit in units.items()}
    assert team.path == f"/{pk['HO']}/{pk['SH']}/{pk['BJ']}/{pk['CD']}/{team.pk}/"


def test_a_lock_held_too_long_is_a_page_that_says_so(client: Any) -> None:
    cast = stage()
    client.force_login(cast.user("hrh"), backend="django.contrib.auth.backends.ModelBackend")
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            OrgUnit.objects.select_for_update().get(code="CD")
            holding.set()
            release.wait(timeout=20)

    other, raised = beside(hold)
    try:
        assert holding.wait(timeout=10)
        unit = OrgUnit.objects.get(code="CD")
        body = {"name": "城东支行营业部", "kind": "subbranch", "version": unit.updated_at.isoformat()}
        answer = client.post("/org-units/CD/edit/", body)
    finally:
        release.set()
        other.join(timeout=10)
    assert raised == []
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "别人正在修改同一处数据，这次没有保存。请稍候再试。" in answer.content.decode()
    assert OrgUnit.objects.get(code="CD").name == "城东支行"
