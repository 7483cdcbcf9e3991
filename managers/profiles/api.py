"""managers and certificates, for clients. Personal data (telephone, mail, birth date) is never among the fields."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from cmsys.org.models import BusinessLine
from managers.careers.api import GradeRefSerializer, PostRefSerializer
from managers.profiles.filters import ManagerFilterSet
from managers.profiles.models import Certificate, ManagerCategory, RelationshipManager


class LineRefSerializer(serializers.ModelSerializer):
    """A business line as another row names it."""

    class Meta:
        model = BusinessLine
        fields = ("code", "name")
        read_only_fields = fields


class CategoryRefSerializer(serializers.ModelSerializer):
    """A category of managers as another row names it."""

    class Meta:
        model = ManagerCategory
        fields = ("code", "name")
        read_only_fields = fields


class ManagerRefSerializer(serializers.ModelSerializer):
    """A manager as another row names him."""

    class Meta:
        model = RelationshipManager
        fields = ("employee_no", "name")
        read_only_fields = fields


class ManagerSerializer(serializers.ModelSerializer):
    """客户经理。"""

    unit = UnitRefSerializer(read_only=True)
    post = PostRefSerializer(read_only=True, allow_null=True)
    line = LineRefSerializer(read_only=True, allow_null=True)
    category = CategoryRefSerializer(read_only=True, allow_null=True)
    grade = GradeRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = RelationshipManager
        fields = (
            "employee_no", "name", "gender", "unit", "post", "line", "category", "grade", "status", "hire_date",
            "education", "major", "experience_years", "industries", "region_code", "capacity", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ManagerApiFilterSet(ResourceFilterSet, ManagerFilterSet):
    """The conditions of the list, relations by their code (an unknown code finds nobody), one number, updated_since."""

    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级。"))
    grade = filters.CharFilter(field_name="grade__code", label=_("等级编码。"))
    line = filters.CharFilter(field_name="line__code", label=_("条线编码。"))
    category = filters.CharFilter(field_name="category__code", label=_("客户经理类别编码。"))
    employee_no = filters.CharFilter(label=_("工号。"))


@extend_schema_view(
    list=extend_schema(summary=_("客户经理列表")), retrieve=extend_schema(summary=_("客户经理详情"))
)
class ManagerViewSet(ReadOnlyResourceViewSet):
    """客户经理：任职、等级与履历，不含手机、邮箱、出生日期。"""

    queryset: Any = RelationshipManager.objects.select_related("unit", "post", "line", "category", "grade")
    serializer_class = ManagerSerializer
    filterset_class = ManagerApiFilterSet
    lookup_field = "employee_no"


class CertificateSerializer(serializers.ModelSerializer):
    """资格证书。`expires_on` 当天起失效。"""

    manager = ManagerRefSerializer(read_only=True)

    class Meta:
        model = Certificate
        fields = ("id", "manager", "name", "number", "issuer", "issued_on", "expires_on", "updated_at")
        read_only_fields = fields


class CertificateFilterSet(ResourceFilterSet):
    """One person, one kind of certificate, a unit with all below it, what runs out before a day."""

    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("工号。"))
    name = filters.CharFilter(label=_("证书名称。"))
    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))
    expires_before = filters.DateFilter(
        field_name="expires_on", lookup_expr="lt", label=_("在该日期之前失效。")
    )

    class Meta:
        model = Certificate
        fields: tuple[str, ...] = ()


@extend_schema_view(list=extend_schema(summary=_("证书列表")), retrieve=extend_schema(summary=_("证书详情")))
class CertificateViewSet(ReadOnlyResourceViewSet):
    """客户经理的资格证书。"""

    queryset: Any = Certificate.objects.select_related("manager")
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilterSet
    lookup_field = "pk"
