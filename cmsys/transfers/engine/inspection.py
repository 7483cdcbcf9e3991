"""What the fast reader does not tell: error cells, formulas that were never calculated, hidden rows.

Only sheets in which the gate saw such a thing are looked at, with a parser that refuses entities.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from typing import Any

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring, iterparse

from cmsys.transfers.engine.gates import Archive
from cmsys.transfers.engine.problems import FileRefused, _
from cmsys.transfers.engine.source import Source

ERROR_CELL = _("单元格里是公式错误（如 #N/A），请改成实际的值")
NOT_CALCULATED = _("公式还没有算出结果；请在 Excel 中打开、保存后再上传，或改成实际的值")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True)
class Inspection:
    """Flaws by (row, column index) and the numbers of hidden rows."""

    flaws: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()


def inspect_sheet(source: Source, position: int, archive: Archive) -> Inspection:
    """Looks through the sheet at `position` of the workbook. Raises FileRefused when its XML is not what it should be."""
    if not archive.to_inspect:
        return Inspection()
    try:
        with source.open() as file, zipfile.ZipFile(file) as workbook:
            member = _member_of(workbook, position)
            if member is None or member.lower() not in archive.to_inspect:
                return Inspection()
            with workbook.open(member) as part:
                return _scan(part)
    except (ParseError, DefusedXmlException, KeyError, zipfile.BadZipFile, ValueError):
        raise FileRefused(_("文件不完整或已损坏，打不开。请在 Excel 中重新打开并另存为 .xlsx 后再上传。"))


def _member_of(workbook: zipfile.ZipFile, position: int) -> str | None:
    names = {name.lower(): name for name in workbook.namelist()}
    relations_name = names.get("xl/_rels/workbook.xml.rels")
    if relations_name is None:
        return None
    targets = {
        relation.get("Id"): relation.get("Target", "")
        for relation in fromstring(workbook.read(relations_name))
    }
    sheets = [
        element
        for element in fromstring(workbook.read(names["xl/workbook.xml"])).iter()
        if _local(element.tag) == "sheet"
    ]
    target = targets.get(sheets[position].get(_RELATION), "") if position < len(sheets) else ""
    target = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return names.get(target.lower())


def _scan(part: Any) -> Inspection:
    flaws: dict[tuple[int, int], str] = {}
    hidden: list[int] = []
    row, column = 0, -1
    for event, element in iterparse(part, events=("start", "end")):
        tag = _local(element.tag)
        if event == "start":
            if tag == "row":
                row, column = int(element.get("r") or row + 1), -1
                if element.get("hidden") in ("1", "true"):
                    hidden.append(row)
        elif tag == "c":
            column = _column(element.get("r")) if element.get("r") else column + 1
            flaw = _flaw(element)
            if flaw:
                flaws[row, column] = flaw
        elif tag == "row":
            element.clear()
    return Inspection(flaws, tuple(hidden))


def _flaw(cell: Any) -> str:
    if cell.get("t") == "e":
        return ERROR_CELL
    parts = {_local(child.tag): child for child in cell}
    if "f" in parts and not (parts["v"].text if "v" in parts else "") and cell.get("t") != "str":
        return NOT_CALCULATED
    return ""


def _local(tag: Any) -> str:
    return str(tag).rpartition("}")[2]


def _column(reference: str) -> int:
    number = 0
    for letter in re.sub(r"[^A-Z]", "", reference.upper()):
        number = number * 26 + ord(letter) - 64
    return number - 1
