"""Conditions of the three lists."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitFilter
from customers.handover.choices import PENDING, ContactState, HandoverState, LineKind
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.handover.selectors import late

SIDES = (("giver", _("我移交的")), ("taker", _("我接交的")))
STATES = (("pending", _("未办结")), ("overdue", _("已逾期")), *HandoverState.choices)


class EitherUnitFilter(UnitFilter):
    """Handovers in which either side belongs to the unit or one below it."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return qs
        path = value.path or "?"
        return qs.filter(Q(giver__unit__path__startswith=path) | Q(taker__unit__path__startswith=path))


class HandoverFilterSet(django_filters.FilterSet):
    """Number, plan, person of either side, one's own part in it, unit of either side, state."""

    q = django_filters.CharFilter(label=_("移交单号"), field_name="number", lookup_expr="icontains")
    mine = django_filters.ChoiceFilter(
        label=_("与我有关"), choices=SIDES, method="by_side", empty_label=_("全部")
    )
    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=STATES, method="by_state", empty_label=_("全部")
    )
    unit = EitherUnitFilter(label=_("机构（任一方）"), empty_label=_("全部"))
    person = django_filters.CharFilter(label=_("客户经理工号（任一方）"), method="either")
    plan = django_filters.CharFilter(label=_("方案编号"), field_name="plan__number")

    class Meta:
        model = Handover
        fields: tuple[str, ...] = ()

    def by_side(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        number = getattr(getattr(self.request, "user", None), "employee_no", None)
        return queryset.filter(**{f"{value}__employee_no": number}) if number else queryset.none()

    def either(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(giver__employee_no=value) | Q(taker__employee_no=value))

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "pending":
            return queryset.filter(state__in=PENDING)
        if value == "overdue":
            return queryset.filter(state__in=PENDING, due_on__lt=timezone.localdate())
        return queryset.filter(state=value)


class LineFilterSet(django_filters.FilterSet):
    """Handover, customer, what passes."""

    handover = django_filters.CharFilter(label=_("移交单号"), field_name="handover__number")
    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    kind = django_filters.ChoiceFilter(label=_("移交方式"), choices=LineKind.choices, empty_label=_("全部"))
    visited = django_filters.BooleanFilter(
        label=_("已共同走访"), field_name="visit_on", lookup_expr="isnull", exclude=True
    )

    class Meta:
        model = HandoverLine
        fields: tuple[str, ...] = ()


class ContactFilterSet(django_filters.FilterSet):
    """Where it stands, the owner, his unit, the customer, plan and handover."""

    state = django_filters.ChoiceFilter(
        label=_("状态"), choices=ContactState.choices, method="by_state", empty_label=_("全部")
    )
    objection = django_filters.ChoiceFilter(
        label=_("客户异议"),
        choices=[("yes", _("有异议")), ("no", _("没有异议"))],
        method="by_objection",
        empty_label=_("全部"),
    )
    manager = django_filters.CharFilter(label=_("主办工号"), field_name="manager__employee_no")
    unit = UnitFilter(label=_("机构"), empty_label=_("全部"), path_lookup="manager__unit__path")
    customer = django_filters.CharFilter(label=_("客户编号"), field_name="customer__customer_no")
    plan = django_filters.CharFilter(label=_("方案编号"), field_name="plan__number")
    handover = django_filters.CharFilter(label=_("移交单号"), field_name="handover__number")

    class Meta:
        model = FirstContact
        fields: tuple[str, ...] = ()

    def by_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        waiting = Q(done_on__isnull=True, cancelled_at__isnull=True)
        asked = {
            ContactState.DUE: waiting & Q(due_on__gte=today),
            ContactState.LATE: late(today),
            ContactState.DONE: Q(done_on__isnull=False),
            ContactState.CANCELLED: Q(cancelled_at__isnull=False),
        }
        return queryset.filter(asked[ContactState(value)])

    def by_objection(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        contacted = queryset.filter(done_on__isnull=False)
        return contacted.filter(objection="") if value == "no" else contacted.exclude(objection="")
