"""The declared class of schedules: when regrading runs by itself."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from appraisal.cycles.filters import scheme_codes
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.models import RegradeSchedule
from appraisal.scoring.services.schedules import schedule_set
from appraisal.scoring.timetable import next_moment
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, ResourceForm


class ScheduleFilterSet(django_filters.FilterSet):
    """On or off."""

    enabled = django_filters.BooleanFilter(
        label=gettext_lazy("状态"),
        widget=forms.Select(
            choices=(("", gettext_lazy("全部")), ("true", gettext_lazy("启用")), ("false", gettext_lazy("停用")))
        ),
    )  # fmt: skip

    class Meta:
        model = RegradeSchedule
        fields: tuple[str, ...] = ()


class ScheduleForm(ResourceForm):
    """The scheme is chosen once; a schedule belongs to it for good."""

    scheme_code = forms.ChoiceField(label=gettext_lazy("考核方案"))

    class Meta:
        model = RegradeSchedule
        fields = ("scheme_code", "enabled", "days_after", "at")
        widgets = {"at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}
        help_texts = {
            "enabled": gettext_lazy("停用后不再自动开启周期和定级，已有结果不变。"),
            "days_after": gettext_lazy("期末之后第几天运行，0 到 180。"),
            "at": gettext_lazy("到点后几分钟内开始。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["scheme_code"]
        chosen.choices = [("", _("请选择")), *((code, f"{name}（{code}）") for code, name in scheme_codes())]
        if self.instance.pk:
            chosen.disabled = True


def next_run(schedule: Any) -> str:
    """Which period comes next, and when; a dash for one that is off."""
    if not schedule.enabled or schedule.length is None:
        return "—"
    period, moment = next_moment(schedule, schedule.length, timezone.now())
    return f"{period} · {timezone.localtime(moment).strftime('%Y-%m-%d %H:%M')}"


class ScheduleResource(Resource):
    """定级计划: one a scheme."""

    key = "regrade-schedules"
    noun = gettext_lazy("定级计划")
    model = RegradeSchedule
    filterset = ScheduleFilterSet
    form_class = ScheduleForm
    default_sort = ("scheme_code",)
    columns = (
        Column("scheme", gettext_lazy("考核方案"), lambda s: s.scheme_name, sort=("scheme_code",)),
        Column(
            "enabled", gettext_lazy("状态"), lambda s: _("启用") if s.enabled else _("停用"), sort=("enabled",),
            tone=lambda s: "up" if s.enabled else "hold",
        ),
        Column("days_after", gettext_lazy("期末后天数"), lambda s: s.days_after, numeric=True, kind="number"),
        Column("at", gettext_lazy("时间"), lambda s: s.at.strftime("%H:%M")),
        Column("next", gettext_lazy("下次"), next_run),
        Column("last", gettext_lazy("上次"), lambda s: f"{s.last_period} {s.last_outcome}".strip() or "—"),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        newest = SchemeVersion.objects.filter(code=OuterRef("scheme_code")).order_by("-version")
        return (
            super()
            .queryset(actor, action)
            .annotate(scheme_name=Subquery(newest.values("name")[:1]), length=Subquery(newest.values("cycle")[:1]))
        )  # fmt: skip

    def page_title(self) -> Text:
        return _("定级计划")

    def subtitle(self, request: Any, total: int) -> Text:
        return _("每期结束后自动开启考核周期并定级；停机错过的，恢复后只补最近一期")

    def object_title(self, instance: Any) -> str:
        return _("%(name)s的定级计划") % {"name": instance.scheme_name}

    def object_subtitle(self, instance: Any) -> Text:
        return _("下次 %(next)s") % {"next": next_run(instance)}

    def create(self, actor: Any, values: dict[str, Any]) -> RegradeSchedule:
        return schedule_set(actor=actor, now=timezone.now(), **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> RegradeSchedule:
        return schedule_set(actor=actor, now=timezone.now(), **values | {"scheme_code": instance.scheme_code})


SCHEDULES = ScheduleResource()
