"""Making and revoking clients: by a service for whoever may, by a command on the machine."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.db.migrations.loader import MigrationLoader
from oauth2_provider.models import AccessToken

from cmsys.access.actors import MissingFunction
from cmsys.access.functions import Reach
from cmsys.access.roles import Role
from cmsys.api.actors import ScopedAccess
from cmsys.api.models import Client
from cmsys.api.permissions import CLIENT_EDIT
from cmsys.api.services.clients import client_create, client_revoke, digest
from cmsys.audit.models import Event
from cmsys.org.grants import GrantedAccess, Pair
from tests.api.conftest import SYSTEM

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


class Person:
    """An actor with one role at the top, without an account in the database."""

    actor_id = 7
    actor_name = "某人"

    def __init__(self, role: Role) -> None:
        self.access = GrantedAccess((Pair(role, "/", "总行", None),))


def test_a_client_lives_for_180_days_and_only_the_digest_of_its_secret_is_kept(db):
    client, secret = client_create(actor=SYSTEM, now=NOW, name=" 数据仓库 ", scopes=["org:read"])
    kept = Client.objects.get(pk=client.pk)
    assert kept.name == "数据仓库"
    assert kept.expires_at == datetime(2027, 5, 19, 9, 30, tzinfo=UTC)
    assert kept.allowed_scopes == ["org:read"]
    assert kept.client_secret == digest(secret) != secret
    assert len(secret) == 43
    assert kept.usable_at(NOW)
    assert kept.usable_at(NOW + timedelta(days=180) - timedelta(seconds=1))
    assert not kept.usable_at(NOW + timedelta(days=180))


def test_making_one_is_an_event_without_the_secret(db):
    client, secret = client_create(actor=SYSTEM, now=NOW, name="数据仓库", scopes=["org:read"])
    event = Event.objects.get(kind="api.client_create")
    assert (event.resource, event.object_id, event.object_label) == (
        "api-clients",
        str(client.pk),
        "数据仓库",
    )
    assert event.after["allowed_scopes"] == ["org:read"]
    text = json.dumps([event.before, event.after])
    assert secret not in text
    assert client.client_secret not in text


@pytest.mark.parametrize(
    ("values", "code", "says"),
    [
        ({"scopes": ["org:read", "coffee:make"]}, "not_found", "coffee:make"),
        ({"scopes": []}, "missing", "org:read"),
        ({"name": "  "}, "missing", "名称"),
    ],
)
def test_a_wrong_client_is_refused_and_nothing_is_written(db, values, code, says):
    with pytest.raises(ValidationError) as caught:
        client_create(**{"actor": SYSTEM, "now": NOW, "name": "甲", "scopes": ["org:read"]} | values)
    [errors] = caught.value.error_dict.values()
    assert errors[0].code == code
    assert says in caught.value.messages[0]
    assert not Client.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYS])
def test_nobody_but_the_system_administrator_makes_clients(db, role):
    with pytest.raises(MissingFunction):
        client_create(actor=Person(role), now=NOW, name="乙", scopes=["org:read"])
    assert not Client.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.SYS, Role.SEC)])
def test_nobody_but_the_system_and_the_security_administrator_revokes_clients(db, role):
    client, _ = client_create(actor=SYSTEM, now=NOW, name="甲", scopes=["org:read"])
    with pytest.raises(MissingFunction):
        client_revoke(actor=Person(role), now=NOW, client_id=client.pk, reason="")
    assert list(Client.objects.values_list("name", "revoked_at")) == [("甲", None)]
    assert [event.kind for event in Event.objects.all()] == ["api.client_create"]


def test_revoking_ends_the_client_and_its_tokens_once(caller):
    client = caller().client
    assert AccessToken.objects.filter(application=client).count() == 1
    client_revoke(actor=SYSTEM, now=NOW, client_id=client.pk, reason="密钥外泄")
    client_revoke(actor=SYSTEM, now=NOW + timedelta(days=1), client_id=client.pk, reason="再一次")
    client.refresh_from_db()
    assert client.revoked_at == NOW
    assert not AccessToken.objects.filter(application=client).exists()
    assert [event.reason for event in Event.objects.filter(kind="api.client_revoke")] == ["密钥外泄"]


@pytest.mark.parametrize(
    "values",
    [
        {"authorization_grant_type": "password"},
        {"authorization_grant_type": "authorization-code"},
        {"client_type": "public"},
        {"redirect_uris": "https://example.org/"},
        {"client_secret": "in-clear"},
    ],
)
def test_the_database_keeps_every_other_kind_of_client_out(db, values):
    client, _ = client_create(actor=SYSTEM, now=NOW, name="甲", scopes=["org:read"])
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=client.pk).update(**values)


def test_scopes_reach_everything_or_one_subtree_and_only_functions_that_have_a_scope():
    from cmsys.org.permissions import UNIT_EDIT, UNIT_VIEW

    everywhere = ScopedAccess(frozenset({"org:read"}))
    [reached] = everywhere.reaches(UNIT_VIEW)
    assert (reached.reach, reached.role) == (Reach.ALL, "client")
    [reached] = ScopedAccess(frozenset({"org:read"}), "/1/7/").reaches(UNIT_VIEW)
    assert (reached.reach, reached.unit_path) == (Reach.SUBTREE, "/1/7/")
    assert everywhere.reaches(UNIT_EDIT) == ()
    assert everywhere.reaches(CLIENT_EDIT) == ()
    assert ScopedAccess(frozenset()).reaches(UNIT_VIEW) == ()


def test_tokens_are_migrated_after_the_clients_they_point_at():
    graph = MigrationLoader(None).graph
    assert ("api", "0001_client") in graph.forwards_plan(("oauth2_provider", "0001_initial"))


def run(*words: str) -> str:
    out = StringIO()
    call_command("api_client", *words, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_three_values_once(units):
    shown = json.loads(run("数据仓库", "--scopes", "managers:read org:read", "--unit", "SH", "--json"))
    assert sorted(shown) == ["client_id", "client_secret", "expires"]
    client = Client.objects.get(client_id=shown["client_id"])
    assert client.client_secret == digest(shown["client_secret"])
    assert (client.unit, client.allowed_scopes) == (units["SH"], ["managers:read", "org:read"])
    assert datetime.fromisoformat(shown["expires"]) == client.expires_at.replace(microsecond=0)
    assert "只显示这一次" in run("数据仓库", "--scopes", "org:read")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("甲", "--scopes", "grades:fly"), "没有这样的权限范围：grades:fly"),
        (("甲", "--scopes", " "), "至少要有一个权限范围"),
        (("甲", "--scopes", "org:read", "--unit", "XX"), "没有编码为“XX”的机构"),
        (("甲", "--scopes", "org:read", "--unit", ""), "没有编码为“”的机构"),
    ],
)
def test_the_command_refuses_with_a_sentence_and_exit_code_2(units, words, says):
    with pytest.raises(CommandError, match=says) as caught:
        run(*words)
    assert caught.value.returncode == 2
    assert not Client.objects.exists()
