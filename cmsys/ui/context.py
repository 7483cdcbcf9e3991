"""What the layout needs on every page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.access.functions import Function, Reach
from cmsys.accounts.models import User
from cmsys.org.grants import GrantedAccess
from cmsys.ui.registry import GROUP_LABELS, menu_for


def layout(request: HttpRequest) -> dict[str, Any]:
    """nav (groups with entries), current_user with role labels, request_id. Two queries at most: the account, its grants."""
    user = getattr(request, "user", None)
    base: dict[str, Any] = {"request_id": getattr(request, "request_id", ""), "current_user": None, "nav": []}
    if not isinstance(user, User):
        return base
    nav = []
    for group, entries in menu_for(user):
        lines = []
        for entry in entries:
            url = reverse(entry.url_name)
            active = request.path == url or (url != "/" and request.path.startswith(url))
            badge = entry.badge(user) if entry.badge else 0
            lines.append(
                {"label": entry.label, "url": url, "icon": entry.icon, "active": active, "badge": badge}
            )
        nav.append({"label": GROUP_LABELS[group], "entries": lines})
    current = {"name": user.name, "username": user.username, "role_labels": role_labels(user)}
    return base | {"current_user": current, "nav": nav}


def role_labels(user: User) -> list[str]:
    """`机构主管 · 城东支行` for each pair in force; what is held as a deputy says so."""
    access = user.access
    pairs = access.pairs if isinstance(access, GrantedAccess) else ()
    deputised = _("（代理）")
    return [f"{pair.role.label} · {pair.unit_name}{deputised if pair.deputy_for else ''}" for pair in pairs]


def covered(user: User, function: Function) -> str:
    """What a function covers for the reader, in words: `全行`, or the units it reaches with all below them."""
    access = user.access
    if any(reached.reach is Reach.ALL for reached in access.reaches(function)):
        return _("全行")
    pairs = access.pairs if isinstance(access, GrantedAccess) else ()
    names = dict.fromkeys(
        pair.unit_name
        for pair in pairs
        if pair.role in function.reach and (pair.deputy_for is None or function.delegable)
    )
    return _("%(units)s及下辖") % {"units": "、".join(names)}
