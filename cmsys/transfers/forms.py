"""Forms of imports: they parse; services decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.transfers.engine.gates import MAX_FILE
from cmsys.transfers.engine.mapping import MAX_MAPPING, load_mapping
from cmsys.transfers.engine.problems import FileRefused
from cmsys.transfers.kinds import ImportKind
from cmsys.transfers.models import Mode
from cmsys.transfers.wording import refusal


class UploadForm(forms.Form):
    """A table, and a mapping where it comes from another system."""

    file = forms.FileField(
        label=gettext_lazy("文件"),
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv,.txt,.tsv"}),
        help_text=gettext_lazy("Excel（.xlsx）或 CSV，不超过 10 MB。表头用中文列名或编码都可以。"),
    )
    mapping = forms.FileField(
        label=gettext_lazy("映射文件"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml"}),
        help_text=gettext_lazy("文件来自别的系统、列名不同时才需要；写法见导入说明。"),
    )

    def __init__(self, *args: Any, kind: ImportKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > MAX_FILE:
            raise ValidationError(
                _(
                    "文件有 %(size)s MB，不能超过 10 MB。请拆分后分别导入，更大的 CSV 请交系统管理员用命令导入。"
                )
                % {"size": round((file.size or 0) / MAX_FILE * 10, 1)}
            )
        return file

    def clean_mapping(self) -> str:
        """The text of the mapping, checked. Lookup files are for the command only."""
        file: UploadedFile | None = self.cleaned_data.get("mapping")
        if file is None:
            return ""
        content = file.read(MAX_MAPPING + 1)
        try:
            text = content.decode("utf-8-sig")
            load_mapping(text, self.kind.columns)
        except UnicodeDecodeError:
            raise ValidationError(_("映射文件应为 UTF-8 编码。"))
        except FileRefused as refused:
            raise ValidationError(refusal(refused).message)
        return text


class CommitForm(forms.Form):
    """Which of the two ways."""

    mode = forms.ChoiceField(choices=Mode.choices)


class UndoForm(forms.Form):
    """Why a batch is taken back."""

    reason = forms.CharField(
        label=gettext_lazy("撤销原因"),
        max_length=300,
        help_text=gettext_lazy("例如：文件版本不对。会记入操作日志。"),
    )
