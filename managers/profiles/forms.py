"""Forms of the profile: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from cmsys.ui.resource import ResourceForm
from managers.careers.models import Grade, Post
from managers.profiles.models import Certificate, GradeCause, RelationshipManager
from managers.profiles.permissions import MANAGER_EDIT


class ManagerForm(ResourceForm):
    """The profile as HR keeps it. Grade is set at entry and changes by a step of its own."""

    unit = UnitChoiceField(label=_("所属机构"), queryset=OrgUnit.objects.none())
    industries = SimpleArrayField(
        forms.CharField(max_length=40), label=_("擅长行业"), required=False, delimiter="、",
        help_text=_("多个行业用顿号分开，如：制造业、批发零售"),
    )  # fmt: skip

    class Meta:
        model = RelationshipManager
        fields = (
            "employee_no", "name", "gender", "birth_date", "unit", "post", "line", "category", "status", "hire_date",
            "education", "major", "experience_years", "industries", "region_code", "mobile", "email", "capacity",
        )  # fmt: skip

    fieldsets = (
        (_("基本信息"), "", ("employee_no", "name", "gender", "birth_date", "education", "major")),
        (_("任职"), _("等级在“等级历史”中按日期调整。"),
         ("unit", "post", "line", "category", "status", "hire_date", "experience_years", "grade", "graded_on")),
        (_("展业"), "", ("industries", "region_code", "capacity")),
        (_("联系方式"), _("已登记的号码只显示打码；查看原文在档案页，须填原因。"), ("mobile", "email")),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kept: list[str] = []
        units = (
            OrgUnit.objects.reached_by(self.actor, MANAGER_EDIT)
            .filter(closed_on__isnull=True)
            .order_by("path")
        )
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        posts = Post.objects.reached_by(self.actor, MANAGER_EDIT).order_by("name", "code")
        self.fields["post"].queryset = posts  # type: ignore[attr-defined]
        if self.instance.pk:
            self.fields["employee_no"].disabled = True
            self.initial["unit"] = self.instance.unit.code
            self._hide_personal_data()
        else:
            self.fields["grade"] = forms.ModelChoiceField(
                label=_("等级"),
                queryset=Grade.objects.all(),
                required=False,
                help_text=_("入职定级，可以以后再定。"),
            )
            self.fields["graded_on"] = forms.DateField(
                label=_("定级日期"),
                required=False,
                help_text=_("不填则为入职日期。"),
                widget=forms.DateInput(),
            )

    def values(self) -> dict[str, Any]:
        values = super().values()
        if self.instance.pk:
            values.pop("employee_no")
            for name in self.kept:
                if not values[name]:
                    values.pop(name)
        return values

    def _hide_personal_data(self) -> None:
        """Opening a form is no reason to see a number in clear (2.1): a field left empty keeps what is on file."""
        for name, mask in RelationshipManager.audit_masks.items():
            value = getattr(self.instance, name)
            if value:
                self.kept.append(name)
                self.initial[name] = None
                masked = mask(value.isoformat() if hasattr(value, "isoformat") else value)
                self.fields[name].help_text = _("已登记 %(masked)s，不修改请留空。") % {"masked": masked}


class ContactForm(forms.ModelForm):
    """What a person may change himself."""

    class Meta:
        model = RelationshipManager
        fields = ("mobile", "email")


class CertificateForm(forms.ModelForm):
    """A certificate; the last day it counts is the day before `expires_on`."""

    class Meta:
        model = Certificate
        fields = ("name", "number", "issuer", "issued_on", "expires_on")


class GradeForm(forms.Form):
    """A grade from a day on: first entry or correction."""

    grade = forms.ModelChoiceField(label=_("等级"), queryset=Grade.objects.all())
    starts_on = forms.DateField(label=_("开始日期"), initial=timezone.localdate, widget=forms.DateInput())
    # A grade that follows from an appraisal is a decision and comes with it, never by hand.
    cause = forms.ChoiceField(
        label=_("原因"),
        choices=[choice for choice in GradeCause.choices if choice[0] != GradeCause.APPRAISAL],
    )
    note = forms.CharField(label=_("说明"), max_length=300, help_text=_("写明依据，如文号；会记入操作日志。"))


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)
