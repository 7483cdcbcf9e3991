"""A file to read, opened as often as needed, and what kind of file it really is."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from cmsys.transfers.engine.problems import FileRefused, _

_PIECE = 1024 * 1024


@dataclass(frozen=True)
class Source:
    """A named file of known size; `folder` is where its lookup files stand, None for uploads."""

    name: str
    size: int
    open: Callable[[], BinaryIO]
    folder: Path | None = None

    @classmethod
    def of_bytes(cls, name: str, content: bytes) -> Source:
        return cls(name=name, size=len(content), open=lambda: io.BytesIO(content))

    @classmethod
    def of_path(cls, path: Path) -> Source:
        """Raises FileRefused when there is no such readable file."""
        try:
            size = path.stat().st_size
            with path.open("rb"):
                pass
        except OSError:
            raise FileRefused(_("找不到或打不开文件“%(file)s”。请核对路径。"), file=path.name)
        return cls(name=path.name, size=size, open=lambda: path.open("rb"), folder=path.parent)

    def sha256(self) -> str:
        digest = hashlib.sha256()
        with self.open() as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
        return digest.hexdigest()


def format_of(source: Source) -> str:
    """`xlsx` or `csv`, by content; the name only decides what the refusal says. Raises FileRefused."""
    with source.open() as file:
        start = file.read(8192)
        if not start.strip(b"\x00\r\n\t "):
            if file.read(1) == b"":
                raise FileRefused(_("文件是空的。请用下载的模板填写后再上传。"))
            raise FileRefused(_("文件开头全是空白，读不出表头。请用下载的模板填写后再上传。"))
        if start.startswith(b"PK\x03\x04"):
            return "xlsx"
        if start.startswith(b"PK"):
            raise FileRefused(_("文件不完整或已损坏，打不开。请在 Excel 中重新打开并另存为 .xlsx 后再上传。"))
        if start.startswith(b"\xd0\xcf\x11\xe0"):
            if "EncryptedPackage".encode("utf-16-le") in start + file.read(_PIECE):
                raise FileRefused(_("文件加了密码，读不出来。请去掉密码后再上传。"))
            raise FileRefused(_("这是旧版 Excel 文件（.xls）。请在 Excel 中另存为 .xlsx 后再上传。"))
    if source.name.lower().endswith(".xls"):
        raise FileRefused(_("这不是表格文件，只是名字以 .xls 结尾。请另存为 .xlsx 或 CSV 后再上传。"))
    lowered = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith((b"<!doctype", b"<html", b"<table", b"<?xml", b"<meta", b"<head")):
        raise FileRefused(_("这是网页文件，不是表格。请用 Excel 打开后另存为 .xlsx 再上传。"))
    if start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"GIF8")):
        raise FileRefused(_("这不是表格文件。请上传 .xlsx 或 CSV。"))
    if source.name.lower().endswith((".xlsx", ".xlsm")):
        raise FileRefused(
            _("这不是 Excel 工作簿，只是名字以 .xlsx 结尾。若内容是文本，请改名为 .csv 后再上传。")
        )
    return "csv"
