"""The declared classes of targets and readings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import Case, CharField, F, Max, Min, QuerySet, Sum, Value, When
from django.db.models.lookups import Exact
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.figures.filters import ReadingFilterSet, TargetFilterSet
from appraisal.figures.forms import ReadingForm, TargetForm
from appraisal.figures.known import known_codes
from appraisal.figures.models import Reading, Target
from appraisal.figures.permissions import FIGURES_IMPORT
from appraisal.figures.services.readings import reading_set
from appraisal.figures.services.targets import target_set
from cmsys.access.actors import may
from cmsys.access.functions import Reach
from cmsys.ui.context import covered
from cmsys.ui.pages import Action
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, Total


def plain(value: Decimal) -> Decimal:
    """The number without the zeros its column is padded with; exports keep it a number."""
    return Decimal(f"{value.normalize():f}")


def value_of(figure: Any) -> Decimal:
    return plain(figure.value)


# A sum over different indicators would add yuan to percentages: it is given where there is one indicator only.
OF_ONE_INDICATOR = Exact(Min("indicator_code"), Max("indicator_code"))
VALUE_SUM = Case(When(OF_ONE_INDICATOR, then=Sum("value")))
PERIOD = Column("period", gettext_lazy("期间"), lambda row: row.period, sort=("period",))
EMPLOYEE_NO = Column(
    "employee_no", gettext_lazy("工号"), lambda row: row.manager and row.manager.employee_no,
    sort=("manager__employee_no",),
)  # fmt: skip
INDICATOR = Column(
    "indicator", gettext_lazy("指标"), lambda row: row.indicator_name, sort=("indicator_name",)
)
INDICATOR_CODE = Column(
    "indicator_code", gettext_lazy("指标编码"), lambda row: row.indicator_code, sort=("indicator_code",)
)
UPDATED = Column(
    "updated_at", gettext_lazy("更新时间"), lambda row: row.updated_at, sort=("updated_at",), shown=False
)


def named(rows: QuerySet[Any], names: dict[str, str]) -> QuerySet[Any]:
    """The rows with `indicator_name`: what schemes call the code, the code itself where none does."""
    whens = [
        When(indicator_code=code, then=Value(name)) for code, name in sorted(names.items()) if name != code
    ]
    if not whens:
        return rows.annotate(indicator_name=F("indicator_code"))
    return rows.annotate(indicator_name=Case(*whens, default=F("indicator_code"), output_field=CharField()))


class FigureResource(Resource):
    """What both lists have in common."""

    import_kind: ClassVar[str]

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        rows = super().queryset(actor, action).select_related("manager", "manager__unit")
        return named(rows, known_codes().names)

    def subtitle(self, request: Any, total: int) -> Text:
        reached = request.user.access.reaches(self.function("view"))
        if all(one.reach is Reach.SELF for one in reached):
            return _("本人")
        return covered(request.user, self.function("view"))

    def list_actions(self, request: Any) -> list[Action]:
        actions = super().list_actions(request)
        if may(request.user, FIGURES_IMPORT):
            url = reverse("imports_new", args=[self.import_kind])
            actions.insert(0, Action(_("导入"), url, icon="upload"))
        return actions

    def object_actions(self, request: Any, instance: Any) -> list[Action]:
        actions = super().object_actions(request, instance)
        if actions:
            url = reverse(f"{self.url_name('remove')}", args=[instance.pk])
            actions.insert(0, Action(_("删除"), url, danger=True))
        return actions

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.period} · {instance.indicator_name}（{instance.indicator_code}）"


class TargetResource(FigureResource):
    """目标: what is to be reached."""

    key = "targets"
    noun = gettext_lazy("目标")
    model = Target
    filterset = TargetFilterSet
    form_class = TargetForm
    import_kind = "targets"
    default_sort = ("-period", "indicator_code", "manager__employee_no", "unit__path")
    totals = (Total("value", gettext_lazy("目标值合计（单一指标）"), VALUE_SUM),)
    columns = (
        Column(
            "owner", gettext_lazy("对象"), lambda t: (t.manager or t.unit).name,
            sort=("manager__name_pinyin", "unit__path"),
        ),
        EMPLOYEE_NO,
        Column(
            "unit", gettext_lazy("机构"), lambda t: t.manager.unit.name if t.manager else t.unit.name,
            sort=("manager__unit__path", "unit__path"),
        ),
        PERIOD,
        INDICATOR,
        INDICATOR_CODE,
        Column("value", gettext_lazy("目标值"), value_of, sort=("value",), numeric=True, kind="number"),
        UPDATED,
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("unit")

    def object_title(self, instance: Any) -> str:
        return _("%(owner)s的目标") % {"owner": (instance.manager or instance.unit).name}

    def create(self, actor: Any, values: dict[str, Any]) -> Target:
        return target_set(actor=actor, replace=False, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Target:
        return target_set(
            actor=actor, period=instance.period, indicator_code=instance.indicator_code,
            manager_id=instance.manager_id, unit_id=instance.unit_id, value=values["value"],
        )  # fmt: skip


class ReadingResource(FigureResource):
    """指标值: what was reached, where people brought it in."""

    key = "readings"
    noun = gettext_lazy("指标值")
    model = Reading
    filterset = ReadingFilterSet
    form_class = ReadingForm
    import_kind = "readings"
    default_sort = ("-period", "indicator_code", "manager__employee_no")
    totals = (Total("value", gettext_lazy("实际值合计（单一指标）"), VALUE_SUM),)
    columns = (
        Column("name", gettext_lazy("姓名"), lambda r: r.manager.name, sort=("manager__name_pinyin",)),
        EMPLOYEE_NO,
        Column("unit", gettext_lazy("机构"), lambda r: r.manager.unit.name, sort=("manager__unit__path",)),
        PERIOD,
        INDICATOR,
        INDICATOR_CODE,
        Column("value", gettext_lazy("实际值"), value_of, sort=("value",), numeric=True, kind="number"),
        Column("source", gettext_lazy("来源"), lambda r: r.source, sort=("source",)),
        UPDATED,
    )

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的指标值") % {"name": instance.manager.name}

    def create(self, actor: Any, values: dict[str, Any]) -> Reading:
        return reading_set(actor=actor, replace=False, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Reading:
        return reading_set(
            actor=actor, period=instance.period, indicator_code=instance.indicator_code,
            manager_id=instance.manager_id, value=values["value"], source=values["source"],
        )  # fmt: skip


TARGETS = TargetResource()
READINGS = ReadingResource()
