"""The fingerprint of a cycle's results: canonical JSON lines, the same from the engine and from the stored sheets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class ResultLine:
    """One person's result, decimals as the engine prints them (`interfaces.md` 1)."""

    employee_no: str
    ability: str | None
    performance: str | None
    total: str | None
    quadrant: str | None
    proposal: str
    to: str | None

    def canonical(self) -> str:
        """Sorted keys, no blanks, UTF-8 as it is: `{"ability":"88.45",…,"proposal":{"kind":"hold","to":null},…}`."""
        data = {
            "employee_no": self.employee_no, "ability": self.ability, "performance": self.performance, "total": self.total,
            "quadrant": self.quadrant, "proposal": {"kind": self.proposal, "to": self.to},
        }  # fmt: skip
        return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def result_hash(lines: Iterable[ResultLine]) -> str:
    """sha256 over the canonical lines, each ended by a line feed, sorted by employee number (code points)."""
    found = hashlib.sha256()
    for line in sorted(lines, key=lambda item: item.employee_no):
        found.update(line.canonical().encode() + b"\n")
    return found.hexdigest()


def printed(value: Decimal | None, least: int) -> str | None:
    """A stored decimal as the engine prints it: no trailing zeros beyond `least` decimals."""
    if value is None:
        return None
    whole, _, decimals = format(value, "f").partition(".")
    kept = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{kept}" if kept else whole
