"""下载模板: a workbook to fill in, with drop-downs, an example line, and a sheet that explains every column."""

from __future__ import annotations

import io
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cmsys.transfers.engine.columns import Column, Type
from cmsys.transfers.kinds import ImportKind

ROWS = 5000
TYPE_LABELS = {
    Type.TEXT: gettext_lazy("文字"),
    Type.INTEGER: gettext_lazy("整数"),
    Type.DECIMAL: gettext_lazy("数字"),
    Type.DATE: gettext_lazy("日期，如 2025-03-01"),
    Type.DATETIME: gettext_lazy("日期和时间，如 2025-03-01 09:30"),
    Type.CHOICE: gettext_lazy("选一项"),
    Type.LIST: gettext_lazy("多项，用顿号分开"),
    Type.REFERENCE: gettext_lazy("已有的编码"),
}


def template_workbook(kind: ImportKind) -> bytes:
    """The template of a kind as XLSX. The example line is left out when the file is handed in with it."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    _data_sheet(book, kind)
    _guide_sheet(book, kind)
    book.close()
    return out.getvalue()


def _data_sheet(book: Any, kind: ImportKind) -> None:
    sheet = book.add_worksheet(_("数据"))
    must = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEFB", "font_color": "#A61B1B"})
    may = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEFB"})
    text = book.add_format({"num_format": "@"})
    example = book.add_format({"num_format": "@", "font_color": "#7A869A", "italic": True})
    for place, column in enumerate(kind.columns):
        sheet.set_column(place, place, max(12, len(str(column.header)) * 2 + 6), text)
        sheet.write_string(
            0, place, f"{column.header}{'*' if column.required else ''}", must if column.required else may
        )
        sheet.write_string(1, place, column.example, example)
        if column.choices:
            sheet.data_validation(
                1,
                place,
                ROWS,
                place,
                {
                    "validate": "list",
                    "source": [str(choice.label) for choice in column.choices],
                    "error_title": _("不在可选范围内"),
                    "error_message": _("请从下拉列表中选一项。"),
                },
            )
    sheet.freeze_panes(1, 1)


def _guide_sheet(book: Any, kind: ImportKind) -> None:
    sheet = book.add_worksheet(_("填写说明"))
    head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#E8EEFB"})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    lines = (
        _("在“数据”表中填写，一行一条；带 * 的列必填。灰色的示例行可以删去，不改动它也不会被导入。"),
        _("已有的记录按“%(key)s”找到并更新，没有的新建；空单元格不改动已有的内容。")
        % {"key": "、".join(str(column.header) for column in kind.columns if column.key)},
        _("可以删去用不到的列，也可以调整列的次序；列名不要改。"),
    )
    for line, sentence in enumerate(lines):
        sheet.write_string(line, 0, sentence)
    top = len(lines) + 1
    titles = (_("列名"), _("编码"), _("必填"), _("内容"), _("可填的值"), _("说明"), _("示例"))
    for place, title in enumerate(titles):
        sheet.write_string(top, place, title, head)
    for line, column in enumerate(kind.columns, top + 1):
        for place, value in enumerate(_explained(column)):
            sheet.write_string(line, place, value, wrap)
    for place, width in enumerate((18, 18, 8, 24, 36, 48, 24)):
        sheet.set_column(place, place, width)


def _explained(column: Column) -> tuple[str, ...]:
    return (
        str(column.header),
        column.code,
        _("是") if column.required else "",
        str(TYPE_LABELS[column.type]),
        "、".join(str(choice.label) for choice in column.choices) or _limits(column),
        str(column.help),
        column.example,
    )


def _limits(column: Column) -> str:
    if column.low is not None and column.high is not None:
        return _("%(low)s 到 %(high)s") % {"low": column.low, "high": column.high}
    if column.max_length is not None:
        return _("最多 %(limit)s 个字") % {"limit": column.max_length}
    return ""
