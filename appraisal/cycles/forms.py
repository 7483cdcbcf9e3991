"""Which scheme, which period."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from appraisal.cycles.filters import scheme_codes


class CycleForm(forms.Form):
    """The service says whether the period fits the scheme."""

    scheme_code = forms.ChoiceField(label=_("考核方案"))
    period = forms.CharField(
        label=_("期间"), max_length=7, help_text=_("月 2025M11，季 2025Q4，半年 2025H2，年 2025")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["scheme_code"]
        chosen.choices = [("", _("请选择")), *((code, f"{name}（{code}）") for code, name in scheme_codes())]


class CloseForm(forms.Form):
    """Nothing to fill in: what closing does is said beside the button."""
