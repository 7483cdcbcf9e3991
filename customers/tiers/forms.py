"""Forms of rules and runs: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from customers.tiers.models import TierRule

LARGEST = 200_000


class RuleForm(forms.Form):
    """A document, typed or as a file; the file wins when both are there."""

    file = forms.FileField(
        label=_("规则文件"), required=False, help_text=_("YAML 文件，UTF-8 编码；与下面的文本二选一。"),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json"}),
    )  # fmt: skip
    document = forms.CharField(
        label=_("规则文本"), required=False, strip=False, max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
        help_text=_("同一版本已经采用过时，请把 version 加一。"),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST:
                raise ValidationError({"file": _("文件超过 200 KB，不像是规则文件；请检查。")})
            try:
                data["document"] = file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise ValidationError({"file": _("文件不是 UTF-8 编码；请另存为 UTF-8 后再上传。")})
        if not (data.get("document") or "").strip():
            raise ValidationError(_("请上传规则文件，或粘贴规则文本。"))
        return data


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
