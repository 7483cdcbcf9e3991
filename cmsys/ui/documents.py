"""Versioned documents that people write as YAML (appraisal schemes, allocation policies, tier rules): bringing one in as a
file or as text, beginning from a version there is, and handing one out as it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import FormPage, Text
from cmsys.ui.resource import Resource

LARGEST = 500_000


class DocumentForm(forms.Form):
    """A document, typed or as a file; the file wins when both are there."""

    file = forms.FileField(
        label=gettext_lazy("文件"), required=False, help_text=gettext_lazy("YAML 文件，UTF-8 编码；与下面的文本二选一。"),
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,.json"}),
    )  # fmt: skip
    document = forms.CharField(
        label=gettext_lazy("文本"), required=False, strip=False, max_length=LARGEST,
        widget=forms.Textarea(attrs={"rows": 28, "spellcheck": "false", "class": "code"}),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file = data.get("file")
        if file is not None:
            if file.size > LARGEST:
                raise ValidationError({"file": _("文件超过 500 KB；请检查是不是选错了文件。")})
            try:
                data["document"] = file.read().decode("utf-8")
            except UnicodeDecodeError:
                raise ValidationError({"file": _("文件不是 UTF-8 编码；请另存为 UTF-8 后再上传。")})
        if not (data.get("document") or "").strip():
            raise ValidationError(_("请上传文件，或粘贴文本。"))
        return data


def document_new(
    request: SignedInRequest, resource: Resource, *, title: Text, hint: Text, notice: Text, said: Mapping[str, Text],
    text_of: Callable[[Any], str], bring: Callable[[str], tuple[Model, str]],
) -> HttpResponse:  # fmt: skip
    """The page that imports a document: empty, or begun from the version named by `from`.

    `bring` writes a text and answers with the version and an outcome, a key of `said`; what it refuses (ValidationError)
    stands beside the text. `hint` says when a version must be raised. The caller has required the function.
    """
    if request.method == "POST":
        form = DocumentForm(request.POST, request.FILES)
        if form.is_valid():
            text = form.cleaned_data["document"]
            try:
                version, outcome = bring(text)
            except ValidationError as error:
                form = DocumentForm({"document": text})
                form.is_valid()
                for sentence in error.messages:
                    form.add_error("document", sentence)
            else:
                messages.success(request, str(said[outcome]))
                return HttpResponseRedirect(resource.url("detail", version))
    else:
        begun = resource.find(request.user, request.GET["from"]) if "from" in request.GET else None
        form = DocumentForm(initial={"document": text_of(begun) if begun else ""})
    form.fields["document"].help_text = str(hint)
    page = FormPage(
        title=title, form=form, fieldsets=[{"title": "", "hint": "", "fields": list(form.visible_fields())}],
        cancel_url=resource.url("list"), submit_label=_("检查并导入"),
        notice=_("导入时逐条检查；有错会指出在文件中的位置，一处不对就一条都不写入。") + str(notice),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def document_download(text: str, code: str, version: int) -> HttpResponse:
    """The document, as it was brought in."""
    response = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{code}-v{version}.yaml"'
    return response
