"""Tiles of the desk: what was sold this month and last, in the reader's reach."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Q, Sum
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import money
from customers.engagement.cards import months_back
from customers.engagement.models import ManagerMonth
from customers.engagement.permissions import TRANSACTION_VIEW
from managers.profiles.models import RelationshipManager


def sales_tile(request: SignedInRequest) -> str:
    """This month, the month before, and the same month of last year, from the kept sums, which are of managers; one query."""
    months = months_back(timezone.localdate(), 13)
    this, last, year_ago = months[-1], months[-2], months[0]
    people = RelationshipManager.objects.reached_by(request.user, TRANSACTION_VIEW)
    sums = ManagerMonth.objects.filter(manager__in=people, month__in=(this, last, year_ago)).aggregate(
        amount=Sum("amount_fen", filter=Q(month=this)),
        deals=Sum("transactions", filter=Q(month=this)),
        last=Sum("amount_fen", filter=Q(month=last)),
        year_ago=Sum("amount_fen", filter=Q(month=year_ago)),
    )
    if all(value is None for value in sums.values()):
        return ""
    url = f"{reverse('transactions_list')}?{urlencode({'from': this.isoformat(), 'owned': 'true'})}"
    figures = [
        {"label": _("本月销售额"), "value": _yuan(sums["amount"]), "url": url},
        {"label": _("本月笔数"), "value": sums["deals"] or 0, "url": url},
        {"label": _("上月销售额"), "value": _yuan(sums["last"]), "before": f"{last:%Y-%m}"},
        {"label": _("上年同月"), "value": _yuan(sums["year_ago"]), "before": f"{year_ago:%Y-%m}"},
    ]
    return render_to_string("components/figures.html", {"figures": figures}, request=request)


def _yuan(fen: int | None) -> str:
    return money(Decimal(fen or 0) / 100)
