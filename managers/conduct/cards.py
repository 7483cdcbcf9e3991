"""Cards of declarations: one declaration's own page, and for human resources the profile of whom they concern."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from managers.conduct.models import InterestDeclaration
from managers.conduct.permissions import DECLARATION_VIEW
from managers.profiles.models import RelationshipManager

NEWEST = 10


def declaration_card(request: SignedInRequest, row: InterestDeclaration) -> str:
    """What was declared."""
    facts = [
        {"label": _("申报人"), "value": row.declarant.name},
        {"label": _("关系人"), "value": str(row.manager)},
        {"label": _("关系人机构"), "value": row.manager.unit.name},
        {"label": _("关系"), "value": row.get_kind_display()},
        {"label": _("申报日期"), "value": row.starts_on.isoformat()},
        {"label": _("解除日期"), "value": row.ends_on.isoformat() if row.ends_on else _("仍有效")},
        {"label": _("说明"), "value": row.detail, "wide": True},
    ]
    if row.ends_on:
        facts.append({"label": _("解除原因"), "value": row.end_reason, "wide": True})
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def manager_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Whoever must keep away from this person, in force first; left out where nobody does. One query."""
    rows = InterestDeclaration.objects.reached_by(request.user, DECLARATION_VIEW).filter(manager=manager)
    items = [
        {
            "name": row.declarant.name, "kind": row.get_kind_display(), "since": row.starts_on, "until": row.ends_on,
            "url": reverse("declarations_detail", args=[row.pk]),
        }
        for row in rows.select_related("declarant").order_by("-ends_on", "-starts_on", "-pk")[:NEWEST]
    ]  # fmt: skip
    return render_to_string("conduct/cards/manager.html", {"items": items}, request=request) if items else ""
