"""One case as plain values: who, from what to what, why, what would have altered it, every point of the score, history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.grading.choices import PENDING
from appraisal.grading.counterfactual_words import sentences
from appraisal.grading.queues import due_said
from appraisal.grading.recusals import on_behalf
from appraisal.grading.resources import change_said, grade_name, is_amended, proposed_said, score
from appraisal.grading.review_pages import flags_said
from appraisal.grading.transitions import DECISION
from appraisal.schemes.permissions import SCHEME_VIEW
from appraisal.scoring.models import ProposalKind, ScoreSheet
from appraisal.scoring.pages import trend
from appraisal.scoring.paper import TONES, Line, Paper, Part
from appraisal.scoring.reasons import Reason
from appraisal.scoring.resources import paper_for
from appraisal.scoring.words import said
from cmsys.access.actors import may
from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.charts import Chart
from managers.conduct.selectors import recusal

VERB_TONES = {
    "approve": "up", "confirm": "up", "amend": "warn", "return": "down", "send_back": "down", "withdraw": "down",
    "void": "down", "uphold": "down", "take_effect": "up", "submit": "info", "resubmit": "info",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """Everything the right pane shows."""

    decision: Any
    name: str
    number: str
    place: str
    before: str
    after: str
    moves: bool
    tone: str
    change: str
    effective: str
    amended: str
    figures: tuple[dict[str, str], ...]
    fired: tuple[Reason, ...]
    others: tuple[Reason, ...]
    pending_reasons: bool
    not_rated: str
    scheme: str
    scheme_url: str
    smallest: tuple[str, ...]
    chart: Chart | None
    parts: tuple[dict[str, Any], ...]
    steps: tuple[dict[str, Any], ...]
    flags: tuple[str, ...]
    due: str
    due_tone: str
    kept_out: str
    behalf: str
    sheet_url: str
    print_url: str


def case_of(request: SignedInRequest, decision: Any, verb: str, today: date) -> Case:
    """The case in words. `verb` is what would be decided, for who must keep out and in whose place the reader acts."""
    paper = paper_for(decision.sheet)
    open_sheet = may_open_sheet(request.user, decision)
    due, tone = due_said(decision.due_on, today) if decision.state in PENDING else ("", "")
    manager = decision.manager
    fired, others = rules_of(paper)
    behalf = on_behalf(request.user, decision, DECISION[verb])
    return Case(
        decision=decision, name=manager.name, number=manager.employee_no,
        place=" · ".join(str(item) for item in (decision.unit.name, manager.line and manager.line.name) if item),
        before=grade_name(decision.previous_grade), after=_after(decision), moves=_moves(decision), tone=TONES[decision.kind],
        change=change_said(decision), effective=_effective(decision),
        amended=_("系统建议%(what)s") % {"what": proposed_said(decision)} if is_amended(decision) else "",
        figures=_figures(paper, decision), fired=fired, others=others,
        pending_reasons=paper.reasons_pending, not_rated=paper.not_rated, scheme=paper.words.label, scheme_url=_scheme_url(request.user, decision),
        smallest=tuple(sentences(decision)), chart=trend(request, decision.sheet), parts=parts_of(paper, open_sheet),
        steps=steps_of(decision), flags=flags_said(decision), due=due, due_tone=tone,
        kept_out=_kept_out(request.user, decision, today), behalf=behalf.name if behalf is not None else "",
        sheet_url=reverse("score_sheets_detail", args=[decision.sheet_id]) if open_sheet else "",
        print_url=reverse("sheet_print", args=[decision.sheet_id]) if open_sheet else "",
    )  # fmt: skip


def _scheme_url(actor: User, decision: Any) -> str:
    if not may(actor, SCHEME_VIEW):
        return ""
    return reverse("schemes_detail", args=[decision.cycle.scheme_id])


def rules_of(paper: Paper) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """The rules that led to the proposal or hold something against it, and those that were asked and did not fire."""
    spoke = tuple(rule for rule in paper.reasons if rule.tone in ("up", "down", "warn"))
    return spoke, tuple(rule for rule in paper.reasons if rule not in spoke)


def may_open_sheet(actor: User, decision: Any) -> bool:
    """The sheet stays with the unit of its cycle; the decision goes with the person."""
    return ScoreSheet.objects.visible_to(actor, "view").filter(pk=decision.sheet_id).exists()


def _kept_out(actor: User, decision: Any, today: date) -> str:
    return recusal(actor.pk, actor.employee_no, decision.manager_id, decision.manager.employee_no, today)


def _moves(decision: Any) -> bool:
    """Whether the grade becomes another one."""
    return decision.grade_id is not None and decision.grade_id != decision.previous_grade_id


def _after(decision: Any) -> str:
    """The new grade where it is another one; what is said of those who keep theirs."""
    if _moves(decision):
        return grade_name(decision.grade)
    return _("本期未评，等级不变") if decision.kind == ProposalKind.NOT_RATED else _("保持不变")


def _effective(decision: Any) -> str:
    if decision.effective_from is not None:
        return _("%(day)s 起生效") % {"day": decision.effective_from.isoformat()}
    planned = decision.round.effective_on
    return _("拟于 %(day)s 生效") % {"day": planned.isoformat()} if planned else ""


def _figures(paper: Paper, decision: Any) -> tuple[dict[str, str], ...]:
    words = paper.words
    found = [
        {"label": words.dimension_name("ability"), "value": score(decision.ability)},
        {"label": words.dimension_name("performance"), "value": score(decision.performance)},
    ]
    if decision.quadrant:
        found.append({"label": _("矩阵位置"), "value": words.cell_name(decision.quadrant)})
    return tuple(found)


# --- every point of the score -------------------------------------------------------------------------------------------
def parts_of(paper: Paper, linked: bool) -> tuple[dict[str, Any], ...]:
    """Dimension by dimension its lines with bars, and that they add up; a line leads to its records where it may."""
    return tuple(
        {"part": part, "texts": part.texts(), "rows": [_line(paper, line, linked) for line in part.lines]}
        for part in paper.parts
        if part.lines or part.code != "total"
    )


def _line(paper: Paper, line: Line, linked: bool) -> dict[str, Any]:
    url = reverse("sheet_line", args=[paper.sheet.pk, line.position]) if linked else ""
    unit = f" {line.unit}" if line.unit else ""
    return {
        "line": line, "texts": line.texts(), "url": url,
        "raw": said(line.raw) + (unit if line.raw is not None else ""),
        "target": said(line.target) + (unit if line.target is not None else ""),
    }  # fmt: skip


def sums_said(parts: Sequence[dict[str, Any]]) -> tuple[bool, str]:
    """Whether every part is the sum of its lines, in a few words for the head of the card."""
    summed: list[Part] = [row["part"] for row in parts if row["part"].sentence]
    agree = all(part.agrees for part in summed)
    if not summed:
        return True, ""
    return agree, _("各行贡献相加与得分逐位相符") if agree else _("有得分与各行之和不符")


# --- history ------------------------------------------------------------------------------------------------------------
def steps_of(decision: Any) -> tuple[dict[str, Any], ...]:
    """From the proposal to now, oldest first: what, who, in whose place, when, why. One query.

    The proposal stands first; its time is told where it was made before the first step: a later regrading makes it anew.
    """
    cycle = decision.cycle
    rows = list(decision.steps.select_related("on_behalf").order_by("pk"))
    graded_at = (
        cycle.graded_at if not rows or cycle.graded_at is None or cycle.graded_at <= rows[0].at else None
    )
    scheme = {"scheme": cycle.scheme.code, "version": cycle.scheme.version}
    first = {
        "when": _moment(graded_at), "title": _("系统建议：%(what)s") % {"what": proposed_said(decision)},
        "who": _("方案 %(scheme)s 第 %(version)d 版") % scheme, "tone": "info", "text": "",
    }  # fmt: skip
    return (first, *(_step(step) for step in rows))


def _step(step: Any) -> dict[str, Any]:
    who = step.actor_name
    if step.on_behalf is not None:
        who = _("%(who)s 代 %(principal)s") % {"who": who, "principal": step.on_behalf.name}
    known = DECISION.transitions.get(step.verb)
    title = str(known.label) if known is not None else step.verb
    if told := _told(step.data):
        title = f"{title}：{told}"
    return {
        "when": _moment(step.at), "title": title, "who": who, "tone": VERB_TONES.get(step.verb, ""), "text": step.reason,
    }  # fmt: skip


def _told(data: Any) -> str:
    """What the step changed, as far as a reader of the history wants to know: `中级 → 初级，破格`, `何平`, `2026-12-04 起`."""
    parts = []
    for name in ("grade", "assignee", "effective_from"):
        change = data.get(name)
        if not isinstance(change, dict) or not change.get("to"):
            continue
        if name == "grade":
            parts.append(f"{change.get('from') or _('未定级')} → {change['to']}")
        else:
            parts.append(change["to"] if name == "assignee" else _("%(day)s 起") % {"day": change["to"]})
    if data.get("exceptional"):
        parts.append(_("破格"))
    return "，".join(parts)


def _moment(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M") if at is not None else ""
