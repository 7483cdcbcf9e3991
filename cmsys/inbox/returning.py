"""Where to go after something was done from a list: back to it, and never to another host."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_path(url: str) -> str:
    """The address when it is a path of this product, else nothing."""
    if not url.startswith("/") or not url_has_allowed_host_and_scheme(url, allowed_hosts=None):
        return ""
    return url


def back_to(request: HttpRequest, default: str) -> str:
    """What the form named as `back` when that is a path of ours, else `default`. Views of in-place decisions end here."""
    return own_path(request.POST.get("back", "")) or default
