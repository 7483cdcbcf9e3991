"""我的客户: a manager's own customers on a telephone, with whom to call and whose birthday is near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Prefetch
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import Action
from customers.registry.filters import CustomerFilterSet
from customers.registry.marks import Mark, marks_for
from customers.registry.models import Contact, ContactRole, Customer, CustomerTier, Marketing
from customers.registry.permissions import CUSTOMER_CLEAR
from customers.registry.resources import CUSTOMERS, STATE_TONES, tier_tone

PAGE = 20
SOON = 14
# Whom to call first.
CALLED = (ContactRole.DECIDER, ContactRole.USER, ContactRole.SUPPORTER, ContactRole.INVESTOR)


@dataclass(frozen=True)
class MinePage:
    """What templates/registry/mine.html reads."""

    title: str
    subtitle: str
    q: str
    tier: str
    tiers: list[dict[str, Any]]
    rows: list[dict[str, Any]]
    pager: dict[str, Any]
    actions: list[Action]
    empty: str
    empty_label: str
    empty_url: str


@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """Own customers, the best tier first; four queries whatever there is, and one for each room that marks them."""
    require(request.user, CUSTOMER_CLEAR)
    today = timezone.localdate()
    own = own_customers(request)
    query = {
        name: value for name in ("q", "tier") if (value := request.GET.get(name, "").replace("\x00", ""))
    }
    counts = dict(own.order_by().values_list("tier__code").annotate(n=Count("pk")))
    asked_for = CustomerFilterSet(query, queryset=own, request=request)
    rows = asked_for.qs if asked_for.is_valid() else own.none()
    ordered = rows.select_related("tier").order_by(F("tier__order").asc(nulls_last=True), "name_pinyin", "pk")
    total = rows.count()
    pages = max(-(-total // PAGE), 1)
    asked = request.GET.get("page", "")
    page = min(max(int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 8 else 1, 1), pages)
    contacts = Prefetch("contacts", Contact.objects.order_by("name", "pk"))
    shown = ordered.prefetch_related(contacts)[(page - 1) * PAGE : page * PAGE]
    customers = list(shown)
    marks = marks_for(request.user, [customer.pk for customer in customers], today)
    here = request.path
    context = MinePage(
        title=_("我的客户"),
        subtitle=_("共 %(total)d 户 · 截至 %(day)s") % {"total": sum(counts.values()), "day": today.isoformat()},
        q=query.get("q", ""), tier=query.get("tier", ""), tiers=_tiers(here, query, counts),
        rows=[_row(customer, today, marks.get(customer.pk, [])) for customer in customers],
        pager={
            "total": total, "page": page, "pages": pages,
            "prev_url": _address(here, query, page=page - 1) if page > 1 else "",
            "next_url": _address(here, query, page=page + 1) if page < pages else "",
        },
        actions=[
            Action(_("列表视图"), CUSTOMERS.url("list"), icon="columns"),
            Action(_("登记客户"), CUSTOMERS.url("create"), primary=True, icon="plus"),
        ],
        empty=_("没有符合条件的客户，请换个词或去掉分级。") if query else _("还没有归您主办的客户。"),
        empty_label=_("看全部") if query else "", empty_url=here if query else "",
    )  # fmt: skip
    return render(request, "registry/mine.html", {"page": context})


def own_customers(request: SignedInRequest) -> Any:
    """The customers whose primary manager the reader is, readable in clear."""
    rows: Any = Customer.objects.reached_by(request.user, CUSTOMER_CLEAR)
    return rows.with_rights(request.user, clear=CUSTOMER_CLEAR)


def _address(path: str, query: dict[str, str], **changed: Any) -> str:
    left = {name: value for name, value in {**query, **changed}.items() if value}
    return f"{path}?{urlencode(left)}" if left else path


def _tiers(path: str, query: dict[str, str], counts: dict[Any, int]) -> list[dict[str, Any]]:
    asked = query.get("tier", "")
    every = {
        "label": _("全部"),
        "count": sum(counts.values()),
        "url": _address(path, query, tier=""),
        "on": not asked,
    }
    return [every] + [
        {
            "label": tier.name, "count": counts.get(tier.code, 0), "url": _address(path, query, tier=tier.code),
            "on": tier.code == asked,
        }
        for tier in CustomerTier.objects.all()
    ]  # fmt: skip


def _row(customer: Any, today: date, marks: list[Mark]) -> dict[str, Any]:
    contacts = list(customer.contacts.all())
    reachable = [contact for contact in contacts if contact.mobile]
    called = min(reachable, key=lambda found: _turn(found.role), default=None)
    about = [customer.customer_no, customer.get_kind_display(), customer.industry_code]
    return {
        "url": reverse("customers_detail", args=[customer.customer_no]), "name": customer.name,
        "tier": customer.tier.name if customer.tier else "", "tier_tone": tier_tone(customer),
        "marks": marks, "state": customer.state.label, "state_tone": STATE_TONES[customer.state],
        "about": " · ".join(part for part in about if part),
        "call": called.mobile if called else "",
        "call_label": _("致电%(name)s") % {"name": called.name} if called else "",
        "birthdays": [
            _("%(name)s %(month)d 月 %(day)d 日生日")
            % {"name": name, "month": birthday.month, "day": birthday.day}
            for name, birthday in near_birthdays(contacts, today)
        ],
    }  # fmt: skip


def near_birthdays(contacts: Iterable[Contact], today: date) -> list[tuple[str, date]]:
    """Name and birthday of those to remember within the next fourteen days: not of who refuses marketing."""
    return [
        (contact.name, contact.birthday)
        for contact in contacts
        if contact.birthday and contact.marketing != Marketing.REFUSED and is_near(contact.birthday, today)
    ]


def _turn(role: str) -> int:
    return CALLED.index(ContactRole(role)) if role else len(CALLED)


def is_near(birthday: date, today: date) -> bool:
    """Whether the birthday comes within the next fourteen days; that of 29 February on 28 February in other years."""
    for year in (today.year, today.year + 1):
        day = birthday.day
        if (birthday.month, day) == (2, 29) and not (year % 4 == 0 and (year % 100 or year % 400 == 0)):
            day = 28
        if today <= date(year, birthday.month, day) <= today + timedelta(days=SOON):
            return True
    return False
