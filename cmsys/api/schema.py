"""The description of the API (OpenAPI 3.1) and its page; both for clients and for whoever is signed in."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.views.generic import TemplateView
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
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

    def get_security_requirement(self, auto_schema: AutoSchema) -> list[dict[str, list[Any]]]:
        """One requirement for each scope of which one is enough."""
        view: Any = auto_schema.view
        scopes = [function.scope for function in view.required_functions() if function.scope]
        return [{SECURITY: [scope]} for scope in scopes] or [{SECURITY: []}]


class BodyExtension(OpenApiSerializerExtension):
    """What clients send has no other keys than those described."""

    target_class = "cmsys.api.bodies.BodySerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: AutoSchema, direction: Any) -> dict[str, Any]:
        described: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        return described | {"additionalProperties": False}


def header(name: str, description: str, *, required: bool, **schema: Any) -> dict[str, Any]:
    """A header of a request, as a parameter."""
    return {
        "name": name, "in": "header", "required": required, "schema": {"type": "string"} | schema, "description": description,
    }  # fmt: skip


IF_NONE_MATCH = header("If-None-Match", "上次得到的 ETag；内容未变时返回 304。", required=False)
IF_MATCH = header("If-Match", "读取该对象时得到的 ETag；对象已被修改时返回 412。", required=True)
IDEMPOTENCY_KEY = header(
    "Idempotency-Key", "由客户端产生的唯一值；用同一个键重发同一请求，只生效一次，返回当时的回答，至少保留 24 小时。",
    required=False, minLength=1, maxLength=255, pattern="^[!-~]+$",
)  # fmt: skip
RATE_LIMIT = {
    f"RateLimit-{name}": {"schema": {"type": "integer"}} for name in ("Limit", "Remaining", "Reset")
}
ETAG = {"ETag": {"schema": {"type": "string"}}}
LOCATION = {"Location": {"schema": {"type": "string", "format": "uri"}}}
READING = (400, 401, 403, 406, 429, 500, 503)
WRITING = (*READING, 409, 413, 415, 422)


class ResourceSchema(AutoSchema):
    """Adds to each operation what every view of ours can answer besides its success: problems, 304, headers."""

    def get_request_serializer(self) -> Any:
        """What a writing request carries, where the view says so."""
        name = "create_body" if self.method == "POST" else "update_body"
        body = getattr(self.view, name, None) if self.method in ("POST", "PUT", "PATCH") else None
        return body() if body is not None else super().get_request_serializer()

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation: dict[str, Any] | None = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        responses = operation["responses"]
        of_one = "{" in self.path
        statuses = {*(READING if self.method == "GET" else WRITING), *((404,) if of_one else ())}
        if of_one and self.method in ("PUT", "PATCH", "DELETE"):
            statuses |= {412, 428}
        for status in sorted(statuses):
            responses[str(status)] = {
                "description": str(TITLES[status]),
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        parameters = operation.setdefault("parameters", [])
        for parameter in parameters:
            if parameter["in"] == "query" and parameter["schema"] == {"type": "string"}:
                parameter["schema"]["minLength"] = 1
        if self.method == "GET":
            responses["200"]["headers"] = ETAG | RATE_LIMIT
            responses["304"] = {"description": "内容未变"}
            parameters.append(IF_NONE_MATCH)
        else:
            parameters += [IDEMPOTENCY_KEY, *([IF_MATCH] if 428 in statuses else [])]
            for status, headers in (("200", ETAG), ("201", ETAG | LOCATION), ("204", {})):
                if status in responses:
                    responses[status]["headers"] = headers | RATE_LIMIT
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
