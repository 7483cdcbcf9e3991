"""The cards of a manager's page that the profile itself brings."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.access.masks import Mask, mask_birth_date, mask_email, mask_mobile
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.models import OrgUnit
from managers.profiles import permissions
from managers.profiles.models import RelationshipManager
from managers.profiles.permissions import MANAGER_EDIT


def profile_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Who the person is and where he works; personal data as far as the reader may see it. Two queries."""
    unit_seen = OrgUnit.objects.visible_to(request.user).filter(pk=manager.unit_id).exists()
    rights: Any = RelationshipManager.objects.filter(pk=manager.pk).with_rights(
        request.user,
        masked=permissions.PERSONAL_VIEW,
        reveal=permissions.MANAGER_REVEAL,
        reveal_mobile=permissions.MOBILE_REVEAL,
        own=permissions.CONTACT_EDIT,
    )
    allowed = rights.values("masked", "reveal", "reveal_mobile", "own").get()
    born = manager.birth_date.isoformat() if manager.birth_date else ""
    personal = [
        _personal(manager, allowed, "mobile", _("手机"), manager.mobile, mask_mobile),
        _personal(manager, allowed, "email", _("邮箱"), manager.email, mask_email),
        _personal(manager, allowed, "birth_date", _("出生日期"), born, mask_birth_date),
    ] if allowed["masked"] else []  # fmt: skip
    facts = [
        {
            "label": _("机构"),
            "value": manager.unit.name,
            "url": reverse("org_units_detail", args=[manager.unit.code]) if unit_seen else "",
        },
        {"label": _("岗位"), "value": manager.post and manager.post.name},
        {"label": _("条线"), "value": manager.line and manager.line.name},
        {"label": _("类别"), "value": manager.category and manager.category.name},
        {"label": _("性别"), "value": manager.get_gender_display()},
        {"label": _("学历"), "value": manager.get_education_display()},
        {"label": _("专业"), "value": manager.major},
        {"label": _("入职日期"), "value": manager.hire_date and manager.hire_date.isoformat()},
        {"label": _("擅长行业"), "value": "、".join(manager.industries)},
        {"label": _("服务区域"), "value": manager.region_code},
    ]
    contact_url = reverse("manager_contact") if allowed["own"] else ""
    context = {"facts": facts, "personal": personal, "contact_url": contact_url}
    return render_to_string("managers/cards/profile.html", context, request=request)


def _personal(
    manager: RelationshipManager, allowed: dict[str, bool], field: str, label: str, value: str, mask: Mask
) -> dict[str, Any]:
    """In full to the person himself, masked to others, with a way to the clear text for those who may have it."""
    if allowed["own"]:
        return {"label": label, "value": value, "url": "", "field": field}
    revealable = value and allowed["reveal_mobile" if field == "mobile" else "reveal"]
    url = reverse("manager_reveal", args=[manager.employee_no, field]) if revealable else ""
    return {"label": label, "value": mask(value) if value else "", "url": url, "field": field}


def grade_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Every grade with its dates, newest first."""
    records = manager.grade_records.select_related("grade").order_by("-starts_on")
    context = {
        "records": records,
        "add_url": reverse("manager_grade", args=[manager.employee_no])
        if _editable(request, manager)
        else "",
    }
    return render_to_string("managers/cards/grades.html", context, request=request)


def certificate_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Certificates with their validity; what runs out within 90 days stands out."""
    today = timezone.localdate()
    editable = _editable(request, manager)
    rows = []
    for certificate in manager.certificates.order_by("-issued_on", "name"):
        left = (certificate.expires_on - today).days if certificate.expires_on else None
        state = (_("长期有效"), "up") if left is None else (_("已失效"), "down") if left <= 0 else (
            (_("%(days)d 天后失效") % {"days": left}, "warn") if left <= 90 else (_("有效"), "up"))  # fmt: skip
        rows.append({
            "certificate": certificate, "state": state[0], "tone": state[1],
            "edit_url": reverse("certificate_edit", args=[manager.employee_no, certificate.pk]) if editable else "",
        })  # fmt: skip
    add_url = reverse("certificate_new", args=[manager.employee_no]) if editable else ""
    return render_to_string(
        "managers/cards/certificates.html", {"rows": rows, "add_url": add_url}, request=request
    )


def _editable(request: SignedInRequest, manager: RelationshipManager) -> bool:
    """Whether the reader may change this person; answered once for a request."""
    known: dict[int, bool] = request.__dict__.setdefault("_editable_managers", {})
    if manager.pk not in known:
        known[manager.pk] = bool(
            may(request.user, MANAGER_EDIT)
            and RelationshipManager.objects.visible_to(request.user, "edit").filter(pk=manager.pk).exists()
        )
    return known[manager.pk]
