"""The JSON columns of a decision: what would have altered the proposal, and what a reviewer must look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from typing import Any, ClassVar, TypeVar

# How the changes were worked out: from the person alone (nobody is compared), within his peer group, or not at all,
# because too many people are compared, or because figures have changed since the regrading.
ALONE, PEERS, TOO_MANY, MOVED = "alone", "peers", "too_many", "moved"
HOW = (ALONE, PEERS, TOO_MANY, MOVED)


class DocumentError(ValueError):
    """The stored value does not fit the dataclass; the message names the key."""


@dataclass(frozen=True)
class Altering:
    """One input, what it is, the nearest value at which the proposal is another, and which one (kind, grade).

    Numbers are plain decimal text. `step` is the grid the input is measured on: one step nearer to `value` the proposal
    is still the same. `scores` are the results that change with it, before and after, by dimension.
    """

    input: str
    value: str
    nearest: str
    step: str
    kind: str
    to: str | None
    scores: dict[str, list[str | None]] = field(default_factory=dict)


@dataclass(frozen=True)
class Counterfactual:
    """`GradeDecision.counterfactual`: nearest changes, the smallest in proportion first. `basis` is the digest of the
    sheet it was worked out for, `how` one of HOW, `people` how many were compared (1: the person alone)."""

    schema_version: ClassVar[int] = 1

    basis: str
    how: str
    people: int = 1
    changes: list[Altering] = field(default_factory=list)

    def stored(self) -> dict[str, Any]:
        """As the column holds it."""
        return {"schema_version": self.schema_version, **asdict(self)}


D = TypeVar("D")


def _made(kind: type[D], values: Mapping[str, Any]) -> D:
    known = {item.name for item in fields(kind)}  # type: ignore[arg-type]
    needed = {
        item.name
        for item in fields(kind)  # type: ignore[arg-type]
        if item.default is MISSING and item.default_factory is MISSING
    }
    if unknown := sorted(values.keys() - known):
        raise DocumentError(f"{kind.__name__}: unknown keys {', '.join(unknown)}")
    if missing := sorted(needed - values.keys()):
        raise DocumentError(f"{kind.__name__}: missing keys {', '.join(missing)}")
    return kind(**values)


def load_counterfactual(stored: Mapping[str, Any] | None) -> Counterfactual | None:
    """The document of a decision, None while there is none. Raises DocumentError on another version, key or way."""
    if stored is None:
        return None
    values = dict(stored)
    if (version := values.pop("schema_version", None)) != Counterfactual.schema_version:
        raise DocumentError(
            f"Counterfactual: schema_version {version}, expected {Counterfactual.schema_version}"
        )
    values["changes"] = [_made(Altering, row) for row in values.get("changes") or ()]
    found = _made(Counterfactual, values)
    if found.how not in HOW:
        raise DocumentError(f"Counterfactual: how {found.how}")
    return found
