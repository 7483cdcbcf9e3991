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
    """The token lacks the scope of the function, or of every one of several of which one would do; the answer names them."""

    default_code = "insufficient_scope"

    def __init__(self, *functions: Function) -> None:
        named = _("、或").join(
            _("“%(label)s”的权限（%(scope)s）") % {"label": one.label, "scope": one.scope}
            for one in functions
        )
        super().__init__(_("访问令牌没有%(named)s。") % {"named": named})
        scope = functions[0].scope
        self.auth_header = f'Bearer realm="cmsys", error="insufficient_scope", scope="{scope}"'


class HasScope(BasePermission):
    """Asks the actor for one of the view's functions. A view without one is refused, so that none is open by oversight."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True or raises InsufficientScope; no query."""
        functions: tuple[Function, ...] = view.required_functions()
        if not functions:
            return False
        if not any(may(request.user, function) for function in functions):  # type: ignore[arg-type]
            raise InsufficientScope(*functions)
        return True


class IsKnown(BasePermission):
    """Any valid token and any signed-in person: for the description of the API."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return bool(request.user and request.user.is_authenticated)
