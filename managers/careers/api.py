"""posts: the places and their headcount, for clients."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.careers.filters import PostFilterSet
from managers.careers.models import Grade, Post


class PostRefSerializer(serializers.ModelSerializer):
    """A post as another row names it."""

    class Meta:
        model = Post
        fields = ("code", "name")
        read_only_fields = fields


class GradeRefSerializer(serializers.ModelSerializer):
    """A grade as another row names it."""

    class Meta:
        model = Grade
        fields = ("code", "name")
        read_only_fields = fields


class PostSerializer(serializers.ModelSerializer):
    """岗位。"""

    unit = UnitRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Post
        fields = ("code", "name", "series", "headcount", "unit", "updated_at")
        read_only_fields = fields


class PostApiFilterSet(ResourceFilterSet, PostFilterSet):
    """The conditions of the list, with the unit by its code, and updated_since."""

    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级。"))


@extend_schema_view(list=extend_schema(summary=_("岗位列表")), retrieve=extend_schema(summary=_("岗位详情")))
class PostViewSet(ReadOnlyResourceViewSet):
    """岗位：编制与所属机构。"""

    queryset: Any = Post.objects.select_related("unit")
    serializer_class = PostSerializer
    filterset_class = PostApiFilterSet
    lookup_field = "code"
