"""allocation-plans, for clients: figures, bound and state of each plan, its lines, its curve."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter, refuse_unknown
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.planning.filters import PlanFilterSet
from customers.planning.lines import TERM_CODES
from customers.planning.models import AllocationMove, AllocationPlan

PERMILLES = {"type": ["object", "null"], "additionalProperties": {"type": "integer"}}


class PlanSerializer(serializers.ModelSerializer):
    """分客方案。`objective` 与 `bound` 为千分之一权重的整数，`gap` 是两者之差与目标值之比（小数）。"""

    unit = UnitRefSerializer(read_only=True)
    policy = serializers.SerializerMethodField()
    gap = serializers.SerializerMethodField()

    class Meta:
        model = AllocationPlan
        fields = (
            "number", "unit", "policy", "state", "as_of", "customers", "managers", "held", "moves", "forced", "first",
            "budget", "percent", "revision", "objective", "bound", "gap", "before", "after", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_policy(self, plan: AllocationPlan) -> str:
        return str(plan.policy)

    @extend_schema_field({"type": ["number", "null"]})
    def get_gap(self, plan: AllocationPlan) -> float | None:
        return plan.gap


class PlanLineSerializer(serializers.ModelSerializer):
    """方案行。`match` 与 `match_before` 是各项的不符合程度（‰），`cost` 是这一行的代价，`continuity` 是其中的动户代价。"""

    customer_no = serializers.CharField(source="customer.customer_no", read_only=True)
    present = serializers.CharField(
        source="present.employee_no", read_only=True, default=None, allow_null=True
    )
    proposed = serializers.CharField(source="proposed.employee_no", read_only=True)
    reasons = serializers.ListField(source="broken", child=serializers.CharField(), read_only=True)
    match = serializers.SerializerMethodField()
    match_before = serializers.SerializerMethodField()

    class Meta:
        model = AllocationMove
        fields = (
            "customer_no", "present", "proposed", "forced", "reasons", "effort", "metres", "match", "match_before",
            "continuity", "cost", "state", "holds",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(PERMILLES)
    def get_match(self, line: AllocationMove) -> dict[str, int]:
        return dict(zip(TERM_CODES, line.fit, strict=True))

    @extend_schema_field(PERMILLES)
    def get_match_before(self, line: AllocationMove) -> dict[str, int] | None:
        return None if line.fit_before is None else dict(zip(TERM_CODES, line.fit_before, strict=True))


class CurvePointSerializer(serializers.Serializer):
    """曲线的一点：移动 `moves` 户能做到的目标值与公平性；`percent` 是允许这么多移动的最小移动上限。"""

    moves = serializers.IntegerField(read_only=True)
    percent = serializers.IntegerField(read_only=True)
    objective = serializers.IntegerField(read_only=True)
    bound = serializers.IntegerField(read_only=True)
    max_mean = serializers.FloatField(read_only=True)
    gini = serializers.FloatField(read_only=True)
    match = serializers.FloatField(read_only=True)


class RulePriceSerializer(serializers.Serializer):
    """一条规则的代价：没有它时其余各项的代价至少低 `least`、至多低 `most`。"""

    rule = serializers.CharField(read_only=True)
    least = serializers.IntegerField(read_only=True, allow_null=True)
    most = serializers.IntegerField(read_only=True)
    without = serializers.IntegerField(read_only=True, allow_null=True)
    moves = serializers.IntegerField(read_only=True, allow_null=True)


class CurveSerializer(serializers.Serializer):
    """一份方案的曲线与规则代价；由后台任务在生成之后算出，算好之前为空。"""

    number = serializers.CharField(read_only=True)
    revision = serializers.IntegerField(read_only=True)
    points = CurvePointSerializer(source="curve", many=True, read_only=True)
    prices = RulePriceSerializer(many=True, read_only=True)


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

    @extend_schema(summary=_("方案行列表"), responses=PlanLineSerializer(many=True), filters=False)
    @action(detail=True, methods=["get"], filterset_class=None)
    def lines(self, request: Request, **keys: Any) -> Response:
        """移动与首次分配的客户。重算之后翻页会从头再来，因为每一行都换了。"""
        paging: Any = self.paginator
        refuse_unknown(request, {}, set(paging.parameters))
        plan: Any = get_object_or_404(self.get_queryset(), number=keys["number"])
        self.updated_field = "plan_updated_at"  # type: ignore[misc]
        rows: Any = AllocationMove.objects.filter(plan=plan).annotate(plan_updated_at=F("plan__updated_at"))
        page = self.paginate_queryset(rows.select_related("customer", "present", "proposed"))
        return self.get_paginated_response(PlanLineSerializer(page, many=True).data)

    @extend_schema(summary=_("移动与公平曲线、规则代价"), responses=CurveSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def curve(self, request: Request, **keys: Any) -> Response:
        """移动多少能换多少公平，以及每条规则的代价。"""
        return Response(CurveSerializer(self.get_object()).data)
