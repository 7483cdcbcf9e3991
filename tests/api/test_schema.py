"""The description: committed, complete, and served to clients and to who is signed in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.test import Client as Browser
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema

from cmsys.api.router import registered
from cmsys.api.scopes import all_scopes

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.yaml"
# What is of all resources.
OF_ALL = {"changes", "digest", "{resource}"}
# They describe the API or catch what is none of it.
NOT_RESOURCES = {"/api/v1/schema/", "/api/v1/docs/", "/api/v1/"}


@pytest.fixture(scope="module")
def described() -> dict[str, Any]:
    return SchemaGenerator().get_schema(request=None, public=True)


def test_the_committed_file_is_what_the_code_says(described):
    """When this fails: manage.py spectacular --file docs/openapi.yaml"""
    written = OpenApiYamlRenderer().render(described, renderer_context={}).decode()
    assert COMMITTED.read_text(encoding="utf-8") == written


def test_it_is_valid_openapi_3_1_without_warnings(described, capsys):
    validate_schema(described)
    assert described["openapi"] == "3.1.0"
    SchemaGenerator().get_schema(request=None, public=True)
    assert capsys.readouterr().err == ""


def routes(patterns: list[Any], prefix: str = "/") -> list[str]:
    found = []
    for pattern in patterns:
        written = re.sub(r"\(\?P<(\w+)>\[\^/\]\+\)|<slug:(\w+)>", r"{\1\2}", str(pattern.pattern))
        path = prefix + written.strip("^$").replace("\\Z", "")
        if isinstance(pattern, URLResolver):
            found += routes(pattern.url_patterns, path)
        elif isinstance(pattern, URLPattern):
            found.append(path)
    return found


def test_every_route_is_in_it(described):
    found = {path for path in routes(get_resolver().url_patterns) if path.startswith("/api/v1/")}
    assert {path.replace("{pk}", "{id}") for path in found - NOT_RESOURCES} == set(described["paths"])
    assert all(path.endswith("/") for path in found)
    assert {path.split("/")[3] for path in described["paths"]} == set(registered()) | OF_ALL


def test_every_operation_names_its_scopes_and_its_refusals(described):
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            said = set(operation["responses"])
            scopes = [scope for need in operation["security"] for scope in need["clientCredentials"]]
            # What one resource asks for another does not.
            assert bool(scopes) is ("{resource}" not in path), path
            assert set(scopes) <= set(all_scopes()), path
            assert {"400", "401", "403", "429"} <= said, (path, method)
            assert ("404" in said) == ("{" in path)
            assert ("304" in said) == (method == "get")
            problems = operation["responses"]["403"]["content"]
            assert list(problems) == ["application/problem+json"]


def test_either_scope_opens_grades(described):
    for path in ("/api/v1/grades/", "/api/v1/grades/{id}/", "/api/v1/grades/{id}/explanation/"):
        assert described["paths"][path]["get"]["security"] == [
            {"clientCredentials": ["grades:read"]}, {"clientCredentials": ["grades:read_unpublished"]},
        ]  # fmt: skip


def test_writing_is_described_with_its_headers_its_content_and_its_answers(described):
    wrote = {
        (path, method): operation
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        if method != "get"
    }
    for what in ("readings", "targets"):
        assert {(f"/api/v1/{what}/", "post"), *((f"/api/v1/{what}/{{id}}/", verb) for verb in ("put", "patch", "delete"))} <= set(wrote)  # fmt: skip
    for (path, method), operation in wrote.items():
        headers = {one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "header"}
        changes = method != "post"
        assert headers == {"Idempotency-Key": False} | ({"If-Match": True} if changes else {}), (path, method)
        said = set(operation["responses"])
        assert {"409", "413", "415", "422"} <= said, (path, method)
        assert ({"412", "428"} <= said) == changes
        success = {"post": "201", "delete": "204"}.get(method, "200")
        assert said & {"200", "201", "204"} == {success}
        assert ("ETag" in operation["responses"][success]["headers"]) == (method != "delete")
        assert ("Location" in operation["responses"][success]["headers"]) == (method == "post")
        if method != "delete":
            body = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
            described_body = described["components"]["schemas"][body]
            assert described_body["additionalProperties"] is False
            assert not any(one.get("readOnly") for one in described_body["properties"].values())


def test_every_scope_of_the_house_can_be_asked_for(described):
    flow = described["components"]["securitySchemes"]["clientCredentials"]["flows"]["clientCredentials"]
    assert flow == {"tokenUrl": "/o/token/", "scopes": all_scopes()}
    assert flow["scopes"]["org:read"] == "查看机构与岗位"


def test_clients_and_people_may_read_it_in_two_forms(caller, units, django_user_model, described):
    us = caller("managers:read")
    answer = us.get("/api/v1/schema/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json()["paths"].keys() == described["paths"].keys()
    answer = us.get("/api/v1/schema/", Accept="application/yaml")
    assert yaml.safe_load(answer.content)["paths"].keys() == described["paths"].keys()
    browser = Browser()
    browser.force_login(
        django_user_model.objects.create(username="zhang", name="张三", must_change_password=False)
    )
    assert browser.get("/api/v1/schema/").status_code == 200


def test_the_page_loads_own_files_only_and_nothing_inline(db, django_user_model):
    browser = Browser()
    answer = browser.get("/api/v1/docs/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/api/v1/docs/")
    browser.force_login(
        django_user_model.objects.create(username="zhang", name="张三", must_change_password=False)
    )
    answer = browser.get("/api/v1/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "script-src 'self'" in answer["Content-Security-Policy"].split("; ")
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == [
        "/static/drf_spectacular_sidecar/swagger-ui-dist/favicon-32x32.png",
        "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui.css",
        "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js",
        "/static/api/docs.js",
        "/",
        "/api/v1/schema/",
    ]
    assert not re.search(r"<script>|<style|style=|onclick|onload", page)


def test_the_files_of_the_page_are_there():
    from django.contrib.staticfiles.finders import find

    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "favicon-32x32.png"):
        assert find(f"drf_spectacular_sidecar/swagger-ui-dist/{name}")
    assert find("api/docs.js")


def test_a_place_is_taken_once():
    from cmsys.api.router import register

    with pytest.raises(ValueError, match="org-units is registered twice"):
        register("org-units", object)
