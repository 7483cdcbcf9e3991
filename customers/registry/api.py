"""customers, contacts and assignments, for clients. What belongs to a person is masked; it is masked for every client."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.access.masks import mask_birth_date, mask_mobile
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.registry.filters import CustomerFilterSet
from customers.registry.masking import mask_person
from customers.registry.models import (
    Assignment,
    AssignmentRole,
    Contact,
    ContactChannel,
    Customer,
    CustomerTier,
    Marketing,
    RelationState,
)
from customers.registry.selectors import in_force
from managers.profiles.api import ManagerRefSerializer


class TierRefSerializer(serializers.ModelSerializer):
    """A tier as another row names it."""

    class Meta:
        model = CustomerTier
        fields = ("code", "name")
        read_only_fields = fields


class CustomerRefSerializer(serializers.ModelSerializer):
    """A customer as another row names it; of a person the family name."""

    name = serializers.CharField(source="masked_name", read_only=True)

    class Meta:
        model = Customer
        fields = ("customer_no", "name")
        read_only_fields = fields


class CustomerSerializer(serializers.ModelSerializer):
    """客户。个人客户的名称打码，不含坐标。"""

    name = serializers.CharField(source="masked_name", read_only=True)
    tier = TierRefSerializer(read_only=True, allow_null=True)
    state = serializers.ChoiceField(choices=RelationState.choices, read_only=True)
    unit = UnitRefSerializer(read_only=True, allow_null=True)
    owner = ManagerRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Customer
        fields = (
            "customer_no", "name", "kind", "nature", "category", "tier", "state", "since", "group_no", "industry_code",
            "region_code", "latitude", "longitude", "scale", "credit_code", "source", "unit", "owner", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown: dict[str, Any] = super().to_representation(instance)
        if instance.is_person:
            shown["latitude"] = shown["longitude"] = None
        return shown


class CustomerApiFilterSet(ResourceFilterSet, CustomerFilterSet):
    """The conditions of the list, relations by their code (an unknown code finds nobody), one number, updated_since."""

    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级。"))
    tier = filters.CharFilter(field_name="tier__code", label=_("客户分级编码。"))
    owner = filters.CharFilter(field_name="owner__employee_no", label=_("主办客户经理的工号。"))
    customer_no = filters.CharFilter(label=_("客户编号。"))


@extend_schema_view(list=extend_schema(summary=_("客户列表")), retrieve=extend_schema(summary=_("客户详情")))
class CustomerViewSet(ReadOnlyResourceViewSet):
    """客户。机构名称为原文，个人姓名打码（张*）；`owner` 为当日主办。"""

    queryset: Any = Customer.objects.select_related("unit", "tier", "owner").defer("search_key")
    serializer_class = CustomerSerializer
    filterset_class = CustomerApiFilterSet
    lookup_field = "customer_no"


class ContactSerializer(serializers.ModelSerializer):
    """联系人，全部打码。"""

    customer = CustomerRefSerializer(read_only=True)
    name = serializers.SerializerMethodField()
    mobile = serializers.SerializerMethodField()
    birthday = serializers.SerializerMethodField()

    class Meta:
        model = Contact
        fields = (
            "id",
            "customer",
            "name",
            "role",
            "mobile",
            "birthday",
            "channel",
            "marketing",
            "updated_at",
        )
        read_only_fields = fields

    def get_name(self, contact: Contact) -> str:
        return mask_person(contact.name)

    def get_mobile(self, contact: Contact) -> str:
        return mask_mobile(contact.mobile) if contact.mobile else ""

    def get_birthday(self, contact: Contact) -> str:
        """The year only: `1980-**-**`."""
        return mask_birth_date(contact.birthday.isoformat()) if contact.birthday else ""


class ContactFilterSet(ResourceFilterSet):
    """One customer, a unit with all below it, the role, the channel, what was said of marketing."""

    customer_no = filters.CharFilter(field_name="customer__customer_no", label=_("客户编号。"))
    unit = UnderUnitFilter(field_name="customer__unit__path", label=_("客户所属机构及其所有下级。"))
    owner = filters.CharFilter(field_name="customer__owner__employee_no", label=_("主办客户经理的工号。"))
    role = filters.ChoiceFilter(choices=Contact._meta.get_field("role").choices, label=_("角色。"))
    channel = filters.ChoiceFilter(choices=ContactChannel.choices, label=_("首选渠道。"))
    marketing = filters.ChoiceFilter(choices=Marketing.choices, label=_("营销意愿；没有问过的为空。"))

    class Meta:
        model = Contact
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary=_("联系人列表")), retrieve=extend_schema(summary=_("联系人详情"))
)
class ContactViewSet(ReadOnlyResourceViewSet):
    """客户的联系人：姓名、手机、生日打码。"""

    queryset: Any = Contact.objects.select_related("customer").defer("customer__search_key")
    serializer_class = ContactSerializer
    filterset_class = ContactFilterSet
    lookup_field = "pk"


class AssignmentSerializer(serializers.ModelSerializer):
    """客户归属。自 `starts_on` 起（含）至 `ends_on`（不含）；`ends_on` 为空表示未定结束。"""

    customer = CustomerRefSerializer(read_only=True)
    manager = ManagerRefSerializer(read_only=True)

    class Meta:
        model = Assignment
        fields = ("id", "customer", "manager", "role", "starts_on", "ends_on", "updated_at")
        read_only_fields = fields


class AssignmentFilterSet(ResourceFilterSet):
    """One customer, one manager, a role, a unit with all below it, and who was responsible on a day."""

    customer_no = filters.CharFilter(field_name="customer__customer_no", label=_("客户编号。"))
    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("客户经理工号。"))
    unit = UnderUnitFilter(field_name="customer__unit__path", label=_("客户所属机构及其所有下级。"))
    role = filters.ChoiceFilter(choices=AssignmentRole.choices, label=_("归属类型。"))
    as_of = filters.DateFilter(method="on_day", label=_("该日有效的归属。"))

    class Meta:
        model = Assignment
        fields: tuple[str, ...] = ()

    def on_day(self, queryset: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return queryset.filter(in_force(value))


@extend_schema_view(list=extend_schema(summary=_("归属列表")), retrieve=extend_schema(summary=_("归属详情")))
class AssignmentViewSet(ReadOnlyResourceViewSet):
    """谁在哪段时间负责哪个客户；`as_of` 回答某一天由谁负责。"""

    queryset: Any = Assignment.objects.select_related("customer", "manager").defer("customer__search_key")
    serializer_class = AssignmentSerializer
    filterset_class = AssignmentFilterSet
    lookup_field = "pk"
