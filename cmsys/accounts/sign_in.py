"""Signing in: lockout before any hashing, one message for every refusal, every attempt in the ledger."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

from cmsys.access.actors import SystemActor
from cmsys.accounts.models import User
from cmsys.audit.ledger import record


class Refusal(StrEnum):
    """Why a sign-in failed; for the ledger, never for the screen."""

    WRONG = "wrong_password_or_unknown"
    LOCKED = "locked"
    ADDRESS = "too_many_from_address"


def client_address(request: HttpRequest) -> str:
    """The address the request came from; behind N trusted proxies the one the outermost of them saw."""
    count = int(getattr(settings, "PROXY_COUNT", 0))
    forwarded = [
        part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()
    ]
    if count and len(forwarded) >= count:
        return forwarded[-count][:45]
    return str(request.META.get("REMOTE_ADDR", ""))[:45]


def sign_in_attempt(*, request: HttpRequest, username: str, password: str, now: datetime) -> User | Refusal:
    """The user, or why not. Locked accounts and addresses are refused before the password is hashed.

    Costs one password check at most, the same for an unknown name (the backend hashes a dummy). Each attempt is an
    event of its own transaction, kept whatever happens to the request.
    """
    # Attempts are counted for the account, not for the spelling: otherwise MGR, Mgr, mGr … had five tries each.
    known = User.objects.filter(username__iexact=username).values_list("username", flat=True).first()
    username = known or username.lower()
    credentials = {"username": username}
    address = client_address(request)
    refusal = None
    if not AxesProxyHandler.is_allowed(request, credentials):
        refusal = Refusal.LOCKED
    elif _failures_from(address, now) >= settings.SIGN_IN_FAILURES_PER_ADDRESS:
        refusal = Refusal.ADDRESS
    user = None if refusal else authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        refusal = refusal or Refusal.WRONG
    with transaction.atomic():
        record(
            "auth.sign_in" if user else "auth.refused",
            user if isinstance(user, User) else None,
            actor=user if isinstance(user, User) else SystemActor(f"未登录：{username[:60]}"),
            resource="users",
            label="" if user else username[:60],
            success=user is not None,
            after={
                "outcome": "ok" if user else str(refusal),
                "address": address,
                "agent": request.headers.get("User-Agent", "")[:200],
            },
            now=now,
        )
    return user if isinstance(user, User) else refusal or Refusal.WRONG


def as_answered(request: HttpRequest, response: HttpResponse, credentials: object) -> HttpResponse:
    """What axes asks for when an attempt closes an account: the page stays the one that every refusal gets."""
    return response


def _failures_from(address: str, now: datetime) -> int:
    since = now - timedelta(hours=settings.AXES_COOLOFF_TIME)
    recent = AccessAttempt.objects.filter(ip_address=address, attempt_time__gte=since)
    return int(recent.aggregate(failures=Sum("failures_since_start"))["failures"] or 0)
