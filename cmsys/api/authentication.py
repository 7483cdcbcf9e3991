"""Who is calling: a client with its token; on the pages about the API also a person who is signed in."""

from __future__ import annotations

import hashlib
import re

from django.utils import timezone
from oauth2_provider.models import AccessToken
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cmsys.accounts.models import User
from cmsys.accounts.sign_in import client_address
from cmsys.api.actors import ClientActor
from cmsys.api.models import Client

# b64token of RFC 6750 2.1
TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{1,200}=*")


class ClientAuthentication(BaseAuthentication):
    """`Authorization: Bearer …` and no other way to carry a token. One query, whatever the token."""

    def authenticate(self, request: Request) -> tuple[ClientActor, AccessToken] | None:
        """The client behind the token, with the rights it has at this moment.

        None without the header. Raises AuthenticationFailed for a token that is malformed, unknown, expired, used from
        elsewhere, or whose client is revoked, expired or not approved; the answer does not say which.
        """
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        found = self._load(token.strip())
        now = timezone.now()
        client = found.application if found is not None else None
        if (
            found is None
            or found.expires <= now
            or not isinstance(client, Client)
            or not client.usable_at(now)
        ):
            raise AuthenticationFailed(code="invalid_token")
        if client.addresses and not client.allows(client_address(request._request)):
            raise AuthenticationFailed(code="invalid_token")
        return ClientActor(client, frozenset(found.scope.split())), found

    def authenticate_header(self, request: Request) -> str:
        sent = request.headers.get("Authorization")
        return 'Bearer realm="cmsys", error="invalid_token"' if sent else 'Bearer realm="cmsys"'

    def _load(self, token: str) -> AccessToken | None:
        if TOKEN.fullmatch(token) is None:
            return None
        checksum = hashlib.sha256(token.encode()).hexdigest()
        tokens = AccessToken.objects.select_related("application__unit")
        found: AccessToken | None = tokens.filter(token_checksum=checksum).first()
        return found


class PersonAuthentication(BaseAuthentication):
    """A person with a session, for reading about the API; data is for clients only."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        user = getattr(request._request, "user", None)
        return (user, None) if isinstance(user, User) and user.is_active else None
