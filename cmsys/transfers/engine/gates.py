"""Size gates in front of the XLSX reader: what a workbook may weigh, checked on what is really in it.

calamine reads a whole sheet into memory and believes the archive, so the archive is unpacked here first, in small
pieces that are counted and thrown away. Declared sizes are compared with what comes out.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from cmsys.transfers.engine.problems import FileRefused, _

MEGABYTE = 1024 * 1024
MAX_FILE = 10 * MEGABYTE
MAX_UNPACKED = 100 * MEGABYTE
MAX_MEMBERS = 50
MAX_RATIO = 100
MAX_ROWS = 200_000
MAX_COLUMNS = 500
MAX_CELLS = 6_000_000
MAX_STRINGS = 900_000
_PIECE = 256 * 1024
_TAIL = 8 * 1024

# A cell with content: its opening tag carries a reference and does not close at once.
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,4})(\d{1,8})["'][^<>]*(?<!/)>""")
_CELL_TAG = re.compile(rb"<(?:\w+:)?c(?=[\s>/])")
_ROW_TAG = re.compile(rb"<(?:\w+:)?row(?=[\s>/])")
_STRING_TAG = re.compile(rb"<(?:\w+:)?si(?=[\s>/])")
_FORBIDDEN = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_NEEDS_LOOK = re.compile(rb"""<(?:\w+:)?f[\s>/]|\bt\s*=\s*["']e["']|\bhidden\s*=\s*["'](?:1|true)["']""")
_EPOCH_1904 = re.compile(rb"""\bdate1904\s*=\s*["'](?:1|true|on)["']""")


@dataclass
class Archive:
    """What the gate saw: whether dates count from 1904, and which sheets hold formulas, error cells or hidden rows."""

    epoch_1904: bool = False
    unpacked: int = 0
    cells: int = 0
    to_inspect: set[str] = field(default_factory=set)


def check_archive(file: BinaryIO, size: int) -> Archive:
    """Unpacks every member of a workbook once, counting. Raises FileRefused; at most 100 MB pass by, 1 MB is held."""
    if size > MAX_FILE:
        raise FileRefused(
            _("文件有 %(size)s MB，Excel 文件不能超过 10 MB。请拆分后分别导入，或另存为 CSV。"),
            size=round(size / MEGABYTE, 1),
        )
    try:
        members = zipfile.ZipFile(file).infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error, UnicodeError):
        raise FileRefused(_("文件不完整或已损坏，打不开。请在 Excel 中重新打开并另存为 .xlsx 后再上传。"))
    _check_directory(members, size)
    archive = Archive()
    for member in members:
        _check_member(file, member, archive)
    return archive


def _check_directory(members: list[zipfile.ZipInfo], size: int) -> None:
    names = [member.filename for member in members]
    lowered = [name.lower() for name in names]
    if len(members) > MAX_MEMBERS:
        raise FileRefused(
            _("文件里有 %(count)s 个部件，最多 %(limit)s 个。请把数据复制到只有一张工作表的新文件里。"),
            count=len(members),
            limit=MAX_MEMBERS,
        )
    if any(name.endswith("vbaproject.bin") for name in lowered):
        raise FileRefused(_("文件带有宏，为安全起见不接收。请另存为不带宏的 .xlsx。"))
    if any(member.flag_bits & 0x1 for member in members):
        raise FileRefused(_("文件加了密码，读不出来。请去掉密码后再上传。"))
    if any(name.startswith(("/", "\\")) or ".." in re.split(r"[\\/]", name) for name in names):
        raise FileRefused(_("文件内部的路径不正常，为安全起见不接收。请在 Excel 中另存一份后再上传。"))
    if len(set(lowered)) != len(lowered):
        raise FileRefused(_("文件内部有重名的部件，为安全起见不接收。请在 Excel 中另存一份后再上传。"))
    if "xl/workbook.xml" not in lowered:
        raise FileRefused(_("这不是 Excel 工作簿（.xlsx）。请用下载的模板填写，或另存为 .xlsx。"))
    _check_weight(sum(member.file_size for member in members), size)


def _check_weight(unpacked: int, size: int) -> None:
    if unpacked > MAX_UNPACKED or (unpacked > MEGABYTE and unpacked > MAX_RATIO * size):
        raise FileRefused(
            _("文件展开后过大（%(size)s MB），为安全起见不接收。请删去空行和图片，或拆分后分别导入。"),
            size=round(unpacked / MEGABYTE),
        )


def _check_member(file: BinaryIO, member: zipfile.ZipInfo, archive: Archive) -> None:
    name = member.filename.lower()
    watch = _Watch(name, archive) if name.endswith((".xml", ".rels")) else None
    seen, first = 0, True
    for piece in _unpacked(file, member):
        if first and piece.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise FileRefused(_("文件里嵌有别的压缩文件，为安全起见不接收。请删去嵌入的对象后再上传。"))
        first = False
        seen += len(piece)
        archive.unpacked += len(piece)
        if seen > member.file_size or archive.unpacked > MAX_UNPACKED:
            raise FileRefused(
                _("文件内容与其声明的大小不符，为安全起见不接收。请在 Excel 中另存一份后再上传。")
            )
        if watch:
            watch.feed(piece)
    if seen != member.file_size:
        raise FileRefused(_("文件内容与其声明的大小不符，为安全起见不接收。请在 Excel 中另存一份后再上传。"))
    if watch:
        watch.close()


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content piece by piece, read to the true end of the stream whatever the headers say."""
    damaged = FileRefused(_("文件不完整或已损坏，打不开。请在 Excel 中重新打开并另存为 .xlsx 后再上传。"))
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged
    file.seek(member.header_offset)
    local = file.read(30)
    if len(local) < 30 or local[:4] != b"PK\x03\x04":
        raise damaged
    file.seek(sum(struct.unpack("<HH", local[26:30])), 1)
    left = member.compress_size
    inflate = zlib.decompressobj(-15) if member.compress_type == zipfile.ZIP_DEFLATED else None
    while left > 0:
        packed = file.read(min(_PIECE, left))
        if not packed:
            raise damaged
        left -= len(packed)
        if inflate is None:
            yield packed
            continue
        try:
            while packed:
                yield inflate.decompress(packed, _PIECE)
                packed = inflate.unconsumed_tail
        except zlib.error:
            raise damaged
    if inflate is not None and not inflate.eof:
        try:
            rest = inflate.flush()
        except zlib.error:
            raise damaged
        if not inflate.eof:
            raise damaged
        if rest:
            yield rest


class _Watch:
    """Looks for what an XML part must not contain, and measures sheets. Tags that span two pieces are seen whole."""

    def __init__(self, name: str, archive: Archive) -> None:
        self.name = name
        self.archive = archive
        self.is_sheet = name.startswith("xl/worksheets/") and name.endswith(".xml")
        self.is_strings = name == "xl/sharedstrings.xml"
        self.tail = b""
        self.at_start = True
        self.rows = self.cells = self.referenced = self.strings = 0
        self.last_row = self.last_column = 0

    def feed(self, piece: bytes) -> None:
        if self.at_start and piece:
            self.at_start = False
            if piece.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in piece[:64]:
                raise FileRefused(
                    _("文件的内部编码不正常，为安全起见不接收。请在 Excel 中另存一份后再上传。")
                )
        text = self.tail + piece
        cut = text.rfind(b"<")
        if cut < 0 or len(text) - cut > _TAIL:
            cut = len(text)
        self.tail = text[cut:]
        self._look(text[:cut])

    def close(self) -> None:
        self._look(self.tail)
        # A cell without reference follows the one before it; at worst they all stand in one row.
        width = max(self.last_column, self.cells - self.referenced)
        height = self.last_row if self.last_row >= self.rows else self.last_row + self.rows
        if self.is_sheet and self.last_row > MAX_ROWS:
            raise FileRefused(
                _(
                    "表格一直延伸到第 %(last)s 行，最多 %(limit)s 行。请删去下方多余的内容，或拆分后分别导入。"
                ),
                last=self.last_row,
                limit=MAX_ROWS,
            )
        if self.is_sheet and (width > MAX_COLUMNS or width * height > MAX_CELLS):
            raise FileRefused(
                _("表格有 %(columns)s 列、%(rows)s 行，范围过大。请删去右侧和下方多余的内容后再上传。"),
                columns=width,
                rows=height,
            )

    def _look(self, text: bytes) -> None:
        if _FORBIDDEN.search(text):
            raise FileRefused(
                _(
                    "文件里有 Excel 不会写出的声明（DOCTYPE），为安全起见不接收。请在 Excel 中另存一份后再上传。"
                )
            )
        if self.is_sheet:
            self._measure(text)
        elif self.is_strings:
            self.strings += len(_STRING_TAG.findall(text))
            if self.strings > MAX_STRINGS:
                raise FileRefused(
                    _("文件里的文本超过 %(limit)s 条，范围过大。请拆分后分别导入。"), limit=MAX_STRINGS
                )
        elif self.name == "xl/workbook.xml" and _EPOCH_1904.search(text):
            self.archive.epoch_1904 = True

    def _measure(self, text: bytes) -> None:
        tags = len(_CELL_TAG.findall(text))
        self.cells += tags
        self.archive.cells += tags
        self.rows += len(_ROW_TAG.findall(text))
        if self.archive.cells > MAX_CELLS:
            raise FileRefused(_("表格超过 %(limit)s 个单元格，范围过大。请拆分后分别导入。"), limit=MAX_CELLS)
        # Empty formatted cells carry a reference too; they count as referenced but do not stretch the sheet.
        self.referenced += len(re.findall(rb"""<(?:\w+:)?c\s[^<>]*\br\s*=""", text))
        found = _CELL.findall(text)
        if found:
            self.last_row = max(self.last_row, max(int(row) for _letters, row in found))
            letters = max({column.upper() for column, _row in found}, key=lambda name: (len(name), name))
            self.last_column = max(self.last_column, _column_number(letters))
        if _NEEDS_LOOK.search(text):
            self.archive.to_inspect.add(self.name)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
