"""考核表 on paper: A4 upright, header rows repeated, no row cut in two, a place to sign, page numbers, text to be selected.

The same data give the same bytes: no moment of printing, no random number stands in the file. Characters the font does not
have are shown as □ with their code, never left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from appraisal.scoring.paper import Line, Paper, Part
from appraisal.scoring.words import said

REGULAR, BOLD = "NotoSansSC", "NotoSansSC-SemiBold"
FILES = {REGULAR: "NotoSansSC-Regular.ttf", BOLD: "NotoSansSC-SemiBold.ttf"}
MARGIN, FOOT = 14 * mm, 16 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, SOFT, RULE, GROUND = HexColor("#18202f"), HexColor("#5b667b"), HexColor("#b9c0cc"), HexColor("#f0f2f6")
# A font keeps what it has used while a document is made, so one document is made at a time in a process.
_one_at_a_time = Lock()


def sheet_pdf(paper: Paper, reader: str) -> bytes:
    """The file; `reader` is the watermark, so that a copy says whose it was. About 30 ms."""
    with _one_at_a_time:
        _fonts()
        out = io.BytesIO()
        document = BaseDocTemplate(
            out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=FOOT,
            title=_title(paper), author="cmsys", invariant=1, initialFontName=REGULAR,
        )  # fmt: skip
        body = Frame(MARGIN, FOOT, WIDTH, A4[1] - MARGIN - FOOT, 0, 0, 0, 0)
        document.addPageTemplates([PageTemplate("sheet", [body], onPage=_watermark(reader))])
        document.build(_story(paper), canvasmaker=_numbered(_footer(paper)))
        return out.getvalue()


@lru_cache(maxsize=1)
def _fonts() -> dict[str, TTFont]:
    found = {}
    for name, file in FILES.items():
        path = Path(settings.BASE_DIR) / "static" / "vendor" / file
        found[name] = TTFont(name, str(path))
        pdfmetrics.registerFont(found[name])
    return found


def legible(text: str) -> str:
    """The text with what the font cannot draw shown as □ and its code: 𠮷 is □(U+20BB7)."""
    known = _fonts()[REGULAR].face.charToGlyph
    return "".join(
        character if ord(character) in known or character == "\n" else f"□(U+{ord(character):04X})"
        for character in text
    )


def _title(paper: Paper) -> str:
    manager = paper.sheet.manager
    return _("考核表 %(period)s %(name)s") % {
        "period": paper.sheet.cycle.period,
        "name": f"{manager.name} {manager.employee_no}",
    }


# --- text ---------------------------------------------------------------------------------------------------------------
def _style(size: float, font: str = REGULAR, **rest: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"{font}{size}{sorted(rest.items(), key=str)}", fontName=font, fontSize=size, leading=size * 1.45, textColor=INK,
        wordWrap="CJK", **rest,
    )  # fmt: skip


TITLE = _style(16, BOLD, alignment=TA_CENTER)
UNDER = _style(9, alignment=TA_CENTER, spaceAfter=4 * mm)
HEAD = _style(10.5, BOLD, spaceBefore=4 * mm, spaceAfter=1.5 * mm)
TEXT, STRONG, SMALL = _style(9), _style(9, BOLD), _style(7.5)
SMALL.textColor = SOFT
COLUMN, FIGURE, SUM = _style(8, BOLD), _style(8.5, alignment=TA_RIGHT), _style(8.5, BOLD, alignment=TA_RIGHT)
COLUMN_RIGHT = _style(8, BOLD, alignment=TA_RIGHT)


def _text(value: Any, style: ParagraphStyle = TEXT) -> Paragraph:
    return Paragraph(escape(legible(str(value))).replace("\n", "<br/>"), style)


def _grid(rows: Sequence[Sequence[Any]], widths: Sequence[float], head: int = 0, *extra: Any) -> Table:
    table = Table(rows, colWidths=list(widths), repeatRows=head, splitByRow=1, splitInRow=0)
    table.setStyle(
        TableStyle([
            ("FONT", (0, 0), (-1, -1), REGULAR, 9), ("GRID", (0, 0), (-1, -1), 0.4, RULE), ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ("LEFTPADDING", (0, 0), (-1, -1), 4), ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5), ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
            *([("BACKGROUND", (0, 0), (-1, head - 1), GROUND)] if head else []), *extra,
        ])
    )  # fmt: skip
    return table


# --- parts --------------------------------------------------------------------------------------------------------------
def _story(paper: Paper) -> list[Flowable]:
    sheet = paper.sheet
    scheme = _("%(name)s 第 %(version)d 版") % {
        "name": sheet.cycle.scheme.name,
        "version": sheet.cycle.scheme.version,
    }
    story: list[Flowable] = [
        _text(_("客户经理考核表"), TITLE),
        _text(f"{sheet.cycle.period} · {scheme}", UNDER),
        _person(paper),
        Spacer(1, 2 * mm),
        _results(paper),
    ]
    if paper.not_rated:
        story.append(_text(_("未评：%(why)s") % {"why": paper.not_rated}, HEAD))
    for part in paper.parts:
        story += _part(part)
    story += _reasons(paper)
    story.append(KeepTogether([_text(_("意见与签字"), HEAD), _signatures()]))
    return story


def _pairs(pairs: Sequence[tuple[str, str]], columns: int) -> Table:
    rows = []
    for start in range(0, len(pairs), columns):
        row: list[Any] = []
        for label, value in pairs[start : start + columns]:
            row += [_text(label, COLUMN), _text(value or "—")]
        rows.append(row + [""] * (2 * columns - len(row)))
    label_width = 20 * mm
    value_width = WIDTH / columns - label_width
    shaded = [("BACKGROUND", (2 * k, 0), (2 * k, -1), GROUND) for k in range(columns)]
    return _grid(rows, [label_width, value_width] * columns, 0, *shaded)


def _person(paper: Paper) -> Table:
    sheet, manager = paper.sheet, paper.sheet.manager
    return _pairs([
        (_("姓名"), manager.name), (_("工号"), manager.employee_no), (_("机构"), sheet.unit.name),
        (_("条线"), manager.line.name if manager.line else ""), (_("现等级"), paper.grade),
        (_("考核期间"), sheet.cycle.period),
    ], 3)  # fmt: skip


def _results(paper: Paper) -> Table:
    pairs = [(_("%(name)s得分") % {"name": part.name}, _figure(part.result)) for part in paper.parts]
    if paper.cell_name:
        pairs.append((_("矩阵位置"), _cell(paper)))
    if paper.level:
        pairs.append((_("考核等次"), paper.level))
    pairs.append((_("等级建议"), paper.proposal))
    return _pairs(pairs, 3)


def _cell(paper: Paper) -> str:
    return (
        f"{paper.cell_name}\n{paper.strategy}"
        if len(paper.strategy) > 7
        else " · ".join(filter(None, (paper.cell_name, paper.strategy)))
    )


def _figure(value: Decimal | None) -> str:
    if value is None:
        return _("未评")
    short = said(value.quantize(Decimal("0.01"), ROUND_HALF_UP), 2)
    return (
        short
        if said(value, 2) == short
        else _("%(short)s\n（精确值 %(exact)s）") % {"short": short, "exact": said(value)}
    )


WIDTHS = [WIDTH - 100 * mm, 24 * mm, 24 * mm, 16 * mm, 17 * mm, 19 * mm]


def _part(part: Part) -> list[Flowable]:
    heading = _text(part.name, HEAD)
    if not part.lines:
        return [heading, _text(part.sentence, SMALL)] if part.sentence else []
    rows: list[list[Any]] = [
        [_text(_("指标与计分方法"), COLUMN)]
        + [_text(name, COLUMN_RIGHT) for name in (_("实际值"), _("目标"), _("得分"), _("权重"), _("贡献"))]
    ]
    rows += [_row(line) for line in part.lines]
    extra: list[Any] = []
    if part.sum is not None and part.code != "total":
        rows.append([_text(_("贡献合计"), STRONG), "", "", "", "", _text(said(part.sum, 2), SUM)])
        extra = [("SPAN", (0, -1), (4, -1)), ("NOSPLIT", (0, -2), (-1, -1))]
    table = _grid(rows, WIDTHS, 1, *extra)
    # The heading never stands alone at the foot of a page.
    heading.keepWithNext = 1
    return [heading, table, *([_text(part.sentence, SMALL)] if part.sentence else [])]


def _row(line: Line) -> list[Any]:
    texts = line.texts()
    unit = f" {line.unit}" if line.unit else ""
    weight = texts["weight"]
    if line.reweighted:
        weight += "\n" + _("方案 %(stated)s") % {"stated": texts["stated_weight"]}
    return [
        [_text(line.name, STRONG), _text("\n".join([line.method, *line.notes]), SMALL)],
        _text(texts["raw"] + (unit if line.raw is not None else ""), FIGURE),
        _text(texts["target"] + (unit if line.target is not None else ""), FIGURE),
        _text(texts["score"], FIGURE), _text(weight, FIGURE), _text(texts["contribution"], SUM),
    ]  # fmt: skip


def _reasons(paper: Paper) -> list[Flowable]:
    if not paper.reasons:
        return []
    rows: list[list[Any]] = [[_text(name, COLUMN) for name in (_("规则与条件"), _("本人"), _("结论"))]]
    spans: list[Any] = []
    for reason in paper.reasons:
        title: list[Any] = [_text(reason.title, STRONG)]
        if reason.text:
            title.append(_text(reason.text, SMALL))
        spans.append(("SPAN", (0, len(rows)), (1, len(rows))))
        rows.append([title, "", _text(reason.outcome, STRONG)])
        rows += [
            [_text("· " + condition.text), _text(condition.own), _text(condition.outcome)]
            for condition in reason.conditions
        ]
    heading = _text(_("判定依据"), HEAD)
    heading.keepWithNext = 1
    return [heading, _grid(rows, [WIDTH - 72 * mm, 46 * mm, 26 * mm], 1, *spans)]


def _signatures() -> Table:
    names = (_("本人意见"), _("直接主管意见"), _("人事部门意见"))
    signed = _("签字：\n日期：　　　　年　　月　　日")
    rows = [[_text(name, COLUMN), "", _text(signed)] for name in names]
    return _grid(
        rows, [28 * mm, WIDTH - 88 * mm, 60 * mm], 0, ("BACKGROUND", (0, 0), (0, -1), GROUND),
        ("TOPPADDING", (0, 0), (-1, -1), 10), ("LINEAFTER", (1, 0), (1, -1), 0.4, HexColor("#ffffff")),
    )  # fmt: skip


# --- every page ---------------------------------------------------------------------------------------------------------
def _footer(paper: Paper) -> str:
    at = timezone.localtime(paper.sheet.updated_at).strftime("%Y-%m-%d %H:%M")
    return _("%(title)s · 数据更新于 %(at)s") % {"title": _title(paper), "at": at}


def _watermark(reader: str) -> Any:
    text = legible(reader)

    def draw(canvas: Canvas, document: Any) -> None:
        canvas.saveState()
        canvas.setFont(REGULAR, 26)
        canvas.setFillColor(HexColor("#eef0f4"))
        for step in (1, 2, 3):
            canvas.saveState()
            canvas.translate(A4[0] / 2, A4[1] * step / 4)
            canvas.rotate(30)
            canvas.drawCentredString(0, 0, text)
            canvas.restoreState()
        canvas.restoreState()

    return draw


def _numbered(footer: str) -> type[Canvas]:
    """A canvas that writes 第 n 页 共 m 页 when it knows how many there are."""
    line = legible(footer)

    class Numbered(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(REGULAR, 7.5)
                self.setFillColor(SOFT)
                self.drawString(MARGIN, 9 * mm, line)
                text = _("第 %(n)d 页 共 %(all)d 页") % {"n": number, "all": len(self._pages)}
                self.drawRightString(A4[0] - MARGIN, 9 * mm, text)
                super().showPage()
            super().save()

    return Numbered
