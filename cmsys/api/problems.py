"""Problem details (RFC 9457): the one form of every refusal and failure below /api/."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.request import Request

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict

logger = logging.getLogger("django.request")

CONTENT_TYPE = "application/problem+json"
TITLES: dict[int, Promise] = {
    400: gettext_lazy("请求有误"),
    401: gettext_lazy("需要有效的访问令牌"),
    403: gettext_lazy("没有权限"),
    404: gettext_lazy("没有找到"),
    405: gettext_lazy("不支持这种请求方法"),
    406: gettext_lazy("无法提供所要求的格式"),
    409: gettext_lazy("与当前状态冲突"),
    410: gettext_lazy("须重新读取"),
    412: gettext_lazy("数据已被修改"),
    413: gettext_lazy("请求内容过大"),
    415: gettext_lazy("不支持的内容类型"),
    422: gettext_lazy("内容不能被接受"),
    428: gettext_lazy("缺少前提条件"),
    429: gettext_lazy("请求过于频繁"),
    500: gettext_lazy("服务器内部错误"),
    503: gettext_lazy("服务暂时不可用"),
}
DETAILS: dict[type[Exception], Promise] = {
    exceptions.NotAuthenticated: gettext_lazy(
        "请在请求头中提供访问令牌：Authorization: Bearer …，令牌由 /o/token/ 签发。"
    ),
    exceptions.AuthenticationFailed: gettext_lazy("访问令牌无效、已过期，或者客户端已停用。请重新申请令牌。"),
    exceptions.NotFound: gettext_lazy("没有这个资源，或者它不在可访问的范围内。路径须以 / 结尾。"),
    exceptions.ParseError: gettext_lazy("请求内容不是有效的 JSON（UTF-8，同一层中键不得重复）。"),
    exceptions.NotAcceptable: gettext_lazy("本接口只提供 application/json，请修改 Accept 请求头。"),
    exceptions.PermissionDenied: gettext_lazy("您没有执行此操作的权限。"),
}
CODES: dict[type[Exception], str] = {
    exceptions.ParseError: "bad_json",
    exceptions.AuthenticationFailed: "invalid_token",
}
RETRY_SECONDS = 5
# Codes of services for what clashes with something that is there.
CONFLICTS = {"duplicate", "conflict"}


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with one parameter or field; `field` is empty when it concerns the whole."""

    field: str
    code: str
    message: str


class BadParameters(exceptions.APIException):
    """Query parameters that are unknown or malformed (400); carries all of them at once."""

    status_code = status.HTTP_400_BAD_REQUEST

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(_("请求参数有误，详见 errors。"), code=_shared_code(errors))
        self.errors = tuple(errors)


class BadContent(exceptions.APIException):
    """Well written, and yet it cannot be done: what a service refuses (422), or what is there already (409)."""

    status_code = 422

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(_("提交的内容不能被接受，详见 errors。"), code=_shared_code(errors))
        self.errors = tuple(errors)
        if {error.code for error in errors} <= CONFLICTS:
            self.status_code = status.HTTP_409_CONFLICT


class PreconditionRequired(exceptions.APIException):
    """A change without `If-Match` (428): it could undo what somebody else has just done."""

    status_code = 428
    default_code = "precondition_required"

    def __init__(self) -> None:
        super().__init__(_("修改和删除须带 If-Match 请求头，填读取该对象时得到的 ETag。"))


class PreconditionFailed(exceptions.APIException):
    """The object is not what the client has read (412)."""

    status_code = 412
    default_code = "precondition_failed"

    def __init__(self) -> None:
        super().__init__(_("对象在您读取之后已被修改，请重新读取，确认后再提交。"))


def problem(
    request: HttpRequest | Request,
    status_code: int,
    *,
    code: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An answer of type application/problem+json, written without a renderer: it is the same whatever was accepted."""
    body = {
        "type": f"urn:cmsys:problem:{code}",
        "title": str(TITLES.get(status_code, TITLES[400 if status_code < 500 else 500])),
        "status": status_code,
        "detail": detail,
        "code": code,
        "request_id": getattr(request, "request_id", ""),
        "errors": [asdict(error) for error in errors],
    }
    text = json.dumps(body, ensure_ascii=False)
    response = HttpResponse(text, status=status_code, content_type=CONTENT_TYPE, headers=dict(headers or {}))
    response["Cache-Control"] = "no-store"
    return response


def problem_response(exc: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """What Django REST framework asks for every exception of a view. Never lets one through; unknown ones are logged."""
    request: Request = context["request"]
    if isinstance(exc, (Http404, exceptions.NotFound)):
        exc = exceptions.NotFound()
    elif isinstance(exc, (DjangoPermissionDenied, MissingFunction)):
        exc = exceptions.PermissionDenied(str(exc) or None)
    elif isinstance(exc, DjangoValidationError):
        exc = BadParameters(field_errors(exc))
    elif isinstance(exc, Conflict):
        return problem(request, 409, code="conflict", detail=str(exc))
    if isinstance(exc, exceptions.APIException):
        return _known(request, exc)
    if isinstance(exc, (OperationalError, InterfaceError)):
        logger.error("database out of reach: %s", request.path, exc_info=exc)
        return problem(
            request,
            503,
            code="unavailable",
            detail=_("数据库暂时无法访问，请稍后重试。"),
            headers={"Retry-After": str(RETRY_SECONDS)},
        )
    logger.error("internal error: %s", request.path, exc_info=exc)
    got_request_exception.send(sender=None, request=request._request)
    return failure(request)


def failure(request: HttpRequest | Request) -> HttpResponse:
    """500, with the number to quote and nothing of what happened inside."""
    return problem(
        request,
        500,
        code="internal_error",
        detail=_("处理请求时出错。请稍后重试；若仍失败，请把 request_id 告诉管理员。"),
    )


def _known(request: Request, exc: exceptions.APIException) -> HttpResponse:
    kind = type(exc)
    errors: Sequence[FieldError] = ()
    code = CODES.get(kind) or str(getattr(exc.detail, "code", None) or exc.default_code)
    detail = str(DETAILS[kind]) if kind in DETAILS and not _has_own_words(exc) else str(exc.detail)
    if isinstance(exc, (BadParameters, BadContent)):
        errors = exc.errors
    elif isinstance(exc, exceptions.ValidationError):
        errors = _rest_errors(exc.detail, exc.get_codes())
        code, detail = _shared_code(errors), _("提交的内容有误，详见 errors。")
    elif isinstance(exc, exceptions.MethodNotAllowed):
        detail = _("此路径不支持 %(method)s。") % {"method": request.method}
    elif isinstance(exc, exceptions.UnsupportedMediaType):
        detail = _("请以 application/json 提交内容。")
    elif isinstance(exc, exceptions.Throttled):
        code, detail = (
            "throttled",
            _("已达到每分钟请求数上限，请在 %(seconds)d 秒后重试。")
            % {"seconds": getattr(exc, "wait", None) or 1},
        )
    headers = {}
    if getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = str(exc.auth_header)  # type: ignore[attr-defined]
    if getattr(exc, "wait", None):
        headers["Retry-After"] = str(int(exc.wait))  # type: ignore[attr-defined]
    return problem(request, exc.status_code, code=code, detail=detail, errors=errors, headers=headers)


def _has_own_words(exc: exceptions.APIException) -> bool:
    return isinstance(exc, exceptions.PermissionDenied) and str(exc.detail) != str(exc.default_detail)


def _shared_code(errors: Sequence[FieldError]) -> str:
    codes = {error.code for error in errors}
    return codes.pop() if len(codes) == 1 else "invalid"


def _rest_errors(detail: Any, codes: Any, field: str = "") -> list[FieldError]:
    """Nested details of a serializer as one flat list, fields joined by dots."""
    if isinstance(detail, Mapping):
        return [
            error
            for name, inner in detail.items()
            for error in _rest_errors(inner, codes[name], f"{field}.{name}" if field else str(name))
        ]
    if isinstance(detail, list):
        return [
            error
            for inner, code in zip(detail, codes, strict=True)
            for error in _rest_errors(inner, code, field)
        ]
    return [
        FieldError(
            field.removesuffix(".non_field_errors").replace("non_field_errors", ""), str(codes), str(detail)
        )
    ]


def field_errors(exc: DjangoValidationError) -> list[FieldError]:
    """What a form or a service has refused, field by field."""
    by_field = exc.error_dict if hasattr(exc, "error_dict") else {"": exc.error_list}
    return [
        FieldError("" if field == "__all__" else field, str(error.code or "invalid"), message)
        for field, errors in by_field.items()
        for error in errors
        for message in error.messages
    ]
