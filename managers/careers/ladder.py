"""The declared class of grades: the ladder as human resources keep it."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.registry import Text
from cmsys.ui.resource import Column, Resource, ResourceForm
from managers.careers.models import Grade, Series
from managers.careers.services.grades import grade_define


class GradeFilterSet(django_filters.FilterSet):
    """Name or code, series."""

    q = django_filters.CharFilter(label=gettext_lazy("名称/编码"), method="search")
    series = django_filters.ChoiceFilter(
        label=gettext_lazy("序列"), choices=Series.choices, empty_label=gettext_lazy("全部")
    )

    class Meta:
        model = Grade
        fields: tuple[str, ...] = ()

    def search(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return queryset.filter(Q(name__icontains=value) | Q(code__icontains=value))


class GradeForm(ResourceForm):
    """A step of the ladder; schemes and imports name it by its code, which therefore stays."""

    class Meta:
        model = Grade
        fields = ("code", "name", "series", "order")
        help_texts = {
            "code": gettext_lazy("考核方案、导入文件按编码引用，保存后不能再改。"),
            "order": gettext_lazy("同一序列内从低到高，不重复。"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True


class GradeResource(Resource):
    """等级阶梯."""

    key = "grades"
    noun = gettext_lazy("等级")
    title = gettext_lazy("等级阶梯")
    model = Grade
    lookup = "code"
    filterset = GradeFilterSet
    form_class = GradeForm
    default_sort = ("series", "order")
    columns = (
        Column("name", gettext_lazy("等级名称"), lambda g: g.name, sort=("name",)),
        Column("code", gettext_lazy("等级编码"), lambda g: g.code, sort=("code",)),
        Column("series", gettext_lazy("序列"), lambda g: g.get_series_display(), sort=("series",)),
        Column("order", gettext_lazy("次序"), lambda g: g.order, sort=("series", "order"), numeric=True, kind="number"),
    )  # fmt: skip

    def subtitle(self, request: Any, total: int) -> Text:
        return _("考核方案按编码引用这里的等级；方案建议的等级没有定义时，等级变更办不下去")

    def create(self, actor: Any, values: dict[str, Any]) -> Grade:
        return grade_define(actor=actor, **values)

    def update(self, actor: Any, instance: Any, values: dict[str, Any]) -> Grade:
        return grade_define(actor=actor, **values)


GRADES = GradeResource()


def grade_card(request: SignedInRequest, grade: Any) -> str:
    """What the grade is."""
    facts = [
        {"label": _("等级编码"), "value": grade.code},
        {"label": _("等级名称"), "value": grade.name},
        {"label": _("序列"), "value": grade.get_series_display()},
        {"label": _("次序"), "value": grade.order},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
