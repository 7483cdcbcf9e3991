"""Reading schemes: the document as it came in, and which version holds for a period."""

from __future__ import annotations

from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import Period
from appraisal.schemes.models import SchemeVersion
from cmsys.access.actors import Actor


def document_of(actor: Actor, code: str, version: int | None = None) -> SchemeVersion:
    """The version of that number, else the newest; its `document` is what an export hands out. One query.

    Raises SchemeVersion.DoesNotExist.
    """
    found = SchemeVersion.objects.visible_to(actor, "export").filter(code=code)
    if version is not None:
        found = found.filter(version=version)
    newest: SchemeVersion | None = found.order_by("-version").first()
    if newest is None:
        raise SchemeVersion.DoesNotExist
    return newest


def version_for(code: str, period: Period) -> SchemeVersion | None:
    """The newest version that is in force over the whole period; None when there is none. One query."""
    for version in SchemeVersion.objects.filter(code=code).order_by("-version"):
        if in_force(version, period):
            return version
    return None


def in_force(version: SchemeVersion, period: Period) -> bool:
    """Whether the document's `effective` covers the period's end."""
    scheme = loaded(version)
    since, until = scheme.valid_from, scheme.valid_to
    return (since is None or period.end() >= since.end()) and (until is None or period.end() <= until.end())
