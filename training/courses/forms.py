"""Forms of the catalogue."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from cmsys.ui.resource import ResourceForm
from training.courses.models import Competency, Course


class CatalogueForm(ResourceForm):
    """The code is the key and stays."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["code"].disabled = True

    def values(self) -> dict[str, Any]:
        values = super().values()
        if self.instance.pk:
            values.pop("code")
        return values


class CourseForm(CatalogueForm):
    """A course."""

    fieldsets = (
        (_("课程"), "", ("code", "name", "competency", "level", "line", "description")),
        (_("怎样上"), "", ("kind", "hours", "cost", "offered")),
    )

    class Meta:
        model = Course
        fields = (
            "code",
            "name",
            "competency",
            "level",
            "line",
            "kind",
            "hours",
            "cost",
            "description",
            "offered",
        )
        help_texts = {"line": _("不选则各条线通用。")}


class CompetencyForm(CatalogueForm):
    """A competency; codes of indicators are separated by 、 or spaces."""

    indicators = forms.CharField(
        label=_("对应指标编码"), required=False, max_length=400,
        help_text=_("考核方案中衡量这项胜任力的指标，用“、”隔开，如 COMM、COMMUNICATION。"),
    )  # fmt: skip

    class Meta:
        model = Competency
        fields = ("code", "name", "indicators")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["indicators"] = "、".join(self.instance.indicators)

    def clean_indicators(self) -> list[str]:
        text = self.cleaned_data["indicators"].replace("、", " ").replace(",", " ").replace("，", " ")
        return list(dict.fromkeys(word.upper() for word in text.split()))
