"""Forms of targets and readings: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.figures.known import PERIOD_FORMS, known_codes
from appraisal.figures.models import Reading, Target
from appraisal.figures.permissions import FIGURES_EDIT
from appraisal.figures.widgets import CodeInput
from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.resource import ResourceForm
from managers.profiles.models import RelationshipManager

PERIOD_HELP = _("写成 %(forms)s 之一。") % {"forms": PERIOD_FORMS}


class FigureForm(ResourceForm):
    """What both have in common: a person by number, a period, an indicator. They are the key and stay as they are."""

    employee_no = forms.CharField(label=_("工号"), max_length=40)
    suggested = "readings"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].help_text = PERIOD_HELP
        widget = self.fields["indicator_code"].widget
        if self.instance.pk:
            self.initial["employee_no"] = self.instance.manager and self.instance.manager.employee_no
            self.initial["value"] = f"{self.instance.value.normalize():f}"
            for name in ("employee_no", "unit", "period", "indicator_code"):
                if name in self.fields:
                    self.fields[name].disabled = True
        elif isinstance(widget, CodeInput):
            widget.suggestions = getattr(known_codes(), self.suggested)

    def clean_employee_no(self) -> RelationshipManager | None:
        number = self.cleaned_data["employee_no"]
        if not number:
            return None
        if self.instance.pk:
            return self.instance.manager
        people = RelationshipManager.objects.reached_by(self.actor, FIGURES_EDIT)
        found = people.filter(employee_no=number).first()
        if found is None:
            message = _("没有工号为“%(number)s”的客户经理，或者不在您的管理范围内。")
            raise forms.ValidationError(message, code="not_found", params={"number": number})
        return found

    def values(self) -> dict[str, Any]:
        values = super().values()
        manager = values.pop("employee_no")
        return values | {"manager_id": manager.pk if manager else None}


class TargetForm(FigureForm):
    """A target of a person or of a unit."""

    unit = UnitChoiceField(
        label=_("机构"),
        queryset=OrgUnit.objects.none(),
        required=False,
        help_text=_("给整个机构定目标时选机构，不填工号。"),
    )
    suggested = "targets"

    class Meta:
        model = Target
        fields = ("period", "indicator_code", "value")
        widgets = {"indicator_code": CodeInput()}

    fieldsets = (
        (_("对象"), _("客户经理或机构，二者选一。"), ("employee_no", "unit")),
        (_("目标"), "", ("period", "indicator_code", "value")),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["employee_no"].required = False
        self.fields["unit"].queryset = OrgUnit.objects.reached_by(  # type: ignore[attr-defined]
            self.actor, FIGURES_EDIT
        ).order_by("path")
        if self.instance.pk and self.instance.unit:
            self.initial["unit"] = self.instance.unit.code

    def values(self) -> dict[str, Any]:
        values = super().values()
        unit = values.pop("unit")
        return values | {"unit_id": unit.pk if unit else None}


class ReadingForm(FigureForm):
    """A figure brought in by hand."""

    class Meta:
        model = Reading
        fields = ("period", "indicator_code", "value", "source")
        widgets = {"indicator_code": CodeInput()}

    fieldsets = (
        (_("对象"), "", ("employee_no",)),
        (
            _("实际值"),
            _("录入后以此为准，不再用系统按业务记录计算的数；删除后恢复计算。"),
            ("period", "indicator_code", "value", "source"),
        ),
    )


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)
