"""HasScope: whether the client may use a view at all; which rows it sees, `visible_to` says."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from cmsys.access.actors import may
from cmsys.access.functions import Function


class InsufficientScope(PermissionDenied):
    """The token lacks the scope of the function; the answer names it."""

    default_code = "insufficient_scope"

    def __init__(self, function: Function) -> None:
        super().__init__(
            _("访问令牌没有“%(label)s”的权限（%(scope)s）。")
            % {"label": function.label, "scope": function.scope}
        )
        self.auth_header = f'Bearer realm="cmsys", error="insufficient_scope", scope="{function.scope}"'


class HasScope(BasePermission):
    """Asks the actor for the view's `function`. A view without one is refused, so that none is open by oversight."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True or raises InsufficientScope; no query."""
        function: Function | None = view.required_function()
        if function is None:
            return False
        if not may(request.user, function):  # type: ignore[arg-type]
            raise InsufficientScope(function)
        return True


class IsKnown(BasePermission):
    """Any valid token and any signed-in person: for the description of the API."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)
