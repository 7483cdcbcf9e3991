"""The cards of a manager's page that the profile itself brings."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.access.masks import mask_birth_date, mask_email, mask_mobile
from cmsys.accounts.requests import SignedInRequest
from managers.profiles.models import RelationshipManager
from managers.profiles.permissions import MANAGER_EDIT


def profile_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """Who the person is and where he works; personal data masked, with a way to see it where that is allowed."""
    personal = [
        _personal(request, manager, "mobile", _("手机"), mask_mobile(manager.mobile)),
        _personal(request, manager, "email", _("邮箱"), mask_email(manager.email)),
        _personal(
            request, manager, "birth_date", _("出生日期"),
            mask_birth_date(manager.birth_date.isoformat()) if manager.birth_date else "",
        ),
    ]  # fmt: skip
    facts = [
        {
            "label": _("机构"),
            "value": manager.unit.name,
            "url": reverse("org_units_detail", args=[manager.unit.code]),
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
    context = {"facts": facts, "personal": personal, "manager": manager}
    return render_to_string("managers/cards/profile.html", context, request=request)


def _personal(
    request: SignedInRequest, manager: RelationshipManager, field: str, label: str, masked: str
) -> dict[str, Any]:
    action = "reveal_mobile" if field == "mobile" else "reveal"
    url = ""
    if masked and may(request.user, RelationshipManager.functions[action]):
        url = reverse("manager_reveal", args=[manager.employee_no, field])
    return {"label": label, "value": masked, "url": url, "field": field}


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
