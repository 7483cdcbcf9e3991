"""Pages of score sheets: the list that remembers its conditions, one line's origin, print, one's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from appraisal.scoring import permissions
from appraisal.scoring.evidence import evidence_of
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.paper import Line
from appraisal.scoring.resources import SHEETS, conditions, paper_for, rounded
from appraisal.scoring.services.printing import sheet_print
from appraisal.scoring.words import said
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.listing import Listing
from cmsys.ui.pages import DetailPage
from cmsys.ui.views import ResourceViews


class SheetViews(ResourceViews):
    """Each row of the list carries the list's conditions on, so that a sheet knows who comes next."""

    def list(self, request: SignedInRequest) -> HttpResponse:
        require(request.user, self.resource.function("list"))
        listing = Listing(self.resource, request)
        page, tail = listing.page(), conditions(request.GET)
        for row in page.rows:
            row["url"] += tail
            for cell in row["cells"]:
                # Two decimals to compare people by; the sheet and the export carry all of them.
                if cell["numeric"] and cell["text"]:
                    cell["text"] = said(rounded(Decimal(cell["text"])), 2)
        fragment = request.headers.get("HX-Request") and not request.headers.get("HX-History-Restore-Request")
        template = "ui/_results.html" if fragment else self.resource.template_list
        context = {"page": page, "resource": self.resource}
        response = render(request, template, context, status=200 if listing.valid or fragment else 400)
        response["Vary"] = "HX-Request"
        return response


def _found(request: SignedInRequest, key: int) -> Any:
    require(request.user, permissions.SHEET_VIEW)
    return SHEETS.find(request.user, str(key))


@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """The reader's newest sheet."""
    require(request.user, permissions.SHEET_MINE)
    own: Any = ScoreSheet.objects.reached_by(request.user, permissions.SHEET_MINE)
    newest = own.order_by("-cycle__starts_on", "-pk").first()
    if newest is None:
        return render(request, "scoring/mine.html", {"page": DetailPage(title=_("我的考核"))})
    return redirect(SHEETS.url("detail", newest))


@require_GET
def sheet_line(request: SignedInRequest, key: int, position: int) -> HttpResponse:
    """Where one line comes from: figure, target, method, score, weight, contribution, and the records behind it."""
    sheet = _found(request, key)
    paper = paper_for(sheet)
    row = sheet.lines.filter(position=position).first()
    line = next((item for part in paper.parts for item in part.lines if item.position == position), None)
    if row is None or line is None:
        raise Http404
    evidence = evidence_of(request.user, sheet, row, paper.words)
    sheet_url = SHEETS.url("detail", sheet)
    cards = [
        {"key": "working", "title": _("这一分怎么来的"), "html": render_to_string(
            "scoring/cards/working.html", {"facts": _facts(sheet, line), "line": line}, request=request)},
        {"key": "evidence", "title": _("背后的记录"), "html": render_to_string(
            "scoring/cards/evidence.html", {"evidence": evidence}, request=request)},
    ]  # fmt: skip
    page = DetailPage(
        title=line.name,
        subtitle=_("%(name)s · %(cycle)s") % {"name": sheet.manager.name, "cycle": sheet.cycle.period},
        cards=cards,
        url=reverse("sheet_line", args=[sheet.pk, position]),
    )
    template = "ui/drawer.html" if request.GET.get("drawer") else "scoring/line.html"
    return render(request, template, {"page": page, "paper": paper, "sheet_url": sheet_url})


def _facts(sheet: ScoreSheet, line: Line) -> list[dict[str, Any]]:
    texts, scheme = line.texts(), sheet.cycle.scheme
    unit = f" {line.unit}" if line.unit else ""
    stated = _("%(weight)s（方案 %(stated)s）") % {
        "weight": texts["weight"],
        "stated": texts["stated_weight"],
    }
    return [
        {"label": _("实际值"), "value": texts["raw"] + (unit if line.raw is not None else "")},
        {"label": _("来源"), "value": line.source},
        {"label": _("目标"), "value": texts["target"] + (unit if line.target is not None else "")},
        {"label": _("得分"), "value": texts["score"]},
        {"label": _("计分方法"), "value": line.method, "wide": True},
        {"label": _("权重"), "value": stated if line.reweighted else texts["weight"]},
        {"label": _("贡献"), "value": line.working or texts["contribution"]},
        {"label": _("方案"), "value": _("%(name)s 第 %(version)d 版") % {"name": scheme.name, "version": scheme.version},
         "wide": True},
    ]  # fmt: skip


@require_GET
def sheet_pdf(request: SignedInRequest, key: int) -> HttpResponse:
    """The sheet as a PDF to be signed; who printed it is written into the ledger."""
    require(request.user, permissions.SHEET_VIEW)
    try:
        printed = sheet_print(actor=request.user, sheet_id=key)
    except (ScoreSheet.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    response = HttpResponse(printed.content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{printed.quoted_name}"
    return response
