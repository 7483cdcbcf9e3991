"""OAuth scopes: they are not listed anywhere, they are what the declared functions name."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

from cmsys.access.functions import declared


def all_scopes() -> dict[str, str]:
    """Every scope a client can have, with the Chinese labels of what it allows; in alphabetical order."""
    labels: dict[str, list[str]] = {}
    for function in declared():
        if function.scope is not None:
            labels.setdefault(function.scope, []).append(function.label)
    return {scope: "、".join(labels[scope]) for scope in sorted(labels)}


class RegisteredScopes(BaseScopes):
    """What the token endpoint may give: the client's own scopes, as far as a function still declares them."""

    def get_all_scopes(self) -> dict[str, str]:
        return all_scopes()

    def get_available_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        known = all_scopes()
        return (
            [scope for scope in application.allowed_scopes if scope in known]
            if application is not None
            else []
        )

    def get_default_scopes(
        self, application: Any = None, request: Any = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        """A token request that names no scope gets all of the client's."""
        return self.get_available_scopes(application, request)
