"""Rights of clients: made by one, approved by another; two secrets; where from; pages of the administrators."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.api.models import Client, ClientState
from cmsys.api.services.clients import (
    client_approve,
    client_change,
    client_create,
    client_retire,
    client_revoke,
    client_rotate,
)
from cmsys.audit.models import Event
from tests.api.conftest import SYSTEM, Caller
from tests.cast import stage
from tests.permissions.house import signed_in

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.fixture
def cast(db):
    return stage()


@pytest.fixture
def made(cast):
    """A client that the system administrator made a moment ago, with its secret."""
    return client_create(actor=cast.user("sys"), now=timezone.now(), name="数据仓库", scopes=["org:read"])


def rights(client, **change):
    given = {
        "scopes": client.allowed_scopes,
        "unit": client.unit,
        "purpose": "同步",
        "addresses": [],
        "reason": "例行",
    }
    return {"client_id": client.pk, "now": timezone.now()} | given | change


def kinds():
    return list(Event.objects.filter(resource="api-clients", success=True).order_by("id").values_list("kind", flat=True))  # fmt: skip


def test_a_client_works_once_another_has_approved_it(cast, made):
    client, secret = made
    us = Caller(client, secret)
    assert (client.approved_at, client.changed_by, us.ask_token().status_code) == (
        None,
        cast.users["sys"],
        401,
    )
    client_approve(actor=cast.user("sec"), now=NOW, client_id=client.pk)
    client.refresh_from_db()
    assert (client.approved_by, client.approved_at) == (cast.users["sec"], NOW)
    assert us.sign_in().get("/api/v1/org-units/").status_code == 200
    assert kinds() == ["api.client_create", "api.client_approve", "api.token_issue"]
    client.refresh_from_db()
    assert timezone.now() - client.last_used_at < timedelta(minutes=1)


def test_what_the_machine_makes_is_approved_and_nobody_approves_his_own(cast, made):
    assert client_create(actor=SYSTEM, now=NOW, name="甲", scopes=["org:read"])[0].approved_at == NOW
    client, _secret = made
    for who in ("sys", "aud", "hrh", "nobody"):
        with pytest.raises(MissingFunction):
            client_approve(actor=cast.user(who), now=NOW, client_id=client.pk)
    # Not even around the service.
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=client.pk).update(approved_at=NOW, approved_by=cast.users["sys"])


def test_only_what_has_been_read_is_approved_and_only_once(cast, made):
    client, _secret = made
    read = client.updated.isoformat()
    client_change(actor=cast.user("sys"), **rights(client, scopes=["org:read", "grades:read"]))
    with pytest.raises(Conflict, match="又被修改过"):
        client_approve(actor=cast.user("sec"), now=NOW, client_id=client.pk, version=read)
    client.refresh_from_db()
    client_approve(actor=cast.user("sec"), now=NOW, client_id=client.pk, version=client.updated.isoformat())
    with pytest.raises(Conflict, match="已由钱安全核准"):
        client_approve(actor=cast.user("sec"), now=NOW, client_id=client.pk)


def test_other_rights_stop_it_until_they_are_approved_and_other_words_do_not(cast, made):
    client, secret = made
    client_approve(actor=cast.user("sec"), now=timezone.now(), client_id=client.pk)
    us = Caller(client, secret).sign_in()
    client.refresh_from_db()
    client_change(actor=cast.user("sys"), **rights(client, addresses=["127.0.0.1", "10.1.0.0/16"]))
    assert us.get("/api/v1/org-units/").status_code == 200
    for change in (
        {"scopes": ["managers:read", "org:read"]},
        {"unit": cast.units["BJ"]},
    ):
        client.refresh_from_db()
        client_change(actor=cast.user("sys"), **rights(client, **change))
        assert (us.get("/api/v1/org-units/").status_code, us.ask_token().status_code) == (401, 401)
        assert not AccessToken.objects.exists()
        client_approve(actor=cast.user("sec"), now=timezone.now(), client_id=client.pk)
        us.sign_in()
    before = Event.objects.count()
    client.refresh_from_db()
    client_change(actor=cast.user("sys"), **rights(client, purpose="同步等级"))
    client_change(actor=cast.user("sys"), **rights(client, purpose="同步等级"))
    assert Event.objects.count() == before + 1, "the second time nothing differed"


def test_a_copy_must_be_fetched_anew_after_a_change_of_rights(made, cast):
    client, _secret = made
    assert Client.objects.get(pk=client.pk).feed_from is None
    client_change(actor=cast.user("sys"), **rights(client, purpose="别的"))
    assert Client.objects.get(pk=client.pk).feed_from is None
    client_change(actor=cast.user("sys"), **rights(client, unit=cast.units["BJ"]))
    assert Client.objects.get(pk=client.pk).feed_from is not None


def test_two_secrets_while_it_changes_and_one_afterwards(made, cast):
    client, old = made
    client_approve(actor=cast.user("sec"), now=timezone.now(), client_id=client.pk)
    client, new = client_rotate(
        actor=cast.user("sys"), now=timezone.now(), client_id=client.pk, reason="到期"
    )
    first, second = Caller(client, old).sign_in(), Caller(client, new).sign_in()
    assert [us.get("/api/v1/org-units/").status_code for us in (first, second)] == [200, 200]
    with pytest.raises(ValidationError, match="已有新旧两个密钥"):
        client_rotate(actor=cast.user("sys"), now=timezone.now(), client_id=client.pk, reason="到期")
    client_retire(actor=cast.user("sys"), now=timezone.now(), client_id=client.pk, reason="已换")
    assert [us.get("/api/v1/org-units/").status_code for us in (first, second)] == [401, 401]
    assert [Caller(client, secret).ask_token().status_code for secret in (old, new)] == [401, 200]
    with pytest.raises(ValidationError, match="只有一个密钥"):
        client_retire(actor=cast.user("sys"), now=timezone.now(), client_id=client.pk, reason="已换")
    text = str(list(Event.objects.values_list("before", "after")))
    assert old not in text and new not in text


def test_each_secret_ends_by_itself(made, cast):
    client, old = made
    client_approve(actor=cast.user("sec"), now=timezone.now(), client_id=client.pk)
    client, new = client_rotate(
        actor=cast.user("sys"), now=timezone.now(), client_id=client.pk, reason="到期"
    )
    Client.objects.update(expires_at=timezone.now())
    assert [Caller(client, secret).ask_token().status_code for secret in (old, new)] == [401, 200]
    Client.objects.update(next_expires_at=timezone.now())
    assert [Caller(client, secret).ask_token().status_code for secret in (old, new)] == [401, 401]


@pytest.mark.parametrize(
    ("networks", "status"), [([], 200), (["127.0.0.1"], 200), (["127.0.0.0/8"], 200), (["10.1.0.0/16"], 401), (["::1"], 401)]
)  # fmt: skip
def test_tokens_are_given_and_taken_only_where_the_client_may_call_from(cast, networks, status):
    client, secret = client_create(actor=SYSTEM, now=timezone.now(), name="甲", scopes=["org:read"])
    us = Caller(client, secret).sign_in()
    client_change(actor=SYSTEM, **rights(client, addresses=networks))
    assert (us.ask_token().status_code, us.get("/api/v1/org-units/").status_code) == (status, status)


@pytest.mark.parametrize("address", ["10.1.2.300", "10.1.2.3/8", "everywhere"])
def test_what_is_no_network_is_refused(cast, made, address):
    with pytest.raises(ValidationError, match="不是地址或网段"):
        client_change(actor=cast.user("sys"), **rights(made[0], addresses=[address]))


def test_states_by_the_day(cast):
    client, _secret = client_create(actor=SYSTEM, now=NOW, name="甲", scopes=["org:read"])
    end = NOW + timedelta(days=180)
    for now, state in (
        (NOW, ClientState.ACTIVE), (end - timedelta(days=30, seconds=1), ClientState.ACTIVE),
        (end - timedelta(days=30), ClientState.EXPIRING), (end - timedelta(seconds=1), ClientState.EXPIRING),
        (end, ClientState.EXPIRED),
    ):  # fmt: skip
        assert client.state_at(now) is state
    client.approved_at = None
    assert client.state_at(NOW) is ClientState.WAITING
    client.revoked_at = NOW
    assert client.state_at(NOW) is ClientState.REVOKED


def test_a_revoked_client_stays_as_it_is(cast, made):
    client, _secret = made
    client_revoke(actor=cast.user("sec"), now=NOW, client_id=client.pk, reason="不同意")
    for act in (
        lambda: client_approve(actor=cast.user("sec"), now=NOW, client_id=client.pk),
        lambda: client_rotate(actor=cast.user("sys"), now=NOW, client_id=client.pk, reason="x"),
        lambda: client_retire(actor=cast.user("sys"), now=NOW, client_id=client.pk, reason="x"),
        lambda: client_change(actor=cast.user("sys"), **rights(client)),
    ):
        with pytest.raises(Conflict, match="已停用"):
            act()
    assert kinds() == ["api.client_create", "api.client_revoke"]


# --- pages ------------------------------------------------------------------------------------------------------------
FORM = {"name": "数据仓库", "purpose": "夜间同步，2026 年第 3 号批准", "allowed_scopes": ["grades:read", "org:read"], "unit": "BJ",
        "addresses": "127.0.0.1\n10.1.0.0/16"}  # fmt: skip


def test_from_the_form_to_the_first_row(cast):
    sys, sec = signed_in(cast.user("sys")), signed_in(cast.user("sec"))
    shown = sys.post("/api-clients/new/", FORM)
    secret, client = shown.context["secret"], Client.objects.get()
    assert shown.status_code == 200
    assert "no-store" in shown["Cache-Control"]
    assert secret in shown.content.decode()
    assert (client.unit.code, client.addresses) == ("BJ", ["127.0.0.1/32", "10.1.0.0/16"])
    page = f"/api-clients/{client.pk}/"
    for address in (page, "/api-clients/"):
        assert secret not in sys.get(address).content.decode()
        assert "待核准" in sys.get(address).content.decode()
    inbox = sec.get("/inbox/").content.decode()
    assert "核准接口客户端" in inbox
    assert page in inbox
    ask = sec.get(f"{page}approve/")
    for words in ("grades:read：读取等级（已公布）", "北京分行", "10.1.0.0/16", "夜间同步"):
        assert words in ask.content.decode()
    version = ask.context["page"].form["version"].value()
    assert sec.post(f"{page}approve/", {"version": "2020-01-01"}).status_code == 409
    assert sec.post(f"{page}approve/", {"version": version}).status_code == 302
    us = Caller(client, secret).sign_in()
    assert us.get("/api/v1/org-units/BJ/").status_code == 200
    assert us.get("/api/v1/org-units/SH/").status_code == 404
    assert page not in sec.get("/inbox/").content.decode()


def test_mistakes_in_the_form_make_no_client(cast):
    sys = signed_in(cast.user("sys"))
    for change, field in (
        ({"allowed_scopes": []}, "allowed_scopes"), ({"allowed_scopes": ["coffee:make"]}, "allowed_scopes"),
        ({"name": " "}, "name"), ({"purpose": ""}, "purpose"), ({"addresses": "zu Hause"}, "addresses"), ({"unit": "??"}, "unit"),
    ):  # fmt: skip
        answer = sys.post("/api-clients/new/", FORM | change)
        assert (answer.status_code, field in answer.context["page"].form.errors) == (422, True), change
    assert not Client.objects.exists()


def test_the_list_finds_by_state_scope_and_name_and_warns(cast):
    for number, (name, days) in enumerate((("新的", 180), ("快到期", 20), ("到期了", 0))):
        client_create(actor=SYSTEM, now=timezone.now() - timedelta(days=180 - days), name=name, scopes=["org:read"] if number else ["grades:read"])  # fmt: skip
    aud = signed_in(cast.user("aud"))

    def names(query):
        page = aud.get(f"/api-clients/?{query}").context["page"]
        return sorted(row["cells"][0]["text"] for row in page.rows)

    assert names("") == ["到期了", "快到期", "新的"]
    assert names("state=active") == ["新的"]
    assert names("state=expiring") == ["快到期"]
    assert names("state=expired") == ["到期了"]
    assert names("state=waiting") == names("state=revoked") == []
    assert names("scope=org:read") == ["到期了", "快到期"]
    assert names("q=到期") == ["到期了", "快到期"]
    assert "还有 20 天" in aud.get("/api-clients/").content.decode()
    inbox = signed_in(cast.user("sys")).get("/inbox/").content.decode()
    assert "快到期" in inbox
    assert "到期了" not in inbox


def test_the_list_costs_the_same_for_one_and_for_thirty(cast):
    sys = signed_in(cast.user("sys"))
    costs = []
    for count in (1, 29):
        for number in range(count):
            client_create(
                actor=SYSTEM, now=NOW, name=f"{count}-{number}", scopes=["org:read"], unit=cast.units["BJ"]
            )
        with CaptureQueriesContext(connection) as queries:
            assert sys.get("/api-clients/").status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 25


def test_a_stranger_is_led_to_the_door(db):
    assert Browser().get("/api-clients/")["Location"].startswith("/sign-in/")
