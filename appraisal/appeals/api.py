"""appeals and improvement-plans, for clients: where they stand and their dates, nothing of what was pleaded or found."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers

from appraisal.appeals.choices import AppealState, Outcome, PlanState
from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.profiles.api import ManagerRefSerializer


class AppealSerializer(serializers.ModelSerializer):
    """一件申诉。不含申诉内容、主管说明和答复理由；`outcome` 在答复前为 null。"""

    manager = ManagerRefSerializer(source="decision.manager", read_only=True)
    cycle = serializers.CharField(source="decision.cycle.period", read_only=True, help_text=_("考核期间。"))
    outcome = serializers.SerializerMethodField(help_text=_("结论；答复前为 null。"))

    class Meta:
        model = GradeAppeal
        fields = (
            "id", "manager", "decision_id", "cycle", "ground", "state", "told_on", "window_ends_on", "lodged_at", "due_on",
            "suspended", "outcome", "decided_at", "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=Outcome.choices, allow_null=True))
    def get_outcome(self, appeal: GradeAppeal) -> str | None:
        return appeal.outcome or None


class AppealApiFilterSet(ResourceFilterSet):
    """One person, a unit with all below it, where it stands."""

    employee_no = filters.CharFilter(field_name="decision__manager__employee_no", label=_("工号。"))
    unit = UnderUnitFilter(field_name="decision__unit__path", label=_("该机构及其所有下级。"))
    state = filters.ChoiceFilter(choices=AppealState.choices, label=_("状态。"))
    cycle = filters.CharFilter(field_name="decision__cycle__period", label=_("考核期间，如 2025Q4。"))

    class Meta:
        model = GradeAppeal
        fields: tuple[str, ...] = ()


@extend_schema_view(list=extend_schema(summary=_("申诉列表")), retrieve=extend_schema(summary=_("申诉详情")))
class AppealViewSet(ReadOnlyResourceViewSet):
    """对等级变更的申诉：状态、类别、日期和结论。"""

    queryset: Any = GradeAppeal.objects.select_related("decision__manager", "decision__cycle")
    serializer_class = AppealSerializer
    filterset_class = AppealApiFilterSet
    lookup_field = "pk"


class ImprovementPlanSerializer(serializers.ModelSerializer):
    """一份改进计划。不含目标、措施和检查记录。`refused` 为真表示本人拒签（有见证）。"""

    manager = ManagerRefSerializer(read_only=True)
    refused = serializers.SerializerMethodField(help_text=_("本人是否拒签。"))

    class Meta:
        model = ImprovementPlan
        fields = (
            "id", "manager", "decision_id", "cause", "state", "starts_on", "ends_on", "signed_at", "refused", "closed_at",
            "updated_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_refused(self, plan: ImprovementPlan) -> bool:
        return bool(plan.witness)


class ImprovementPlanFilterSet(ResourceFilterSet):
    """One person, a unit with all below it, where it stands."""

    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("工号。"))
    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))
    state = filters.ChoiceFilter(choices=PlanState.choices, label=_("状态。"))

    class Meta:
        model = ImprovementPlan
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary=_("改进计划列表")), retrieve=extend_schema(summary=_("改进计划详情"))
)
class ImprovementPlanViewSet(ReadOnlyResourceViewSet):
    """改进计划：起因、状态和日期。"""

    queryset: Any = ImprovementPlan.objects.select_related("manager")
    serializer_class = ImprovementPlanSerializer
    filterset_class = ImprovementPlanFilterSet
    lookup_field = "pk"
