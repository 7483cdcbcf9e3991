"""transactions, contracts, opportunities, for clients. Customers are named by their number only: who may read more of
them has customers:read."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.engagement.filters import ContractFilterSet, OpportunityFilterSet, TransactionFilterSet
from customers.engagement.models import Contract, Opportunity, Transaction
from managers.profiles.api import ManagerRefSerializer


class CustomerNoField(serializers.CharField):
    """The customer's number in place of the customer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(source="customer.customer_no", read_only=True, **kwargs)


class TransactionSerializer(serializers.ModelSerializer):
    """交易。`manager` 是交易当日的责任客户经理，客户换人后不变；无人负责时为 null。"""

    customer_no = CustomerNoField()
    manager = ManagerRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Transaction
        fields = (
            "transaction_no", "customer_no", "manager", "occurred_on", "product", "amount", "quantity", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class TransactionApiFilterSet(ResourceFilterSet, TransactionFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(list=extend_schema(summary=_("交易列表")), retrieve=extend_schema(summary=_("交易详情")))
class TransactionViewSet(ReadOnlyResourceViewSet):
    """交易：金额、日期与当日的责任客户经理。"""

    queryset: Any = Transaction.objects.select_related("customer", "manager")
    serializer_class = TransactionSerializer
    filterset_class = TransactionApiFilterSet
    lookup_field = "transaction_no"


class ContractSerializer(serializers.ModelSerializer):
    """合同。`manager` 是签订当日的责任客户经理。"""

    customer_no = CustomerNoField()
    manager = ManagerRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Contract
        fields = (
            "contract_no", "customer_no", "manager", "amount", "signed_on", "starts_on", "ends_on", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ContractApiFilterSet(ResourceFilterSet, ContractFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(list=extend_schema(summary=_("合同列表")), retrieve=extend_schema(summary=_("合同详情")))
class ContractViewSet(ReadOnlyResourceViewSet):
    """合同：金额、期限与签订当日的责任客户经理。"""

    queryset: Any = Contract.objects.select_related("customer", "manager")
    serializer_class = ContractSerializer
    filterset_class = ContractApiFilterSet
    lookup_field = "contract_no"


class OpportunitySerializer(serializers.ModelSerializer):
    """商机。`manager` 是创建当日的责任客户经理。"""

    customer_no = CustomerNoField()
    manager = ManagerRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Opportunity
        fields = (
            "opportunity_no", "customer_no", "manager", "stage", "amount", "opened_on", "closed_on", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class OpportunityApiFilterSet(ResourceFilterSet, OpportunityFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(list=extend_schema(summary=_("商机列表")), retrieve=extend_schema(summary=_("商机详情")))
class OpportunityViewSet(ReadOnlyResourceViewSet):
    """商机：阶段、金额、创建与关闭日期。"""

    queryset: Any = Opportunity.objects.select_related("customer", "manager")
    serializer_class = OpportunitySerializer
    filterset_class = OpportunityApiFilterSet
    lookup_field = "opportunity_no"
