"""Bringing a scheme in, and handing its document out."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.permissions import SCHEME_EDIT, SCHEME_VIEW
from appraisal.schemes.resources import SCHEMES
from appraisal.schemes.services.schemes import CREATED, UNCHANGED, UPDATED, scheme_import
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.documents import document_download, document_new


@require_http_methods(["GET", "POST"])
def scheme_new(request: SignedInRequest) -> HttpResponse:
    """Import a document: empty, or begun from the version named by `from`."""
    require(request.user, SCHEME_EDIT)

    def bring(text: str) -> tuple[SchemeVersion, str]:
        done = scheme_import(actor=request.user, text=text)
        return done.version, done.outcome

    return document_new(
        request, SCHEMES, title=_("导入考核方案"), hint=_("写法见“方案文件”说明；同一版本已被考核周期使用时，请把 version 加一。"),
        notice="", text_of=lambda version: version.document, bring=bring,
        said={
            CREATED: _("已导入。"), UPDATED: _("已更新这个未使用过的版本。"), UNCHANGED: _("与已有的版本内容相同，没有改动。"),
        },
    )  # fmt: skip


@require_GET
def scheme_download(request: SignedInRequest, pk: int) -> HttpResponse:
    """The document, as it was brought in."""
    require(request.user, SCHEME_VIEW)
    version = SCHEMES.find(request.user, str(pk), "export")
    return document_download(version.document, version.code, version.version)
