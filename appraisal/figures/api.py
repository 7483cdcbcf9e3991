"""targets and readings, for clients."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.figures.filters import PeriodFilter, under
from appraisal.figures.models import Reading, Target
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from cmsys.org.models import OrgUnit
from managers.profiles.api import ManagerRefSerializer


class FigureField(serializers.DecimalField):
    """A figure as an exact number, without the zeros its column is padded with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=24, decimal_places=6, normalize_output=True, coerce_to_string=False, **kwargs
        )


class TargetSerializer(serializers.ModelSerializer):
    """目标。属于一名客户经理（manager）或一个机构（unit），另一项为空。"""

    manager = ManagerRefSerializer(read_only=True, allow_null=True)
    unit = UnitRefSerializer(read_only=True, allow_null=True)
    value = FigureField(read_only=True)

    class Meta:
        model = Target
        fields = ("id", "period", "manager", "unit", "indicator_code", "value", "updated_at")
        read_only_fields = fields


class ReadingSerializer(serializers.ModelSerializer):
    """录入或导入的指标值。"""

    manager = ManagerRefSerializer(read_only=True)
    value = FigureField(read_only=True)

    class Meta:
        model = Reading
        fields = ("id", "period", "manager", "indicator_code", "value", "source", "updated_at")
        read_only_fields = fields


class OwnerUnderUnitFilter(UnderUnitFilter):
    """Targets of a unit, of the units below it, and of the people in all of them."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        actor = self.parent.request.user_actor
        units = OrgUnit.objects.reached_by(actor, qs.model.functions["view"])
        path = units.filter(code=value).values_list("path", flat=True).first()
        return qs.filter(under(path)) if path else qs.none()


class FigureApiFilterSet(ResourceFilterSet):
    """Period, person, indicator."""

    period = PeriodFilter(label=_("期间，如 2025Q4。"))
    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("工号。"))
    indicator_code = filters.CharFilter(label=_("指标编码。"))


class TargetApiFilterSet(FigureApiFilterSet):
    """As the list's."""

    unit = OwnerUnderUnitFilter(label=_("该机构及其所有下级：机构的目标和其中客户经理的目标。"))

    class Meta:
        model = Target
        fields: tuple[str, ...] = ()


class ReadingApiFilterSet(FigureApiFilterSet):
    """As the list's."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))

    class Meta:
        model = Reading
        fields: tuple[str, ...] = ()


@extend_schema_view(list=extend_schema(summary=_("目标列表")), retrieve=extend_schema(summary=_("目标详情")))
class TargetViewSet(ReadOnlyResourceViewSet):
    """客户经理和机构的目标值。"""

    queryset: Any = Target.objects.select_related("manager", "unit")
    serializer_class = TargetSerializer
    filterset_class = TargetApiFilterSet
    lookup_field = "pk"


@extend_schema_view(
    list=extend_schema(summary=_("指标值列表")), retrieve=extend_schema(summary=_("指标值详情"))
)
class ReadingViewSet(ReadOnlyResourceViewSet):
    """录入或导入的指标值；系统按业务记录计算的不在其中。"""

    queryset: Any = Reading.objects.select_related("manager")
    serializer_class = ReadingSerializer
    filterset_class = ReadingApiFilterSet
    lookup_field = "pk"
