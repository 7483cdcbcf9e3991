"""Tiles of the desk that the kernel itself brings: accounts for 系统管理员, the ledger for 安全审计员."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.audit.models import Event, Seal
from cmsys.org.models import OrgUnit, RoleGrant, UnitKind
from cmsys.ui.listing import shown


def accounts_tile(request: SignedInRequest) -> str:
    """How many accounts, how many without any role, how many disabled."""
    users = User.objects.all()
    today = timezone.localdate()
    in_force = RoleGrant.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=today), starts_on__lte=today)
    unused = users.filter(is_active=True).exclude(pk__in=in_force.values("user_id")).count()
    figures = [
        {"label": _("账号"), "value": users.count(), "url": reverse("users_list")},
        {"label": _("没有角色"), "value": unused, "tone": "warn" if unused else ""},
        {
            "label": _("停用"),
            "value": users.filter(is_active=False).count(),
            "url": reverse("users_list") + "?active=false",
        },
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def grants_tile(request: SignedInRequest) -> str:
    """Grants that end within thirty days."""
    today = timezone.localdate()
    soon = RoleGrant.objects.filter(ends_on__gt=today, ends_on__lte=today + timedelta(days=30))
    figures = [
        {"label": _("30 天内到期的授权"), "value": soon.count()},
        {"label": _("长期授权"), "value": RoleGrant.objects.filter(ends_on__isnull=True).count()},
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def ledger_tile(request: SignedInRequest) -> str:
    """Refusals of the last day and how far the ledger is sealed."""
    since = timezone.now() - timedelta(days=1)
    recent = Event.objects.filter(at__gte=since)
    refused = recent.filter(kind="auth.refused").count()
    denied = recent.filter(kind="access.denied").count()
    last = Seal.objects.order_by("-seq").first()
    events = reverse("events_list")
    figures = [
        {
            "label": _("24 小时内登录被拒"),
            "value": refused,
            "url": f"{events}?kind=auth.refused",
            "tone": "warn" if refused else "",
        },
        {
            "label": _("24 小时内越权访问"),
            "value": denied,
            "url": f"{events}?kind=access.denied",
            "tone": "warn" if denied else "",
        },
        {
            "label": _("已封存"),
            "value": last.seq if last else 0,
            "before": shown(last.sealed_at) if last else "",
        },
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def units_tile(request: SignedInRequest) -> str:
    """How many units of each kind are in sight."""
    units = OrgUnit.objects.visible_to(request.user).filter(closed_on__isnull=True)
    counts = dict(units.order_by().values_list("kind").annotate(n=Count("pk")))
    listed = reverse("org_units_list")
    facts = [
        {"label": kind.label, "value": counts[kind], "url": f"{listed}?kind={kind}"}
        for kind in UnitKind
        if kind in counts
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request) if facts else ""
