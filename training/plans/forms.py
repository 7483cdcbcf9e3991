"""Forms of training plans: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from training.courses.models import Course
from training.plans.choices import ItemState


class DeadlineForm(forms.Form):
    """By when everything should be done."""

    ends_on = forms.DateField(label=_("完成期限"), widget=forms.DateInput())


class ItemForm(forms.Form):
    """A course of the catalogue, and why."""

    course = forms.ModelChoiceField(
        label=_("课程"),
        queryset=Course.objects.filter(offered=True),
        to_field_name="code",
        empty_label=_("请选择"),
    )
    note = forms.CharField(label=_("原因"), max_length=200)


class ReasonForm(forms.Form):
    """A reason that goes into the ledger."""

    reason = forms.CharField(label=_("原因"), max_length=300)


class NothingForm(forms.Form):
    """Where a click is all that is needed."""


RESULTS = [choice for choice in ItemState.choices if choice[0] != ItemState.PLANNED]


class ResultForm(forms.Form):
    """How a course went."""

    state = forms.ChoiceField(label=_("结果"), choices=RESULTS)
    on = forms.DateField(label=_("日期"), widget=forms.DateInput())
    note = forms.CharField(
        label=_("说明"), max_length=200, required=False, help_text=_("未通过或取消时必填。")
    )

    def clean_state(self) -> Any:
        return ItemState(self.cleaned_data["state"])
