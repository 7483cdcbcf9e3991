"""Forms of rules and runs: they parse; services decide."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from customers.tiers.models import TierRule


class TrialForm(forms.Form):
    """What a trial is compared with: the tiers customers have, or another version asked on the same day."""

    against = forms.ModelChoiceField(
        label=_("对照"), queryset=TierRule.objects.none(), required=False, empty_label=_("客户现在的分级"),
        help_text=_("选一个版本，就按两个版本各算一遍，列出谁会不同。"),
    )  # fmt: skip


class NothingForm(forms.Form):
    """Where a click is all that is needed."""


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(label=_("理由"), max_length=300)
