"""The hard rules of 2.1: three administrators apart, no grant to oneself, dates to the day, pairs that never mix."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from cmsys.access.actors import MissingFunction, SystemActor, load_access, may
from cmsys.access.roles import Role, side_of
from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.org.grants import access_of
from cmsys.org.models import BusinessLine, OrgUnit, RoleGrant
from cmsys.org.permissions import UNIT_VIEW
from cmsys.org.services.grants import role_grant, role_revoke
from cmsys.org.services.units import unit_move
from managers.profiles.models import RelationshipManager
from managers.profiles.permissions import MANAGER_EDIT
from managers.profiles.services.managers import manager_update
from tests.cast import STAGE, Cast

FIRST, LAST, END = date(2026, 4, 1), date(2026, 6, 30), date(2026, 7, 1)
ADMINISTRATORS = (Role.SYS, Role.SEC, Role.AUD)


def give(cast: Cast, who: str, role: Role, unit: str = "HO", **values: Any) -> RoleGrant:
    values = {"starts_on": FIRST, "reason": "测试"} | values
    return role_grant(actor=STAGE, user=cast.users[who], role=role, unit=cast.units[unit], **values)


def seen(cast: Cast, who: str) -> list[str]:
    found = RelationshipManager.objects.visible_to(cast.user(who), "list")
    return sorted(found.values_list("employee_no", flat=True))


def on_the_day(monkeypatch: pytest.MonkeyPatch, day: date) -> None:
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *args: day)


# --- separation of duty -------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize("held", ADMINISTRATORS)
@pytest.mark.parametrize("wanted", list(Role))
def test_an_administrator_takes_no_second_side(cast: Cast, held: Role, wanted: Role) -> None:
    give(cast, "nobody", held)
    if wanted is held:
        give(cast, "nobody", wanted, unit="BJ")
        return
    with pytest.raises(ValidationError, match="系统、安全、审计三员与业务角色不得由同一人同时担任"):
        give(cast, "nobody", wanted, starts_on=date(2027, 1, 1))
    assert RoleGrant.objects.filter(user=cast.users["nobody"]).count() == 1


@pytest.mark.django_db
def test_business_roles_go_together_and_a_role_after_another_is_no_mixture(cast: Cast) -> None:
    give(cast, "nobody", Role.HRB, "BJ", ends_on=END)
    give(cast, "nobody", Role.MGR, "CD", ends_on=END)
    give(cast, "nobody", Role.SYS, starts_on=END)
    with pytest.raises(ValidationError):
        give(cast, "nobody", Role.TRN, starts_on=LAST)


@pytest.mark.django_db
def test_the_database_refuses_the_mixture_by_itself(cast: Cast) -> None:
    user, unit = cast.users["nobody"], cast.units["HO"]
    RoleGrant.objects.create(user=user, unit=unit, role=Role.AUD, side=side_of(Role.AUD), starts_on=FIRST)
    with pytest.raises(IntegrityError, match="org_grant_separation_of_duty"), transaction.atomic():
        RoleGrant.objects.create(user=user, unit=unit, role=Role.HRH, side=side_of(Role.HRH), starts_on=LAST)


@pytest.mark.django_db
def test_nobody_grants_or_revokes_himself(cast: Cast) -> None:
    sec = cast.user("sec")
    before = Event.objects.count()
    with pytest.raises(ValidationError, match="不能给自己授权"):
        role_grant(
            actor=sec,
            user=cast.users["sec"],
            role=Role.SEC,
            unit=cast.units["BJ"],
            starts_on=FIRST,
            reason="x",
        )
    own = RoleGrant.objects.get(user=sec)
    with pytest.raises(ValidationError, match="不能收回自己的角色"):
        role_revoke(actor=sec, grant_id=own.pk, on=FIRST, reason="x")
    assert RoleGrant.objects.get(user=sec) == own
    assert Event.objects.count() == before


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["sys", "aud", "hrh", "mgr", "nobody"])
def test_only_the_security_administrator_grants(cast: Cast, who: str) -> None:
    with pytest.raises(MissingFunction, match="授予与收回角色"):
        role_grant(
            actor=cast.user(who),
            user=cast.users["cm"],
            role=Role.MGR,
            unit=cast.units["CD"],
            starts_on=FIRST,
            reason="x",
        )
    assert RoleGrant.objects.filter(user=cast.users["cm"]).count() == 1


# --- dates --------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "held"),
    [
        (date(2026, 3, 31), False),
        (FIRST, True),
        (LAST, True),
        (END, False),
    ],
)
def test_a_grant_counts_from_its_first_day_to_the_day_before_its_end(
    cast: Cast, day: date, held: bool
) -> None:
    give(cast, "nobody", Role.MGR, "CD", ends_on=END)
    access = access_of(cast.user("nobody"), on=day)
    assert [pair.role for pair in access.pairs] == ([Role.MGR] if held else [])
    assert bool(access.reaches(UNIT_VIEW)) is held


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("day", "people"),
    [
        (date(2026, 6, 30), ["M-CD1", "M-CD2"]),
        (date(2026, 7, 1), ["M-CX1"]),
    ],
)
def test_a_supervisor_who_moves_loses_the_old_unit_on_the_day(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, day: date, people: list[str]
) -> None:
    grant = RoleGrant.objects.get(user=cast.users["mgr"])
    role_revoke(actor=STAGE, grant_id=grant.pk, on=END, reason="调任")
    give(cast, "mgr", Role.MGR, "CX", starts_on=END)
    on_the_day(monkeypatch, day)
    assert seen(cast, "mgr") == people


@pytest.mark.django_db
def test_a_person_who_moves_is_out_of_the_old_branch_at_once(cast: Cast) -> None:
    manager_update(actor=STAGE, manager_id=cast.managers["M-CD2"].pk, values={"unit": cast.units["PD"]})
    assert seen(cast, "mgr") == ["M-CD1"]
    assert seen(cast, "hrb") == ["M-CD1", "M-CX1"]


@pytest.mark.django_db
def test_a_unit_that_moves_takes_its_people_along(cast: Cast) -> None:
    unit_move(
        actor=STAGE,
        unit_id=cast.units["CX"].pk,
        parent_id=cast.units["SH"].pk,
        on=FIRST,
        today=FIRST,
        reason="划转",
    )
    assert seen(cast, "hrb") == ["M-CD1", "M-CD2"]


# --- pairs of role and unit -----------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_a_supervisor_who_is_a_manager_elsewhere_sees_his_people_and_himself(cast: Cast) -> None:
    """李敏 heads 城东 and works herself as M-PD1 in 浦东: nobody else of 浦东 comes into sight."""
    User.objects.filter(username="mgr").update(employee_no="M-PD1")
    give(cast, "mgr", Role.CM, "PD", starts_on=date(2020, 1, 1))
    RelationshipManager.objects.filter(employee_no="M-CX1").update(unit=cast.units["PD"])
    visible = RelationshipManager.objects.visible_to(cast.user("mgr"))
    assert sorted(visible.values_list("employee_no", flat=True)) == ["M-CD1", "M-CD2", "M-PD1"]
    assert seen(cast, "mgr") == ["M-CD1", "M-CD2"]


@pytest.mark.django_db
def test_two_units_are_two_subtrees_and_nothing_between(cast: Cast) -> None:
    give(cast, "mgr", Role.HRB, "SH", starts_on=date(2020, 1, 1))
    user = cast.user("mgr")
    assert seen(cast, "mgr") == ["M-CD1", "M-CD2", "M-PD1"]
    editable = RelationshipManager.objects.visible_to(user, "edit")
    assert list(editable.values_list("employee_no", flat=True)) == ["M-PD1"]
    units = OrgUnit.objects.visible_to(user)
    assert sorted(units.values_list("code", flat=True)) == ["CD", "PD", "SH"]


@pytest.mark.django_db
def test_a_grant_limited_to_a_line_sees_that_line_only(cast: Cast) -> None:
    retail = BusinessLine.objects.create(code="RETAIL", name="零售业务")
    RelationshipManager.objects.filter(employee_no__in=["M-CD2", "M-PD1"]).update(line=retail)
    RelationshipManager.objects.filter(employee_no="M-CX1").update(line=None)
    give(cast, "nobody", Role.HRB, "BJ", line=retail, starts_on=date(2020, 1, 1))
    assert seen(cast, "nobody") == ["M-CD2"]


@pytest.mark.django_db
@pytest.mark.parametrize("values", [{"line": None}, {"line": "CORP"}])
def test_a_grant_limited_to_a_line_writes_nothing_beyond_it(cast: Cast, values: dict[str, Any]) -> None:
    """Neither by entering somebody of another line nor by handing somebody over to it."""
    retail = BusinessLine.objects.create(code="RETAIL", name="零售业务")
    RelationshipManager.objects.filter(employee_no="M-CD2").update(line=retail)
    give(cast, "nobody", Role.HRB, "BJ", line=retail, starts_on=date(2020, 1, 1))
    line = cast.line if values["line"] == "CORP" else None
    with pytest.raises(ValidationError) as refusal:
        manager_update(actor=cast.user("nobody"), manager_id=cast.managers["M-CD2"].pk, values={"line": line})
    assert refusal.value.message_dict == {"line": ["条线不在您的管理范围内。"]}
    assert RelationshipManager.objects.get(employee_no="M-CD2").line == retail


@pytest.mark.django_db
def test_a_unit_without_a_place_in_the_tree_reaches_nothing(cast: Cast) -> None:
    OrgUnit.objects.filter(code="CD").update(path=None)
    assert seen(cast, "mgr") == []
    assert not OrgUnit.objects.visible_to(cast.user("mgr")).exists()


@pytest.mark.django_db
def test_a_disabled_account_may_do_nothing(cast: Cast) -> None:
    User.objects.filter(username="hrh").update(is_active=False)
    assert access_of(cast.user("hrh")).pairs == ()
    assert not may(cast.user("hrh"), MANAGER_EDIT)


@pytest.mark.django_db
def test_the_system_reaches_everything_and_has_no_number() -> None:
    system = SystemActor("system:tests")
    assert may(system, MANAGER_EDIT)
    assert (system.actor_id, system.actor_name) == (None, "system:tests")


@pytest.mark.django_db
def test_access_costs_one_query(cast: Cast, django_assert_num_queries: Any) -> None:
    user = cast.user("hrb")
    with django_assert_num_queries(1):
        assert load_access(user).reaches(UNIT_VIEW)
    with django_assert_num_queries(1):
        assert may(user, UNIT_VIEW)
        assert may(user, MANAGER_EDIT)
