"""Which cells of a matrix call for an improvement plan."""

from __future__ import annotations

from collections.abc import Collection

from appraisal.scoring.words import SchemeWords

IMPROVE = "改进"


def improvement_cells(words: SchemeWords) -> Collection[str]:
    """The cells whose strategy in the document is improvement; the lowest one where the document states no strategy."""
    stated = {code: str(cell.get("strategy", "")) for code, cell in (words.matrix.get("cells") or {}).items()}
    if any(stated.values()):
        return {code for code, strategy in stated.items() if IMPROVE in strategy}
    return {cell.code for cell in words.cells if cell.column == cell.row == 0}
