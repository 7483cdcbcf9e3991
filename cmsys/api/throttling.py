"""Limits of requests in a minute, counted in the cache; reads stay open when the counter cannot be reached (ADR 0005)."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle

from cmsys.api.actors import ClientActor

logger = logging.getLogger(__name__)

WINDOW = 60
TOKENS_PER_ADDRESS = 60
# After a failure the counter is left alone for this long: a hung broker must not delay every request by its timeout.
PAUSE = 10.0

_resume_at = 0.0


@dataclass(frozen=True)
class Limit:
    """The state of one counter after this request: what is allowed, what is left, seconds until it starts anew."""

    allowed: int
    used: int
    reset: int

    @property
    def exceeded(self) -> bool:
        return self.used > self.allowed

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.allowed),
            "RateLimit-Remaining": str(max(self.allowed - self.used, 0)),
            "RateLimit-Reset": str(self.reset),
        }


def count(name: str, allowed: int, *, now: float | None = None) -> Limit | None:
    """Counts one request of `name` in the present minute. None when the counter is out of reach: the caller goes on.

    Two round trips to the cache; at most its timeout (1 s), and then nothing for ten seconds.
    """
    global _resume_at
    moment = time.time() if now is None else now
    if time.monotonic() < _resume_at:
        return None
    window = int(moment // WINDOW)
    key = f"rate:{name}:{window}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW)
        used = cache.incr(key)
    except (RedisError, OSError, ValueError) as problem:
        _resume_at = time.monotonic() + PAUSE
        logger.warning("requests are not counted for %d s: %s", PAUSE, type(problem).__name__)
        return None
    return Limit(allowed, used, int((window + 1) * WINDOW - moment) or 1)


def address_limit(address: str) -> Limit | None:
    """Counts a token request of an address."""
    return count(f"token:{address}", TOKENS_PER_ADDRESS)


class ClientRateThrottle(BaseThrottle):
    """The limit of one client over all its tokens, 600 a minute unless settings say otherwise (`client` rate)."""

    def __init__(self) -> None:
        self.limit: Limit | None = None

    def allow_request(self, request: Request, view: object) -> bool:
        """Counts the request and leaves the state on it as `rate_limit`, for the headers of any answer."""
        if not isinstance(request.user, ClientActor):
            return True
        allowed = int(str(api_settings.DEFAULT_THROTTLE_RATES["client"]).partition("/")[0])
        self.limit = count(f"client:{request.user.client.pk}", allowed)
        request.rate_limit = self.limit
        return self.limit is None or not self.limit.exceeded

    def wait(self) -> float | None:
        return float(self.limit.reset) if self.limit is not None else None
