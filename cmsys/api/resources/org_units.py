"""org-units: the tree of units."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.accounts.models import User
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from cmsys.org.models import OrgUnit, UnitKind


class UnitRefSerializer(serializers.ModelSerializer):
    """A unit as another row names it."""

    class Meta:
        model = OrgUnit
        fields = ("code", "name")
        read_only_fields = fields


class PersonRefSerializer(serializers.ModelSerializer):
    """A person as another row names them."""

    class Meta:
        model = User
        fields = ("employee_no", "name")
        read_only_fields = fields


class OrgUnitSerializer(serializers.ModelSerializer):
    """机构。"""

    parent = UnitRefSerializer(read_only=True, allow_null=True)
    head = PersonRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = OrgUnit
        fields = (
            "code",
            "name",
            "kind",
            "parent",
            "region_code",
            "latitude",
            "longitude",
            "head",
            "opened_on",
            "closed_on",
            "updated_at",
        )
        read_only_fields = fields


class OrgUnitFilterSet(ResourceFilterSet):
    """code, kind, parent, under (with subtree), open_on, updated_since."""

    code = filters.CharFilter(label=_("机构编码。"))
    kind = filters.ChoiceFilter(choices=UnitKind.choices, label=_("机构类型。"))
    parent = filters.CharFilter(field_name="parent__code", label=_("直接上级的机构编码。"))
    under = UnderUnitFilter(field_name="path", label=_("该机构及其所有下级。"))
    open_on = filters.DateFilter(method="filter_open_on", label=_("在该日期存续的机构。"))

    class Meta:
        model = OrgUnit
        fields: tuple[str, ...] = ()

    def filter_open_on(self, rows: QuerySet[OrgUnit], name: str, value: date) -> QuerySet[OrgUnit]:
        """Opened on that day or before (or since ever), and not closed by then."""
        opened = Q(opened_on__isnull=True) | Q(opened_on__lte=value)
        return rows.filter(opened, Q(closed_on__isnull=True) | Q(closed_on__gt=value))


@extend_schema_view(list=extend_schema(summary=_("机构列表")), retrieve=extend_schema(summary=_("机构详情")))
class OrgUnitViewSet(ReadOnlyResourceViewSet):
    """机构：总部、分行、支行、部门、团队。"""

    queryset: Any = OrgUnit.objects.select_related("parent", "head")
    serializer_class = OrgUnitSerializer
    filterset_class = OrgUnitFilterSet
    lookup_field = "code"
