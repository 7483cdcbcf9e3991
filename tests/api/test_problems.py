"""Every refusal and failure is a problem of one shape; malformed input is never a 500."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.test import Client as Browser
from django_filters import BooleanFilter

from cmsys.api.filters import refuse_unknown
from cmsys.api.problems import BadParameters
from cmsys.org.models import OrgUnit

KEYS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def problem(answer, status: int, code: str) -> dict:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    body = answer.json()
    assert set(body) == KEYS
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:cmsys:problem:{code}")
    assert body["request_id"] == answer["X-Request-Id"]
    return body


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ("page_size=0", "page_size", "bad_value"),
        ("page_size=1001", "page_size", "bad_value"),
        ("page_size=-1", "page_size", "bad_value"),
        ("page_size=ten", "page_size", "bad_value"),
        ("page_size=%EF%BC%95", "page_size", "bad_value"),
        ("page_size=1e2", "page_size", "bad_value"),
        ("page_size=", "page_size", "bad_value"),
        ("page_size=99999999999999999999", "page_size", "bad_value"),
        ("cursor=nonsense", "cursor", "bad_cursor"),
        ("cursor=", "cursor", "bad_value"),
        ("cursor=%00", "cursor", "bad_cursor"),
        ("cursor=AQf_______________AAAAA", "cursor", "bad_cursor"),
        ("kind=planet", "kind", "bad_value"),
        ("open_on=2026-02-30", "open_on", "bad_value"),
        ("open_on=yesterday", "open_on", "bad_value"),
        ("updated_since=2026-13-01", "updated_since", "bad_value"),
        ("updated_since=2026-01-01T00:00:00", "updated_since", "bad_value"),
        ("updated_since=0001-01-01T00:00:00%2B14:00", "updated_since", "bad_value"),
        ("updated_since=9999-12-31T23:59:59-14:00", "updated_since", "bad_value"),
        ("code=", "code", "bad_value"),
        ("kind=", "kind", "bad_value"),
        ("updated_since", "updated_since", "bad_value"),
        ("code=%00", "code", "bad_value"),
        ("under=a%00b", "under", "bad_value"),
        ("coffee=1", "coffee", "unknown_parameter"),
        ("offset=5", "offset", "unknown_parameter"),
        ("format=json", "format", "unknown_parameter"),
        ("parent__name__startswith=x", "parent__name__startswith", "unknown_parameter"),
        ("kind=team&kind=branch", "kind", "repeated_parameter"),
        ("page_size=5&page_size=6", "page_size", "repeated_parameter"),
    ],
)
def test_malformed_parameters_are_400_and_named(caller, units, query, field, code):
    body = problem(caller().get(f"/api/v1/org-units/?{query}"), 400, code)
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, code)]
    assert body["title"] == "请求有误"
    assert any("\u4e00" <= char <= "\u9fff" for char in body["errors"][0]["message"])


def test_all_mistakes_are_told_at_once(caller, units):
    body = problem(caller().get("/api/v1/org-units/?kind=x&open_on=x"), 400, "bad_value")
    assert {error["field"] for error in body["errors"]} == {"kind", "open_on"}
    body = problem(caller().get("/api/v1/org-units/?page_size=x&cursor=x"), 400, "invalid")
    assert {error["field"]: error["code"] for error in body["errors"]} == {
        "page_size": "bad_value",
        "cursor": "bad_cursor",
    }


def test_a_detail_takes_no_parameters_at_all(caller, units):
    body = problem(caller().get("/api/v1/org-units/SH/?kind=branch"), 400, "unknown_parameter")
    assert body["errors"][0]["message"] == "没有参数“kind”。可用的有：无。"


@pytest.mark.parametrize("key", ["%00", "%FF", "a%2Fb", "%F0%9F%92%A9", "x" * 2000, "..", "%27%20OR%201=1"])
def test_strange_keys_are_not_found(caller, units, key):
    problem(caller().get(f"/api/v1/org-units/{key}/"), 404, "not_found")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/",
        "/api/v1/nothing/",
        "/api/v1/org-units",
        "/api/v2/org-units/",
        "/api/",
        "/api/v1/org-units/SH/x/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_path_is_404_with_and_without_a_token(caller, units, path, method):
    problem(caller().call(method, path), 404, "not_found")
    problem(Browser().generic(method, path), 404, "not_found")


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"])
def test_reading_resources_take_no_other_method(caller, units, method):
    answer = caller().call(method, "/api/v1/org-units/SH/", data="{}")
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, OPTIONS"


def test_head_is_get_without_a_body_and_options_only_tells_the_methods(caller, units):
    us = caller()
    get, head = us.get("/api/v1/org-units/"), us.call("HEAD", "/api/v1/org-units/")
    assert (head.status_code, head.content) == (200, b"")
    assert (head["ETag"], head["Content-Length"]) == (get["ETag"], get["Content-Length"])
    options = us.call("OPTIONS", "/api/v1/org-units/")
    assert (options.status_code, options["Allow"], options.content) == (204, "GET, HEAD, OPTIONS", b"")
    assert Browser().options("/api/v1/org-units/").status_code == 401


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("text/html;q=0.9, application/*;q=0.1", 200),
        ("text/html", 406),
        ("x", 406),
    ],
)
def test_what_is_accepted(caller, units, accept, status):
    answer = caller().get("/api/v1/org-units/", Accept=accept)
    assert answer.status_code == status
    if status == 406:
        problem(answer, 406, "not_acceptable")


@pytest.mark.urls("tests.api.probe_urls")
class TestBase:
    """What the base view promises to views that come later."""

    @pytest.mark.parametrize("text", ["{", "nul", '{"name": NaN}', '{"name": "a",}', "\x00", "[1"])
    def test_bad_json(self, caller, units, text):
        problem(caller().call("POST", "/api/v1/probe/", data=text), 400, "bad_json")

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "nonsense"])
    def test_wrong_content_type(self, caller, units, kind):
        answer = caller().call("POST", "/api/v1/probe/", data='{"name": "a"}', content_type=kind)
        problem(answer, 415, "unsupported_media_type")

    def test_bytes_that_are_no_text(self, caller, units):
        problem(caller().call("POST", "/api/v1/probe/", data=b'{"name": "\xff"}'), 400, "bad_json")

    def test_wrong_fields_are_flat_with_their_place(self, caller, units):
        data = json.dumps({"name": "abcd", "lines": [{"value": 1}, {"value": 10}, {}]})
        body = problem(caller().call("POST", "/api/v1/probe/", data=data), 400, "invalid")
        assert [(error["field"], error["code"]) for error in body["errors"]] == [
            ("name", "max_length"),
            ("lines.1.value", "max_value"),
            ("lines.2.value", "required"),
        ]

    def test_a_body_that_is_no_object(self, caller, units):
        body = problem(caller().call("POST", "/api/v1/probe/", data="[]"), 400, "invalid")
        assert [(error["field"], error["code"]) for error in body["errors"]] == [("", "invalid")]

    @pytest.mark.parametrize(
        ("kind", "status", "code"),
        [
            ("missing", 403, "permission_denied"),
            ("service", 400, "conflict"),
            ("whole", 400, "conflict"),
            ("absent", 404, "not_found"),
            ("database", 503, "unavailable"),
            ("crash", 500, "internal_error"),
        ],
    )
    def test_failures_of_a_view_keep_their_inside_to_themselves_and_roll_back(
        self, caller, units, kind, status, code, caplog
    ):
        answer = caller().get(f"/api/v1/probe/?kind={kind}")
        body = problem(answer, status, code)
        for inside in ("secret", "ZeroDivision", "10.0.0.1", "Traceback", "query does not exist"):
            assert inside not in answer.content.decode()
        assert OrgUnit.objects.get(code="HQ").name == "总行"
        if kind == "missing":
            assert body["detail"] == "您没有“维护机构与岗位”的权限"
        if kind == "service":
            assert body["errors"] == [{"field": "on", "code": "conflict", "message": "日期太早。"}]
        if kind == "database":
            assert answer["Retry-After"] == "5"
        if kind == "crash":
            assert "secret of the house" in caplog.text  # the log has what the answer has not

    def test_a_failure_outside_the_framework_is_a_problem_too(self, caller, units):
        problem(caller().get("/api/v1/broken/"), 500, "internal_error")


def test_a_host_name_that_is_not_ours_is_a_problem(db):
    problem(Browser().get("/api/v1/org-units/", headers={"Host": "evil.example"}), 400, "bad_request")


@pytest.mark.parametrize("value", ["null", "yes", "1", "2"])
def test_what_is_no_boolean_is_refused_and_not_taken_for_no_condition(value):
    asked = QueryDict(f"rated={value}")
    with pytest.raises(BadParameters) as refused:
        refuse_unknown(SimpleNamespace(query_params=asked), {"rated": BooleanFilter()}, {"rated"})
    [error] = refused.value.errors
    assert (error.field, error.code, str(error.message)) == (
        "rated",
        "bad_value",
        "参数“rated”应是 true 或 false。",
    )


@pytest.mark.parametrize("value", ["true", "false", "True"])
def test_a_boolean_is_taken(value):
    refuse_unknown(
        SimpleNamespace(query_params=QueryDict(f"rated={value}")), {"rated": BooleanFilter()}, {"rated"}
    )
