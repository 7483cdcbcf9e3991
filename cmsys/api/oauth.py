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
from cmsys.api.models import Client
from cmsys.api.services.clients import digest
from cmsys.api.throttling import address_limit
from cmsys.audit.acting import acting, acting_as
from cmsys.audit.ledger import record


class ClientValidator(OAuth2Validator):
    """Compares digests of secrets, and notes each token in the ledger and that the client was there."""

    def _load_application(self, client_id: str, request: Any) -> Client | None:
        """The client, if it may call from here; with the digests of all its secrets that are good now, one or two."""
        client: Client | None = super()._load_application(client_id, request)
        now_acting = acting()
        if client is not None and now_acting is not None and not client.allows(now_acting.address):
            request.client = None
            return None
        if client is not None and len(client.client_secret) == len(digest("")):
            client.client_secret = " ".join(client.secrets_at(timezone.now()))
        return client

    def _check_secret(self, provided_secret: str, stored_secret: str) -> bool:
        provided = digest(provided_secret)
        # Every one is compared, so that the time does not tell which.
        matches = [constant_time_compare(provided, stored) for stored in stored_secret.split()]
        return any(matches)

    def _create_access_token(
        self, expires: datetime, request: Any, token: dict[str, Any], source_refresh_token: Any = None
    ) -> AccessToken:
        """Keeps the token's checksum; tokens of this client that have expired go, so that the table does not grow."""
        now = timezone.now()
        AccessToken.objects.filter(application=request.client, expires__lt=now).delete()
        Client.objects.filter(pk=request.client.pk).update(last_used_at=now)
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
