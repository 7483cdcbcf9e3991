"""targets and readings, for clients, who also write them: by the services people use."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from appraisal.figures.filters import PeriodFilter, under
from appraisal.figures.models import Reading, Target
from appraisal.figures.permissions import FIGURES_EDIT
from appraisal.figures.services.readings import reading_remove, reading_set
from appraisal.figures.services.targets import target_remove, target_set
from cmsys.access.refusals import refused
from cmsys.api.bodies import BodySerializer, NumberField, TextField
from cmsys.api.filters import ResourceFilterSet, UnderUnitFilter, path_of
from cmsys.api.resources.org_units import UnitRefSerializer
from cmsys.api.viewsets import ResourceViewSet
from cmsys.org.models import OrgUnit
from managers.profiles.api import ManagerRefSerializer
from managers.profiles.models import RelationshipManager


class FigureField(serializers.DecimalField):
    """A figure as an exact number, without the zeros its column is padded with."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=24, decimal_places=6, normalize_output=True, coerce_to_string=False, **kwargs
        )


class TargetSerializer(serializers.ModelSerializer):
    """目标。属于一名客户经理（manager）或一个机构（unit），另一项为空。"""

    manager = ManagerRefSerializer(read_only=True, allow_null=True)
    unit = UnitRefSerializer(read_only=True, allow_null=True)
    value = FigureField(read_only=True)

    class Meta:
        model = Target
        fields = ("id", "period", "manager", "unit", "indicator_code", "value", "updated_at")
        read_only_fields = fields


class ReadingSerializer(serializers.ModelSerializer):
    """录入或导入的指标值。"""

    manager = ManagerRefSerializer(read_only=True)
    value = FigureField(read_only=True)

    class Meta:
        model = Reading
        fields = ("id", "period", "manager", "indicator_code", "value", "source", "updated_at")
        read_only_fields = fields


class PersonBody(BodySerializer):
    """Whose figure it is, when, of what; stays as it is once it is there."""

    employee_no = TextField(max_length=40, help_text=_("客户经理工号。"))
    period = TextField(max_length=7, help_text=_("期间，如 2025Q4、2025H2、2025M11、2025。"))
    indicator_code = TextField(max_length=40, help_text=_("指标编码。"))
    value = NumberField(max_digits=24, decimal_places=6)


class ReadingBody(PersonBody):
    """新的指标值。"""

    source = TextField(max_length=120, required=False, allow_blank=True, help_text=_("数从哪里来。"))  # type: ignore[assignment]


class ReadingChange(BodySerializer):
    """改指标值：期间、人员、指标不能改，改错了的请删除后重新提交。"""

    value = NumberField(max_digits=24, decimal_places=6)
    source = TextField(max_length=120, required=False, allow_blank=True, help_text=_("数从哪里来。"))  # type: ignore[assignment]


class TargetBody(PersonBody):
    """新的目标，属于一名客户经理（employee_no）或一个机构（unit_code），二者填一个。"""

    employee_no = TextField(max_length=40, required=False, help_text=_("客户经理工号。"))
    unit_code = TextField(max_length=120, required=False, help_text=_("机构编码。"))


class TargetChange(BodySerializer):
    """改目标值：期间、对象、指标不能改，改错了的请删除后重新提交。"""

    value = NumberField(max_digits=24, decimal_places=6)


class OwnerUnderUnitFilter(UnderUnitFilter):
    """Targets of a unit, of the units below it, and of the people in all of them."""

    def filter(self, qs: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return qs
        path = path_of(self.parent.request, value)
        return qs.filter(under(path)) if path else qs.none()


class FigureApiFilterSet(ResourceFilterSet):
    """Period, person, indicator."""

    period = PeriodFilter(label=_("期间，如 2025Q4。"))
    employee_no = filters.CharFilter(field_name="manager__employee_no", label=_("工号。"))
    indicator_code = filters.CharFilter(label=_("指标编码。"))


class TargetApiFilterSet(FigureApiFilterSet):
    """As the list's."""

    unit = OwnerUnderUnitFilter(label=_("该机构及其所有下级：机构的目标和其中客户经理的目标。"))

    class Meta:
        model = Target
        fields: tuple[str, ...] = ()


class ReadingApiFilterSet(FigureApiFilterSet):
    """As the list's."""

    unit = UnderUnitFilter(field_name="manager__unit__path", label=_("该机构及其所有下级。"))

    class Meta:
        model = Reading
        fields: tuple[str, ...] = ()


def person_id(actor: Any, number: str) -> int:
    """The person behind a number. Raises ValidationError alike for one that is not there and one out of reach."""
    people: Any = RelationshipManager.objects.reached_by(actor, FIGURES_EDIT)
    found: int | None = people.filter(employee_no=number).values_list("pk", flat=True).first()
    if found is None:
        message = _("没有工号为“%(number)s”的客户经理，或者不在客户端的机构范围内。")
        raise refused("employee_no", "not_found", message % {"number": number})
    return found


def unit_id(actor: Any, code: str) -> int:
    """The unit behind a code. Raises ValidationError alike for one that is not there and one out of reach."""
    units: Any = OrgUnit.objects.reached_by(actor, FIGURES_EDIT)
    found: int | None = units.filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        message = _("没有编码为“%(code)s”的机构，或者不在客户端的机构范围内。")
        raise refused("unit_code", "not_found", message % {"code": code})
    return found


class FigureViewSet(ResourceViewSet):
    """What both have in common. Their services lock the owner before the row, and so does this."""

    names = {"manager": "employee_no", "unit": "unit_code"}
    lookup_field = "pk"

    def lock(self, instance: Any) -> None:
        owner = instance.manager or instance.unit
        type(owner).objects.select_for_update(of=("self",), no_key=True).filter(pk=owner.pk).first()
        super().lock(instance)


@extend_schema_view(
    list=extend_schema(summary=_("目标列表")),
    retrieve=extend_schema(summary=_("目标详情")),
    create=extend_schema(summary=_("设定目标")),
    update=extend_schema(summary=_("修改目标值")),
    partial_update=extend_schema(summary=_("修改目标值")),
    destroy=extend_schema(summary=_("删除目标")),
)
class TargetViewSet(FigureViewSet):
    """客户经理和机构的目标值。"""

    queryset: Any = Target.objects.select_related("manager", "unit")
    serializer_class = TargetSerializer
    filterset_class = TargetApiFilterSet
    create_body = TargetBody
    update_body = TargetChange

    def perform_create(self, actor: Any, values: dict[str, Any]) -> Any:
        number, code = values.pop("employee_no", None), values.pop("unit_code", None)
        if number is not None:
            values["manager_id"] = person_id(actor, number)
        if code is not None:
            values["unit_id"] = unit_id(actor, code)
        return target_set(actor=actor, replace=False, **values)

    def perform_update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Any:
        return target_set(
            actor=actor, period=instance.period, indicator_code=instance.indicator_code, manager_id=instance.manager_id,
            unit_id=instance.unit_id, value=values.get("value", instance.value),
        )  # fmt: skip

    def perform_destroy(self, actor: Any, instance: Any, reason: str) -> None:
        target_remove(actor=actor, target_id=instance.pk, reason=reason)


@extend_schema_view(
    list=extend_schema(summary=_("指标值列表")),
    retrieve=extend_schema(summary=_("指标值详情")),
    create=extend_schema(summary=_("录入指标值")),
    update=extend_schema(summary=_("修改指标值")),
    partial_update=extend_schema(summary=_("修改指标值的一部分")),
    destroy=extend_schema(summary=_("删除指标值")),
)
class ReadingViewSet(FigureViewSet):
    """录入或导入的指标值；系统按业务记录计算的不在其中。"""

    queryset: Any = Reading.objects.select_related("manager")
    serializer_class = ReadingSerializer
    filterset_class = ReadingApiFilterSet
    create_body = ReadingBody
    update_body = ReadingChange

    def perform_create(self, actor: Any, values: dict[str, Any]) -> Any:
        manager_id = person_id(actor, values.pop("employee_no"))
        return reading_set(actor=actor, replace=False, manager_id=manager_id, **values)

    def perform_update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Any:
        # PUT stands for the whole: without a source there is none. PATCH leaves what is not sent.
        source = instance.source if self.action == "partial_update" else ""
        return reading_set(
            actor=actor, period=instance.period, indicator_code=instance.indicator_code, manager_id=instance.manager_id,
            value=values.get("value", instance.value), source=values.get("source", source),
        )  # fmt: skip

    def perform_destroy(self, actor: Any, instance: Any, reason: str) -> None:
        reading_remove(actor=actor, reading_id=instance.pk, reason=reason)
