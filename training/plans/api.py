"""training-plans, for clients: which courses, how far, no scores."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.profiles.api import ManagerRefSerializer
from training.courses.models import Course
from training.plans.filters import PlanFilterSet
from training.plans.models import PlanItem, TrainingPlan


class CourseRefSerializer(serializers.ModelSerializer):
    """A course as a plan names it."""

    class Meta:
        model = Course
        fields = ("code", "name")
        read_only_fields = fields


class PlanItemSerializer(serializers.ModelSerializer):
    """计划中的一门课程。"""

    course = CourseRefSerializer(read_only=True)

    class Meta:
        model = PlanItem
        fields = ("course", "indicator_code", "state", "finished_on")
        read_only_fields = fields


class TrainingPlanSerializer(serializers.ModelSerializer):
    """培训计划。`period` 是它所依据的考核期间。"""

    manager = ManagerRefSerializer(read_only=True)
    period = serializers.CharField(source="sheet.cycle.period", read_only=True)
    items = PlanItemSerializer(many=True, read_only=True)

    class Meta:
        model = TrainingPlan
        fields = ("id", "manager", "period", "state", "starts_on", "ends_on", "accepted_at", "signed_at", "items", "updated_at")  # fmt: skip
        read_only_fields = fields


class PlanApiFilterSet(ResourceFilterSet, PlanFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))
    # By its code; of one that does not exist there are no plans.
    course = django_filters.CharFilter(label=_("课程"), method="with_course_code")

    def with_course_code(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Exists(PlanItem.objects.filter(plan=OuterRef("pk"), course__code=value)))


@extend_schema_view(
    list=extend_schema(summary=_("培训计划列表")), retrieve=extend_schema(summary=_("培训计划详情"))
)
class PlanViewSet(ReadOnlyResourceViewSet):
    """个人培训计划：课程、状态与期限。"""

    queryset: Any = TrainingPlan.objects.select_related("manager", "sheet__cycle").prefetch_related(
        "items__course"
    )
    serializer_class = TrainingPlanSerializer
    filterset_class = PlanApiFilterSet
