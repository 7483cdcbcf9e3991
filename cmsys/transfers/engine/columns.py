"""Columns of an import kind: what they are called, what they hold."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any


class Type(StrEnum):
    """What a cell of the column becomes."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    DATE = "date"
    DATETIME = "datetime"
    CHOICE = "choice"
    LIST = "list"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Choice:
    """A value of an enumeration: its code, its Chinese label, further spellings that are accepted."""

    code: str
    label: Any
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """One column. Code and header are both accepted in files, as are the aliases.

    `personal` columns are shown masked on pages, so a value with `*` posted back is refused. `low` and `high` bound
    numbers, `places` the decimals, `max_length` texts and list items.

    Several `key` columns make a key together. Each must be filled, except a `key_part_may_be_empty` one: empty is then a
    value of its own (a target belongs to a person or to a unit, and one of the two is empty).
    """

    code: str
    header: Any
    type: Type = Type.TEXT
    required: bool = False
    key: bool = False
    key_part_may_be_empty: bool = False
    choices: tuple[Choice, ...] = ()
    aliases: tuple[str, ...] = ()
    help: Any = ""
    example: str = ""
    max_length: int | None = None
    low: int | None = None
    high: int | None = None
    places: int = 0
    personal: bool = False
    refers_to: str = ""

    @property
    def must_be_filled(self) -> bool:
        """Whether an empty cell is refused."""
        return self.required or (self.key and not self.key_part_may_be_empty)


def choices_of(pairs: Sequence[tuple[Any, Any]], **aliases: tuple[str, ...]) -> tuple[Choice, ...]:
    """Choices from the pairs of a Django TextChoices; `aliases` by code."""
    return tuple(Choice(str(code), label, aliases.get(str(code), ())) for code, label in pairs)


_DROPPED = {"*", "﻿", "​", "‌", "‍", "⁠", "_", "-"}
_REMARKS = ("(必填)", "(必填项)", "(required)", "[必填]", "【必填】")


def normal(text: Any) -> str:
    """A header or an enumeration as it is compared: half width, lower case, without blanks, `*`, `_` and “（必填）”."""
    return _normal(str(text))


@lru_cache(maxsize=8192)
def _normal(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    for remark in _REMARKS:
        folded = folded.replace(remark, "")
    return "".join(char for char in folded if not char.isspace() and char not in _DROPPED)
