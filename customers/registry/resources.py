"""The declared class of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.access.actors import may
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.registry import permissions
from customers.registry.filters import CustomerFilterSet
from customers.registry.forms import CustomerForm
from customers.registry.models import Customer, RelationState
from customers.registry.services.customers import customer_create, customer_update

STATE_TONES = {RelationState.PROSPECT: "warn", RelationState.EXISTING: "up"}
TIER_TONES = ("info", "hold")
# Fewer than so many are not counted out to those who may not read the rows themselves.
LEAST = 5


def shown_name(customer: Any) -> str:
    """The name as the reader may see it: `clear` is set for his own customers (CustomerResource.queryset)."""
    return str(customer.name if getattr(customer, "clear", False) else customer.masked_name)


def tier_tone(customer: Any) -> str:
    """The first tier stands out, the rest fade; nothing where there is none."""
    return TIER_TONES[min(customer.tier.order, len(TIER_TONES)) - 1] if customer.tier else ""


def counted(number: int, listed: bool) -> Any:
    """The number; a small one only to those who may read the customers themselves."""
    return number if listed or number == 0 or number >= LEAST else _("少于 %(least)d") % {"least": LEAST}


class CustomerResource(Resource):
    """客户: the register, one customer's page, entry and change. Names of people are masked unless they are one's own
    customers, and sorted by what is shown; only columns with an index can be sorted by."""

    key = "customers"
    noun = gettext_lazy("客户")
    model = Customer
    lookup = "customer_no"
    list_action = "list"
    filterset = CustomerFilterSet
    form_class = CustomerForm
    default_sort = ("list_name",)
    count_limit = 10_000
    columns = (
        Column("name", gettext_lazy("客户名称"), shown_name, sort=("list_name",)),
        Column("customer_no", gettext_lazy("客户编号"), lambda c: c.customer_no, sort=("customer_no",)),
        Column("tier", gettext_lazy("客户分级"), lambda c: c.tier and c.tier.name, tone=tier_tone),
        Column("state", gettext_lazy("合作状态"), lambda c: c.state.label, tone=lambda c: STATE_TONES[c.state]),
        Column("kind", gettext_lazy("客户类型"), lambda c: c.get_kind_display()),
        Column("category", gettext_lazy("客户分类"), lambda c: c.get_category_display()),
        Column("unit", gettext_lazy("所属机构"), lambda c: c.unit and c.unit.name),
        Column("owner", gettext_lazy("主办客户经理"), lambda c: c.owner and c.owner.name),
        Column("owner_no", gettext_lazy("主办工号"), lambda c: c.owner and c.owner.employee_no, shown=False),
        Column("since", gettext_lazy("建立合作日期"), lambda c: c.since, kind="date"),
        Column("nature", gettext_lazy("客户属性"), lambda c: c.get_nature_display(), shown=False),
        Column("industry_code", gettext_lazy("行业代码"), lambda c: c.industry_code, shown=False),
        Column("region_code", gettext_lazy("行政区划代码"), lambda c: c.region_code, shown=False),
        Column("scale", gettext_lazy("规模"), lambda c: c.scale, shown=False),
        Column("group_no", gettext_lazy("集团编号"), lambda c: c.group_no, shown=False),
        Column("credit_code", gettext_lazy("统一社会信用代码"), lambda c: c.credit_code, shown=False),
        Column("updated_at", gettext_lazy("更新时间"), lambda c: c.updated_at, sort=("updated_at",), kind="date", shown=False),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        """With `clear`, and what the page of one customer offers: `may_reveal`, `may_edit`, `may_assign`, `may_tier`."""
        rows: Any = (
            super().queryset(actor, action).select_related("unit", "owner", "tier").defer("search_key")
        )
        rows = rows.with_rights(actor, clear=permissions.CUSTOMER_CLEAR)
        if action == "list":
            return rows
        return rows.with_rights(
            actor,
            may_reveal=permissions.CUSTOMER_REVEAL,
            may_edit=permissions.CUSTOMER_EDIT,
            may_assign=permissions.ASSIGNMENT_EDIT,
            may_tier=permissions.CUSTOMER_TIER,
        )

    def page_title(self) -> Text:
        return _("客户")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("%(where)s · 截至 %(day)s") % {
            "where": self._covered(request.user),
            "day": timezone.localdate().isoformat(),
        }

    def _covered(self, user: Any) -> str:
        reaches = user.access.reaches(self.function("list"))
        if all(reached.reach.value == "self" for reached in reaches):
            return _("本人主办的客户")
        return covered(user, self.function("list"))

    def list_actions(self, request: Any) -> list[Action]:
        actions = [Action(_("某日管户"), reverse("assignments_list"), icon="handover")]
        if may(request.user, permissions.CUSTOMER_IMPORT):
            actions.append(Action(_("导入"), reverse("imports_new", args=["customers"]), icon="upload"))
        return actions + super().list_actions(request)

    def object_title(self, instance: Any) -> str:
        return shown_name(instance)

    def object_subtitle(self, instance: Any) -> Text:
        return _("客户编号 %(no)s · %(unit)s · 更新于 %(at)s") % {
            "no": instance.customer_no,
            "unit": instance.unit.name if instance.unit else _("未归机构"),
            "at": timezone.localtime(instance.updated_at).strftime("%Y-%m-%d %H:%M"),
        }

    def identity(self, instance: Any) -> dict[str, Any]:
        about = [instance.get_kind_display(), instance.scale, instance.industry_code]
        name = shown_name(instance)
        return {"initial": name[:1], "lines": [name, " · ".join(part for part in about if part)]}

    def figures(self, request: Any, instance: Any) -> Sequence[dict[str, Any]]:
        since = (
            _("自 %(day)s") % {"day": instance.since.isoformat()} if instance.since else _("尚无合同或交易")
        )
        owner = instance.owner
        return (
            {"label": _("客户分级"), "value": instance.tier.name if instance.tier else _("未分级"), "before": ""},
            {"label": _("合作状态"), "value": instance.state.label, "before": since},
            {"label": _("主办"), "value": owner.name if owner else _("无主办"),
             "before": _("工号 %(no)s") % {"no": owner.employee_no} if owner else ""},
            {"label": _("客户分类"), "value": instance.get_category_display() or _("未分类"), "before": ""},
        )  # fmt: skip

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        key = [instance.customer_no]
        actions = []
        if instance.may_tier:
            actions.append(Action(_("调整分级"), reverse("customer_tier", args=key), icon="layers"))
        if instance.may_assign:
            actions.append(Action(_("登记归属"), reverse("customer_owner", args=key), icon="handover"))
        if instance.may_edit:
            actions.append(Action(_("编辑"), self.url("edit", instance), primary=True, icon="edit"))
        return actions

    def create(self, actor: Any, values: dict[str, Any]) -> Customer:
        return customer_create(actor=actor, today=timezone.localdate(), **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Customer:
        reason = values.pop("reason", "")
        return customer_update(actor=actor, customer_id=instance.pk, values=values, reason=reason)


CUSTOMERS = CustomerResource()
