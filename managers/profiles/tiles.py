"""Tiles of the desk: the people in sight, certificates that run out, what is missing in the files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from managers.profiles.composition import percent
from managers.profiles.models import Certificate, RelationshipManager, Status

SOON = timedelta(days=90)


def _people(request: SignedInRequest) -> Any:
    return RelationshipManager.objects.visible_to(request.user, "list")


def people_tile(request: SignedInRequest) -> str:
    """How many people, and who of them is not simply at work; one query."""
    counts = dict(_people(request).order_by().values_list("status").annotate(n=Count("pk")))
    listed = reverse("managers_list")
    total = sum(count for status, count in counts.items() if status != Status.LEFT)
    figures = [{"label": _("在册"), "value": total, "url": listed, "before": _("不含离职")}]
    figures += [
        {"label": status.label, "value": counts.get(status, 0), "url": f"{listed}?status={status}"}
        for status in (Status.ACTIVE, Status.PROBATION, Status.ON_LEAVE, Status.SECONDED)
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def own_tile(request: SignedInRequest) -> str:
    """The reader's own standing: grade since when, certificates in force and running out, and the way to his file."""
    own = RelationshipManager.objects.visible_to(request.user, "contact").select_related("grade").first()
    if own is None:
        return ""
    today = timezone.localdate()
    present = own.grade_records.filter(ends_on__isnull=True).first()
    certificates = own.certificates.filter(Q(expires_on__isnull=True) | Q(expires_on__gt=today))
    soon = certificates.filter(expires_on__lte=today + SOON).count()
    page = reverse("managers_detail", args=[own.employee_no])
    figures = [
        {"label": _("等级"), "value": own.grade.name if own.grade else _("未定级"), "url": page,
         "before": _("自 %(day)s") % {"day": present.starts_on.isoformat()} if present else ""},
        {"label": _("有效证书"), "value": certificates.count(), "url": f"{page}#card-certificates"},
        {"label": _("90 天内到期"), "value": soon, "tone": "warn" if soon else ""},
    ]  # fmt: skip
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def grades_tile(request: SignedInRequest) -> str:
    """The distribution over grades, each leading to its people; one query."""
    working = _people(request).exclude(status=Status.LEFT).order_by()
    rows = (
        working.values("grade__code", "grade__name", "grade__order")
        .annotate(n=Count("pk"))
        .order_by("-grade__order")
    )
    counted = list(rows)
    total = sum(row["n"] for row in counted)
    listed = reverse("managers_list")
    bars = [
        {
            "label": row["grade__name"] or _("未定级"), "value": row["n"], "text": _("%(n)d 人") % {"n": row["n"]},
            "note": f"{percent(row['n'], total)}%",
            "url": f"{listed}?grade={row['grade__code']}" if row["grade__code"] else "",
        }
        for row in counted
    ]  # fmt: skip
    return render_to_string("managers/tiles/bars.html", {"items": bars, "total": total}, request=request)


def certificates_tile(request: SignedInRequest) -> str:
    """Certificates that run out within 90 days or did so in the last 30, soonest first."""
    today = timezone.localdate()
    near = (
        Certificate.objects.filter(manager__in=_people(request), expires_on__lte=today + SOON)
        .filter(expires_on__gt=today - timedelta(days=30))
        .exclude(manager__status=Status.LEFT)
        .select_related("manager", "manager__unit")
        .order_by("expires_on", "pk")
    )
    rows = [
        {
            "name": certificate.manager.name,
            "url": reverse("managers_detail", args=[certificate.manager.employee_no]),
            "what": certificate.name,
            "unit": certificate.manager.unit.name,
            "day": certificate.expires_on,
            "over": certificate.expires_on is not None and certificate.expires_on <= today,
        }
        for certificate in near[:8]
    ]
    return render_to_string(
        "managers/tiles/certificates.html", {"rows": rows, "total": near.count()}, request=request
    )


def missing_tile(request: SignedInRequest) -> str:
    """What the files of working people lack; nothing is shown when nothing is missing."""
    working = _people(request).exclude(status=Status.LEFT)
    missing = working.aggregate(
        grade=Count("pk", filter=Q(grade__isnull=True)),
        post=Count("pk", filter=Q(post__isnull=True)),
        hire_date=Count("pk", filter=Q(hire_date__isnull=True)),
        education=Count("pk", filter=Q(education="")),
        mobile=Count("pk", filter=Q(mobile="")),
        region=Count("pk", filter=Q(region_code="")),
    )
    labels = {
        "grade": _("未定级"), "post": _("没有岗位"), "hire_date": _("缺入职日期"), "education": _("缺学历"),
        "mobile": _("缺手机"), "region": _("缺服务区域"),
    }  # fmt: skip
    figures = [
        {"label": labels[key], "value": count, "tone": "warn"} for key, count in missing.items() if count
    ]
    return (
        render_to_string("components/figures.html", {"figures": figures}, request=request) if figures else ""
    )
