"""ApiView: what every view of the API does, whatever it answers."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework.exceptions import NotAuthenticated, NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cmsys.access.functions import Function
from cmsys.accounts.models import User
from cmsys.accounts.sign_in import client_address
from cmsys.api.actors import ClientActor
from cmsys.api.idempotency import Keyed, Replay, keyed
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record

SAFE = ("GET", "HEAD")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def etag_of(content: bytes) -> str:
    """The strong tag of an answer: it is over the very bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


class ApiView(APIView):
    """Answers in the name of a client: who it is (401), how often it asks (429), what it may (403), then the work.

    The work runs in one transaction opened by `acting_as`; an answer of 4xx or 5xx rolls back, and a refusal for lack
    of a scope is kept in the ledger. `request.user_actor` is the actor for `visible_to` and services. Answers of 200
    carry an ETag over their bytes and become 304 for who has them already: the rows are read either way, so that a
    changed name of a related object is never missed, but nothing is sent. What a request with an `Idempotency-Key` has
    done is not done again: it is answered as it was (cmsys.api.idempotency).
    """

    function: ClassVar[Function | None] = None

    def required_function(self) -> Function | None:
        """The function the client must have; its scope is the one the token needs."""
        return self.function

    def required_functions(self) -> tuple[Function, ...]:
        """Any one of these lets the client in; a view that more than one scope opens says so here."""
        function = self.required_function()
        return (function,) if function is not None else ()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with ExitStack() as self.stack:
            response: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
            if isinstance(response, Response):
                response.render()
            if response.status_code >= 400 and self._acting:
                transaction.set_rollback(True)
            elif self._keyed is not None and response.status_code < 300:
                self._keyed.keep(response, timezone.now())
        if response.status_code == 403:
            self._record_denial(request)
        response = self._conditional(request, response)
        patch_vary_headers(response, ("Authorization",))
        limit = getattr(self.request, "rate_limit", None)
        for name, value in limit.headers.items() if limit is not None else ():
            response[name] = value
        return response

    _acting = False
    _keyed: Keyed | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Before the handler. The limit comes before the scope, so that refusals cannot be had without end."""
        self.format_kwarg = None
        self.perform_authentication(request)
        if not isinstance(request.user, (ClientActor, User)):
            raise NotAuthenticated
        self.check_throttles(request)
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        request.user_actor = request.user  # type: ignore[attr-defined]
        acting = acting_as(
            request.user, request_id=getattr(request, "request_id", ""), address=self._address()
        )
        self.stack.enter_context(acting)
        self._acting = True
        self.check_permissions(request)
        if self._writes(request) and isinstance(request.user, ClientActor):
            self._keyed = keyed(request, request.user.client)

    def handle_exception(self, exc: Exception) -> Any:
        """A request that was answered before gets that answer; everything else becomes a problem."""
        return exc.response if isinstance(exc, Replay) else super().handle_exception(exc)

    def _writes(self, request: Request) -> bool:
        method = (request.method or "").lower()
        return request.method in UNSAFE and method in self.http_method_names and hasattr(self, method)

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Which methods there are, as the Allow header; no body."""
        return Response(status=204)

    def _address(self) -> str:
        return client_address(self.request._request)

    def _record_denial(self, request: HttpRequest) -> None:
        actor = self.request.user
        if not isinstance(actor, ClientActor):
            return
        with acting_as(actor, request_id=getattr(request, "request_id", ""), address=self._address()):
            record(
                "access.denied",
                None,
                actor=actor,
                resource="api",
                object_id=request.method or "",
                label=request.path,
                success=False,
                after={"status": 403},
            )

    def _conditional(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if response.status_code != 200 or request.method not in SAFE or response.streaming:
            return response
        etag = etag_of(response.content)
        response["ETag"] = etag
        response.setdefault("Cache-Control", "private, no-cache")
        asked = [tag.removeprefix("W/") for tag in parse_etags(request.headers.get("If-None-Match", ""))]
        if etag not in asked and "*" not in asked:
            return response
        unchanged = HttpResponse(status=304)
        del unchanged["Content-Type"]
        for name in ("ETag", "Cache-Control", "Vary"):
            if name in response:
                unchanged[name] = response[name]
        return unchanged


class UnknownPathView(APIView):
    """Everything below /api/ that is nothing: 404 as a problem, with or without a token."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        self.headers: dict[str, str] = {}
        self.args, self.kwargs = args, kwargs
        self.request = self.initialize_request(request, *args, **kwargs)
        return self.handle_exception(NotFound())
