"""Rules of a session: idle end, forced password change, nothing cached, everything but the door behind a sign-in."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import add_never_cache_headers

# Answered without a session: the door, health, static files, and the API with its own authentication.
OPEN_PREFIXES = ("/sign-in/", "/static/", "/healthz", "/readyz", "/metrics", "/o/", "/api/")
# Polled by open pages; looking at them must not keep a session alive.
POLLED_PREFIXES = ("/poll/",)
WHILE_FORCED = ("/password/", "/sign-out/")


class SessionRulesMiddleware:
    """Sends strangers to the door, ends idle sessions, and lets a forced password change come first."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        now = int(time.time())
        if request.user.is_authenticated:
            if now - int(request.session.get("seen_at", now)) > settings.SESSION_IDLE_SECONDS:
                logout(request)
            elif (
                not request.path.startswith(POLLED_PREFIXES)
                and now - int(request.session.get("seen_at", 0)) > 30
            ):
                request.session["seen_at"] = now
        if not request.user.is_authenticated:
            return self._to_the_door(request)
        if request.user.must_change_password and not request.path.startswith(WHILE_FORCED):
            return HttpResponseRedirect("/password/")
        response = self.get_response(request)
        add_never_cache_headers(response)
        return response

    def _to_the_door(self, request: HttpRequest) -> HttpResponse:
        wanted = request.get_full_path() if request.method == "GET" else "/"
        target = f"{settings.LOGIN_URL}?{urlencode({'next': wanted})}"
        if request.headers.get("HX-Request"):
            # A fragment cannot show the door: the whole page goes there, and comes back.
            return HttpResponse(status=401, headers={"HX-Redirect": target})
        return HttpResponseRedirect(target)
