"""courses: the catalogue, for clients."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.schemes.api import InstitutionWide
from cmsys.api.filters import ResourceFilterSet
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.profiles.api import LineRefSerializer
from training.courses.filters import CourseFilterSet
from training.courses.models import Competency, Course


class CompetencyRefSerializer(serializers.ModelSerializer):
    """A competency as a course names it."""

    class Meta:
        model = Competency
        fields = ("code", "name")
        read_only_fields = fields


class CourseSerializer(serializers.ModelSerializer):
    """课程。`line` 为空表示各条线通用；`cost` 为人均费用（元）。"""

    competency = CompetencyRefSerializer(read_only=True)
    line = LineRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Course
        fields = ("code", "name", "competency", "level", "line", "kind", "hours", "cost", "description", "offered", "updated_at")  # fmt: skip
        read_only_fields = fields


class CourseApiFilterSet(ResourceFilterSet, CourseFilterSet):
    """The conditions of the list, and updated_since."""


@extend_schema_view(list=extend_schema(summary=_("课程列表")), retrieve=extend_schema(summary=_("课程详情")))
class CourseViewSet(InstitutionWide, ReadOnlyResourceViewSet):
    """培训课程：胜任力、层级、适用条线、学时与费用。"""

    queryset: Any = Course.objects.select_related("competency", "line")
    serializer_class = CourseSerializer
    filterset_class = CourseApiFilterSet
    lookup_field = "code"
