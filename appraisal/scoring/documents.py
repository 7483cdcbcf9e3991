"""The JSON column of a score sheet: what the rules read and why the proposal is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar


class DocumentError(ValueError):
    """The stored value does not fit the dataclass; the message names the key."""


@dataclass(frozen=True)
class Reasons:
    """`reasons` as the engine gives them ({"rule","passed","detail"}), in the order in which the rules were read;
    `measures` and `dimensions` of the person in plain decimal text; `eligible_for` the grade earned but not given
    (headcount, quota); `first_level` the level before limits and quotas; `pay` as the scheme works it out, if it does."""

    schema_version: ClassVar[int] = 1

    reasons: list[dict[str, Any]] = field(default_factory=list)
    dimensions: dict[str, str | None] = field(default_factory=dict)
    measures: dict[str, Any] = field(default_factory=dict)
    eligible_for: str | None = None
    first_level: str | None = None
    pay: Any = None

    def stored(self) -> dict[str, Any]:
        """As the column holds it."""
        return {
            "schema_version": self.schema_version,
            **{item.name: getattr(self, item.name) for item in fields(self)},
        }


def load_reasons(stored: Mapping[str, Any] | None) -> Reasons | None:
    """The document of a sheet, None while it has not been written. Raises DocumentError on another version or key."""
    if stored is None:
        return None
    values = dict(stored)
    if (version := values.pop("schema_version", None)) != Reasons.schema_version:
        raise DocumentError(f"Reasons: schema_version {version}, expected {Reasons.schema_version}")
    if unknown := sorted(values.keys() - {item.name for item in fields(Reasons)}):
        raise DocumentError(f"Reasons: unknown keys {', '.join(unknown)}")
    return Reasons(**values)
