"""tier-rules, tier-runs and tier-changes, for clients; read only."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from cmsys.api.filters import ResourceFilterSet
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from customers.registry.api import TierRefSerializer
from customers.tiers.choices import Outcome, Purpose, RuleState, RunState, Settled
from customers.tiers.models import TierChange, TierRule, TierRun


class TierRuleSerializer(serializers.ModelSerializer):
    """分级规则的一个版本；`document` 为解析后的规则文档。"""

    class Meta:
        model = TierRule
        fields = ("id", "code", "version", "name", "state", "document", "adopted_at", "updated_at")
        read_only_fields = fields


class TierRunSerializer(serializers.ModelSerializer):
    """分级批次。`flows` 为 [原分级, 新分级, 户数]，空串表示未分级。"""

    rule = serializers.SerializerMethodField()
    against = serializers.SerializerMethodField()
    flows = serializers.SerializerMethodField()

    class Meta:
        model = TierRun
        fields = (
            "number", "rule", "against", "purpose", "state", "as_of", "customers", "raised", "lowered", "first", "held_count",
            "waiting_count", "near_count", "recategorised", "done_count", "skipped_count", "flows", "digest", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.STR)
    def get_rule(self, run: TierRun) -> str:
        return str(run.rule)

    @extend_schema_field({"type": ["string", "null"]})
    def get_against(self, run: TierRun) -> str | None:
        return str(run.against) if run.against else None

    @extend_schema_field(
        {"type": "array", "items": {"type": "array", "items": {"type": ["string", "integer"]}}}
    )
    def get_flows(self, run: TierRun) -> Any:
        return run.flows


class TierChangeSerializer(serializers.ModelSerializer):
    """分级变动。`score` 为得分的百分之一；`values`、`points`、`places` 依规则 `measures` 的次序，金额为分。"""

    run = serializers.CharField(source="run.number", read_only=True)
    customer_no = serializers.CharField(source="customer.customer_no", read_only=True)
    before = TierRefSerializer(read_only=True, allow_null=True)
    after = TierRefSerializer(read_only=True)

    class Meta:
        model = TierChange
        fields = (
            "id", "run", "customer_no", "before", "after", "category_before", "category_after", "outcome", "settled", "streak",
            "score", "place", "values", "points", "places", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class TierRuleApiFilterSet(ResourceFilterSet):
    """code, state, updated_since."""

    code = filters.CharFilter(label=_("规则编码。"))
    state = filters.ChoiceFilter(choices=RuleState.choices, label=_("状态。"))

    class Meta:
        model = TierRule
        fields: tuple[str, ...] = ()


class TierRunApiFilterSet(ResourceFilterSet):
    """rule, purpose, state, updated_since."""

    rule = filters.CharFilter(field_name="rule__code", label=_("规则编码。"))
    purpose = filters.ChoiceFilter(choices=Purpose.choices, label=_("用途：trial 试算，proposal 分级。"))
    state = filters.ChoiceFilter(choices=RunState.choices, label=_("状态。"))

    class Meta:
        model = TierRun
        fields: tuple[str, ...] = ()


class TierChangeApiFilterSet(ResourceFilterSet):
    """run, customer, from, to, outcome, updated_since."""

    run = filters.CharFilter(field_name="run__number", label=_("批次编号。"))
    customer_no = filters.CharFilter(field_name="customer__customer_no", label=_("客户编号。"))
    before = filters.CharFilter(field_name="before__code", label=_("原分级编码。"))
    after = filters.CharFilter(field_name="after__code", label=_("按规则的分级编码。"))
    outcome = filters.ChoiceFilter(choices=Outcome.choices, label=_("结果。"))
    settled = filters.ChoiceFilter(choices=Settled.choices, label=_("办理。"))

    class Meta:
        model = TierChange
        fields: tuple[str, ...] = ()


class InstitutionWide:
    """Rules and runs belong to the whole institution: a client of any unit that has the scope reads them all."""

    queryset: Any

    def get_queryset(self) -> Any:
        return self.queryset.all()


@extend_schema_view(list=extend_schema(summary=_("分级规则列表")), retrieve=extend_schema(summary=_("分级规则详情")))  # fmt: skip
class TierRuleViewSet(InstitutionWide, ReadOnlyResourceViewSet):
    """分级规则的各个版本。"""

    queryset: Any = TierRule.objects.defer("text")
    serializer_class = TierRuleSerializer
    filterset_class = TierRuleApiFilterSet


@extend_schema_view(list=extend_schema(summary=_("分级批次列表")), retrieve=extend_schema(summary=_("分级批次详情")))  # fmt: skip
class TierRunViewSet(InstitutionWide, ReadOnlyResourceViewSet):
    """分级批次：人数、流向与状态。"""

    queryset: Any = TierRun.objects.select_related("rule", "against")
    serializer_class = TierRunSerializer
    filterset_class = TierRunApiFilterSet
    lookup_field = "number"


@extend_schema_view(list=extend_schema(summary=_("分级变动列表")), retrieve=extend_schema(summary=_("分级变动详情")))  # fmt: skip
class TierChangeViewSet(ReadOnlyResourceViewSet):
    """分级变动：每户的原分级、按规则的分级与得分的由来。"""

    queryset: Any = TierChange.objects.select_related("run", "customer", "before", "after").defer(
        "customer__search_key", "customer__list_name"
    )
    serializer_class = TierChangeSerializer
    filterset_class = TierChangeApiFilterSet
