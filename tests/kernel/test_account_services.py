"""Accounts and grants: made, disabled, given and taken back, each with its event and never a password in it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import (
    end_sessions,
    password_change,
    password_reset,
    random_password,
    user_create,
    user_set_active,
)
from cmsys.org.models import RoleGrant
from cmsys.org.services.grants import role_grant, role_revoke
from tests.cast import PASSWORD, Cast
from tests.kernel.ledger import events, nothing_written, refused_without, said

pytestmark = pytest.mark.django_db

SYS, SEC = "孙系统（sys）", "钱安全（sec）"
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOBODY = 999_999_999
NEW = "Anders-nu-2026!"


def create(cast: Cast, who: str = "sys", **values: Any) -> User:
    given: dict[str, Any] = {"username": "zhangwei", "name": "张伟", "employee_no": "E100", "password": NEW}
    return user_create(actor=cast.user(who), **given | values)


def give(cast: Cast, who: str = "sec", **values: Any) -> RoleGrant:
    given: dict[str, Any] = {
        "user": cast.users["nobody"], "role": Role.MGR, "unit": cast.units["CX"], "starts_on": APRIL, "reason": "任命",
    }  # fmt: skip
    return role_grant(actor=cast.user(who), **given | values)


def has_session(user: User) -> bool:
    browser = Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return Session.objects.filter(session_key=browser.cookies["sessionid"].value).exists()


# --- accounts -----------------------------------------------------------------------------------------------------------
def test_opening_an_account(cast: Cast) -> None:
    with events() as written:
        user = create(cast)
    assert (user.name_pinyin, user.must_change_password, user.is_active, user.is_demo) == (
        "zhang wei",
        True,
        True,
        False,
    )
    assert user.check_password(NEW)
    assert [said(event) for event in written] == [
        {
            "kind": "user.create", "who": SYS, "object": "张伟（zhangwei）", "before": {}, "reason": "",
            "after": {"username": "zhangwei", "name": "张伟", "employee_no": "E100"},
        }
    ]  # fmt: skip


def test_a_demonstration_account_keeps_its_password(cast: Cast) -> None:
    assert create(cast, is_demo=True).must_change_password is False


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"username": "mgr"}, "__all__"),
        ({"username": "MGR"}, "__all__"),
        ({"employee_no": "M-CD1"}, "employee_no"),
        ({"username": ""}, "username"),
        ({"name": ""}, "name"),
        ({"name": "张" * 101}, "name"),
        ({"username": "x" * 61}, "username"),
    ],
)
def test_what_an_account_cannot_be(cast: Cast, values: dict[str, Any], field: str) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        create(cast, **values)
    assert list(refusal.value.message_dict) == [field]


def test_two_accounts_without_a_number_are_two_accounts(cast: Cast) -> None:
    assert create(cast, employee_no="").employee_no is None
    assert create(cast, employee_no="", username="second").employee_no is None


def test_disabling_ends_the_sessions_and_happens_once(cast: Cast) -> None:
    user = cast.users["hrb"]
    assert has_session(user)
    assert has_session(cast.users["mgr"])
    with events() as written:
        user_set_active(actor=cast.user("sys"), user_id=user.pk, active=False, reason="离职")
    assert [said(event) for event in written] == [
        {
            "kind": "user.disable", "who": SYS, "object": "冯分行（hrb）", "reason": "离职",
            "before": {"is_active": True}, "after": {"is_active": False},
        }
    ]  # fmt: skip
    assert [session.get_decoded()["_auth_user_id"] for session in Session.objects.all()] == [
        str(cast.users["mgr"].pk)
    ]
    with nothing_written():
        user_set_active(actor=cast.user("sys"), user_id=user.pk, active=False, reason="再来一次")
    with events() as written:
        user_set_active(actor=cast.user("sys"), user_id=user.pk, active=True, reason="返聘")
    assert [(event.kind, event.before, event.after) for event in written] == [
        ("user.enable", {"is_active": False}, {"is_active": True})
    ]


def test_a_reset_password_is_new_shown_once_and_not_in_the_ledger(cast: Cast) -> None:
    user = cast.users["hrb"]
    assert has_session(user)
    with events() as written:
        changed, password = password_reset(actor=cast.user("sys"), user_id=user.pk, reason="忘记密码")
    assert changed.must_change_password
    assert changed.check_password(password)
    assert not changed.check_password(PASSWORD)
    assert Session.objects.count() == 0
    assert [said(event) for event in written] == [
        {
            "kind": "user.password_reset",
            "who": SYS,
            "object": "冯分行（hrb）",
            "before": {},
            "after": {},
            "reason": "忘记密码",
        }
    ]
    assert password not in str(written[0].__dict__)


def test_ones_own_password(cast: Cast) -> None:
    user = cast.user("hrb")
    User.objects.filter(pk=user.pk).update(must_change_password=True)
    with events() as written:
        password_change(user=user, password=NEW, now=NOW)
    stored = cast.user("hrb")
    assert stored.check_password(NEW)
    assert (stored.must_change_password, stored.password_changed_at) == (False, NOW)
    assert [(said(event)["kind"], event.at) for event in written] == [("user.password_change", NOW)]
    with nothing_written(), pytest.raises(ValidationError, match="密码至少需要 12 位。"):
        password_change(user=user, password="Short-1", now=NOW)
    with nothing_written(), pytest.raises(ValidationError, match="新密码不能与当前密码相同。"):
        password_change(user=user, password=NEW, now=NOW)


def test_random_passwords_satisfy_the_rules_and_differ() -> None:
    from django.contrib.auth.password_validation import validate_password

    made = {random_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert len(password) == 16
        validate_password(password, User(username="zhangwei", name="张伟"))


def test_ending_sessions_counts_them(cast: Cast) -> None:
    assert has_session(cast.users["hrb"])
    assert has_session(cast.users["hrb"])
    assert end_sessions(cast.users["hrb"]) == 2
    assert end_sessions(cast.users["hrb"]) == 0


@pytest.mark.parametrize("who", ["sec", "aud", "hrh", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_accounts_are_the_system_administrators(cast: Cast, who: str) -> None:
    actor, user = cast.user(who), cast.users["cm"].pk
    with refused_without("维护账号"):
        create(cast, who)
    with refused_without("维护账号"):
        user_set_active(actor=actor, user_id=user, active=False, reason="x")
    with refused_without("维护账号"):
        password_reset(actor=actor, user_id=user, reason="x")


def test_an_account_that_is_not_there_does_not_exist(cast: Cast) -> None:
    with nothing_written(), pytest.raises(User.DoesNotExist):
        user_set_active(actor=cast.user("sys"), user_id=NOBODY, active=False, reason="x")
    with nothing_written(), pytest.raises(User.DoesNotExist):
        password_reset(actor=cast.user("sys"), user_id=NOBODY, reason="x")


# --- grants -------------------------------------------------------------------------------------------------------------
def test_giving_a_role(cast: Cast) -> None:
    with events() as written:
        grant = give(cast, ends_on=MAY, line=cast.line)
    assert (grant.side, grant.granted_by) == (0, cast.users["sec"])
    assert [said(event) for event in written] == [
        {
            "kind": "grant.give", "who": SEC, "object": "无角色：机构主管 · 城西支行", "before": {}, "reason": "任命",
            "after": {
                "user": "无角色（nobody）", "role": "MGR", "unit": "城西支行", "line": "公司业务",
                "starts_on": "2026-04-01", "ends_on": "2026-05-01",
            },
        }
    ]  # fmt: skip


def test_the_same_role_twice_at_once_is_refused_one_after_the_other_is_not(cast: Cast) -> None:
    give(cast, ends_on=MAY)
    for values in (
        {},
        {"starts_on": date(2026, 4, 30)},
        {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 4, 2)},
    ):
        with nothing_written(), pytest.raises(ValidationError) as refusal:
            give(cast, **values)
        assert refusal.value.messages == ["该账号在此机构已有同一角色。"]
    give(cast, starts_on=MAY)
    give(cast, starts_on=date(2026, 1, 1), ends_on=APRIL)


def test_a_grant_ends_after_it_begins(cast: Cast) -> None:
    with nothing_written(), pytest.raises(ValidationError) as refusal:
        give(cast, ends_on=APRIL)
    assert refusal.value.message_dict == {"__all__": ["失效日期须晚于生效日期"]}


def test_taking_a_role_back_ends_it_and_the_sessions(cast: Cast) -> None:
    grant = give(cast, starts_on=date(2026, 1, 1))
    assert has_session(cast.users["nobody"])
    with events() as written:
        role_revoke(actor=cast.user("sec"), grant_id=grant.pk, on=APRIL, reason="调任")
    assert [said(event) for event in written] == [
        {
            "kind": "grant.revoke", "who": SEC, "object": "无角色：机构主管 · 城西支行", "reason": "调任",
            "before": {"ends_on": None}, "after": {"ends_on": "2026-04-01"},
        }
    ]  # fmt: skip
    assert Session.objects.count() == 0
    for day in (APRIL, MAY):
        with nothing_written(), pytest.raises(ValidationError, match="该授权已于 2026-04-01 失效。"):
            role_revoke(actor=cast.user("sec"), grant_id=grant.pk, on=day, reason="x")


def test_a_role_not_yet_begun_is_withdrawn(cast: Cast) -> None:
    grant = give(cast)
    with events() as written:
        role_revoke(actor=cast.user("sec"), grant_id=grant.pk, on=APRIL, reason="未到任")
    assert [(event.kind, event.before, event.after) for event in written] == [
        ("grant.withdraw", {"starts_on": "2026-04-01"}, {})
    ]
    assert not RoleGrant.objects.filter(user=cast.users["nobody"]).exists()


@pytest.mark.parametrize("who", ["sys", "aud", "hrh", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody"])
def test_grants_are_the_security_administrators(cast: Cast, who: str) -> None:
    grant = RoleGrant.objects.get(user=cast.users["cm"])
    with refused_without("授予与收回角色"):
        give(cast, who)
    with refused_without("授予与收回角色"):
        role_revoke(actor=cast.user(who), grant_id=grant.pk, on=APRIL, reason="x")


def test_a_grant_that_is_not_there_does_not_exist(cast: Cast) -> None:
    with nothing_written(), pytest.raises(RoleGrant.DoesNotExist):
        role_revoke(actor=cast.user("sec"), grant_id=NOBODY, on=APRIL, reason="x")
