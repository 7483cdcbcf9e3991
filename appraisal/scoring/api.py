"""score-sheets, and the results of a cycle, for clients. Figures are JSON numbers written from the exact decimals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from appraisal.cycles.api import CycleViewSet, SchemeRefSerializer
from appraisal.cycles.models import Cycle
from appraisal.scoring.documents import load_reasons
from appraisal.scoring.models import ProposalKind, ScoreSheet, SheetLine
from appraisal.scoring.permissions import SHEET_VIEW
from appraisal.scoring.selectors import result_lines
from appraisal.scoring.words import exact
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.profiles.api import ManagerRefSerializer


@extend_schema_field({"type": ["number", "null"]})
class ExactField(serializers.Field):
    """A decimal in full without the zeros the database appends; null where there is none, never zero."""

    def to_representation(self, value: Any) -> Decimal | None:
        return exact(value)


class BlankAsNullField(serializers.CharField):
    """A code; null where there is none."""

    def to_representation(self, value: Any) -> Any:
        return value or None


class LineSerializer(serializers.ModelSerializer):
    """考核表的一行：一个维度各行的 `contribution` 相加等于该维度得分，逐位相符。"""

    raw = ExactField(read_only=True)
    target = ExactField(read_only=True)
    score = ExactField(read_only=True)
    weight = ExactField(read_only=True)
    stated_weight = ExactField(read_only=True)
    contribution = ExactField(read_only=True)
    note = BlankAsNullField(read_only=True, allow_null=True)

    class Meta:
        model = SheetLine
        fields = (
            "position", "dimension", "code", "name", "kind", "source", "raw", "target", "score", "weight",
            "stated_weight", "contribution", "note",
        )  # fmt: skip
        read_only_fields = fields


class ProposalSerializer(serializers.Serializer):
    """规则建议的等级变动，由人决定。"""

    kind = serializers.ChoiceField(source="proposal", choices=ProposalKind.choices, read_only=True)
    to = BlankAsNullField(source="proposed_grade", read_only=True, allow_null=True)


class SheetSerializer(serializers.ModelSerializer):
    """考核表。"""

    manager = ManagerRefSerializer(read_only=True)
    unit = UnitRefSerializer(read_only=True)
    cycle = serializers.CharField(source="cycle.period", read_only=True)
    scheme = SchemeRefSerializer(source="cycle.scheme", read_only=True)
    grade = BlankAsNullField(source="grade_code", read_only=True, allow_null=True)
    ability_score = ExactField(source="ability", read_only=True)
    performance_score = ExactField(source="performance", read_only=True)
    total_score = ExactField(source="total", read_only=True)
    quadrant = BlankAsNullField(read_only=True, allow_null=True)
    level = BlankAsNullField(read_only=True, allow_null=True)
    proposal = ProposalSerializer(source="*", read_only=True)

    class Meta:
        model = ScoreSheet
        fields: tuple[str, ...] = (
            "id", "manager", "unit", "cycle", "scheme", "grade", "ability_score", "performance_score", "total_score",
            "quadrant", "level", "proposal", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class ReasonSerializer(serializers.Serializer):
    """一条规则的判定。"""

    rule = serializers.CharField(read_only=True)
    passed = serializers.BooleanField(read_only=True)
    detail = serializers.DictField(read_only=True)


class SheetDetailSerializer(SheetSerializer):
    """考核表，附每一行与判定依据。"""

    lines = LineSerializer(many=True, read_only=True)
    reasons = serializers.SerializerMethodField()

    class Meta(SheetSerializer.Meta):
        fields = (*SheetSerializer.Meta.fields, "lines", "reasons")
        read_only_fields = fields

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, sheet: ScoreSheet) -> list[dict[str, Any]]:
        found = load_reasons(sheet.reasons)
        return found.reasons if found is not None else []


class SheetApiFilterSet(ResourceFilterSet):
    """Cycle and scheme, a unit with all below it, one person, cell, proposal, updated_since."""

    cycle = filters.CharFilter(field_name="cycle__period", label=_("期间，如 2025Q4。"))
    scheme = filters.CharFilter(field_name="cycle__scheme_code", label=_("方案编码。"))
    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级（开启周期当天的机构）。"))
    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("工号。"))
    quadrant = filters.CharFilter(label=_("矩阵位置：HH HL LH LL，九宫格为 11 至 33，能力在前。"))
    proposal = filters.ChoiceFilter(choices=ProposalKind.choices, label=_("等级建议。"))

    class Meta:
        model = ScoreSheet
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary=_("考核表列表")), retrieve=extend_schema(summary=_("考核表详情（含明细）"))
)
class SheetViewSet(ReadOnlyResourceViewSet):
    """考核表：一人一期一张，得分为精确小数。"""

    queryset: Any = ScoreSheet.objects.select_related("manager", "unit", "cycle__scheme").defer(
        "cycle__scheme__document"
    )
    serializer_class = SheetSerializer
    filterset_class = SheetApiFilterSet
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return (
            rows.prefetch_related("lines")
            if self.action == "retrieve"
            else rows.defer("cycle__scheme__document", "reasons")
        )

    def get_serializer_class(self) -> Any:
        return SheetDetailSerializer if self.action == "retrieve" else SheetSerializer


class ResultSerializer(serializers.Serializer):
    """一人的结果，即结果指纹的一行。"""

    employee_no = serializers.CharField(read_only=True)
    ability = ExactField(read_only=True)
    performance = ExactField(read_only=True)
    total = ExactField(read_only=True)
    quadrant = serializers.CharField(read_only=True, allow_null=True)
    proposal = serializers.DictField(read_only=True)


class ResultsSerializer(serializers.Serializer):
    """一个周期的结果与它的指纹。"""

    cycle = serializers.CharField(read_only=True)
    result_hash = serializers.CharField(read_only=True)
    results = ResultSerializer(many=True, read_only=True)


class GradedCycleViewSet(CycleViewSet):
    """考核周期，附各周期的结果；结果要的是考核表的权限范围。"""

    @extend_schema(summary=_("一个周期的全部结果"), responses=ResultsSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None, function=SHEET_VIEW)
    def results(self, request: Request, **keys: Any) -> Response:
        """按工号排序的全部可见结果；`result_hash` 是全行结果规范化 JSON 行的 sha256，只有看得到全行的客户端才能自行核对。"""
        cycle: Cycle = self.get_object()
        actor: Any = request.user_actor  # type: ignore[attr-defined]
        seen: Any = ScoreSheet.objects.filter(cycle=cycle)
        within = Q(pk__in=seen.reached_by(actor, SHEET_VIEW).values("pk"))
        lines = [
            {
                "employee_no": line.employee_no, "ability": exact_text(line.ability), "performance": exact_text(line.performance),
                "total": exact_text(line.total), "quadrant": line.quadrant,
                "proposal": {"kind": line.proposal, "to": line.to},
            }
            for line in result_lines(cycle, within)
        ]  # fmt: skip
        return Response({"cycle": cycle.period, "result_hash": cycle.result_hash, "results": lines})


def exact_text(text: str | None) -> Decimal | None:
    """A printed decimal as a number with just its digits."""
    return None if text is None else Decimal(text)
