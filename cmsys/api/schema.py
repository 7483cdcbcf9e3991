"""The description of the API (OpenAPI 3.1) and its page; both for clients and for whoever is signed in."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2
from rest_framework.request import Request
from rest_framework.response import Response

from cmsys.api.authentication import ClientAuthentication, PersonAuthentication
from cmsys.api.authorization import IsKnown
from cmsys.api.problems import CONTENT_TYPE, TITLES
from cmsys.api.rendering import DecimalJSONRenderer
from cmsys.api.scopes import all_scopes
from cmsys.api.views import ApiView

SECURITY = "clientCredentials"
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
            },
        },
    },
}


class ClientCredentialsScheme(OpenApiAuthenticationExtension):
    """Tells the generator how clients sign in, and with which scopes."""

    target_class = "cmsys.api.authentication.ClientAuthentication"
    name = SECURITY

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        flow = {"tokenUrl": "/o/token/", "scopes": all_scopes()}
        return {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def get_security_requirement(self, auto_schema: AutoSchema) -> dict[str, list[Any]]:
        view: Any = auto_schema.view
        function = view.required_function()
        return {SECURITY: [function.scope] if function is not None and function.scope else []}


class ResourceSchema(AutoSchema):
    """Adds to each operation what every view of ours can answer besides 200: problems, 304, headers."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        statuses = [400, 401, 403, 406, 429, 500, 503]
        if getattr(self.view, "action", "") != "list":
            statuses.append(404)
        for status in sorted(statuses):
            responses[str(status)] = {
                "description": str(TITLES[status]),
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query" and parameter["schema"] == {"type": "string"}:
                parameter["schema"]["minLength"] = 1
        if self.method == "GET":
            responses["200"]["headers"] = {
                "ETag": {"schema": {"type": "string"}},
                **{
                    f"RateLimit-{name}": {"schema": {"type": "integer"}}
                    for name in ("Limit", "Remaining", "Reset")
                },
            }
            responses["304"] = {"description": "内容未变"}
            operation.setdefault("parameters", []).append(
                {
                    "name": "If-None-Match",
                    "in": "header",
                    "required": False,
                    "schema": {"type": "string"},
                    "description": "上次得到的 ETag；内容未变时返回 304。",
                }
            )
        operation["responses"] = dict(sorted(responses.items()))
        return operation


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """The generator's last step: adds the schema of problems, which no serializer describes, drops its inner marks."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    _drop(result, "x-spec-enum-id")
    return result


def _drop(node: Any, key: str) -> None:
    if isinstance(node, dict):
        node.pop(key, None)
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _drop(inner, key)


@cache
def _described() -> dict[str, Any]:
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return described


class SchemaView(ApiView):
    """The description as JSON, or as YAML for who asks for it. Made once in each process."""

    authentication_classes = (ClientAuthentication, PersonAuthentication)
    permission_classes = (IsKnown,)
    renderer_classes = (DecimalJSONRenderer, OpenApiJsonRenderer, OpenApiYamlRenderer, OpenApiYamlRenderer2)
    schema = None

    def get(self, request: Request) -> Response:
        return Response(_described())


class DocsView(LoginRequiredMixin, TemplateView):
    """Swagger UI from our own files, with nothing inline; for people, strangers are sent to the door."""

    template_name = "api/docs.html"
