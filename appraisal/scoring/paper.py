"""The score sheet as it is read, on the screen and on paper alike: lines with their sums, results, reasons, in words.

Everything is built from the rows of the sheet and the document of its scheme; nothing is computed anew, only added up,
so that a sum that does not hold would show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from appraisal.cycles.models import CycleMember
from appraisal.scoring.documents import load_reasons
from appraisal.scoring.methods_said import kind_said, method_said, note_said
from appraisal.scoring.models import LineSource, ProposalKind, ScoreSheet, SheetLine
from appraisal.scoring.reasons import Reason, reasons_said
from appraisal.scoring.words import SchemeWords, exact, said, words_of
from managers.careers.models import Grade

TONES = {
    ProposalKind.PROMOTION: "up", ProposalKind.DEMOTION: "down", ProposalKind.HOLD: "hold",
    ProposalKind.NOT_RATED: "warn",
}  # fmt: skip
TOTAL = "total"


@dataclass(frozen=True)
class Line:
    """One line of the sheet in words; figures are exact, texts are as printed."""

    position: int
    code: str
    name: str
    kind: str
    method: str
    source: str
    unit: str
    raw: Decimal | None
    target: Decimal | None
    score: Decimal | None
    weight: Decimal | None
    stated_weight: Decimal | None
    contribution: Decimal | None
    notes: tuple[str, ...]
    working: str
    share: float
    url: str = ""

    @property
    def is_indicator(self) -> bool:
        return self.kind == "indicator"

    @property
    def reweighted(self) -> bool:
        return self.stated_weight is not None and self.weight != self.stated_weight

    def texts(self) -> dict[str, str]:
        """Every figure as it is written, by name."""
        return {
            "raw": said(self.raw), "target": said(self.target), "score": said(self.score, 2),
            "weight": _weight(self.weight), "stated_weight": _weight(self.stated_weight),
            "contribution": said(self.contribution, 2),
        }  # fmt: skip


@dataclass(frozen=True)
class Part:
    """A dimension (or the total) with its lines; `sum` adds up their contributions, `agrees` says whether that is it."""

    code: str
    name: str
    result: Decimal | None
    lines: tuple[Line, ...]
    sum: Decimal | None
    sentence: str

    @property
    def agrees(self) -> bool:
        return self.sum == self.result

    def texts(self) -> dict[str, str]:
        return {"result": said(self.result, 2), "sum": said(self.sum, 2)}


@dataclass(frozen=True)
class Paper:
    """A whole sheet."""

    sheet: ScoreSheet
    words: SchemeWords
    parts: tuple[Part, ...]
    reasons: tuple[Reason, ...]
    reasons_pending: bool
    not_rated: str
    eligible_for: str

    @property
    def rated(self) -> bool:
        return self.sheet.proposal != ProposalKind.NOT_RATED

    @property
    def cell_name(self) -> str:
        return self.words.cell_name(self.sheet.quadrant) if self.sheet.quadrant else ""

    @property
    def strategy(self) -> str:
        cell = self.words.cell(self.sheet.quadrant)
        return cell.strategy if cell is not None else ""

    @property
    def proposal(self) -> str:
        return proposal_said(self.words, self.sheet)

    @property
    def grade(self) -> str:
        return grade_said(self.words, self.sheet)

    @property
    def level(self) -> str:
        return self.words.level_name(self.sheet.level) if self.sheet.level else ""


def grade_label() -> Subquery:
    """The bank's own name of a sheet's grade, to be annotated as `grade_label`: a scheme need not know every grade."""
    return Subquery(Grade.objects.filter(code=OuterRef("grade_code")).values("name")[:1])


def grade_said(words: SchemeWords, sheet: ScoreSheet) -> str:
    """The grade as the scheme calls it, else as the bank does, else its code."""
    if words.scheme.grade(sheet.grade_code) is not None:
        return words.grade_name(sheet.grade_code)
    return getattr(sheet, "grade_label", None) or sheet.grade_code


def proposal_said(words: SchemeWords, sheet: ScoreSheet) -> str:
    """`晋升为高级客户经理`, `保持`, …"""
    label = str(sheet.get_proposal_display())
    if not sheet.proposed_grade:
        return label
    return _("%(kind)s为%(grade)s") % {"kind": label, "grade": words.grade_name(sheet.proposed_grade)}


def paper_of(sheet: ScoreSheet, lines: Sequence[SheetLine], member: CycleMember | None = None) -> Paper:
    """The sheet in words; no query where cycle and scheme are loaded. `member` says why somebody was left out."""
    words = words_of(sheet.cycle.scheme)
    document = load_reasons(sheet.reasons)
    results = _results(words, sheet, document.dimensions if document else {})
    parts = tuple(
        _part(words, dimension.code, results.get(dimension.code), lines)
        for dimension in words.scheme.dimensions
    )
    if words.scheme.weighted_total:
        parts = (*parts, _total(words, exact(sheet.total), parts, lines))
    said_reasons = reasons_said(words, document)
    return Paper(
        sheet, words, parts, said_reasons, document is None, _not_rated(sheet, said_reasons, member),
        words.grade_name(document.eligible_for) if document and document.eligible_for else "",
    )  # fmt: skip


def _results(
    words: SchemeWords, sheet: ScoreSheet, stored: dict[str, str | None]
) -> dict[str, Decimal | None]:
    results = {code: exact(value) for code, value in stored.items()}
    return results | {"ability": exact(sheet.ability), "performance": exact(sheet.performance)}


def _not_rated(sheet: ScoreSheet, reasons: tuple[Reason, ...], member: CycleMember | None) -> str:
    if sheet.proposal != ProposalKind.NOT_RATED:
        return ""
    if member is not None and member.reason:
        return member.reason
    named = "；".join(f"{item.title}：{item.text}" if item.text else item.title for item in reasons)
    return named or _("没有可以评定的数据。")


def _part(words: SchemeWords, code: str, result: Decimal | None, lines: Sequence[SheetLine]) -> Part:
    own = [line for line in lines if line.dimension == code]
    most = max((abs(line.contribution) for line in own if line.contribution is not None), default=Decimal(0))
    said_lines = tuple(_line(words, line, most) for line in own)
    counted = [line.contribution for line in said_lines if line.contribution is not None]
    total = exact(sum(counted, Decimal(0))) if counted and result is not None else None
    name = words.dimension_name(code)
    sentence = ""
    if result is not None and total == result:
        sentence = _("各行贡献相加 = %(name)s得分，逐位相符") % {"name": name}
    elif result is not None:
        sentence = _("各行贡献相加为 %(sum)s，与%(name)s得分不符，请联系人事部门核对") % {
            "sum": said(total, 2),
            "name": name,
        }
    return Part(code, name, result, said_lines, total, sentence)


def _total(
    words: SchemeWords, result: Decimal | None, parts: tuple[Part, ...], lines: Sequence[SheetLine]
) -> Part:
    """The sum across dimensions: Σ dimension × weight / 100, then what the scheme adds at that level."""
    own = [line for line in lines if line.dimension == TOTAL]
    extras = tuple(_line(words, line, Decimal(100)) for line in own)
    weights = [dimension.weight for dimension in words.scheme.dimensions]
    name = words.dimension_name(TOTAL)
    plain = all(isinstance(weight, Fraction) for weight in weights)
    if result is None or not plain or any(part.result is None for part in parts):
        return Part(TOTAL, name, result, extras, result, "")
    summed = sum(
        (Fraction(part.result or 0) * weight / 100 for part, weight in zip(parts, weights, strict=True)),
        Fraction(0),
    )
    summed += sum((Fraction(line.contribution or 0) for line in extras), Fraction(0))
    terms = " + ".join(
        f"{part.name} {said(part.result, 2)} × {said(weight)}%"
        for part, weight in zip(parts, weights, strict=True)
    )
    for line in extras:
        sign = "−" if (line.contribution or 0) < 0 else "+"
        terms += f" {sign} {line.name} {said(abs(line.contribution or Decimal(0)), 2)}"
    agrees = summed == Fraction(result)
    text = (
        _("%(terms)s = %(result)s")
        if agrees
        else _("%(terms)s 与综合得分 %(result)s 不符，请联系人事部门核对")
    )
    return Part(
        TOTAL,
        name,
        result,
        extras,
        result if agrees else None,
        text % {"terms": terms, "result": said(result, 2)},
    )


def _line(words: SchemeWords, line: SheetLine, most: Decimal) -> Line:
    indicator = words.indicator(line.code) if line.kind == "indicator" else None
    weight, stated = exact(line.weight), exact(line.stated_weight)
    score, contribution = exact(line.score), exact(line.contribution)
    notes = [note_said(line.note)] if line.note else []
    if contribution is not None and stated is not None and weight != stated:
        notes.append(
            _("权重由 %(stated)s%% 调为 %(weight)s%%：有指标不计入，其余按比例分担")
            % {"stated": said(stated), "weight": said(weight)}
        )
    working = ""
    if score is not None and weight is not None and contribution is not None:
        working = f"{said(score, 2)} × {said(weight)}% = {said(contribution, 2)}"
    share = float(abs(contribution) / most * 100) if contribution is not None and most else 0.0
    return Line(
        position=line.position, code=line.code, name=line.name, kind=line.kind,
        method=method_said(words, indicator) if indicator is not None else kind_said(line.kind),
        source=str(LineSource(line.source).label), unit=words.units.get(line.code, ""), raw=exact(line.raw),
        target=exact(line.target), score=score, weight=weight, stated_weight=stated, contribution=contribution,
        notes=tuple(notes), working=working, share=share,
    )  # fmt: skip


def _weight(value: Any) -> str:
    return "—" if value is None else f"{said(value)}%"
