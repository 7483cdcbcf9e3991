"""Signing in: limits before hashing, one answer to every refusal, each attempt an event, nothing kept of the old session."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.hashers import Argon2PasswordHasher, MD5PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client as Browser
from django.utils.module_loading import import_string

from cmsys.accounts.models import User
from cmsys.audit.models import Event
from tests.cast import PASSWORD, Cast

pytestmark = pytest.mark.django_db

WRONG = "Not-the-password-1"
REFUSAL = "账号或密码不正确，或者尝试次数过多。请核对后重试；连续失败 5 次后需等待 15 分钟。"


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were hashed, whether to compare them or to take as long as if."""
    seen: list[str] = []
    real = MD5PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        seen.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return seen


def attempt(username: str, password: str = WRONG, address: str = "10.0.0.1", **data: str) -> Any:
    return Browser(REMOTE_ADDR=address).post(
        "/sign-in/", {"username": username, "password": password, **data}, headers={"User-Agent": "tests"}
    )


def fail(username: str, times: int, address: str = "10.0.0.1") -> None:
    for _ in range(times):
        assert attempt(username, address=address).status_code == 403


def words(answer: Any, username: str) -> str:
    html = answer.content.decode().replace(username, "")
    return re.sub(r"\b\w{64}\b|[0-9a-f]{32}", "", html)


def test_the_right_password_opens_the_desk(cast: Cast) -> None:
    answer = attempt("mgr", PASSWORD)
    assert (answer.status_code, answer["Location"]) == (302, "/")


def test_names_are_found_whatever_their_case(cast: Cast) -> None:
    assert attempt("MGR", PASSWORD).status_code == 302


def test_after_five_failures_not_even_the_right_password_is_hashed(cast: Cast, hashed: list[str]) -> None:
    fail("mgr", 5)
    assert hashed == [WRONG] * 5
    hashed.clear()
    assert attempt("mgr", PASSWORD).status_code == 403
    assert attempt("mgr", WRONG).status_code == 403
    assert hashed == []


def test_four_failures_lock_nobody_and_a_success_begins_the_count_anew(cast: Cast) -> None:
    fail("mgr", 4)
    assert attempt("mgr", PASSWORD).status_code == 302
    fail("mgr", 4)
    assert attempt("mgr", PASSWORD).status_code == 302


def test_the_lock_is_the_accounts_not_the_spellings(cast: Cast, hashed: list[str]) -> None:
    """Otherwise every mixture of small and capital letters would have five tries of its own."""
    for spelling in ("mgr", "MGR", "Mgr", "mGr", "mgR"):
        fail(spelling, 1)
    hashed.clear()
    assert attempt("mgr", PASSWORD).status_code == 403
    assert attempt("MgR", PASSWORD).status_code == 403
    assert hashed == []


def test_the_lock_holds_from_every_address_and_for_this_account_only(cast: Cast) -> None:
    fail("mgr", 5)
    assert attempt("mgr", PASSWORD, address="10.0.0.2").status_code == 403
    assert attempt("hrb", PASSWORD).status_code == 302


def test_the_lock_ends_with_its_quarter_of_an_hour(cast: Cast) -> None:
    fail("mgr", 5)
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=14))
    assert attempt("mgr", PASSWORD).status_code == 403
    for row in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=row.pk).update(attempt_time=row.attempt_time - timedelta(minutes=2))
    assert attempt("mgr", PASSWORD).status_code == 302


def test_unknown_wrong_locked_and_disabled_are_answered_alike(cast: Cast) -> None:
    User.objects.filter(username="trn").update(is_active=False)
    fail("hrb", 5)
    answers = {
        "unknown": (attempt("no-such-name"), "no-such-name"),
        "wrong": (attempt("mgr"), "mgr"),
        "locked": (attempt("hrb", PASSWORD), "hrb"),
        "disabled": (attempt("trn", PASSWORD), "trn"),
    }
    assert {answer.status_code for answer, _name in answers.values()} == {403}
    assert len({words(answer, name) for answer, name in answers.values()}) == 1
    assert REFUSAL in answers["unknown"][0].content.decode()


def test_an_unknown_name_costs_as_much_hashing_as_a_known_one(cast: Cast, hashed: list[str]) -> None:
    attempt("no-such-name")
    attempt("mgr")
    assert hashed == [WRONG, WRONG]


def test_unknown_names_are_locked_too(cast: Cast, hashed: list[str]) -> None:
    fail("no-such-name", 5)
    hashed.clear()
    fail("no-such-name", 1)
    assert hashed == []


def test_an_address_that_tries_many_names_is_refused_before_hashing(
    cast: Cast, hashed: list[str], settings: Any
) -> None:
    settings.SIGN_IN_FAILURES_PER_ADDRESS = 6
    for number in range(6):
        fail(f"name-{number}", 1)
    hashed.clear()
    assert attempt("mgr", PASSWORD).status_code == 403
    assert hashed == []
    assert attempt("mgr", PASSWORD, address="10.0.0.2").status_code == 302


def test_each_attempt_is_an_event_that_says_why_and_never_the_password(cast: Cast) -> None:
    attempt("mgr", PASSWORD)
    attempt("mgr")
    fail("hrb", 5)
    attempt("hrb", PASSWORD)
    found = list(
        Event.objects.filter(kind__startswith="auth.")
        .order_by("pk")
        .values_list("kind", "success", "after__outcome")
    )
    assert found == [
        ("auth.sign_in", True, "ok"),
        *[("auth.refused", False, "wrong_password_or_unknown")] * 6,
        ("auth.refused", False, "locked"),
    ]
    first = Event.objects.filter(kind="auth.sign_in").get()
    assert (first.actor_name, first.object_id) == ("李敏（mgr）", str(cast.users["mgr"].pk))
    assert first.after == {"outcome": "ok", "address": "10.0.0.1", "agent": "tests"}
    refused = Event.objects.filter(kind="auth.refused").order_by("pk")[0]
    assert (refused.actor_id, refused.actor_name, refused.object_label) == (None, "未登录：mgr", "mgr")
    for event in Event.objects.filter(kind__startswith="auth."):
        assert PASSWORD not in str(event.__dict__)
        assert WRONG not in str(event.__dict__)


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("/managers/?q=%E9%99%88", "/managers/?q=%E9%99%88"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("http:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("https://testserver@evil.example/", "/"),
        ("\x00/managers/", "/"),
    ],
)
def test_one_is_never_led_to_another_house(cast: Cast, wanted: str, leads_to: str) -> None:
    assert attempt("mgr", PASSWORD, next=wanted)["Location"] == leads_to
    browser = Browser()
    browser.force_login(cast.user("mgr"), backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/sign-in/", {"next": wanted})["Location"] == leads_to


def test_the_session_of_before_is_not_the_session_of_after(cast: Cast) -> None:
    browser = Browser()
    session = browser.session
    session["planted"] = True
    session.save()
    before = session.session_key
    browser.post("/sign-in/", {"username": "mgr", "password": PASSWORD})
    after = browser.cookies["sessionid"].value
    assert after != before
    assert not Session.objects.filter(session_key=before).exists()
    thief = Browser()
    thief.cookies["sessionid"] = before
    assert thief.get("/").status_code == 302


def test_signing_out_ends_the_session_for_whoever_kept_the_cookie(
    cast: Cast, signed_in: Callable[[str], Browser]
) -> None:
    browser = signed_in("mgr")
    kept = browser.cookies["sessionid"].value
    assert browser.get("/sign-out/").status_code == 405
    answer = browser.post("/sign-out/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/")
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    assert not Session.objects.filter(session_key=kept).exists()
    thief = Browser()
    thief.cookies["sessionid"] = kept
    assert thief.get("/")["Location"] == "/sign-in/?next=%2F"
    assert Event.objects.filter(kind="auth.sign_out", object_id=str(cast.users["mgr"].pk)).count() == 1


def test_names_and_passwords_that_no_database_can_hold_are_answered_with_words(cast: Cast) -> None:
    for username in ("mgr\x00", "x" * 61, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")):
        answer = attempt(username)
        assert answer.status_code in (200, 403), username
    assert "不允许是用空字符串。" in attempt("mgr\x00").content.decode()


def test_production_hashes_with_argon2() -> None:
    base = import_module("cmsys.settings.base")
    assert import_string(base.PASSWORD_HASHERS[0]) is Argon2PasswordHasher
    encoded = Argon2PasswordHasher().encode("Cast-password-1", "a-salt-of-its-own")
    assert encoded.startswith("argon2$argon2id$")
