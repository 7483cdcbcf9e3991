"""ActingMiddleware: each request runs in one transaction, in the name of whoever is signed in."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse

from cmsys.accounts.models import User
from cmsys.accounts.sign_in import client_address
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record

# Their work is a transaction of its own, kept even when the answer is a refusal.
OWN_TRANSACTION_PREFIXES = ("/sign-in/", "/static/", "/healthz", "/readyz", "/api/", "/o/")


class ActingMiddleware:
    """Wraps pages in acting_as; an answer of 4xx or 5xx rolls back. Refusals are recorded afterwards, so that they stay."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, User) or request.path.startswith(OWN_TRANSACTION_PREFIXES):
            return self.get_response(request)
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
