"""A session's life: idle end, polling, forced password change, disabling; and what every answer carries."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client as Browser

from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_set_active
from cmsys.audit.models import Event
from cmsys.jobs.models import Job
from tests.cast import PASSWORD, STAGE, Cast

pytestmark = pytest.mark.django_db

SignedIn = Callable[[str], Browser]
IDLE = 30 * 60


def seen_before(browser: Browser, seconds: int) -> int:
    """Moves the moment the session was last seen; returns it."""
    session = browser.session
    session["seen_at"] = int(time.time()) - seconds
    session.save()
    return session["seen_at"]


def test_a_session_idle_for_half_an_hour_is_over(cast: Cast, signed_in: SignedIn) -> None:
    browser = signed_in("mgr")
    seen_before(browser, IDLE + 60)
    key = browser.cookies["sessionid"].value
    assert browser.get("/managers/?q=x")["Location"] == "/sign-in/?next=%2Fmanagers%2F%3Fq%3Dx"
    assert not Session.objects.filter(session_key=key).exists()


def test_a_session_idle_for_less_goes_on_and_is_seen_again(cast: Cast, signed_in: SignedIn) -> None:
    browser = signed_in("mgr")
    before = seen_before(browser, IDLE - 60)
    assert browser.get("/").status_code == 200
    assert browser.session["seen_at"] > before


def test_polling_does_not_keep_a_session_alive(cast: Cast, signed_in: SignedIn) -> None:
    browser = signed_in("mgr")
    user = cast.users["mgr"]
    job = Job.objects.create(kind="probe", key="1", actor_id=user.pk, actor_name=str(user))
    before = seen_before(browser, IDLE - 60)
    assert browser.get(f"/poll/jobs/{job.pk}/").status_code == 200
    assert browser.session["seen_at"] == before
    seen_before(browser, IDLE + 60)
    assert browser.get(f"/poll/jobs/{job.pk}/").status_code == 302


def test_a_fragment_asked_for_without_a_session_sends_the_whole_page_to_the_door(cast: Cast) -> None:
    answer = Browser().get("/managers/?q=x", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer["HX-Redirect"] == "/sign-in/?next=%2Fmanagers%2F%3Fq%3Dx"


def test_the_first_password_is_changed_before_anything_else(cast: Cast, signed_in: SignedIn) -> None:
    User.objects.filter(username="hrb").update(must_change_password=True)
    browser = signed_in("hrb")
    for address in ("/", "/managers/", "/managers/M-CD1/", "/managers/export.csv", "/users/", "/nowhere/"):
        answer = browser.get(address)
        assert (answer.status_code, answer["Location"]) == (302, "/password/"), address
    assert browser.post("/managers/M-CD1/edit/", {"name": "x"})["Location"] == "/password/"
    new = "Anders-nu-2026!"
    assert browser.post("/password/", {"present": PASSWORD, "new": new, "again": new})["Location"] == "/"
    assert browser.get("/managers/").status_code == 200


def test_changing_the_password_ends_the_other_sessions(cast: Cast, signed_in: SignedIn) -> None:
    here, there = signed_in("hrb"), signed_in("hrb")
    new = "Anders-nu-2026!"
    here.post("/password/", {"present": PASSWORD, "new": new, "again": new})
    assert here.get("/").status_code == 200
    assert there.get("/").status_code == 302
    user = User.objects.get(username="hrb")
    assert user.check_password(new)
    [event] = Event.objects.filter(kind="user.password_change")
    assert (event.actor_id, event.object_id, event.before, event.after) == (user.pk, str(user.pk), {}, {})


@pytest.mark.parametrize(
    ("present", "new", "again", "message"),
    [
        (PASSWORD + "x", "Anders-nu-2026!", "Anders-nu-2026!", "当前密码不正确。"),
        (PASSWORD, "Anders-nu-2026!", "Anders-nu-2027!", "两次输入的新密码不一致。"),
        (PASSWORD, PASSWORD, PASSWORD, "新密码不能与当前密码相同。"),
        (PASSWORD, "Kurz-1", "Kurz-1", "密码至少需要 12 位。"),
        (PASSWORD, "nurkleinebuchstaben", "nurkleinebuchstaben", "至少 3 种"),
        (PASSWORD, "feng fen hang A1", "feng fen hang A1", "相似"),
    ],
)
def test_a_password_that_breaks_a_rule_is_refused_with_the_rule(
    cast: Cast, signed_in: SignedIn, present: str, new: str, again: str, message: str
) -> None:
    User.objects.filter(username="hrb").update(name_pinyin="feng fen hang")
    browser = signed_in("hrb")
    answer = browser.post("/password/", {"present": present, "new": new, "again": again})
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert User.objects.get(username="hrb").check_password(PASSWORD)
    assert not Event.objects.filter(kind="user.password_change").exists()


def test_a_disabled_account_loses_sessions_and_interface_at_once(cast: Cast, signed_in: SignedIn) -> None:
    browser, other = signed_in("hrb"), signed_in("mgr")
    assert browser.get("/api/v1/schema/").status_code == 200
    user_set_active(actor=STAGE, user_id=cast.users["hrb"].pk, active=False, reason="离职")
    assert browser.get("/").status_code == 302
    assert browser.get("/api/v1/schema/").status_code == 401
    assert other.get("/").status_code == 200
    owners = {session.get_decoded().get("_auth_user_id") for session in Session.objects.all()}
    assert owners == {str(cast.users["mgr"].pk)}
    assert cast.user("hrb").access.pairs == ()


def test_an_account_disabled_behind_the_services_back_is_out_all_the_same(
    cast: Cast, signed_in: SignedIn
) -> None:
    browser = signed_in("hrb")
    User.objects.filter(username="hrb").update(is_active=False)
    assert browser.get("/").status_code == 302


# --- what every answer carries -----------------------------------------------------------------------------------------
PAGES = (
    ("anonymous", "/sign-in/", 200),
    ("anonymous", "/", 302),
    ("hrh", "/", 200),
    ("hrh", "/managers/", 200),
    ("hrh", "/managers/?unit=NONE", 400),
    ("hrh", "/managers/M-CD1/", 200),
    ("hrh", "/managers/M-CD1/?drawer=1", 200),
    ("hrh", "/managers/new/", 200),
    ("hrh", "/managers/composition/", 200),
    ("hrh", "/managers/export.xlsx", 200),
    ("hrh", "/users/", 403),
    ("hrh", "/nowhere/", 404),
    ("hrh", "/password/", 200),
    ("sys", "/users/", 200),
    ("aud", "/events/verify/", 200),
    ("hrh", "/imports/", 200),
    ("hrh", "/api/v1/docs/", 200),
    ("anonymous", "/healthz", 200),
)


@pytest.mark.parametrize(("who", "address", "status"), PAGES)
def test_headers_that_every_answer_carries(
    cast: Cast, signed_in: SignedIn, who: str, address: str, status: int
) -> None:
    answer = (Browser() if who == "anonymous" else signed_in(who)).get(address)
    assert answer.status_code == status
    policy = {
        part.split()[0]: part.split()[1:]
        for part in answer["Content-Security-Policy"].split(";")
        if part.strip()
    }
    assert policy["default-src"] == policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert not re.search(r"unsafe|\*|https?:", answer["Content-Security-Policy"])
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])
    if status != 302 and not address.startswith("/api/"):
        assert "no-store" in answer["Cache-Control"]


def test_a_form_from_elsewhere_is_refused_in_words(cast: Cast) -> None:
    for address in ("/sign-in/", "/sign-out/"):
        answer = Browser(enforce_csrf_checks=True).post(address, {"username": "mgr", "password": PASSWORD})
        html = answer.content.decode()
        if answer.status_code == 302:
            assert address == "/sign-out/"
            continue
        assert answer.status_code == 403
        assert "页面已过期" in html
        assert "CSRF" not in html
        assert answer["X-Request-Id"] in html


def test_an_unsafe_request_of_a_signed_in_person_needs_the_token(cast: Cast) -> None:
    browser = Browser(enforce_csrf_checks=True)
    browser.force_login(cast.user("hrh"), backend="django.contrib.auth.backends.ModelBackend")
    answer = browser.post("/managers/M-CD1/certificates/new/", {"name": "AFP", "issued_on": "2024-01-01"})
    assert answer.status_code == 403
    assert not Event.objects.filter(kind="certificate.add").exists()


def test_refusals_are_events_with_the_request_that_was_refused(cast: Cast, signed_in: SignedIn) -> None:
    answer = signed_in("hrh").get("/users/")
    [event] = Event.objects.filter(kind="access.denied")
    expected: dict[str, Any] = {
        "actor_id": cast.users["hrh"].pk, "object_label": "/users/", "object_id": "GET", "success": False,
        "request_id": answer["X-Request-Id"], "after": {"status": 403},
    }  # fmt: skip
    assert {name: getattr(event, name) for name in expected} == expected
