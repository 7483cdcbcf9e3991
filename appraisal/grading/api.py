"""grades and grade-decisions, for clients, read only: grades are decided by people (docs/adr/0130)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from appraisal.cycles.api import SchemeRefSerializer
from appraisal.grading.choices import DecisionState, GradeStatus
from appraisal.grading.documents import HOW, load_counterfactual
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.permissions import GRADE_READ, GRADE_READ_UNPUBLISHED
from appraisal.scoring.api import BlankAsNullField, ExactField, LineSerializer, ReasonSerializer
from appraisal.scoring.documents import load_reasons
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import may
from cmsys.access.functions import Function
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter
from cmsys.api.resources.org_units import PersonRefSerializer, UnitRefSerializer
from cmsys.api.viewsets import ReadOnlyResourceViewSet
from managers.careers.api import GradeRefSerializer
from managers.profiles.api import ManagerRefSerializer

# What became of the proposal. How people went back and forth about it is theirs, and for those who may read that.
OUTCOMES = frozenset({
    "approve", "amend", "confirm", "publish", "serve", "clear", "take_effect", "supersede", "withdraw", "correct",
})  # fmt: skip


class GradeSerializer(serializers.ModelSerializer):
    """一名客户经理在一个周期的等级；`[effective_from, effective_to)` 是它有效的日期。"""

    manager = ManagerRefSerializer(read_only=True)
    unit = UnitRefSerializer(read_only=True)
    cycle = serializers.CharField(source="cycle.period", read_only=True)
    scheme = SchemeRefSerializer(source="cycle.scheme", read_only=True)
    ability_score = ExactField(source="ability", read_only=True)
    performance_score = ExactField(source="performance", read_only=True)
    total_score = ExactField(source="total", read_only=True)
    quadrant = BlankAsNullField(read_only=True, allow_null=True)
    grade = GradeRefSerializer(read_only=True, allow_null=True)
    previous_grade = serializers.CharField(
        source="previous_grade.code",
        read_only=True,
        allow_null=True,
        default=None,
        help_text=_("原等级的编码。"),
    )
    status = serializers.ChoiceField(choices=GradeStatus.choices, read_only=True)

    class Meta:
        model = GradeDecision
        fields = (
            "id", "manager", "unit", "cycle", "scheme", "ability_score", "performance_score", "total_score", "quadrant",
            "kind", "grade", "previous_grade", "status", "effective_from", "effective_to", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class AlteringSerializer(serializers.Serializer):
    """一项输入的最小改变：`input` 从 `value` 变到 `nearest`，建议就变为 `kind`（`to`）。"""

    input = serializers.CharField(read_only=True)
    value = serializers.CharField(read_only=True)
    nearest = serializers.CharField(read_only=True)
    step = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=ProposalKind.choices, read_only=True)
    to = serializers.CharField(read_only=True, allow_null=True)


class CounterfactualSerializer(serializers.Serializer):
    """怎样的最小改变会得到另一个建议；`how` 说明是怎样算的。"""

    how = serializers.ChoiceField(choices=HOW, read_only=True)
    people = serializers.IntegerField(read_only=True)
    changes = AlteringSerializer(many=True, read_only=True)


class StepSerializer(serializers.ModelSerializer):
    """办理的一步。"""

    actor = serializers.CharField(source="actor_name", read_only=True)
    on_behalf = PersonRefSerializer(read_only=True, allow_null=True)

    class Meta:
        model = DecisionStep
        fields = ("verb", "at", "from_state", "to_state", "actor", "on_behalf", "reason")
        read_only_fields = fields


class PublicStepSerializer(serializers.Serializer):
    """办理的一步；由谁办理、理由，只有能读未公布等级的客户端才有。"""

    verb = serializers.CharField(read_only=True)
    at = serializers.DateTimeField(read_only=True)
    actor = serializers.CharField(read_only=True, required=False)
    on_behalf = PersonRefSerializer(read_only=True, allow_null=True, required=False)
    from_state = serializers.CharField(read_only=True, required=False)
    to_state = serializers.CharField(read_only=True, required=False)
    reason = serializers.CharField(read_only=True, required=False)


class ExplanationSerializer(serializers.Serializer):
    """为什么是这个等级：考核表的每一行、每条规则的判定、最小改变、办理经过。"""

    id = serializers.IntegerField(read_only=True)
    lines = LineSerializer(many=True, read_only=True)
    reasons = ReasonSerializer(many=True, read_only=True)
    counterfactual = CounterfactualSerializer(read_only=True, allow_null=True)
    steps = PublicStepSerializer(many=True, read_only=True)


class DecisionApiFilterSet(ResourceFilterSet):
    """What both lists offer: cycle and scheme, a unit with all below it, one person, kind, status."""

    cycle = filters.CharFilter(field_name="cycle__period", label=_("期间，如 2025Q4。"))
    scheme = filters.CharFilter(field_name="cycle__scheme_code", label=_("方案编码。"))
    unit = UnderUnitFilter(field_name="unit__path", label=_("该机构及其所有下级（客户经理现在的机构）。"))
    employee_no = filters.CharFilter(
        field_name="manager__employee_no", label=_("工号；一人的各行即他的等级历史。")
    )
    kind = filters.ChoiceFilter(choices=ProposalKind.choices, label=_("变更类型。"))
    status = filters.ChoiceFilter(choices=GradeStatus.choices, label=_("状态。"))


class GradeApiFilterSet(DecisionApiFilterSet):
    """And the grade itself, the cell of the matrix, the grade in force on a day."""

    grade = filters.CharFilter(field_name="grade__code", label=_("等级编码。"))
    quadrant = filters.CharFilter(label=_("矩阵位置：HH HL LH LL，九宫格为 11 至 33，能力在前。"))
    as_of = filters.DateFilter(method="in_force", label=_("在该日期有效的等级：每人每个方案至多一行。"))

    class Meta:
        model = GradeDecision
        fields: tuple[str, ...] = ()

    def in_force(self, rows: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Those that had taken effect by that day and had not ended; the last day is not in it."""
        open_ended = Q(effective_to__isnull=True) | Q(effective_to__gt=value)
        stands = Q(status__in=(GradeStatus.EFFECTIVE, GradeStatus.SUPERSEDED))
        return rows.filter(stands & open_ended, effective_from__lte=value)


@extend_schema_view(list=extend_schema(summary=_("等级列表")), retrieve=extend_schema(summary=_("等级详情")))
class GradeViewSet(ReadOnlyResourceViewSet):
    """等级：一人一期一行。只有 `grades:read` 的客户端看到已公布、已生效、已被取代和已撤销的；加上
    `grades:read_unpublished` 看到全部。降级不公示，生效后才出现在前者中。"""

    queryset: Any = GradeDecision.objects.select_related(
        "manager", "unit", "cycle__scheme", "grade", "previous_grade"
    ).defer("cycle__scheme__document", "counterfactual", "flags", "ground")
    serializer_class = GradeSerializer
    filterset_class = GradeApiFilterSet
    lookup_field = "pk"
    function = GRADE_READ

    def required_functions(self) -> tuple[Function, ...]:
        """Either scope opens the door; which rows there are depends on which."""
        return GRADE_READ, GRADE_READ_UNPUBLISHED

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = GenericViewSet.get_queryset(self)
        rows = rows.readable_by(self.request.user_actor)  # type: ignore[attr-defined]
        if self.action == "explanation":
            rows = rows.defer(None).select_related("sheet").defer("cycle__scheme__document")
            rows = rows.prefetch_related("sheet__lines", "steps__on_behalf")
        found: QuerySet[Any] = rows
        return found

    @extend_schema(summary=_("等级的依据与经过"), responses=ExplanationSerializer, filters=False)
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def explanation(self, request: Request, **keys: Any) -> Response:
        """考核表的每一行与每条规则的判定（同方案引擎给出的），最小改变，以及办理经过。"""
        decision: GradeDecision = self.get_object()
        actor: Any = request.user_actor  # type: ignore[attr-defined]
        reasons = load_reasons(decision.sheet.reasons)
        smallest = load_counterfactual(decision.counterfactual)
        if smallest is not None and smallest.basis != decision.basis:
            smallest = None  # worked out for a sheet that has changed since
        return Response({
            "id": decision.pk,
            "lines": LineSerializer(decision.sheet.lines.all(), many=True).data,
            "reasons": reasons.reasons if reasons is not None else [],
            "counterfactual": None if smallest is None else CounterfactualSerializer(smallest).data,
            "steps": steps_of(decision.steps.all(), named=may(actor, GRADE_READ_UNPUBLISHED)),
        })  # fmt: skip


def steps_of(steps: Collection[DecisionStep], *, named: bool) -> list[dict[str, Any]]:
    """Every step with who took it and why; or what has become of the case and when, without either."""
    if named:
        return [dict(StepSerializer(step).data) for step in steps]
    shown = serializers.DateTimeField()
    return [
        {"verb": step.verb, "at": shown.to_representation(step.at)} for step in steps if step.verb in OUTCOMES
    ]


class DecisionSerializer(serializers.ModelSerializer):
    """等级变更的办理状态。"""

    manager = ManagerRefSerializer(read_only=True)
    unit = UnitRefSerializer(read_only=True)
    cycle = serializers.CharField(source="cycle.period", read_only=True)
    scheme = SchemeRefSerializer(source="cycle.scheme", read_only=True)
    proposed_grade = GradeRefSerializer(read_only=True, allow_null=True)
    previous_grade = GradeRefSerializer(read_only=True, allow_null=True)
    grade = GradeRefSerializer(read_only=True, allow_null=True)
    status = serializers.ChoiceField(choices=GradeStatus.choices, read_only=True)
    assignee = PersonRefSerializer(read_only=True, allow_null=True)
    flags = extend_schema_field({"type": "array", "items": {}})(serializers.JSONField)(read_only=True)

    class Meta:
        model = GradeDecision
        fields: tuple[str, ...] = (
            "id", "manager", "unit", "cycle", "scheme", "proposal", "proposed_grade", "kind", "previous_grade", "grade",
            "state", "status", "stale", "flags", "assignee", "due_on", "effective_from", "effective_to", "moved_at",
            "moved_by", "updated_at",
        )  # fmt: skip
        read_only_fields = fields


class DecisionDetailSerializer(DecisionSerializer):
    """等级变更的办理状态，附经过。"""

    steps = StepSerializer(many=True, read_only=True)

    class Meta(DecisionSerializer.Meta):
        fields = (*DecisionSerializer.Meta.fields, "steps")
        read_only_fields = fields


class GradeDecisionApiFilterSet(DecisionApiFilterSet):
    """And where it stands."""

    state = filters.ChoiceFilter(choices=DecisionState.choices, label=_("办理状态。"))
    due_by = filters.DateFilter(field_name="due_on", lookup_expr="lte", label=_("办理截止日在该日期或之前。"))
    stale = filters.BooleanFilter(label=_("提交后数据有变动。"))

    class Meta:
        model = GradeDecision
        fields: tuple[str, ...] = ()


@extend_schema_view(
    list=extend_schema(summary=_("等级变更列表")),
    retrieve=extend_schema(summary=_("等级变更详情（含经过）")),
)
class GradeDecisionViewSet(ReadOnlyResourceViewSet):
    """等级变更的办理，只读：等级由人决定，不能通过接口办理。"""

    queryset: Any = GradeDecision.objects.select_related(
        "manager", "unit", "cycle__scheme", "proposed_grade", "previous_grade", "grade", "assignee"
    ).defer("cycle__scheme__document", "counterfactual", "ground")
    serializer_class = DecisionSerializer
    filterset_class = GradeDecisionApiFilterSet
    lookup_field = "pk"

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        return rows.prefetch_related("steps__on_behalf") if self.action == "retrieve" else rows

    def get_serializer_class(self) -> Any:
        return DecisionDetailSerializer if self.action == "retrieve" else DecisionSerializer
