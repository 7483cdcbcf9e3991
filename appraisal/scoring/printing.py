"""考核表 on paper: A4 upright, header rows repeated, no row cut in two, a place to sign, page numbers, text to be selected.

The same data give the same bytes: no moment of printing, no random number stands in the file. Characters the font does not
have are shown as □ with their code, never left out.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from reportlab.lib.colors import HexColor
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer, Table

from appraisal.scoring.paper import Line, Paper, Part
from appraisal.scoring.words import said
from cmsys.ui.paper import (
    COLUMN,
    COLUMN_RIGHT,
    FIGURE,
    GROUND,
    HEAD,
    SMALL,
    STRONG,
    SUM,
    TITLE,
    UNDER,
    WIDTH,
    document,
    grid,
    pairs,
    text,
)


def sheet_pdf(paper: Paper, reader: str) -> bytes:
    """The file; `reader` is the watermark, so that a copy says whose it was. About 30 ms."""
    return document(_title(paper), _story(paper), _footer(paper), reader, "sheet")


def _title(paper: Paper) -> str:
    manager = paper.sheet.manager
    return _("考核表 %(period)s %(name)s") % {
        "period": paper.sheet.cycle.period,
        "name": f"{manager.name} {manager.employee_no}",
    }


# --- parts --------------------------------------------------------------------------------------------------------------
def _story(paper: Paper) -> list[Flowable]:
    sheet = paper.sheet
    scheme = _("%(name)s 第 %(version)d 版") % {
        "name": sheet.cycle.scheme.name,
        "version": sheet.cycle.scheme.version,
    }
    story: list[Flowable] = [
        text(_("客户经理考核表"), TITLE),
        text(f"{sheet.cycle.period} · {scheme}", UNDER),
        _person(paper),
        Spacer(1, 2 * mm),
        _results(paper),
    ]
    if paper.not_rated:
        story.append(text(_("未评：%(why)s") % {"why": paper.not_rated}, HEAD))
    for part in paper.parts:
        story += _part(part)
    story += _reasons(paper)
    story.append(KeepTogether([text(_("意见与签字"), HEAD), _signatures()]))
    return story


def _person(paper: Paper) -> Table:
    sheet, manager = paper.sheet, paper.sheet.manager
    return pairs([
        (_("姓名"), manager.name), (_("工号"), manager.employee_no), (_("机构"), sheet.unit.name),
        (_("条线"), manager.line.name if manager.line else ""), (_("现等级"), paper.grade),
        (_("考核期间"), sheet.cycle.period),
    ], 3)  # fmt: skip


def _results(paper: Paper) -> Table:
    found = [(_("%(name)s得分") % {"name": part.name}, _figure(part.result)) for part in paper.parts]
    if paper.cell_name:
        found.append((_("矩阵位置"), _cell(paper)))
    if paper.level:
        found.append((_("考核等次"), paper.level))
    found.append((_("等级建议"), paper.proposal))
    return pairs(found, 3)


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
    heading = text(part.name, HEAD)
    if not part.lines:
        return [heading, text(part.sentence, SMALL)] if part.sentence else []
    rows: list[list[Any]] = [
        [text(_("指标与计分方法"), COLUMN)]
        + [text(name, COLUMN_RIGHT) for name in (_("实际值"), _("目标"), _("得分"), _("权重"), _("贡献"))]
    ]
    rows += [_row(line) for line in part.lines]
    extra: list[Any] = []
    if part.sum is not None and part.code != "total":
        rows.append([text(_("贡献合计"), STRONG), "", "", "", "", text(said(part.sum, 2), SUM)])
        extra = [("SPAN", (0, -1), (4, -1)), ("NOSPLIT", (0, -2), (-1, -1))]
    table = grid(rows, WIDTHS, 1, *extra)
    # The heading never stands alone at the foot of a page.
    heading.keepWithNext = 1
    return [heading, table, *([text(part.sentence, SMALL)] if part.sentence else [])]


def _row(line: Line) -> list[Any]:
    texts = line.texts()
    unit = f" {line.unit}" if line.unit else ""
    weight = texts["weight"]
    if line.reweighted:
        weight += "\n" + _("方案 %(stated)s") % {"stated": texts["stated_weight"]}
    return [
        [text(line.name, STRONG), text("\n".join([line.method, *line.notes]), SMALL)],
        text(texts["raw"] + (unit if line.raw is not None else ""), FIGURE),
        text(texts["target"] + (unit if line.target is not None else ""), FIGURE),
        text(texts["score"], FIGURE), text(weight, FIGURE), text(texts["contribution"], SUM),
    ]  # fmt: skip


def _reasons(paper: Paper) -> list[Flowable]:
    if not paper.reasons:
        return []
    rows: list[list[Any]] = [[text(name, COLUMN) for name in (_("规则与条件"), _("本人"), _("结论"))]]
    spans: list[Any] = []
    for reason in paper.reasons:
        title: list[Any] = [text(reason.title, STRONG)]
        if reason.text:
            title.append(text(reason.text, SMALL))
        spans.append(("SPAN", (0, len(rows)), (1, len(rows))))
        rows.append([title, "", text(reason.outcome, STRONG)])
        rows += [
            [text("· " + condition.text), text(condition.own), text(condition.outcome)]
            for condition in reason.conditions
        ]
    heading = text(_("判定依据"), HEAD)
    heading.keepWithNext = 1
    return [heading, grid(rows, [WIDTH - 72 * mm, 46 * mm, 26 * mm], 1, *spans)]


def _signatures() -> Table:
    names = (_("本人意见"), _("直接主管意见"), _("人事部门意见"))
    signed = _("签字：\n日期：　　　　年　　月　　日")
    rows = [[text(name, COLUMN), "", text(signed)] for name in names]
    return grid(
        rows, [28 * mm, WIDTH - 88 * mm, 60 * mm], 0, ("BACKGROUND", (0, 0), (0, -1), GROUND),
        ("TOPPADDING", (0, 0), (-1, -1), 10), ("LINEAFTER", (1, 0), (1, -1), 0.4, HexColor("#ffffff")),
    )  # fmt: skip


def _footer(paper: Paper) -> str:
    at = timezone.localtime(paper.sheet.updated_at).strftime("%Y-%m-%d %H:%M")
    return _("%(title)s · 数据更新于 %(at)s") % {"title": _title(paper), "at": at}
