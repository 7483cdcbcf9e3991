"""Tiles of the desk: how many customers there are in reach, and a manager's own."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import may
from cmsys.access.functions import Reach
from cmsys.accounts.requests import SignedInRequest
from customers.registry.models import Contact, Customer, CustomerTier
from customers.registry.permissions import ASSIGNMENT_EDIT, CUSTOMER_CLEAR, CUSTOMER_COUNT, CUSTOMER_LIST
from customers.registry.resources import CUSTOMERS, counted


def customers_tile(request: SignedInRequest) -> str:
    """How many customers, 已有 and 潜在, tier by tier, and how many have nobody; two queries.

    Those who keep only their own have a tile of their own; those who may only count see no small numbers and no links.
    """
    user = request.user
    if all(reached.reach is Reach.SELF for reached in user.access.reaches(CUSTOMER_COUNT)):
        return ""
    rows: Any = Customer.objects.reached_by(user, CUSTOMER_COUNT).order_by()
    found = rows.values("tier_id").annotate(
        n=Count("pk"),
        existing=Count("pk", filter=Q(since__isnull=False)),
        alone=Count("pk", filter=Q(owner__isnull=True)),
    )
    by_tier = {row["tier_id"]: row for row in found}
    total = sum(row["n"] for row in by_tier.values())
    existing = sum(row["existing"] for row in by_tier.values())
    alone = sum(row["alone"] for row in by_tier.values())
    listed = may(user, CUSTOMER_LIST)
    link = CUSTOMERS.url("list") if listed else ""

    def figure(label: Any, number: int, query: str = "", tone: str = "") -> dict[str, Any]:
        return {
            "label": label,
            "value": counted(number, listed),
            "url": link + query if link else "",
            "tone": tone,
        }

    figures = [figure(_("客户"), total), figure(_("已有"), existing, "?state=existing"),
               figure(_("潜在"), total - existing, "?state=prospect")]  # fmt: skip
    figures += [
        figure(tier.name, by_tier[tier.pk]["n"] if tier.pk in by_tier else 0, f"?tier={tier.code}")
        for tier in CustomerTier.objects.all()
    ]
    if may(user, ASSIGNMENT_EDIT):
        figures.append(figure(_("无主办"), alone, "?owned=no", "warn" if alone else ""))
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def own_tile(request: SignedInRequest) -> str:
    """The reader's own customers tier by tier, those not yet won, and birthdays of this month; three queries."""
    own: Any = Customer.objects.reached_by(request.user, CUSTOMER_CLEAR).order_by()
    counts = dict(own.values_list("tier_id").annotate(n=Count("pk")))
    page = reverse("customers_mine")
    figures = [{"label": _("我的客户"), "value": sum(counts.values()), "url": page}]
    figures += [
        {"label": tier.name, "value": counts.get(tier.pk, 0), "url": f"{page}?tier={tier.code}"}
        for tier in CustomerTier.objects.all()
    ]
    month = timezone.localdate().month
    greeted: Any = Contact.objects.reached_by(request.user, CUSTOMER_CLEAR)
    near = greeted.to_greet().filter(birthday__month=month).count()
    figures.append({"label": _("本月生日的联系人"), "value": near})
    return render_to_string("components/figures.html", {"figures": figures}, request=request)
