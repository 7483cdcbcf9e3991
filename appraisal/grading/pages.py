"""The matrix page as plain values: finding, cells, drawing, moves, distribution; every number with its people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.grading.selectors import (
    POINTS,
    Point,
    Spread,
    bins,
    by_cell,
    by_grade,
    moves,
    points,
    resulting,
    spread,
    step_of,
)
from appraisal.scoring.drawings import Dot, MatrixDrawing, cell_tone, frame_of
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.words import Cell, SchemeWords, said
from managers.careers.models import Grade

WIDTH, HEIGHT = 760, 520
# With more people than this only those who changed their cell are drawn with where they came from.
GHOSTS = 60


@dataclass(frozen=True)
class CellRow:
    """One cell: how many, which share, how many more than in the cycle before, what the scheme advises."""

    cell: Cell
    tone: str
    count: int
    share: str
    before: int | None
    url: str

    @property
    def change(self) -> str:
        """`+6`, `−2`, `±0`; a dash without a cycle to compare with."""
        return "—" if self.before is None else signed(self.count - self.before)


@dataclass(frozen=True)
class Move:
    """People who went from one cell to another."""

    came: str
    now: str
    count: int
    url: str
    stayed: bool


@dataclass(frozen=True)
class GradeRow:
    """One grade: people now, people after the proposals, what the quota allows."""

    name: str
    now: int
    then: int
    total: int
    guide: float | None
    note: str
    over: bool
    url: str


@dataclass(frozen=True)
class Matrix:
    """Everything the page shows."""

    finding: str
    cells: tuple[CellRow, ...]
    total: int
    unplaced: int
    drawing: SafeString | None
    drawn: str
    moves: tuple[Move, ...]
    moved: str
    grades: tuple[GradeRow, ...]
    cycle: Cycle
    previous: Cycle | None
    notes: tuple[str, ...]
    nine: bool

    @property
    def grid(self) -> list[list[CellRow]]:
        """Cells as rows of a table, the best performance first."""
        width = 3 if self.nine else 2
        return [list(self.cells[start : start + width]) for start in range(0, len(self.cells), width)]


def signed(change: int) -> str:
    """+6, −2 or ±0."""
    return "±0" if change == 0 else f"+{change}" if change > 0 else f"−{-change}"


def percent(count: int, total: int) -> str:
    """A share with one decimal, half up; a dash of nothing."""
    if not total:
        return "—"
    return f"{(Decimal(count) * 100 / total).quantize(Decimal('0.1'), ROUND_HALF_UP)}%"


class MatrixPage:
    """Builds the page from the rows a reader may see; ten queries at most, however many people there are."""

    def __init__(self, rows: Any, earlier_rows: Any, filterset: Any, previous: Cycle | None) -> None:
        """`rows` are the sheets that match, `earlier_rows` those of the cycle before under the same conditions."""
        self.rows, self.earlier_rows, self.previous = rows, earlier_rows, previous
        self.cycle: Cycle = filterset.chosen
        self.words: SchemeWords = filterset.words
        given = filterset.form.cleaned_data
        self.compare = bool(given.get("compare")) and previous is not None
        self.whole = not any(given.get(name) for name in ("unit", "line", "grade"))
        self.query = {
            "cycle": str(self.cycle.pk), "unit": given["unit"].code if given.get("unit") else "",
            "line": given["line"].code if given.get("line") else "", "grade": given.get("grade") or "",
        }  # fmt: skip

    def build(self) -> Matrix:
        found = spread(self.rows)
        counts = by_cell(self.rows)
        before = by_cell(self.earlier_rows) if self.previous is not None else None
        cells = tuple(self._cell(cell, counts, before, found.placed) for cell in self.words.cells)
        drawing, drawn = self._drawing(found)
        moved = moves(self.rows, self.previous) if self.previous is not None else {}
        return Matrix(
            self._finding(cells), cells, found.placed, found.unplaced, drawing, drawn, self._moves(moved),
            self._moved(moved), self._grades(), self.cycle, self.previous, tuple(self._notes()),
            len(self.words.cells) == 9,
        )  # fmt: skip

    # --- numbers ------------------------------------------------------------------------------------------------------
    def _list(self, **conditions: str) -> str:
        query = {key: value for key, value in (self.query | conditions).items() if value}
        return f"{reverse('score_sheets_list')}?{urlencode(query)}"

    def _cell(
        self, cell: Cell, counts: Mapping[str, int], before: Mapping[str, int] | None, total: int
    ) -> CellRow:
        count = counts.get(cell.code, 0)
        return CellRow(
            cell, cell_tone(self.words.cells, cell), count, percent(count, total),
            None if before is None else before.get(cell.code, 0), self._list(quadrant=cell.code),
        )  # fmt: skip

    def _finding(self, cells: tuple[CellRow, ...]) -> str:
        """`28 人在“高能高绩”，比 2025Q3 多 6 人`: the best cell leads, the fullest where it is empty."""
        best = max(cells, key=lambda row: (row.cell.column + row.cell.row, row.cell.row))
        if not best.count:
            best = max(cells, key=lambda row: row.count)
        text = _("%(n)d 人在“%(cell)s”") % {"n": best.count, "cell": best.cell.name}
        if best.before is None or self.previous is None:
            return text
        change = best.count - best.before
        if change == 0:
            return _("%(text)s，与 %(period)s 相同") % {"text": text, "period": self.previous.period}
        how = _("多 %(n)d 人") if change > 0 else _("少 %(n)d 人")
        return _("%(text)s，比 %(period)s %(how)s") % {
            "text": text, "period": self.previous.period, "how": how % {"n": abs(change)},
        }  # fmt: skip

    def _moves(self, found: dict[tuple[str, str], int]) -> tuple[Move, ...]:
        order = {cell.code: place for place, cell in enumerate(self.words.cells)}
        rows = [
            Move(
                self.words.cell_name(came), self.words.cell_name(now), count,
                self._list(previous_quadrant=came, quadrant=now), came == now,
            )
            for (came, now), count in sorted(
                found.items(), key=lambda item: (item[0][0] == item[0][1], -item[1], order.get(item[0][0], 99))
            )
        ]  # fmt: skip
        return tuple(rows)

    def _moved(self, found: dict[tuple[str, str], int]) -> str:
        if self.previous is None or not found:
            return ""
        total, went = sum(found.values()), sum(n for (came, now), n in found.items() if came != now)
        return _("两期都在矩阵中的 %(total)d 人里，%(went)d 人换了位置") % {"total": total, "went": went}

    # --- drawing ------------------------------------------------------------------------------------------------------
    def _drawing(self, found: Spread) -> tuple[SafeString | None, str]:
        if not found.placed:
            return None, ""
        crowd = found.placed > POINTS
        step = step_of(found) if crowd else 0.0
        dots = self._bins(step) if crowd else self._dots()
        least, most = found.least, found.most
        for dot in dots:
            if dot.before is not None:
                least = (min(least[0], dot.before[0]), min(least[1], dot.before[1]))
                most = (max(most[0], dot.before[0]), max(most[1], dot.before[1]))
        if crowd:
            most = (most[0] + step, most[1] + step)
        drawing = MatrixDrawing(
            frame_of(self.words.limits, least, most, WIDTH, HEIGHT), self.words.cells, self.words.limits, dots,
            _("%(period)s 双维矩阵，%(n)d 人；数字见下方表格") % {"period": self.cycle.period, "n": found.placed},
            {cell.code: self._list(quadrant=cell.code) for cell in self.words.cells},
            axis=(_("能力得分"), _("绩效得分")),
        ).render()  # fmt: skip
        if crowd:
            said_ = _(
                "人多于 %(limit)d，按 %(step)s 分一格合并成 %(n)d 个点，点的面积表示人数，点开是这一格的名单。"
            )
            return drawing, said_ % {"limit": POINTS, "step": said(Decimal(str(step))), "n": len(dots)}
        text = _("一点一人，点开是考核表。")
        if self.compare and len(dots) > GHOSTS:
            text += _("人多于 %(limit)d，空心点只画换了格的人。") % {"limit": GHOSTS}
        return drawing, text

    def _dots(self) -> list[Dot]:
        tail = urlencode({key: value for key, value in self.query.items() if value})
        found = points(self.rows, self.previous if self.compare else None)
        all_ghosts = len(found) <= GHOSTS
        return [
            Dot(
                point.ability, point.performance, self._label(point),
                f"{reverse('score_sheets_detail', args=[point.pk])}?{tail}", point.proposal, 1,
                point.before if all_ghosts or point.quadrant != point.quadrant_before else None,
            )
            for point in found
        ]  # fmt: skip

    def _label(self, point: Point) -> str:
        text = _("%(name)s %(number)s：能力 %(ability).2f，绩效 %(performance).2f，%(cell)s，%(proposal)s") % {
            "name": point.name, "number": point.employee_no, "ability": point.ability, "performance": point.performance,
            "cell": self.words.cell_name(point.quadrant), "proposal": ProposalKind(point.proposal).label,
        }  # fmt: skip
        if point.quadrant_before and self.previous is not None:
            text += _("；%(period)s 在%(cell)s") % {
                "period": self.previous.period,
                "cell": self.words.cell_name(point.quadrant_before),
            }
        return text

    def _bins(self, step: float) -> list[Dot]:
        dots = []
        for place in bins(self.rows, step):
            url = self._list(
                ability_from=f"{place.ability:g}", ability_to=f"{place.ability + step:g}",
                performance_from=f"{place.performance:g}", performance_to=f"{place.performance + step:g}",
            )  # fmt: skip
            label = _("%(n)d 人：能力 %(a)g–%(b)g，绩效 %(c)g–%(d)g") % {
                "n": place.count, "a": place.ability, "b": place.ability + step, "c": place.performance,
                "d": place.performance + step,
            }  # fmt: skip
            dots.append(
                Dot(place.ability + step / 2, place.performance + step / 2, label, url, "bin", place.count)
            )
        return dots

    def _notes(self) -> list[str]:
        matrix, notes = self.words.matrix, []
        if matrix and self.words.limits is None:
            notes.append(_("方案按排名或因人而异的界限划分，图上不画分界线，各人的位置以表格为准。"))
        slack = matrix.get("hysteresis") if matrix else None
        if isinstance(slack, Fraction) and slack:
            notes.append(_("上期在界限以上的，低于界限不到 %(n)s 分时仍留在原格。") % {"n": said(slack)})
        return notes

    # --- grades -------------------------------------------------------------------------------------------------------
    def _grades(self) -> tuple[GradeRow, ...]:
        counted = by_grade(self.rows)
        now, then = resulting(counted)
        total = sum(now.values())
        rows = []
        known = [(grade.code, grade.name) for grade in reversed(self.words.scheme.grades)]
        others = sorted(set(now) - {code for code, _name in known})
        names = dict(Grade.objects.filter(code__in=others).values_list("code", "name"))
        known += [(code, names.get(code, code) or _("未定级")) for code in others]
        for code, name in known:
            guide, note, over = self._quota(code, then.get(code, 0), total)
            url = self._list(grade=code) if code and self.words.scheme.grade(code) else ""
            rows.append(GradeRow(name, now.get(code, 0), then.get(code, 0), total, guide, note, over, url))
        return tuple(rows)

    def _quota(self, code: str, then: int, total: int) -> tuple[float | None, str, bool]:
        """Where the guide stands, what the scheme says, and whether the proposals go beyond it.

        A quota of a group within the bank is only told; only one for everybody can be drawn, and only over everybody.
        """
        quota = next((item for item in self.words.scheme.section("quotas") if item["grade"] == code), None)
        if quota is None:
            return None, "", False
        kind = _("名额") if quota.get("kind", "headcount") == "headcount" else _("本期晋升名额")
        amount = quota.get("percent", quota.get("limit"))
        unit = "%" if "percent" in quota else _(" 人")
        if not isinstance(amount, Fraction):
            return None, _("%(kind)s按参数确定") % {"kind": kind}, False
        note = f"{kind} ≤ {said(amount)}{unit}"
        if quota.get("group", "all") != "all":
            return None, _("%(note)s，按分组计") % {"note": note}, False
        if quota.get("kind", "headcount") != "headcount" or not self.whole or not total:
            return None, note, False
        most = float(amount) * total / 100 if "percent" in quota else float(amount)
        return most, note, then > most
