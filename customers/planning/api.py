"""allocation-plans, for clients: figures, bound and state of each plan."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.planning.filters import PlanFilterSet
from customers.planning.models import AllocationPlan


class PlanSerializer(serializers.ModelSerializer):
    """分客方案。`objective` 与 `bound` 为千分之一权重的整数，`gap` 是两者之差与目标值之比（小数）。"""

    unit = UnitRefSerializer(read_only=True)
    policy = serializers.SerializerMethodField()
    gap = serializers.SerializerMethodField()

    class Meta:
        model = AllocationPlan
        fields = (
            "number", "unit", "policy", "state", "as_of", "customers", "managers", "held", "moves", "forced", "first",
            "budget", "objective", "bound", "gap", "before", "after", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_policy(self, plan: AllocationPlan) -> str:
        return str(plan.policy)

    @extend_schema_field({"type": ["number", "null"]})
    def get_gap(self, plan: AllocationPlan) -> float | None:
        return plan.gap


class PlanApiFilterSet(ResourceFilterSet, PlanFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(
    list=extend_schema(summary=_("分客方案列表")), retrieve=extend_schema(summary=_("分客方案详情"))
)
class PlanViewSet(ReadOnlyResourceViewSet):
    """分客方案：移动数、公平性与已证明的界限。"""

    queryset: Any = AllocationPlan.objects.select_related("unit", "policy")
    serializer_class = PlanSerializer
    filterset_class = PlanApiFilterSet
    lookup_field = "number"
