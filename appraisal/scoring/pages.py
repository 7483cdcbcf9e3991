"""What the pages of a sheet show beside its own rows: the cycles before, the radar, the place in the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appraisal.scoring.drawings import Dot, MatrixDrawing, Spoke, frame_of, radar
from appraisal.scoring.models import ScoreSheet, SheetLine
from appraisal.scoring.paper import Line, Paper
from appraisal.scoring.resources import paper_for, rounded
from appraisal.scoring.words import exact, said
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.charts import Chart, Series
from cmsys.ui.charts import Line as Mark

PERIODS = 8
LONGEST_LABEL = 10


@dataclass(frozen=True)
class Past:
    """One cycle of the person under the same scheme."""

    pk: int
    period: str
    ability: Decimal | None
    performance: Decimal | None
    quadrant: str
    grade_code: str


def past_of(request: SignedInRequest, sheet: ScoreSheet) -> list[Past]:
    """The newest cycles up to this one, oldest first, as far as the reader may see them; one query."""
    known: dict[int, list[Past]] = request.__dict__.setdefault("_past_sheets", {})
    if sheet.pk not in known:
        rows: Any = ScoreSheet.objects.visible_to(request.user, "view").filter(manager_id=sheet.manager_id)
        rows = rows.filter(
            cycle__scheme_code=sheet.cycle.scheme_code, cycle__starts_on__lte=sheet.cycle.starts_on
        ).order_by("-cycle__starts_on")
        fields = ("pk", "cycle__period", "ability", "performance", "quadrant", "grade_code")
        known[sheet.pk] = [
            Past(pk, period, exact(ability), exact(performance), quadrant, grade)
            for pk, period, ability, performance, quadrant, grade in rows.values_list(*fields)[:PERIODS]
        ][::-1]
    return known[sheet.pk]


def before(request: SignedInRequest, sheet: ScoreSheet) -> Past | None:
    """The cycle just before this one."""
    rows = [row for row in past_of(request, sheet) if row.pk != sheet.pk]
    return rows[-1] if rows else None


# --- trend --------------------------------------------------------------------------------------------------------------
def trend(request: SignedInRequest, sheet: ScoreSheet) -> Chart | None:
    """Ability and performance over the cycles; None with fewer than two."""
    rows, words = past_of(request, sheet), paper_for(sheet).words
    if len(rows) < 2:
        return None
    names = [
        (code, words.dimension_name(code))
        for code in ("ability", "performance")
        if words.scheme.dimension(code)
    ]
    series = tuple(
        Series(name, tuple(_float(getattr(row, code)) for row in rows), dashed=code == "ability")
        for code, name in names
    )
    marks: tuple[Mark, ...] = ()
    if words.limits is not None:
        low = words.limits[1][-1]
        marks = (Mark(float(low), _("高绩线 %(value)s") % {"value": said(low)}),)
    return Chart(
        "line", f"trend-{sheet.pk}", _trend_title(rows, words.dimension_name("performance")),
        categories=tuple(row.period for row in rows), series=series, unit=_("分"), n=len(rows), lines=marks,
        note=_("%(first)s 至 %(last)s") % {"first": rows[0].period, "last": rows[-1].period}, category_label=_("期间"),
    )  # fmt: skip


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


def _trend_title(rows: list[Past], name: str) -> str:
    now, earlier = rows[-1].performance, rows[-2].performance
    if now is None:
        return _("本期未评，上期%(name)s %(value)s") % {"name": name, "value": said(rounded(earlier), 2)}
    if earlier is None:
        return _("%(name)s %(value)s，上期未评") % {"name": name, "value": said(rounded(now), 2)}
    change = rounded(now) - rounded(earlier)
    how = _("与上期相同") if change == 0 else (_("比上期高 %(n)s") if change > 0 else _("比上期低 %(n)s")) % {
        "n": said(abs(change), 2)
    }  # fmt: skip
    return _("%(name)s %(value)s，%(how)s") % {"name": name, "value": said(rounded(now), 2), "how": how}


# --- radar --------------------------------------------------------------------------------------------------------------
def abilities(paper: Paper) -> list[Line]:
    """The indicators of the ability dimension, else of the first one, that were scored."""
    part = next((item for item in paper.parts if item.code == "ability"), paper.parts[0])
    return [line for line in part.lines if line.is_indicator]


@dataclass(frozen=True)
class Profile:
    """The radar with what it says."""

    finding: str
    drawing: SafeString
    rows: list[dict[str, str]]
    note: str


def profile(request: SignedInRequest, sheet: ScoreSheet) -> Profile | None:
    """Scores of the abilities beside those of the cycle before; None with fewer than three scored."""
    lines = abilities(paper_for(sheet))
    scored = [(line.name, line.score) for line in lines if line.score is not None]
    if len(scored) < 3:
        return None
    last = before(request, sheet)
    earlier: dict[str, Decimal] = {}
    if last is not None:
        earlier = {code: score for code, score in _lines_of(last.pk) if score is not None}
    best, worst = max(scored, key=lambda item: item[1]), min(scored, key=lambda item: item[1])
    finding = _("最强：%(best)s %(high)s；最弱：%(worst)s %(low)s") % {
        "best": best[0], "high": said(best[1]), "worst": worst[0], "low": said(worst[1]),
    }  # fmt: skip
    spokes = [
        Spoke(short(line.name), _float(line.score), said(line.score), _float(exact(earlier.get(line.code))))
        for line in lines
    ]
    rows = [
        {"name": line.name, "score": said(line.score, 2), "before": said(earlier.get(line.code), 2)}
        for line in lines
    ]
    spoken = finding + "。" + "，".join(f"{name} {said(score)}" for name, score in scored)
    note = _("虚线为 %(period)s") % {"period": last.period} if last is not None and earlier else ""
    return Profile(finding, radar(spokes, spoken), rows, note)


def _lines_of(sheet_pk: int) -> Any:
    return SheetLine.objects.filter(sheet_id=sheet_pk, kind="indicator").values_list("code", "score")


def short(name: str) -> str:
    """A label that fits beside a radar."""
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"


# --- place in the matrix ------------------------------------------------------------------------------------------------
def place(request: SignedInRequest, sheet: ScoreSheet) -> SafeString | None:
    """A small matrix with the person on it; None where the scheme has none or the person no cell."""
    paper = paper_for(sheet)
    if not paper.words.matrix or sheet.ability is None or sheet.performance is None or not sheet.quadrant:
        return None
    ability, performance = float(sheet.ability), float(sheet.performance)
    earlier, came = before(request, sheet), None
    if earlier is not None and earlier.ability is not None and earlier.performance is not None:
        came = (float(earlier.ability), float(earlier.performance))
    xs, ys = [ability, *([came[0]] if came else [])], [performance, *([came[1]] if came else [])]
    label = _("%(name)s：能力 %(ability)s，绩效 %(performance)s，%(cell)s") % {
        "name": sheet.manager.name, "ability": said(rounded(exact(sheet.ability)), 2),
        "performance": said(rounded(exact(sheet.performance)), 2), "cell": paper.cell_name,
    }  # fmt: skip
    frame = frame_of(paper.words.limits, (min(xs), min(ys)), (max(xs), max(ys)), 360, 260)
    dot = Dot(ability, performance, label, kind=sheet.proposal, before=came)
    return MatrixDrawing(
        frame, paper.words.cells, paper.words.limits, [dot], label, axis=(_("能力得分"), _("绩效得分"))
    ).render()
