"""What a person says when a plan is carried out or taken back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.workflow.form import Form


class ApplyForm(forms.Form):
    """Nothing but the click; the form's number and the version the person was looking at."""

    nonce = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)
    version = forms.CharField(max_length=40, required=False, widget=forms.HiddenInput)

    def step(self) -> Form:
        given = self.cleaned_data
        return Form(reason=given.get("reason", ""), nonce=given["nonce"], version=given["version"])


class RevertForm(ApplyForm):
    """Why, and the plan's number typed, so that nobody takes back a plan by a slip of the hand."""

    reason = forms.CharField(
        label=gettext_lazy("原因"), max_length=300, widget=forms.Textarea(attrs={"rows": 3})
    )
    number = forms.CharField(
        label=gettext_lazy("方案编号"),
        max_length=20,
        help_text=gettext_lazy("请照抄上面的方案编号，以确认撤回。"),
    )

    def __init__(self, *args: Any, number: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = number

    def clean_number(self) -> str:
        given = str(self.cleaned_data["number"]).strip()
        if given != self.expected:
            raise ValidationError(_("与方案编号“%(number)s”不一致。") % {"number": self.expected})
        return given
