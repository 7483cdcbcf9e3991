"""A scheme as a sheet speaks of it: names of dimensions, grades, cells and levels, units of indicators, what a name means.

Versions of schemes do not change once used, so their parsed documents are kept in the process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from appraisal.schemes.adapters import loaded
from appraisal.schemes.engine import Scheme
from appraisal.schemes.engine.document import read_yaml
from appraisal.schemes.engine.exact import plain
from appraisal.schemes.engine.model import Indicator
from appraisal.schemes.models import SchemeVersion

QUADRANTS = ("LH", "HH", "LL", "HL")
NINE_BOX = tuple(f"{ability}{performance}" for performance in (3, 2, 1) for ability in (1, 2, 3))


@dataclass(frozen=True)
class Cell:
    """A cell of the matrix; `column` and `row` count from the lower left, ability to the right, performance upwards."""

    code: str
    name: str
    strategy: str
    column: int
    row: int


@dataclass(frozen=True)
class SchemeWords:
    """A parsed scheme with what the engine does not need but readers do."""

    scheme: Scheme
    label: str
    units: Mapping[str, str] = field(default_factory=dict)
    formulas: Mapping[str, str] = field(default_factory=dict)

    def dimension_name(self, code: str) -> str:
        """能力, 绩效 or as the document calls it; `total` is the sum across dimensions."""
        known = {"ability": _("能力"), "performance": _("绩效"), "total": _("综合")}
        dimension = self.scheme.dimension(code)
        if dimension is None or dimension.name == code:
            return known.get(code, code)
        return dimension.name

    def grade_name(self, code: str | None) -> str:
        """The grade's name in the document, the code where it has none."""
        grade = self.scheme.grade(code)
        return grade.name if grade is not None else (code or "")

    def level_name(self, code: str) -> str:
        """The appraisal level's name."""
        scale = (self.scheme.sections.get("levels") or {}).get("scale") or ()
        return next((str(item.get("name", code)) for item in scale if item["code"] == code), code)

    def indicator(self, code: str) -> Indicator | None:
        return self.scheme.indicator(code)

    @property
    def matrix(self) -> Mapping[str, Any]:
        """The matrix section, empty where the scheme has none."""
        return self.scheme.sections.get("matrix") or {}

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Cells as they are drawn: from the upper left, row by row."""
        return _cells(self.matrix)

    def cell(self, code: str) -> Cell | None:
        return next((cell for cell in self.cells if cell.code == code), None)

    def cell_name(self, code: str) -> str:
        cell = self.cell(code)
        return cell.name if cell is not None else code

    @property
    def limits(self) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]] | None:
        """Limits of ability and performance; None where they differ from person to person or are places in a ranking."""
        if not self.matrix or self.matrix.get("by", "absolute") != "absolute":
            return None
        found = []
        for axis in ("ability", "performance"):
            given = self.matrix[axis] if isinstance(self.matrix[axis], tuple) else (self.matrix[axis],)
            if not all(isinstance(item, Fraction) for item in given):
                return None
            found.append(tuple(Decimal(plain(item)) for item in given))
        return found[0], found[1]


def _cells(matrix: Mapping[str, Any]) -> tuple[Cell, ...]:
    if not matrix:
        return ()
    quadrant = matrix["kind"] == "quadrant"
    given = matrix.get("cells") or {}
    usual = {
        "HH": (_("高能高绩"), _("晋升与挑战")), "HL": (_("高能低绩"), _("培训辅导")),
        "LH": (_("低能高绩"), _("能力提升")), "LL": (_("低能低绩"), _("调岗或培训改进")),
    }  # fmt: skip
    marks = {"L": 0, "H": 1, "1": 0, "2": 1, "3": 2}
    places = (_("低"), _("中"), _("高"))
    cells = []
    for code in QUADRANTS if quadrant else NINE_BOX:
        column, row = marks[code[0]], marks[code[1]]
        plain_name = _("%(ability)s能%(performance)s绩") % {
            "ability": places[column],
            "performance": places[row],
        }
        name, strategy = usual.get(code, (plain_name, ""))
        own = given.get(code) or {}
        cells.append(Cell(code, own.get("name", name), own.get("strategy", strategy), column, row))
    return tuple(cells)


def words_of(version: SchemeVersion) -> SchemeWords:
    """The scheme of that version; parsed once in a process (about 20 ms), one query where the document is not loaded."""
    return _parsed(_Key(version.pk, version.digest, version))


class _Key:
    """Compares by number and digest, carries the row that is asked only when nothing is kept."""

    def __init__(self, pk: int, digest: str, version: SchemeVersion) -> None:
        self.identity, self.version = (pk, digest), version

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and other.identity == self.identity


@lru_cache(maxsize=64)
def _parsed(key: _Key) -> SchemeWords:
    version, key.version = key.version, SchemeVersion()
    data: dict[str, Any] = read_yaml(version.document)
    indicators = [item for dimension in data["dimensions"] for item in dimension["indicators"]]
    return SchemeWords(
        loaded(version),
        str(version),
        {item["code"]: str(item["unit"]) for item in indicators if item.get("unit")},
        {item["code"]: str(item["formula"]) for item in indicators if item.get("formula")},
    )


def exact(value: Any) -> Decimal | None:
    """A figure without the zeros the database appends, at least as a whole number: 83.1500000000 is 83.15."""
    if value is None:
        return None
    number = Decimal(value).normalize()
    exponent = number.as_tuple().exponent
    return number.quantize(Decimal(1)) if isinstance(exponent, int) and exponent > 0 else number


def said(value: Any, least: int = 0) -> str:
    """A figure in full: thousands separated, every digit, a real minus sign, a dash for none."""
    if isinstance(value, Fraction):
        value = plain(value)
    number = exact(value)
    if number is None:
        return "—"
    places = max(least, -int(number.as_tuple().exponent))
    return f"{number:,.{places}f}".replace("-", "−")
