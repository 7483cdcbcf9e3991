"""Forms of policies, evaluation sheets and rules: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cmsys.org.choices import UnitChoiceField
from cmsys.org.models import OrgUnit
from customers.allocation.models import RuleKind

LARGEST = 200_000
DATE = {"type": "date"}


class PolicyForm(forms.Form):
    """A document, typed or as a file; the file wins when both are there."""

    file = forms.FileField(
        label=_("政策文件"), required=False, help_text=_("YAML 文件，UTF-8 编码；与下面的文本二选一。"),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json"}),
    )  # fmt: skip
    document = forms.CharField(
        label=_("政策文本"), required=False, strip=False, max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
        help_text=_("同一版本已用于分客方案时，请把 version 加一。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST:
                raise ValidationError({"file": _("文件超过 200 KB，不像是政策文件；请检查。")})
            try:
                data["document"] = file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise ValidationError({"file": _("文件不是 UTF-8 编码；请另存为 UTF-8 后再上传。")})
        if not (data.get("document") or "").strip():
            raise ValidationError(_("请上传政策文件，或粘贴政策文本。"))
        return data


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
    starts_on = forms.DateField(label=_("开始日期"), widget=forms.DateInput(attrs=DATE))
    ends_on = forms.DateField(
        label=_("结束日期（不含）"),
        required=False,
        widget=forms.DateInput(attrs=DATE),
        help_text=_("不填则长期有效。"),
    )
    reason = forms.CharField(label=_("原因"), max_length=200)


class EndForm(forms.Form):
    """From which day a rule no longer holds, and why."""

    ends_on = forms.DateField(label=_("结束日期（不含）"), widget=forms.DateInput(attrs=DATE))
    reason = forms.CharField(label=_("原因"), max_length=200)
