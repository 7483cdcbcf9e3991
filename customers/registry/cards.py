"""The cards of a customer's page that the register brings, and the portfolio on a manager's page."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.access.masks import Mask
from cmsys.accounts.requests import SignedInRequest
from customers.registry.models import (
    Assignment,
    AssignmentRole,
    Contact,
    ContactRole,
    Customer,
    CustomerTier,
    Marketing,
)
from customers.registry.permissions import CUSTOMER_COUNT, CUSTOMER_LIST
from customers.registry.resources import CUSTOMERS, counted
from customers.registry.selectors import holders_on
from managers.profiles.models import RelationshipManager

# 002: what each of them wants of us, and how to work with him.
ROLE_NOTES = {
    ContactRole.INVESTOR: gettext_lazy("出资并关心回报与风险：定期汇报经营成果，重大变化先行沟通"),
    ContactRole.DECIDER: gettext_lazy("拍板合作与条款：方案与报价由客户经理当面说明"),
    ContactRole.USER: gettext_lazy("日常使用产品与服务：及时响应，收集意见"),
    ContactRole.SUPPORTER: gettext_lazy("内部推动合作：保持联系，提供其所需的材料"),
}


def profile_card(request: SignedInRequest, customer: Any) -> str:
    """What the customer is; of a person neither the name nor where he lives, except to his own manager. No query."""
    hidden = customer.is_person and not customer.clear
    place = ""
    if customer.latitude is not None and customer.longitude is not None:
        place = _("不显示") if hidden else f"{customer.latitude}, {customer.longitude}"
    group = f"{CUSTOMERS.url('list')}?group_no={customer.group_no}" if customer.group_no else ""
    facts = [
        {"label": _("客户类型"), "value": customer.get_kind_display()},
        {"label": _("统一社会信用代码"), "value": customer.credit_code},
        {"label": _("客户属性"), "value": customer.get_nature_display()},
        {"label": _("集团编号"), "value": customer.group_no,
         "url": group if may(request.user, CUSTOMER_LIST) else ""},
        {"label": _("行业代码"), "value": customer.industry_code},
        {"label": _("规模"), "value": customer.scale},
        {"label": _("行政区划代码"), "value": customer.region_code},
        {"label": _("坐标"), "value": place},
        {"label": _("来源"), "value": customer.source},
        {"label": _("需求偏好"), "value": customer.needs, "wide": True},
    ]  # fmt: skip
    reveal = reverse("customer_reveal", args=[customer.customer_no]) if hidden and customer.may_reveal else ""
    context = {
        "facts": facts,
        "masked": customer.masked_name if customer.is_person else "",
        "reveal_url": reveal,
    }
    return render_to_string("registry/cards/profile.html", context, request=request)


def owners_card(request: SignedInRequest, customer: Any) -> str:
    """Who looked after the customer, newest first; and who did on a day asked for (`?on=`). Two queries at most."""
    today = timezone.localdate()
    rows = []
    for held in customer.assignments.select_related("manager__unit").order_by("-starts_on", "role", "-pk"):
        state, tone = _state(held, today)
        links = _links(customer, held, today)
        rows.append({"held": held, "state": state, "tone": tone, **links})
    asked = request.GET.get("on", "")
    on = _day(asked)
    context = {
        "rows": rows, "asked": asked, "on": on, "bad": bool(asked) and on is None,
        "holders": holders_on(customer.pk, on) if on is not None else [],
        "url": CUSTOMERS.url("detail", customer),
        "add_url": reverse("customer_owner", args=[customer.customer_no]) if customer.may_assign else "",
    }  # fmt: skip
    return render_to_string("registry/cards/owners.html", context, request=request)


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _state(held: Assignment, today: date) -> tuple[str, str]:
    if held.starts_on > today:
        return _("未生效"), "info"
    if held.ends_on is not None and held.ends_on <= today:
        return _("已结束"), "hold"
    return (_("现主办"), "up") if held.role == AssignmentRole.PRIMARY else (_("生效中"), "up")


def _links(customer: Any, held: Assignment, today: date) -> dict[str, str]:
    """What may still be done about it: a coming one is withdrawn, a present one ended."""
    if not customer.may_assign or (held.ends_on is not None and held.ends_on <= today):
        return {"end_url": "", "withdraw_url": ""}
    args = [customer.customer_no, held.pk]
    coming = held.starts_on > today
    return {
        "end_url": "" if coming else reverse("assignment_end", args=args),
        "withdraw_url": reverse("assignment_withdraw", args=args) if coming else "",
    }


def contacts_card(request: SignedInRequest, customer: Any) -> str:
    """The contacts, masked unless the customer is one's own; each value with the way to its clear text. One query."""
    rows = []
    for contact in customer.contacts.order_by("name", "pk"):
        values = {}
        for field, mask in Contact.audit_masks.items():
            values[field] = _personal(customer, contact, field, mask)
        role = ContactRole(contact.role) if contact.role else None
        rows.append({
            "contact": contact, "role": role.label if role else "", "note": ROLE_NOTES[role] if role else "", **values,
            "channel": contact.get_channel_display(), "refused": contact.marketing == Marketing.REFUSED,
            "marketing": contact.get_marketing_display(),
            "edit_url": reverse("contact_edit", args=[customer.customer_no, contact.pk]) if customer.may_edit else "",
        })  # fmt: skip
    add_url = reverse("contact_new", args=[customer.customer_no]) if customer.may_edit else ""
    return render_to_string(
        "registry/cards/contacts.html", {"rows": rows, "add_url": add_url}, request=request
    )


def _personal(customer: Any, contact: Contact, field: str, mask: Mask) -> dict[str, str]:
    value = getattr(contact, field) or ""
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    if customer.clear:
        return {"text": text, "url": "", "call": text if field == "mobile" else ""}
    offered = text and customer.may_reveal
    url = reverse("contact_reveal", args=[customer.customer_no, contact.pk, field]) if offered else ""
    return {"text": mask(text) if text else "", "url": url, "call": ""}


def portfolio_card(request: SignedInRequest, manager: RelationshipManager) -> str:
    """管户: how many customers a manager has, tier by tier, each leading to the list for those who may read it."""
    held = Customer.objects.reached_by(request.user, CUSTOMER_COUNT).filter(owner=manager)
    counts = dict(held.order_by().values_list("tier_id").annotate(n=Count("pk")))
    listed = may(request.user, CUSTOMER_LIST)
    link = f"{CUSTOMERS.url('list')}?owner={manager.employee_no}" if listed else ""
    total = sum(counts.values())
    figures = [{"label": _("管户数"), "value": counted(total, listed), "url": link}]
    for tier in CustomerTier.objects.all() if total else ():
        url = f"{link}&tier={tier.code}" if link else ""
        figures.append({"label": tier.name, "value": counted(counts.get(tier.pk, 0), listed), "url": url})
    if counts.get(None):
        figures.append({"label": _("未分级"), "value": counted(counts[None], listed), "url": ""})
    capacity = manager.capacity
    note = _("客户容量 %(capacity)d") % {"capacity": capacity} if capacity else ""
    then = f"{reverse('assignments_list')}?owner={manager.employee_no}" if listed else ""
    context = {"figures": figures, "note": note, "then_url": then}
    return render_to_string("registry/cards/portfolio.html", context, request=request)
