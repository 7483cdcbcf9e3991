"""The token endpoint: client credentials in, an opaque token for fifteen minutes out; nothing else of OAuth is served."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from oauth2_provider.models import AccessToken
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.views.base import TokenView

from cmsys.access.actors import SystemActor
from cmsys.accounts.sign_in import client_address
from cmsys.api.actors import ClientActor
from cmsys.api.services.clients import digest
from cmsys.api.throttling import address_limit
from cmsys.audit.acting import acting_as
from cmsys.audit.ledger import record


class ClientValidator(OAuth2Validator):
    """Compares digests of secrets, and notes each token in the ledger."""

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        return constant_time_compare(digest(provided_secret), stored_secret)

    def _create_access_token(
        self, expires: datetime, request: Any, token: dict[str, Any], source_refresh_token: Any = None
    ) -> AccessToken:
        """Keeps the token's checksum; tokens of this client that have expired go, so that the table does not grow."""
        AccessToken.objects.filter(application=request.client, expires__lt=timezone.now()).delete()
        created = super()._create_access_token(expires, request, token, source_refresh_token)
        scopes = str(token["scope"]).split()
        record(
            "api.token_issue",
            request.client,
            actor=ClientActor(request.client, frozenset(scopes)),
            after={"scopes": scopes, "expires": expires},
        )
        return created


class ClientTokenView(TokenView):
    """POST only. Answers as RFC 6749 5.1 and 5.2 say, refusals included; the ledger keeps those as well."""

    http_method_names = ["post"]

    @method_decorator(sensitive_post_parameters("client_secret"))
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        address = client_address(request)
        limit = address_limit(address)
        if limit is not None and limit.exceeded:
            return HttpResponse(
                json.dumps({"error": "slow_down"}),
                status=429,
                content_type="application/json",
                headers={"Retry-After": str(limit.reset), "Cache-Control": "no-store"},
            )
        with acting_as(
            SystemActor("system:token"), request_id=getattr(request, "request_id", ""), address=address
        ):
            response: HttpResponse = self.authorization_flow_token_response(request)
            response["Content-Type"], response["Cache-Control"] = "application/json", "no-store"
            if response.status_code >= 400:
                claimed = request.POST.get("client_id", "").replace("\x00", "")[:60]
                record(
                    "api.token_refused",
                    actor=SystemActor("system:token"),
                    resource="api-clients",
                    label=claimed,
                    success=False,
                    after={"status": response.status_code, "error": _error(response)},
                )
        return response


def _error(response: HttpResponse) -> str:
    try:
        return str(json.loads(response.content).get("error", ""))[:60]
    except ValueError:
        return ""
