"""谁在某日管户 (ALC-7): who looked after which customer on a day, by manager, unit and customer."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.org.grants import NOWHERE
from cmsys.org.models import OrgUnit
from cmsys.ui.context import covered
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from customers.registry.filters import WithinUnitFilter
from customers.registry.models import Assignment, AssignmentRole
from customers.registry.permissions import CUSTOMER_VIEW
from customers.registry.selectors import in_force


class CustomersUnitFilter(WithinUnitFilter):
    """Assignments of the customers of a unit and all below it."""

    def filter(self, qs: QuerySet[Any], value: OrgUnit | None) -> QuerySet[Any]:
        if value is None:
            return qs
        below = OrgUnit.objects.filter(path__startswith=value.path or NOWHERE).values_list("pk", flat=True)
        return qs.filter(customer__unit__in=list(below))


class OwnershipFilterSet(django_filters.FilterSet):
    """The day, today where none is said; the role, the accountable holder where none is said; then who and where."""

    on = django_filters.DateFilter(label=gettext_lazy("日期"), method="by_day", required=True)
    owner = django_filters.CharFilter(label=gettext_lazy("客户经理工号"), field_name="manager__employee_no")
    unit = CustomersUnitFilter(label=gettext_lazy("客户所属机构"), empty_label=gettext_lazy("全部"))
    customer = django_filters.CharFilter(label=gettext_lazy("客户编号"), field_name="customer__customer_no")
    role = django_filters.ChoiceFilter(
        label=gettext_lazy("归属类型"), choices=AssignmentRole.choices, required=True, empty_label=None
    )
    since = django_filters.DateFilter(label=gettext_lazy("开始日期"), field_name="starts_on")

    class Meta:
        model = Assignment
        fields: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        self.assumed: tuple[str, ...] = ()
        if data is not None:
            usual = {"on": timezone.localdate().isoformat(), "role": AssignmentRole.PRIMARY.value}
            self.assumed = tuple(name for name in usual if not data.get(name))
            data = data.copy()
            for name in self.assumed:
                data[name] = usual[name]
        super().__init__(data, *args, **kwargs)

    def by_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(in_force(value))


class OwnershipResource(Resource):
    """归属 as of a day. A row leads to its customer; names of people are masked."""

    key = "assignments"
    noun = gettext_lazy("归属")
    title = gettext_lazy("某日管户")
    model = Assignment
    filterset = OwnershipFilterSet
    default_sort = ("customer_id", "role")
    count_limit = 10_000
    columns = (
        Column("customer", gettext_lazy("客户名称"), lambda a: a.customer.masked_name),
        Column("customer_no", gettext_lazy("客户编号"), lambda a: a.customer.customer_no),
        Column("unit", gettext_lazy("所属机构"), lambda a: a.customer.unit and a.customer.unit.name),
        Column("role", gettext_lazy("归属类型"), lambda a: a.get_role_display()),
        Column("manager", gettext_lazy("客户经理"), lambda a: a.manager.name),
        Column("employee_no", gettext_lazy("工号"), lambda a: a.manager.employee_no),
        Column("starts_on", gettext_lazy("开始日期"), lambda a: a.starts_on, kind="date"),
        Column("ends_on", gettext_lazy("结束日期（不含）"), lambda a: a.ends_on, kind="date"),
    )

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("customer__unit", "manager")
        return rows.defer("customer__search_key")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("%(where)s · 开始日当天算，结束日当天不算；机构为客户现在所属的") % {
            "where": covered(request.user, CUSTOMER_VIEW)
        }

    def url(self, what: str, instance: Any = None) -> str:
        if what == "detail" and instance is not None:
            return reverse("customers_detail", args=[instance.customer.customer_no])
        return super().url(what, instance)


OWNERSHIP = OwnershipResource()
