"""tickets, for clients. Customers are named by their number only; the text of the cause stays inside."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.engagement.api import CustomerNoField
from customers.service.filters import TicketFilterSet
from customers.service.models import Ticket
from managers.profiles.api import ManagerRefSerializer


class TicketSerializer(serializers.ModelSerializer):
    """服务工单。`manager` 是受理当日的责任客户经理，`responsible` 是成立的投诉认定的责任人。"""

    customer_no = CustomerNoField()
    manager = ManagerRefSerializer(read_only=True, allow_null=True)
    responsible = ManagerRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Ticket
        fields = (
            "ticket_no", "customer_no", "manager", "kind", "channel", "opened_at", "responded_at", "resolved_at",
            "rating", "upheld", "responsible", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class TicketApiFilterSet(ResourceFilterSet, TicketFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(
    list=extend_schema(summary=_("服务工单列表")), retrieve=extend_schema(summary=_("服务工单详情"))
)
class TicketViewSet(ReadOnlyResourceViewSet):
    """服务工单：类型、时间、客户评价与投诉认定。"""

    queryset: Any = Ticket.objects.select_related("customer", "manager", "responsible")
    serializer_class = TicketSerializer
    filterset_class = TicketApiFilterSet
    lookup_field = "ticket_no"
