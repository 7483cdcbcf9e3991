"""schemes, for clients: versions of appraisal schemes; the document itself in the detail."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.schemes.models import CycleLength, SchemeVersion
from cmsys.api.filters import ResourceFilterSet
from cmsys.api.viewsets import ReadOnlyResourceViewSet


class SchemeRefSerializer(serializers.ModelSerializer):
    """A version of a scheme as another row names it."""

    class Meta:
        model = SchemeVersion
        fields = ("code", "version", "name")
        read_only_fields = fields


class SchemeSerializer(serializers.ModelSerializer):
    """考核方案的一个版本。"""

    class Meta:
        model = SchemeVersion
        fields: tuple[str, ...] = (
            "id",
            "code",
            "version",
            "name",
            "cycle",
            "digest",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class SchemeDetailSerializer(SchemeSerializer):
    """考核方案的一个版本，附方案文件。"""

    class Meta(SchemeSerializer.Meta):
        fields = (*SchemeSerializer.Meta.fields, "document")
        read_only_fields = fields


class SchemeApiFilterSet(ResourceFilterSet):
    """code, version, cycle, updated_since."""

    code = filters.CharFilter(label=_("方案编码。"))
    version = filters.NumberFilter(label=_("版本号。"), min_value=1, max_value=2_147_483_647)
    cycle = filters.ChoiceFilter(choices=CycleLength.choices, label=_("周期长度。"))

    class Meta:
        model = SchemeVersion
        fields: tuple[str, ...] = ()


class InstitutionWide:
    """Rows that belong to the whole institution: a client limited to a unit reads them like any other with the scope."""

    queryset: Any

    def get_queryset(self) -> QuerySet[Any]:
        return self.queryset.all()


@extend_schema_view(
    list=extend_schema(summary=_("考核方案列表")),
    retrieve=extend_schema(summary=_("考核方案详情（含方案文件）")),
)
class SchemeViewSet(InstitutionWide, ReadOnlyResourceViewSet):
    """考核方案：每个版本一行，用过的版本不再改变。"""

    queryset: Any = SchemeVersion.objects.all()
    serializer_class = SchemeSerializer
    filterset_class = SchemeApiFilterSet
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows if self.action == "retrieve" else rows.defer("document")

    def get_serializer_class(self) -> Any:
        return SchemeDetailSerializer if self.action == "retrieve" else SchemeSerializer
