"""ActingMiddleware: each request runs in one transaction, in the name of whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.db import OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from cmsys.access.refusals import Conflict
from cmsys.accounts.models import User
from cmsys.accounts.sign_in import client_address
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record

# PostgreSQL's lock_not_available.
LOCK_TIMEOUT = "55P03"
# Their work is a transaction of its own, kept even when the answer is a refusal.
OWN_TRANSACTION_PREFIXES = ("/sign-in/", "/static/", "/healthz", "/readyz", "/metrics", "/api/", "/o/")


class ActingMiddleware:
    """Wraps pages in acting_as; an answer of 4xx or 5xx rolls back. Refusals are recorded afterwards, so that they stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The path first: asking for the user costs two queries, and health checks come every few seconds.
        if request.path.startswith(OWN_TRANSACTION_PREFIXES) or not isinstance(request.user, User):
            return self.get_response(request)
        user = request.user
        request_id = getattr(request, "request_id", "")
        address = client_address(request)
        with acting_as(user, request_id=request_id, address=address):
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        if response.status_code == 403:
            with acting_as(user, request_id=request_id, address=address):
                record(
                    "access.denied",
                    None,
                    actor=user,
                    resource="pages",
                    object_id=request.method or "",
                    label=request.path,
                    success=False,
                    after={"status": 403},
                )
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Who came too late is told who was first. A row somebody else holds for too long is no fault of the program
        either: the page says so and asks to try again."""
        if isinstance(exception, Conflict):
            told = {"message": str(exception), "request_id": getattr(request, "request_id", "")}
            return render(request, "errors/409.html", told, status=409)
        if (
            not isinstance(exception, OperationalError)
            or getattr(exception.__cause__, "pgcode", "") != LOCK_TIMEOUT
        ):
            return None
        context = {
            "message": _("别人正在修改同一处数据，这次没有保存。请稍候再试。"),
            "request_id": getattr(request, "request_id", ""),
        }
        response = render(request, "errors/503.html", context, status=503)
        response["Retry-After"] = "5"
        return response
