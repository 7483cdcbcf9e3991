"""Schemathesis over the description with three kinds of token: no server error, no status or body it does not name."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    not_a_server_error,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.generation import GenerationMode

from cmsys.api.models import Client
from cmsys.api.scopes import all_scopes
from cmsys.api.throttling import ClientRateThrottle
from cmsys.wsgi import application

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    ignored_auth,
]
# A cursor is only ever valid when a page gave it out, which its schema cannot say.
WITHOUT_CURSOR = [check for check in CHECKS if check is not positive_data_acceptance]
EXPECTED = {
    "everything": {200, 304, 400, 404},
    "one unit": {200, 304, 400, 403, 404},
    "no rights left": {403},
}


@pytest.fixture
def tokens(caller, units) -> dict[str, str]:
    poor = caller("org:read")
    Client.objects.filter(pk=poor.client.pk).update(allowed_scopes=[])
    return {
        "everything": caller(*all_scopes()).token,
        "one unit": caller("org:read", unit=units["SH"]).token,
        "no rights left": poor.token,
    }


def run(token: str, examples: int) -> set[int]:
    """Calls every operation with right and wrong values and returns the statuses that came."""
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.app = application
    seen: set[int] = set()
    cases = st.one_of(
        result.ok().as_strategy(generation_mode=mode)
        for result in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @given(case=cases)
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any) -> None:
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        seen.add(response.status_code)
        case.validate_response(response, checks=WITHOUT_CURSOR if "cursor" in (case.query or {}) else CHECKS)

    one()
    return seen


@pytest.fixture(autouse=True)
def _no_limit_and_one_connection(monkeypatch, tokens):
    """All requests of a test run in its transaction, so none may end the connection (after `tokens`, who brings it back)."""
    monkeypatch.setattr(ClientRateThrottle, "allow_request", lambda self, request, view: True)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_small_selection(tokens, kind):
    assert run(tokens[kind], 25) <= EXPECTED[kind]


@pytest.mark.slow
@pytest.mark.parametrize("kind", EXPECTED)
def test_many_values(tokens, kind):
    assert run(tokens[kind], 200) | {304} == EXPECTED[kind] | {304}
