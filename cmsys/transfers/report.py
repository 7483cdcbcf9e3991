"""Report: what a check or an import found, as it is stored with the batch and shown to people."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any

from cmsys.transfers.wording import Finding

SCHEMA_VERSION = 1
# More complaints than that are counted, not kept; of those kept, a stored report holds the first STORED_FINDINGS.
KEPT_FINDINGS = 100_000
STORED_FINDINGS = 5000
SAMPLE_ROWS = 20


@dataclass(frozen=True)
class Cell:
    """One cell of a sample row: its column's header, what stands there now, what will."""

    header: str
    before: str
    after: str


@dataclass(frozen=True)
class SampleRow:
    """A row as the preview shows it."""

    row: int
    label: str
    cells: list[Cell]


@dataclass
class Report:
    """Counts of rows, every finding (up to KEPT_FINDINGS), a few rows of each class."""

    schema_version: int = SCHEMA_VERSION
    read: int = 0
    skipped: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    mapped: int = 0
    error_count: int = 0
    warning_count: int = 0
    header_row: int = 0
    errors: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    samples: dict[str, list[SampleRow]] = field(default_factory=dict)

    def add_error(self, found: Finding) -> None:
        self.error_count += 1
        if len(self.errors) < KEPT_FINDINGS:
            self.errors.append(found)

    def add_warning(self, found: Finding) -> None:
        self.warning_count += 1
        if len(self.warnings) < KEPT_FINDINGS:
            self.warnings.append(found)

    def as_json(self) -> dict[str, Any]:
        """What is stored with the batch."""
        document = {item.name: getattr(self, item.name) for item in fields(self)}
        for name in ("errors", "warnings"):
            document[name] = [asdict(found) for found in document[name][:STORED_FINDINGS]]
        document["samples"] = {action: [asdict(row) for row in rows] for action, rows in self.samples.items()}
        return document


def load_report(document: dict[str, Any]) -> Report:
    """A stored report. Raises ValueError for another version or unknown keys; an empty document is an empty report."""
    if not document:
        return Report()
    known = {item.name for item in fields(Report)}
    if document.get("schema_version") != SCHEMA_VERSION or set(document) - known:
        raise ValueError("not a report of this version")
    values = dict(document)
    values["errors"] = [Finding(**item) for item in values.get("errors", [])]
    values["warnings"] = [Finding(**item) for item in values.get("warnings", [])]
    values["samples"] = {
        action: [SampleRow(row["row"], row["label"], [Cell(**cell) for cell in row["cells"]]) for row in rows]
        for action, rows in values.get("samples", {}).items()
    }
    return Report(**values)
