"""cycles, for clients; their results are added by the room that makes them (appraisal.scoring.api)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.cycles.models import Cycle, CycleState
from appraisal.schemes.api import InstitutionWide, SchemeRefSerializer
from cmsys.api.filters import ResourceFilterSet
from cmsys.api.viewsets import ReadOnlyResourceViewSet


class CycleSerializer(serializers.ModelSerializer):
    """考核周期 `[starts_on, ends_on)`；`graded_at` 与各计数是最近一次整体定级的。"""

    scheme = SchemeRefSerializer(read_only=True)
    result_hash = serializers.SerializerMethodField()

    class Meta:
        model = Cycle
        fields = (
            "id", "period", "scheme", "starts_on", "ends_on", "state", "graded_at", "result_hash", "scored", "promotions",
            "demotions", "holds", "opened_at", "closed_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_result_hash(self, cycle: Cycle) -> str | None:
        return cycle.result_hash or None


class CycleApiFilterSet(ResourceFilterSet):
    """period, scheme, state, updated_since."""

    period = filters.CharFilter(label=_("期间，如 2025Q4。"))
    scheme = filters.CharFilter(field_name="scheme_code", label=_("方案编码。"))
    state = filters.ChoiceFilter(choices=CycleState.choices, label=_("状态。"))

    class Meta:
        model = Cycle
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary=_("考核周期列表")), retrieve=extend_schema(summary=_("考核周期详情"))
)
class CycleViewSet(InstitutionWide, ReadOnlyResourceViewSet):
    """考核周期：一个方案版本在一个期间的考核。"""

    queryset: Any = Cycle.objects.select_related("scheme").defer("scheme__document")
    serializer_class = CycleSerializer
    filterset_class = CycleApiFilterSet
    lookup_field = "pk"
