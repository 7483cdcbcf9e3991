"""The declared classes of courses and competencies."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import money
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource
from training.courses.filters import CompetencyFilterSet, CourseFilterSet
from training.courses.forms import CompetencyForm, CourseForm
from training.courses.models import Competency, Course
from training.courses.services.courses import (
    competency_create,
    competency_update,
    course_create,
    course_update,
)


class CourseResource(Resource):
    """课程: the catalogue."""

    key = "courses"
    noun = gettext_lazy("课程")
    title = gettext_lazy("培训课程")
    model = Course
    lookup = "code"
    filterset = CourseFilterSet
    form_class = CourseForm
    default_sort = ("competency__code", "level", "code")
    columns = (
        Column("name", gettext_lazy("课程名称"), lambda c: c.name, sort=("name",)),
        Column("code", gettext_lazy("课程编码"), lambda c: c.code, sort=("code",)),
        Column("competency", gettext_lazy("胜任力"), lambda c: c.competency.name, sort=("competency__code",)),
        Column("level", gettext_lazy("层级"), lambda c: c.get_level_display(), sort=("level",)),
        Column("line", gettext_lazy("适用条线"), lambda c: c.line.name if c.line else _("通用"), sort=("line__name",)),
        Column("kind", gettext_lazy("方式"), lambda c: c.get_kind_display(), sort=("kind",)),
        Column("hours", gettext_lazy("学时"), lambda c: c.hours, sort=("hours",), numeric=True, kind="number"),
        Column("cost", gettext_lazy("人均费用（元）"), lambda c: c.cost, sort=("cost",), numeric=True, kind="number"),
        Column("offered", gettext_lazy("状态"), lambda c: _("在开") if c.offered else _("停开"), sort=("offered",)),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        return super().queryset(actor, action).select_related("competency", "line")

    def object_subtitle(self, instance: Any) -> Text:
        return f"{instance.code} · {instance.competency.name} · {instance.get_level_display()}"

    def create(self, actor: Any, values: dict[str, Any]) -> Course:
        return course_create(actor=actor, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Course:
        return course_update(actor=actor, course_id=instance.pk, values=values)


class CompetencyResource(Resource):
    """胜任力: what courses build, and which indicators measure it."""

    key = "competencies"
    noun = gettext_lazy("胜任力")
    model = Competency
    lookup = "code"
    filterset = CompetencyFilterSet
    form_class = CompetencyForm
    default_sort = ("code",)
    columns = (
        Column("name", gettext_lazy("胜任力"), lambda c: c.name, sort=("name",)),
        Column("code", gettext_lazy("胜任力编码"), lambda c: c.code, sort=("code",)),
        Column("indicators", gettext_lazy("对应指标编码"), lambda c: "、".join(c.indicators)),
        Column(
            "courses", gettext_lazy("在开课程"), lambda c: c.offered, sort=("offered",), numeric=True, kind="number"
        ),
    )  # fmt: skip

    def queryset(self, actor: Any, action: str) -> QuerySet[Any]:
        offered = Count("courses", filter=Q(courses__offered=True))
        return super().queryset(actor, action).annotate(offered=offered)

    def create(self, actor: Any, values: dict[str, Any]) -> Competency:
        return competency_create(actor=actor, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Competency:
        return competency_update(actor=actor, competency_id=instance.pk, values=values)


COURSES, COMPETENCIES = CourseResource(), CompetencyResource()


def course_card(request: SignedInRequest, course: Any) -> str:
    """What is taught, how, for whom."""
    facts = [
        {"label": _("课程编码"), "value": course.code},
        {"label": _("胜任力"), "value": course.competency.name},
        {"label": _("层级"), "value": course.get_level_display()},
        {"label": _("适用条线"), "value": course.line.name if course.line else _("通用")},
        {"label": _("方式"), "value": course.get_kind_display()},
        {"label": _("学时"), "value": course.hours},
        {"label": _("人均费用"), "value": money(course.cost)},
        {"label": _("状态"), "value": _("在开") if course.offered else _("停开")},
        {"label": _("内容"), "value": course.description},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


def competency_card(request: SignedInRequest, competency: Any) -> str:
    """Its indicators and its courses."""
    facts = [
        {"label": _("胜任力编码"), "value": competency.code},
        {"label": _("对应指标编码"), "value": "、".join(competency.indicators)},
        {"label": _("在开课程"), "value": competency.offered},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
