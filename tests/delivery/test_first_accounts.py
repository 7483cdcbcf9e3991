"""`manage.py first_accounts`: how an installation without demonstration data gets its first two people."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client as Browser

from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit, RoleGrant

WANTED = ("--unit", "HQ=总行", "--system", "zhangsan=张三", "--security", "lisi=李四")

pytestmark = pytest.mark.django_db


def made(*arguments: str) -> list[dict[str, str]]:
    out = StringIO()
    call_command("first_accounts", *arguments, "--json", stdout=out)
    printed: list[dict[str, str]] = json.loads(out.getvalue())
    return printed


def test_two_people_of_two_sides_at_the_root() -> None:
    printed = made(*WANTED)
    assert [(each["role"], each["username"]) for each in printed] == [("SYS", "zhangsan"), ("SEC", "lisi")]
    assert sorted(RoleGrant.objects.values_list("user__username", "role", "unit__code")) == [
        ("lisi", "SEC", "HQ"),
        ("zhangsan", "SYS", "HQ"),
    ]
    assert OrgUnit.objects.get().name == "总行"
    assert [event.kind for event in Event.objects.order_by("id")] == [
        "unit.create", "user.create", "grant.give", "user.create", "grant.give",
    ]  # fmt: skip
    assert {event.actor_name for event in Event.objects.all()} == {"system:first_accounts"}
    assert not any(each["password"] in str(event.after) for each in printed for event in Event.objects.all())


def test_they_sign_in_and_have_to_choose_a_password() -> None:
    account = made(*WANTED)[0]
    browser = Browser()
    answer = browser.post(
        "/sign-in/", {"username": account["username"], "password": account["password"]}, follow=True
    )
    assert answer.redirect_chain[-1][0].startswith("/password/")


def test_only_where_there_is_nobody() -> None:
    made(*WANTED)
    with pytest.raises(CommandError, match="已有账号") as refused:
        made("--unit", "HQ=总行", "--system", "a=甲", "--security", "b=乙")
    assert refused.value.returncode == 2
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--unit", "HQ", *WANTED[2:]), "--unit 应形如"),
        (("--unit", "HQ=总行", "--system", "same=张三", "--security", "Same=李四"), "两个人"),
    ],
)
def test_a_mistake_makes_nothing(arguments: Any, said: str) -> None:
    with pytest.raises(CommandError, match=said):
        made(*arguments)
    assert (User.objects.count(), OrgUnit.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_a_unit_that_is_not_among_those_there_is_refused() -> None:
    OrgUnit.objects.create(code="BANK", name="银行", kind="head", path="/1/")
    with pytest.raises(CommandError, match="没有编码为“HQ”的机构"):
        made(*WANTED)
    assert [each["role"] for each in made("--unit", "BANK=银行", *WANTED[2:])] == ["SYS", "SEC"]
    assert OrgUnit.objects.count() == 1
