"""Refusals that never reach a view of the API (a bad host name, a crash of a middleware) become problems too."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from cmsys.api.problems import CONTENT_TYPE, failure, problem

PREFIXES = ("/api/", "/o/")
MACHINE_READABLE = (CONTENT_TYPE, "application/json")


class ProblemMiddleware:
    """Replaces error pages below /api/ and /o/ by problem details. Stands outside all that could answer with a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        kind = response.get("Content-Type", "").partition(";")[0]
        if response.status_code < 400 or kind in MACHINE_READABLE or not request.path.startswith(PREFIXES):
            return response
        if response.status_code >= 500:
            return failure(request)
        kept = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
        code = {404: "not_found", 405: "method_not_allowed"}.get(response.status_code, "bad_request")
        return problem(
            request,
            response.status_code,
            code=code,
            detail=_("请求无法处理，请检查方法、路径和请求头。"),
            headers=kept,
        )
