"""handovers and first-contacts, for clients. Customers are named by their number only: who may read more of them has
customers:read."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.engagement.api import CustomerNoField
from customers.handover.filters import ContactFilterSet, HandoverFilterSet
from customers.handover.models import FirstContact, Handover
from managers.profiles.api import ManagerRefSerializer


class HandoverSerializer(serializers.ModelSerializer):
    """移交单。`plan` 是所依据的分客方案编号，手工登记归属产生的为 null；`stays` 是其中标记不移交的客户数。"""

    plan = serializers.CharField(source="plan.number", read_only=True, allow_null=True, default=None)
    giver = ManagerRefSerializer(read_only=True)
    taker = ManagerRefSerializer(read_only=True)

    class Meta:
        model = Handover
        fields = (
            "number", "plan", "giver", "taker", "cutoff_on", "due_on", "state", "customers", "stays", "given_at", "taken_at",
            "watched_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class HandoverApiFilterSet(ResourceFilterSet, HandoverFilterSet):
    """The conditions of the list without those about the reader; the unit, by its code, is that of the taker."""

    mine = None
    unit = UnderUnitFilter(field_name="taker__unit__path", label=_("接交人所在的该机构及其所有下级。"))


@extend_schema_view(
    list=extend_schema(summary=_("移交单列表")), retrieve=extend_schema(summary=_("移交单详情"))
)
class HandoverViewSet(ReadOnlyResourceViewSet):
    """客户移交：双方、截止日、签字进度。"""

    queryset: Any = Handover.objects.select_related("giver", "taker", "plan")
    serializer_class = HandoverSerializer
    filterset_class = HandoverApiFilterSet
    lookup_field = "number"


class FirstContactSerializer(serializers.ModelSerializer):
    """首次联系。`done_on` 为 null 且 `cancelled_at` 为 null 的还没有联系。"""

    customer_no = CustomerNoField()
    manager = ManagerRefSerializer(read_only=True)
    plan = serializers.CharField(source="plan.number", read_only=True, allow_null=True, default=None)
    handover = serializers.CharField(source="handover.number", read_only=True, allow_null=True, default=None)

    class Meta:
        model = FirstContact
        fields = (
            "id", "customer_no", "manager", "plan", "handover", "begins_on", "due_on", "done_on", "channel",
            "escalated_at", "told_cmd_at", "cancelled_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class FirstContactApiFilterSet(ResourceFilterSet, ContactFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(
    list=extend_schema(summary=_("首次联系列表")), retrieve=extend_schema(summary=_("首次联系详情"))
)
class FirstContactViewSet(ReadOnlyResourceViewSet):
    """首次联系：期限、联系日期与方式、是否已上报。"""

    queryset: Any = FirstContact.objects.select_related("customer", "manager", "plan", "handover")
    serializer_class = FirstContactSerializer
    filterset_class = FirstContactApiFilterSet
