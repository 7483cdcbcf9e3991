"""What papers are made of: A4 upright, the house's fonts and furniture, a reader's watermark, page numbers, text to be selected.

The same data give the same bytes: no moment of printing, no random number stands in a file. Characters the font does not have
are shown as □ with their code, never left out.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

from django.conf import settings
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table, TableStyle

REGULAR, BOLD = "NotoSansSC", "NotoSansSC-SemiBold"
FILES = {REGULAR: "NotoSansSC-Regular.ttf", BOLD: "NotoSansSC-SemiBold.ttf"}
MARGIN, FOOT = 14 * mm, 16 * mm
WIDTH = A4[0] - 2 * MARGIN
INK, SOFT, RULE, GROUND = HexColor("#18202f"), HexColor("#5b667b"), HexColor("#b9c0cc"), HexColor("#f0f2f6")
# A font keeps what it has used while a document is made, so one document is made at a time in a process.
_one_at_a_time = Lock()


def document(title: str, story: Sequence[Flowable], footer: str, reader: str, name: str = "paper") -> bytes:
    """The file; `reader` is the watermark, so that a copy says whose it was. About 30 ms. One at a time in a process."""
    with _one_at_a_time:
        fonts()
        out = io.BytesIO()
        template = BaseDocTemplate(
            out, pagesize=A4, leftMargin=MARGIN, rightMargin=MARGIN, topMargin=MARGIN, bottomMargin=FOOT, title=title,
            author="cmsys", invariant=1, initialFontName=REGULAR,
        )  # fmt: skip
        body = Frame(MARGIN, FOOT, WIDTH, A4[1] - MARGIN - FOOT, 0, 0, 0, 0)
        template.addPageTemplates([PageTemplate(name, [body], onPage=_watermark(reader))])
        template.build(list(story), canvasmaker=_numbered(footer))
        return out.getvalue()


@lru_cache(maxsize=1)
def fonts() -> dict[str, TTFont]:
    found = {}
    for name, file in FILES.items():
        path = Path(settings.BASE_DIR) / "static" / "vendor" / file
        found[name] = TTFont(name, str(path))
        pdfmetrics.registerFont(found[name])
    return found


def legible(text: str) -> str:
    """The text with what the font cannot draw shown as □ and its code: 𠮷 is □(U+20BB7)."""
    known = fonts()[REGULAR].face.charToGlyph
    return "".join(
        character if ord(character) in known or character == "\n" else f"□(U+{ord(character):04X})"
        for character in text
    )


# --- text ---------------------------------------------------------------------------------------------------------------
def style(size: float, font: str = REGULAR, **rest: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"{font}{size}{sorted(rest.items(), key=str)}", fontName=font, fontSize=size, leading=size * 1.45, textColor=INK,
        wordWrap="CJK", **rest,
    )  # fmt: skip


TITLE = style(16, BOLD, alignment=TA_CENTER)
UNDER = style(9, alignment=TA_CENTER, spaceAfter=4 * mm)
HEAD = style(10.5, BOLD, spaceBefore=4 * mm, spaceAfter=1.5 * mm)
TEXT, STRONG, SMALL = style(9), style(9, BOLD), style(7.5)
SMALL.textColor = SOFT
COLUMN, FIGURE, SUM = style(8, BOLD), style(8.5, alignment=TA_RIGHT), style(8.5, BOLD, alignment=TA_RIGHT)
COLUMN_RIGHT = style(8, BOLD, alignment=TA_RIGHT)


def text(value: Any, style: ParagraphStyle = TEXT) -> Paragraph:
    return Paragraph(escape(legible(str(value))).replace("\n", "<br/>"), style)


def grid(rows: Sequence[Sequence[Any]], widths: Sequence[float], head: int = 0, *extra: Any) -> Table:
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


def pairs(pairs: Sequence[tuple[str, str]], columns: int) -> Table:
    rows = []
    for start in range(0, len(pairs), columns):
        row: list[Any] = []
        for label, value in pairs[start : start + columns]:
            row += [text(label, COLUMN), text(value or "—")]
        rows.append(row + [""] * (2 * columns - len(row)))
    label_width = 20 * mm
    value_width = WIDTH / columns - label_width
    shaded = [("BACKGROUND", (2 * k, 0), (2 * k, -1), GROUND) for k in range(columns)]
    return grid(rows, [label_width, value_width] * columns, 0, *shaded)


# --- every page ---------------------------------------------------------------------------------------------------------
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
