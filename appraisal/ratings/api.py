"""ratings, for clients: superior and self one by one, every other group as mean and count, from three raters on."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.figures.filters import PeriodFilter
from appraisal.ratings.filters import PersonFilter
from appraisal.ratings.models import RaterGroup, RatingLine
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.profiles.api import ManagerRefSerializer


class RatingSerializer(serializers.ModelSerializer):
    """一条评分。上级与本人署名（rater，raters 为 1）；其他评价关系 rater 为 null，score 是 raters 个人的平均分，不足三人时没有这一条。"""

    manager = ManagerRefSerializer(read_only=True)
    rater = serializers.SerializerMethodField(help_text=_("评价人的工号或账号；匿名的为 null。"))
    score = serializers.DecimalField(max_digits=6, decimal_places=2, coerce_to_string=False, read_only=True)

    class Meta:
        model = RatingLine
        fields = (
            "id", "period", "manager", "rater_group", "rater", "raters", "indicator_code", "score", "comment", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_rater(self, line: RatingLine) -> str | None:
        return line.rater or None


class RatingApiFilterSet(ResourceFilterSet):
    """None of these divides a group of raters."""

    period = PeriodFilter(label=_("期间，如 2025Q4。"))
    employee_no = PersonFilter(label=_("被评人工号。"))
    indicator_code = filters.CharFilter(label=_("指标编码。"))
    rater_group = filters.ChoiceFilter(choices=RaterGroup.choices, label=_("评价关系。"))
    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))

    class Meta:
        model = RatingLine
        fields: tuple[str, ...] = ()


@extend_schema_view(list=extend_schema(summary=_("评分列表")), retrieve=extend_schema(summary=_("评分详情")))
class RatingViewSet(ReadOnlyResourceViewSet):
    """能力评分。匿名评价关系只给平均分和人数，满三人才给。"""

    queryset: Any = RatingLine.objects.select_related("manager")
    serializer_class = RatingSerializer
    filterset_class = RatingApiFilterSet
    lookup_field = "pk"
