"""A scheme document, typed or as a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

LARGEST = 500_000


class SchemeForm(forms.Form):
    """One of the two; the file wins when both are there, and its text then stands in the field."""

    file = forms.FileField(
        label=_("方案文件"),
        required=False,
        help_text=_("YAML 文件，UTF-8 编码；与下面的文本二选一。"),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json"}),
    )
    document = forms.CharField(
        label=_("方案文本"),
        required=False,
        strip=False,
        max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
        help_text=_("写法见“方案文件”说明；同一版本已被考核周期使用时，请把 version 加一。"),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST:
                raise ValidationError({"file": _("文件超过 500 KB，不像是方案文件；请检查。")})
            try:
                data["document"] = file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise ValidationError({"file": _("文件不是 UTF-8 编码；请另存为 UTF-8 后再上传。")})
        if not (data.get("document") or "").strip():
            raise ValidationError(_("请上传方案文件，或粘贴方案文本。"))
        return data
