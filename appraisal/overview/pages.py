"""The overview as plain values: every number with its people, every card with its finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle
from appraisal.grading.choices import PENDING, DecisionState
from appraisal.overview.drawings import Band, FlowDrawing
from appraisal.overview.gaps import Gap, Why, missing_figures, missing_groups, not_rated
from appraisal.overview.selectors import Counted, Flow, Step, UnitLine, cycles_until, flows, steps, waiting
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.words import SchemeWords, said, words_of


@dataclass(frozen=True)
class WaitLine:
    """A unit of the table of what waits: one number a state, each with its list."""

    name: str
    cells: tuple[tuple[int, str, str], ...]
    total: int
    late: int
    url: str
    late_url: str


@dataclass(frozen=True)
class GradeBar:
    """A grade: people as they are and as they will be, what the scheme allows, and whether that is kept."""

    name: str
    now: int
    then: int
    share: str
    guide: float | None
    note: str
    over: bool
    url: str


@dataclass(frozen=True)
class FlowLine:
    """A band of the drawing as a row of its table."""

    period: str
    before: str
    after: str
    count: int
    gone: int
    tone: str
    url: str


@dataclass(frozen=True)
class Card:
    """A part of the page: what it says, and what it shows."""

    title: str
    hint: str
    rows: Sequence[Any]


@dataclass(frozen=True)
class Overview:
    """Everything the page shows."""

    finding: str
    cycle: Cycle
    figures: list[dict[str, Any]]
    states: tuple[str, ...]
    waiting: Card
    grades: Card
    total: int
    flow: Card
    drawing: SafeString | None
    gaps: Card
    whys: tuple[Why, ...]
    not_rated: int
    not_rated_url: str
    elsewhere: tuple[tuple[str, str], ...]

    @property
    def guided(self) -> bool:
        """Whether any bar shows where a quota stands."""
        return any(row.guide is not None for row in self.grades.rows)


class OverviewPage:
    """Builds the page from the cases a reader may list; a dozen queries, however many people there are."""

    def __init__(self, rows: Any, filterset: Any, today: date, progress_url: str = "") -> None:
        """`rows` are the cases within sight under the unit asked for, of every cycle."""
        self.rows, self.cycle, self.today = rows, filterset.chosen, today
        self.words: SchemeWords = words_of(self.cycle.scheme)
        unit = filterset.form.cleaned_data.get("unit")
        self.unit = unit.code if unit is not None else ""
        self.whole = unit is None
        self.progress_url = progress_url

    def build(self) -> Overview:
        own = self.rows.filter(cycle=self.cycle)
        lines = waiting(own, self.today)
        cycles = cycles_until(self.cycle)
        counted, known = flows(self.rows, cycles, self.cycle), steps()
        of_cycle = [flow for flow in counted.flows if flow.cycle == self.cycle.pk]
        total = sum(flow.count + flow.gone for flow in of_cycle)
        kinds, waits = counted.kinds, sum(line.total for line in lines)
        late = sum(line.late for line in lines)
        gaps = [*missing_figures(own, self.words), *missing_groups(own, self.cycle, self.words)]
        unrated = kinds.get(ProposalKind.NOT_RATED, 0)
        states = tuple(state for state in PENDING if any(line.states.get(state) for line in lines))
        flow, drawing = self._flow(counted.flows, cycles, known)
        return Overview(
            _finding(waits, late), self.cycle, self._figures(waits, late, counted),
            tuple(str(DecisionState(state).label) for state in states), self._waiting(lines, states, waits, late),
            self._grades(of_cycle, known, total), total, flow, drawing, self._gaps(gaps, unrated),
            tuple(not_rated(own, self.words)) if unrated else (), unrated, self._people("not_rated"),
            self._elsewhere(),
        )  # fmt: skip

    # --- addresses ----------------------------------------------------------------------------------------------------
    def _list(self, **conditions: str) -> str:
        query = {"cycle": str(self.cycle.pk), "unit": self.unit} | conditions
        return f"{reverse('grade_decisions_list')}?{urlencode({key: value for key, value in query.items() if value})}"

    def _people(self, code: str) -> str:
        query = {"cycle": str(self.cycle.pk), "unit": self.unit, "what": code}
        return f"{reverse('overview_missing')}?{urlencode({key: value for key, value in query.items() if value})}"

    def _elsewhere(self) -> tuple[tuple[str, str], ...]:
        query = urlencode({"cycle": self.cycle.pk, **({"unit": self.unit} if self.unit else {})})
        found = [
            (_("双维矩阵"), f"{reverse('matrix')}?{query}"),
            (_("参评名单"), f"{reverse('cycle_members_list')}?{query}"),
        ]
        return (*found, (_("评分进度"), self.progress_url)) if self.progress_url else tuple(found)

    # --- what waits ---------------------------------------------------------------------------------------------------
    def _figures(self, waits: int, late: int, counted: Counted) -> list[dict[str, Any]]:
        period = self.cycle.period
        figures: list[dict[str, Any]] = [
            {"label": _("待办理"), "value": waits, "url": self._list(state="pending"), "before": period},
            {"label": _("已逾期"), "value": late, "url": self._list(due="late"), "before": period,
             "tone": "down" if late else ""},
        ]  # fmt: skip
        for kind in ProposalKind:
            gone = counted.gone.get(kind, 0)
            figures.append(
                {
                    "label": kind.label, "value": counted.kinds.get(kind, 0), "url": self._list(kind=kind),
                    "before": _("含已撤销 %(n)d 人") % {"n": gone} if gone else period,
                }
            )  # fmt: skip
        return figures

    def _waiting(
        self, lines: list[UnitLine], states: tuple[DecisionState, ...], waits: int, late: int
    ) -> Card:
        rows = [
            self._wait_line(line, states)
            for line in sorted(lines, key=lambda line: (-line.late, -line.total))
        ]
        if not waits:
            return Card(_("没有等待办理的等级变更"), "", rows)
        title = _("%(n)d 人等待办理") % {"n": waits}
        if late:
            title += _("，%(n)d 人已逾期") % {"n": late}
            worst = max(lines, key=lambda line: line.late)
            if len(lines) > 1:
                title += _("，%(unit)s最多（%(n)d 人）") % {"unit": worst.name, "n": worst.late}
        return Card(title, _("按办理状态与机构"), rows)

    def _wait_line(self, line: UnitLine, states: tuple[DecisionState, ...]) -> WaitLine:
        """Those who stand in a unit above the others cannot be listed by themselves: figures without lists."""

        def address(**conditions: str) -> str:
            return "" if line.own else self._list(unit=line.code, **conditions)

        cells = tuple(
            (line.states.get(state, 0), address(state=state), str(DecisionState(state).label))
            for state in states
        )
        name = _("%(unit)s（本级）") % {"unit": line.name} if line.own else line.name
        return WaitLine(name, cells, line.total, line.late, address(state="pending"), address(due="late"))

    # --- distribution -------------------------------------------------------------------------------------------------
    def _grades(self, of_cycle: list[Flow], known: dict[str, Step], total: int) -> Card:
        now: dict[str, int] = {}
        then: dict[str, int] = {}
        for flow in of_cycle:
            now[flow.before] = now.get(flow.before, 0) + flow.count + flow.gone
            then[flow.after] = then.get(flow.after, 0) + flow.count
            then[flow.before] = then.get(flow.before, 0) + flow.gone
        codes = [code for code in reversed(known) if now.get(code) or then.get(code)]
        codes += [""] if now.get("") or then.get("") else []
        rows = [self._grade(code, known, now.get(code, 0), then.get(code, 0), total) for code in codes]
        return Card(_grades_finding(rows), _("现在与决定之后，共 %(n)d 人") % {"n": total}, rows)

    def _grade(self, code: str, known: dict[str, Step], now: int, then: int, total: int) -> GradeBar:
        guide, note, over = quota_of(self.words, code, then, total, self.whole)
        return GradeBar(
            grade_name(known, code), now, then, percent(then, total), guide, note, over,
            self._list(previous_grade=code) if code else "",
        )  # fmt: skip

    # --- flow ---------------------------------------------------------------------------------------------------------
    def _flow(
        self, found: tuple[Flow, ...], cycles: list[Cycle], known: dict[str, Step]
    ) -> tuple[Card, SafeString | None]:
        order = [*reversed(known), ""]
        used = [code for code in order if any(code in (flow.before, flow.after) for flow in found)]
        bands, lines, moved = [], [], {"up": 0, "down": 0, "stay": 0}
        for column, cycle in enumerate(cycles):
            for flow in sorted(
                (flow for flow in found if flow.cycle == cycle.pk),
                key=lambda flow: (used.index(flow.before), used.index(flow.after)),
            ):
                line = self._flow_line(flow, cycle, known)
                lines.append(line)
                if flow.count:
                    moved[line.tone] += flow.count
                    label = _("%(period)s：%(before)s → %(after)s，%(n)d 人") % {
                        "period": line.period, "before": line.before, "after": line.after, "n": line.count,
                    }  # fmt: skip
                    bands.append(
                        Band(
                            column,
                            used.index(flow.before),
                            used.index(flow.after),
                            flow.count,
                            label,
                            line.tone,
                            line.url,
                        )
                    )
        if not bands:
            return Card(_("还没有等级的流动"), "", ()), None
        title = _("%(n)d 期里 %(up)d 人次升级，%(down)d 人次降级，%(stay)d 人次不变") % {
            "n": len(cycles), "up": moved["up"], "down": moved["down"], "stay": moved["stay"],
        }  # fmt: skip
        columns = [_("%(period)s 前") % {"period": cycles[0].period}]
        columns += [_("%(period)s 后") % {"period": cycle.period} for cycle in cycles]
        drawing = FlowDrawing(
            columns,
            [grade_name(known, code) for code in used],
            bands,
            _("%(title)s；数字见下方表格") % {"title": title},
        )
        return Card(title, self.cycle.scheme.name, lines), drawing.render()

    def _flow_line(self, flow: Flow, cycle: Cycle, known: dict[str, Step]) -> FlowLine:
        url = ""
        if flow.before and flow.after:
            url = self._list(cycle=str(cycle.pk), previous_grade=flow.before, grade=flow.after)
        return FlowLine(
            cycle.period, grade_name(known, flow.before), grade_name(known, flow.after), flow.count, flow.gone,
            tone_of(known, flow), url,
        )  # fmt: skip

    # --- gaps ---------------------------------------------------------------------------------------------------------
    def _gaps(self, gaps: list[Gap], unrated: int) -> Card:
        rows = [{"text": gap.text, "count": gap.count, "url": self._people(gap.code)} for gap in gaps]
        if unrated:
            title = _("%(n)d 人未评") % {"n": unrated}
            title += _("，%(k)d 处缺数据") % {"k": len(gaps)} if gaps else ""
        elif gaps:
            title = _("%(k)d 处缺数据：%(what)s（%(n)d 人）%(more)s") % {
                "k": len(gaps), "more": _("等") if len(gaps) > 1 else "", "what": max(gaps, key=lambda gap: gap.count).text, "n": max(gap.count for gap in gaps),
            }  # fmt: skip
        else:
            title = _("没有缺少的数据")
        return Card(title, "", rows)


def _finding(waits: int, late: int) -> str:
    if not waits:
        return _("都已办理完毕")
    text = _("还有 %(n)d 人等待办理") % {"n": waits}
    return text + (_("，%(n)d 人已逾期") % {"n": late} if late else _("，没有逾期"))


def _grades_finding(rows: Sequence[GradeBar]) -> str:
    over = [row for row in rows if row.over]
    if over:
        return _("按现在的决定，%(grades)s将超出名额") % {"grades": "、".join(row.name for row in over)}
    changed = [row for row in rows if row.now != row.then]
    if not changed:
        return _("各等级人数没有变化")
    most = max(changed, key=lambda row: abs(row.then - row.now))
    how = (
        _("%(grade)s由 %(now)d 人增至 %(then)d 人")
        if most.then > most.now
        else _("%(grade)s由 %(now)d 人减至 %(then)d 人")
    )
    return how % {"grade": most.name, "now": most.now, "then": most.then}


def grade_name(known: dict[str, Step], code: str) -> str:
    """The grade as the institution calls it, 未定级 where there is none."""
    step = known.get(code)
    return step.name if step is not None else code or _("未定级")


def tone_of(known: dict[str, Step], flow: Flow) -> str:
    """up, down or stay; into a first grade is up, out of every grade down."""
    if flow.before == flow.after:
        return "stay"
    before, after = known.get(flow.before), known.get(flow.after)
    return "up" if after is not None and (before is None or after.place > before.place) else "down"


def percent(count: int, total: int) -> str:
    """A share with one decimal, half up."""
    if not total:
        return "—"
    tenths = (count * 2000 + total) // (2 * total)
    return f"{tenths // 10}.{tenths % 10}%"


def quota_of(
    words: SchemeWords, code: str, then: int, total: int, whole: bool
) -> tuple[float | None, str, bool]:
    """Where the guide stands, what the scheme says, whether it is exceeded: drawn only for headcount of everybody, over
    everybody; a quota of groups or of promotions is told."""
    quota = next((item for item in words.scheme.section("quotas") if item["grade"] == code), None)
    if quota is None:
        return None, "", False
    kind = _("名额") if quota.get("kind", "headcount") == "headcount" else _("本期晋升名额")
    amount = quota.get("percent", quota.get("limit"))
    if not isinstance(amount, Fraction):
        return None, _("%(kind)s按参数确定") % {"kind": kind}, False
    note = f"{kind} ≤ {said(amount)}{'%' if 'percent' in quota else _(' 人')}"
    if quota.get("group", "all") != "all":
        return None, _("%(note)s，按分组计") % {"note": note}, False
    if quota.get("kind", "headcount") != "headcount" or not whole or not total:
        return None, note, False
    most = amount * total / 100 if "percent" in quota else amount
    return float(most), note, then > most
