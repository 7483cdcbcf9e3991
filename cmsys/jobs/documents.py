"""The JSON columns of a job: each is a flat dataclass with a schema version, and unknown keys are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, ClassVar, TypeVar

LONGEST_TEXT = 200


class DocumentError(ValueError):
    """The stored or given values do not fit the dataclass; the message names the key."""


@dataclass(frozen=True)
class Document:
    """Base of arguments, cursors and results. Values are numbers, short texts, flags, or lists of these: ids, not data.

    Nothing personal goes in here; a job looks up what it needs by id when it runs.
    """

    schema_version: ClassVar[int] = 1


@dataclass(frozen=True)
class Empty(Document):
    """For kinds that need no arguments, no cursor or no result."""


D = TypeVar("D", bound=Document)


def dump(document: Document) -> dict[str, Any]:
    """The document as JSON can hold it, with its version. Raises DocumentError for a nested or long value."""
    values = asdict(document)
    for name, value in values.items():
        if not _is_plain(value) and not (isinstance(value, list) and all(_is_plain(item) for item in value)):
            raise DocumentError(
                f"{type(document).__name__}.{name}: only ids, numbers, short texts and lists of them"
            )
    return {"schema_version": document.schema_version, **values}


def load(kind: type[D], stored: Mapping[str, Any]) -> D:
    """The dataclass again. Raises DocumentError on another version, an unknown key or a missing one."""
    values = dict(stored)
    version = values.pop("schema_version", None)
    if version != kind.schema_version:
        raise DocumentError(f"{kind.__name__}: schema_version {version}, expected {kind.schema_version}")
    known = {field.name for field in fields(kind)}
    required = {
        field.name for field in fields(kind) if field.default is MISSING and field.default_factory is MISSING
    }
    if unknown := sorted(values.keys() - known):
        raise DocumentError(f"{kind.__name__}: unknown keys {', '.join(unknown)}")
    if missing := sorted(required - values.keys()):
        raise DocumentError(f"{kind.__name__}: missing keys {', '.join(missing)}")
    return kind(**values)


def _is_plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, (bool, int))
        or (isinstance(value, str) and len(value) <= LONGEST_TEXT)
    )
