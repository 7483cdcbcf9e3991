"""The token endpoint: what it gives, to whom, and that nothing else of OAuth can be reached."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta

import pytest
from django.test import Client as Browser
from django.utils import timezone
from oauth2_provider.models import AccessToken

from cmsys.api.models import Client
from cmsys.api.services.clients import client_revoke
from cmsys.audit.models import Event
from tests.api.conftest import SYSTEM


def test_a_token_is_opaque_lasts_15_minutes_and_is_kept_as_a_checksum(caller):
    us = caller("org:read", "managers:read")
    before = timezone.now()
    answer = us.ask_token()
    body = answer.json()
    assert sorted(body) == ["access_token", "expires_in", "scope", "token_type"]
    assert (body["expires_in"], body["token_type"], body["scope"]) == (
        900,
        "Bearer",
        "managers:read org:read",
    )
    assert answer["Cache-Control"] == "no-store"
    kept = AccessToken.objects.get(token_checksum=hashlib.sha256(body["access_token"].encode()).hexdigest())
    assert kept.token == ""
    assert timedelta(seconds=899) < kept.expires - before < timedelta(seconds=905)


def test_a_token_can_be_asked_for_with_fewer_scopes_but_not_with_more(caller):
    us = caller("org:read", "managers:read")
    assert us.ask_token(scope="org:read").json()["scope"] == "org:read"
    refused = caller("org:read").ask_token(scope="org:read managers:read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_scope")


def test_the_secret_may_come_in_the_authorization_header(caller):
    us = caller()
    pair = base64.b64encode(f"{us.client.client_id}:{us.secret}".encode()).decode()
    answer = Browser(enforce_csrf_checks=True).post(
        "/o/token/", {"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {pair}"}
    )
    assert answer.status_code == 200


def test_each_token_and_each_refusal_is_in_the_ledger(caller):
    us = caller()
    [issued] = Event.objects.filter(kind="api.token_issue")
    assert (issued.actor_name, issued.after["scopes"]) == ("接口客户端：数据仓库", ["org:read"])
    us.ask_token(client_secret="wrong")
    [refused] = Event.objects.filter(kind="api.token_refused")
    assert (refused.success, refused.object_label) == (False, us.client.client_id)
    assert refused.after == {"status": 401, "error": "invalid_client"}
    assert refused.address == "127.0.0.1"
    assert len(refused.request_id) == 32


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"client_id": "no\x00body"}, 401, "invalid_client"),
        ({"grant_type": "password", "username": "a", "password": "b"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "code": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "unsupported_grant_type"),
        ({"grant_type": "urn:ietf:params:oauth:grant-type:device_code"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "coffee:make"}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_request_gets_no_token(caller, form, status, error):
    us = caller()
    tokens = AccessToken.objects.count()
    answer = us.ask_token(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert AccessToken.objects.count() == tokens


def test_the_digest_itself_is_not_a_secret(caller):
    us = caller()
    assert us.ask_token(client_secret=us.client.client_secret).status_code == 401


def test_credentials_in_the_address_are_refused(caller):
    us = caller()
    query = f"grant_type=client_credentials&client_id={us.client.client_id}&client_secret={us.secret}"
    answer = us.browser.post(f"/o/token/?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_a_revoked_and_an_expired_client_get_no_token(caller):
    revoked, expired = caller(name="甲"), caller(name="乙")
    client_revoke(actor=SYSTEM, now=timezone.now(), client_id=revoked.client.pk, reason="")
    Client.objects.filter(pk=expired.client.pk).update(expires_at=timezone.now())
    assert revoked.ask_token().status_code == 401
    assert expired.ask_token().status_code == 401


def test_tokens_of_the_client_that_have_expired_are_cleared_away(caller):
    us, other = caller(name="甲"), caller(name="乙")
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    us.ask_token()
    assert AccessToken.objects.filter(application=us.client).count() == 1
    assert AccessToken.objects.get(application=other.client).is_expired()


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_the_endpoint_knows_post_only(db, method):
    answer = Browser().generic(method, "/o/token/")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["authorize", "revoke_token", "introspect", "device", "device-authorization", "applications", "userinfo"],
)
def test_no_other_page_of_the_toolkit_is_served(db, path):
    assert Browser().get(f"/o/{path}/").status_code == 404


def test_token_requests_of_one_address_are_limited(caller, monkeypatch):
    monkeypatch.setattr("cmsys.api.throttling.TOKENS_PER_ADDRESS", 3)
    us = caller()
    statuses = [us.ask_token(client_secret="wrong").status_code for _ in range(4)]
    assert statuses == [401, 401, 429, 429]
    answer = us.ask_token()
    assert (answer.status_code, answer.json()) == (429, {"error": "slow_down"})
    assert 1 <= int(answer["Retry-After"]) <= 60
