"""Schemathesis over the description with three kinds of token: no server error, no status or body it does not name.

Reading and writing alike. Half of the requests for one object name one that is there, with its tag; whatever is written is
undone with the test.
"""

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

from appraisal.figures.models import Reading
from cmsys.api.models import Client
from cmsys.api.scopes import all_scopes
from cmsys.api.throttling import ClientRateThrottle
from cmsys.wsgi import application
from tests.api.decided import decided
from tests.appraisal_pages.graded import graded
from tests.cast import stage

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
# A cursor is only ever valid when a page gave it out, whether a person or an indicator exists no schema can say, and an
# object that is there was put where the generator had something else.
OPEN = {positive_data_acceptance}
KNOWN = OPEN | {negative_data_rejection}
READS = {200, 304, 400, 404, 410}
WRITES = {201, 204, 409, 412, 422}
EXPECTED = {
    "everything": READS | WRITES,
    "one unit": READS | WRITES | {403},
    # What is no resource at all is 404 to everybody.
    "no rights left": {403, 404},
}


@pytest.fixture
def world(db) -> dict[str, list[str]]:
    """Public keys of what is there, by resource."""
    world = graded(stage())
    decisions = [str(case.pk) for case in decided(world).values()]
    return {
        "grades": decisions,
        "grade-decisions": decisions,
        "readings": [str(pk) for pk in Reading.objects.order_by("pk").values_list("pk", flat=True)],
        "targets": [str(sheet.manager.targets.get().pk) for sheet in world.sheets.values()][:4],
        "score-sheets": [str(sheet.pk) for sheet in world.sheets.values()],
        "managers": list(world.cast.managers),
        "org-units": list(world.cast.units),
    }


@pytest.fixture
def tokens(caller, world) -> dict[str, str]:
    from cmsys.org.models import OrgUnit

    poor = caller("org:read")
    Client.objects.filter(pk=poor.client.pk).update(allowed_scopes=[])
    some = ("org:read", "grades:read", "readings:read", "perf:write", "grade-decisions:read")
    return {
        "everything": caller(*all_scopes()).token,
        "one unit": caller(*some, unit=OrgUnit.objects.get(code="BJ")).token,
        "no rights left": poor.token,
    }


def run(token: str, there: dict[str, list[str]], examples: int) -> set[int]:
    """Calls operations with right and wrong values and returns the statuses that came."""
    schema = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(request=None, public=True))
    schema.app = application
    seen: set[int] = set()
    cases = st.one_of(
        result.ok().as_strategy(generation_mode=mode)
        for result in schema.get_all_operations()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )

    @given(case=cases, pick=st.integers(0, 99))
    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def one(case: Any, pick: int) -> None:
        keys = there.get(case.path.split("/")[3], ())
        headers = {"Authorization": f"Bearer {token}"}
        checks = [check for check in CHECKS if check not in OPEN] if _is_open(case) else CHECKS
        if keys and "{id}" in case.path and pick % 2:
            case.path_parameters = dict(case.path_parameters or {}) | {"id": keys[pick % len(keys)]}
            checks = [check for check in CHECKS if check not in KNOWN]
            headers |= {"If-Match": "*"} if case.method not in ("GET", "POST") else {}
        response = case.call(headers=headers)
        seen.add(response.status_code)
        case.validate_response(response, checks=checks)

    one()
    return seen


def _is_open(case: Any) -> bool:
    return case.method != "GET" or "cursor" in (case.query or {})


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
def test_a_small_selection(tokens, world, kind):
    assert run(tokens[kind], world, 60) <= EXPECTED[kind]


@pytest.mark.slow
@pytest.mark.parametrize("kind", EXPECTED)
def test_many_values(tokens, world, kind):
    seen = run(tokens[kind], world, 1500)
    assert seen <= EXPECTED[kind]
    assert {"everything": {200, 400, 404}, "one unit": {200, 400, 403, 404}, "no rights left": {403}}[
        kind
    ] <= seen
