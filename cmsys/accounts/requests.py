"""SignedInRequest: what a page behind the door receives, for type checkers."""

from __future__ import annotations

from django.http import HttpRequest

from cmsys.accounts.models import User


class SignedInRequest(HttpRequest):
    """A request that SessionRulesMiddleware let through: its user is an account, never anonymous."""

    user: User
