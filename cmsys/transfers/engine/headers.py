"""Which column of the file is which column of the kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cmsys.transfers.engine.columns import Column, normal
from cmsys.transfers.engine.mapping import Lookup, Mapping, Template
from cmsys.transfers.engine.problems import Code, FileRefused, Problem, _, shown
from cmsys.transfers.engine.values import text_of

# Headers are looked for among the first lines: exports of other systems like to begin with a title.
HEADER_WITHIN = 20
# The column our marked copies add; handed in again it is passed over.
REASON_HEADER = "错误原因"


@dataclass
class Headers:
    """Where each column stands. `places` by code, `sources` by the file's own header, `texts` as the file writes them."""

    row: int
    texts: list[str]
    places: dict[str, int] = field(default_factory=dict)
    sources: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def width(self) -> int:
        return len(self.texts)


def find_headers(
    lines: Sequence[tuple[int, list[Any]]], columns: Sequence[Column], mapping: Mapping
) -> Headers:
    """The first of the given lines that knows most of the names. Raises FileRefused when none knows any."""
    known = _names(columns) | {normal(name): name for name in mapping.sources}
    best: tuple[int, int, list[Any]] | None = None
    for number, cells in lines:
        hits = len({normal(text_of(cell)) for cell in cells if text_of(cell)} & set(known))
        if hits and (best is None or hits > best[0]):
            best = (hits, number, cells)
    if best is None:
        first = next(
            ((number, cells) for number, cells in lines if any(text_of(cell) for cell in cells)), None
        )
        if first is None:
            raise FileRefused(_("文件里没有任何内容。请用下载的模板填写后再上传。"))
        if not mapping.sources:
            raise FileRefused(
                _(
                    "找不到表头：第 %(line)s 行是“%(found)s”，没有一个是认识的列名。请用下载的模板，或提供映射文件。"
                ),
                row=first[0],
                code=Code.UNKNOWN_COLUMN,
                line=first[0],
                found=shown("、".join(text_of(cell) for cell in first[1] if text_of(cell))),
            )
        best = (0, *first)
    return _match(best[1], [text_of(cell) for cell in best[2]], columns, mapping)


def _names(columns: Sequence[Column]) -> dict[str, str]:
    names: dict[str, str] = {}
    for column in columns:
        for name in (column.code, column.header, *column.aliases):
            names.setdefault(normal(name), column.code)
    return names


def _match(row: int, texts: list[str], columns: Sequence[Column], mapping: Mapping) -> Headers:
    while texts and not texts[-1]:
        texts.pop()
    headers = Headers(row=row, texts=texts)
    names = _names(columns)
    by_text: dict[str, int] = {}
    for index, text in enumerate(texts):
        if not text or text == REASON_HEADER:
            continue
        if normal(text) in by_text:
            first = texts[by_text[normal(text)]]
            _complain(headers, mapping, index, text, _("与前面的“%(first)s”列重复，请删去一列"), first=first)
            continue
        by_text[normal(text)] = index
    headers.sources = {name: by_text[normal(name)] for name in mapping.sources if normal(name) in by_text}
    _place_mapped(headers, columns, mapping)
    taken = set(headers.sources.values())
    for place in by_text.values():
        code = names.get(normal(texts[place]))
        if code is not None and code not in mapping.columns and code not in mapping.constants:
            if code in headers.places:
                first = texts[headers.places[code]]
                _complain(
                    headers,
                    mapping,
                    place,
                    texts[place],
                    _("与前面的“%(first)s”列重复，请删去一列"),
                    first=first,
                )
            else:
                headers.places[code] = place
        elif place not in taken:
            _complain(headers, mapping, place, texts[place], _("不认识的列；请删去，或改成模板里的列名"))
    _require_keys(headers, columns, mapping)
    return headers


def _place_mapped(headers: Headers, columns: Sequence[Column], mapping: Mapping) -> None:
    labels = {column.code: str(column.header) for column in columns}
    for name in sorted(mapping.sources - set(headers.sources)):
        headers.problems.append(
            Problem(
                headers.row,
                name,
                "",
                Code.MISSING,
                _("映射文件用到的列“%(name)s”在文件里没有"),
                {"name": name},
            )
        )
    for code, origin in mapping.columns.items():
        if isinstance(origin, (Lookup, Template)):
            continue
        if origin in headers.sources:
            headers.places[code] = headers.sources[origin]
        labels.pop(code, None)


def _require_keys(headers: Headers, columns: Sequence[Column], mapping: Mapping) -> None:
    given = set(headers.places) | set(mapping.columns) | set(mapping.constants)
    for column in columns:
        if column.key and column.must_be_filled and column.code not in given:
            headers.problems.append(
                Problem(
                    headers.row,
                    column.code,
                    "",
                    Code.MISSING,
                    _("缺少“%(header)s”列，没有它就不知道每一行说的是谁"),
                    {"header": column.header},
                    header=str(column.header),
                )
            )


def _complain(headers: Headers, mapping: Mapping, index: int, text: str, why: str, **params: Any) -> None:
    if mapping.skip_unknown_columns:
        return
    headers.problems.append(
        Problem(headers.row, text, text, Code.UNKNOWN_COLUMN, why, params, header=text, index=index)
    )
