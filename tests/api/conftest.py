"""What the API's tests share: a small tree of units, clients with tokens, a cache that starts empty."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client as Browser
from django.utils import timezone

from cmsys.access.actors import SystemActor
from cmsys.api import throttling
from cmsys.api.models import Client
from cmsys.api.services.clients import client_create
from cmsys.org.models import OrgUnit
from cmsys.org.services.units import unit_create

SYSTEM = SystemActor("system:test")
TODAY = date(2026, 11, 20)


class Caller:
    """A client of the API with its token; `get("/api/v1/…")` and the other verbs carry it."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self.secret = client, secret
        self.browser = Browser(raise_request_exception=False)
        self.token = ""

    def ask_token(self, **data: str) -> Any:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client.client_id,
            "client_secret": self.secret,
        }
        return self.browser.post("/o/token/", form | data)

    def sign_in(self, scope: str = "") -> Caller:
        answer = self.ask_token(**({"scope": scope} if scope else {}))
        assert answer.status_code == 200, answer.content
        self.token = answer.json()["access_token"]
        return self

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def call(self, method: str, path: str, **headers: str) -> Any:
        data = headers.pop("data", "")
        kind = headers.pop("content_type", "application/json")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.generic(
            method, path, data, content_type=kind, headers={"Authorization": f"Bearer {self.token}"} | sent
        )


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    throttling._resume_at = 0.0
    yield
    cache.clear()


@pytest.fixture
def units(db: None) -> dict[str, OrgUnit]:
    """总行 > 上海分行 > 浦东支行, 总行 > 北京分行; by code."""
    made: dict[str, OrgUnit] = {}
    for code, parent, values in (
        ("HQ", None, {"name": "总行", "kind": "head", "region_code": "310000"}),
        (
            "SH",
            "HQ",
            {"name": "上海分行", "kind": "branch", "latitude": "31.230400", "longitude": "121.473700"},
        ),
        ("SH-PD", "SH", {"name": "浦东支行", "kind": "subbranch", "opened_on": date(2020, 5, 1)}),
        ("BJ", "HQ", {"name": "北京分行", "kind": "branch", "opened_on": date(2015, 1, 1)}),
    ):
        made[code] = unit_create(
            actor=SYSTEM, today=TODAY, code=code, parent=made[parent] if parent else None, **values
        )
    return made


@pytest.fixture
def caller(db: None) -> Callable[..., Caller]:
    """Makes a client with the scopes (and unit) and signs it in."""

    def make(*scopes: str, unit: OrgUnit | None = None, name: str = "数据仓库") -> Caller:
        client, secret = client_create(
            actor=SYSTEM, now=timezone.now(), name=name, scopes=scopes or ("org:read",), unit=unit
        )
        return Caller(client, secret).sign_in()

    return make
