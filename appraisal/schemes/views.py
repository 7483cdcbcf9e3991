"""Bringing a scheme in, and handing its document out."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.schemes.forms import SchemeForm
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.permissions import SCHEME_EDIT, SCHEME_VIEW
from appraisal.schemes.resources import SCHEMES
from appraisal.schemes.services.schemes import CREATED, UNCHANGED, scheme_import
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import FormPage


@require_http_methods(["GET", "POST"])
def scheme_new(request: SignedInRequest) -> HttpResponse:
    """Import a document: empty, or begun from the version named by `from`."""
    require(request.user, SCHEME_EDIT)
    if request.method == "POST":
        form = SchemeForm(request.POST, request.FILES)
        if form.is_valid():
            try:
                done = scheme_import(actor=request.user, text=form.cleaned_data["document"])
                return _imported(request, done.version, done.outcome)
            except ValidationError as error:
                form = SchemeForm({"document": form.cleaned_data["document"]})
                form.is_valid()
                for sentence in error.messages:
                    form.add_error("document", sentence)
    else:
        begun = SCHEMES.find(request.user, request.GET["from"]) if "from" in request.GET else None
        form = SchemeForm(initial={"document": begun.document if begun else ""})
    fieldsets = [{"title": "", "hint": "", "fields": list(form.visible_fields())}]
    page = FormPage(
        title=_("导入考核方案"), form=form, fieldsets=fieldsets, cancel_url=SCHEMES.url("list"), submit_label=_("检查并导入"),
        notice=_("导入时逐条检查；有错会指出在文件中的位置，一处不对就一条都不写入。"),
    )  # fmt: skip
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _imported(request: SignedInRequest, version: SchemeVersion, outcome: str) -> HttpResponse:
    if outcome == UNCHANGED:
        messages.info(request, _("与已有的版本内容相同，没有改动。"))
    else:
        messages.success(request, _("已导入。") if outcome == CREATED else _("已更新这个未使用过的版本。"))
    return HttpResponseRedirect(SCHEMES.url("detail", version))


@require_GET
def scheme_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document, as it was brought in."""
    require(request.user, SCHEME_VIEW)
    version = SCHEMES.find(request.user, str(pk), "export")
    response = HttpResponse(version.document, content_type="application/yaml; charset=utf-8")
    name = f"{version.code}-v{version.version}.yaml"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
