"""What can be wrong with a file or a cell, in words that can still be translated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


def _(message: str) -> str:
    """Marks a sentence for the message catalogue; `cmsys.transfers.wording` translates and fills it."""
    return message


class Code(StrEnum):
    """Kinds of refusal, as scripts read them (interfaces 1)."""

    MISSING = "missing"
    UNKNOWN_COLUMN = "unknown_column"
    BAD_VALUE = "bad_value"
    BAD_DATE = "bad_date"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    OUT_OF_SCOPE = "out_of_scope"


@dataclass(frozen=True, slots=True)
class Problem:
    """One refused cell (or row, or header): where it stands in the person's own file, and why.

    `row` is the line a spreadsheet shows, `index` the zero-based place of the cell in it (None for the whole row),
    `column` the code of the column, `header` what the file calls it, `text` a sentence with named placeholders.
    """

    row: int
    column: str
    value: str
    code: Code
    text: str
    params: Mapping[str, Any] = field(default_factory=dict)
    header: str = ""
    index: int | None = None


class FileRefused(Exception):
    """The file as a whole cannot be read; `text` says why and what to do. `row` is given where a line is to blame."""

    def __init__(self, text: str, *, code: Code = Code.BAD_VALUE, row: int = 0, **params: Any) -> None:
        super().__init__(text % params if params else text)
        self.text = text
        self.params = params
        self.code = code
        self.row = row


class BadCell(Exception):
    """A value that does not fit its column; turned into a Problem where row and column are known."""

    def __init__(self, code: Code, text: str, **params: Any) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.params = params


def shown(value: Any, limit: int = 60) -> str:
    """A cell as a message quotes it: one line, no control characters, at most `limit` characters."""
    if value is None:
        return ""
    text = "".join(char if char.isprintable() else "�" for char in str(value))
    return text if len(text) <= limit else f"{text[:limit]}…"
