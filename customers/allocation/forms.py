"""Forms of policies, evaluation sheets and rules: they parse; services decide."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from customers.allocation.models import RuleKind


class DraftForm(forms.Form):
    """For which unit sheets are drafted."""

    unit = UnitChoiceField(label=_("机构及其下级"), queryset=OrgUnit.objects.none())


class PartsForm(forms.Form):
    """Other figures for a sheet, and why."""

    ability = forms.DecimalField(label=_("能力"), min_value=0, max_value=100, max_digits=5, decimal_places=2)
    experience = forms.DecimalField(
        label=_("经验"), min_value=0, max_value=100, max_digits=5, decimal_places=2
    )
    results = forms.DecimalField(label=_("业绩"), min_value=0, max_value=100, max_digits=5, decimal_places=2)
    reason = forms.CharField(label=_("调整原因"), max_length=300)


class NothingForm(forms.Form):
    """Where a click is all that is needed."""


class RuleForm(forms.Form):
    """A customer, a manager, what is agreed, from when to when, and why."""

    customer_no = forms.CharField(label=_("客户编号"), max_length=60)
    kind = forms.ChoiceField(label=_("约定"), choices=RuleKind.choices)
    employee_no = forms.CharField(label=_("客户经理工号"), max_length=40)
    starts_on = forms.DateField(label=_("开始日期"), widget=forms.DateInput())
    ends_on = forms.DateField(
        label=_("结束日期（不含）"),
        required=False,
        widget=forms.DateInput(),
        help_text=_("不填则长期有效。"),
    )
    reason = forms.CharField(label=_("原因"), max_length=200)


class EndForm(forms.Form):
    """From which day a rule no longer holds, and why."""

    ends_on = forms.DateField(label=_("结束日期（不含）"), widget=forms.DateInput())
    reason = forms.CharField(label=_("原因"), max_length=200)
