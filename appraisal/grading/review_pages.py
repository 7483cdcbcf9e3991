"""The workbench as plain values: the queue on the left, one case on the right with everything needed to decide it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.grading.choices import DecisionState
from appraisal.grading.flags import flags_of
from appraisal.grading.models import GradeDecision
from appraisal.grading.queues import (
    CHANGES,
    Counted,
    Level,
    counted,
    due_said,
    first_tab,
    is_clear,
    of_tab,
    reachable,
)
from appraisal.grading.resources import JOINED, change_said, score
from appraisal.scoring.documents import DocumentError, load_reasons
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.paper import TONES
from appraisal.scoring.reasons import Reason, reasons_said
from appraisal.scoring.words import words_of
from cmsys.accounts.requests import SignedInRequest

PAGE = 50
SHORTEST_REASON = 2


@dataclass(frozen=True)
class Row:
    """One line of the queue."""

    pk: int
    name: str
    number: str
    unit: str
    change: str
    tone: str
    why: str
    url: str
    marks: tuple[tuple[str, str], ...] = ()
    clear: bool = False
    here: bool = False


@dataclass(frozen=True)
class Queue:
    """The left pane: tabs with their numbers, one page of cases, which of them may be taken together."""

    level: Level
    tab: str
    tabs: tuple[dict[str, Any], ...]
    counts: Counted
    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int
    due: str
    due_tone: str
    earlier_url: str = ""
    later_url: str = ""
    batch_url: str = ""
    keys: tuple[int, ...] = field(default_factory=tuple)

    @property
    def clear(self) -> int:
        """How many of the page may be taken together."""
        return sum(row.clear for row in self.rows)

    def neighbours(self, pk: int) -> tuple[int | None, int | None, int]:
        """Who stands before and after a case on this page, and its place in the tab (0 when it is not there)."""
        if pk not in self.keys:
            return None, None, 0
        at = self.keys.index(pk)
        before = self.keys[at - 1] if at else None
        after = self.keys[at + 1] if at + 1 < len(self.keys) else None
        return before, after, (self.page - 1) * PAGE + at + 1


def queue_of(request: SignedInRequest, level: Level, today: date, chosen: int | None) -> Queue:
    """The reader's queue of a level; three queries, however many rows."""
    actor, asked = request.user, request.GET.get("tab", "")
    rows = reachable(actor, level, today)
    counts = counted(rows, actor, level)
    tab = asked if asked in level.tabs else first_tab(counts, level)
    total = counts.tabs[tab]
    pages = max(-(-total // PAGE), 1)
    page = min(max(_number(request.GET.get("page")), 1), pages)
    start = (page - 1) * PAGE
    found = (
        of_tab(rows, actor, level, tab)
        .select_related(*JOINED, "sheet")
        .defer("cycle__scheme__document", "counterfactual")
    )
    decisions = list(found[start : start + PAGE])
    if chosen is None and decisions:
        chosen = decisions[0].pk
    shown = tuple(_row(level, tab, page, decision, chosen) for decision in decisions)
    due, tone = due_said(counts.first_due, today)
    return Queue(
        level, tab, tuple(_tab(level, key, label, counts, tab) for key, label in level.tabs.items()), counts, shown, total,
        page, pages, due, tone,
        earlier_url=_address(level, tab, page - 1) if page > 1 else "",
        later_url=_address(level, tab, page + 1) if page < pages else "",
        batch_url=reverse(f"{level.url_name}_batch"), keys=tuple(decision.pk for decision in decisions),
    )  # fmt: skip


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else 1


def _address(level: Level, tab: str, page: int = 1, case: int | None = None) -> str:
    query = {"tab": tab} | ({"page": page} if page > 1 else {}) | ({"case": case} if case else {})
    return f"{reverse(level.url_name)}?{urlencode(query)}" + ("#case" if case else "")


def _tab(level: Level, key: str, label: Any, counts: Counted, chosen: str) -> dict[str, Any]:
    return {"label": label, "count": counts.tabs[key], "url": _address(level, key), "on": key == chosen}


def _row(level: Level, tab: str, page: int, decision: Any, chosen: int | None) -> Row:
    return Row(
        decision.pk, decision.manager.name, decision.manager.employee_no, decision.unit.name, change_said(decision),
        TONES[decision.kind], why_short(decision), _address(level, tab, page, decision.pk), marks_of(decision),
        clear=decision.mine and is_clear(decision), here=decision.pk == chosen,
    )  # fmt: skip


def marks_of(decision: Any) -> tuple[tuple[str, str], ...]:
    """What makes a case special, as tags: text and tone."""
    found = []
    if decision.stale:
        found.append((_("数据已变动"), "down"))
    if decision.state == DecisionState.RETURNED:
        found.append((_("已退回"), "down"))
    if decision.assignee_id is not None:
        found.append((_("转办给 %(name)s") % {"name": decision.assignee.name}, "info"))
    elif decision.state == DecisionState.IN_REVIEW and not decision.mine:
        found.append((_("须回避"), "warn"))
    if decision.flags:
        found.append((_("有提示"), "warn"))
    return tuple(found)


def why_short(decision: Any) -> str:
    """The rule that fired in a line, or the scores of those for whom none did."""
    if decision.kind in CHANGES and decision.kind == decision.proposal:
        for reason in fired(_reasons(decision)):
            asked = [condition.text for condition in reason.conditions if condition.passed][:SHORTEST_REASON]
            if asked:
                return "；".join(asked)
            if reason.text:
                return f"{reason.title}：{reason.text}"
    if decision.kind == ProposalKind.NOT_RATED:
        return _("数据不足，未评")
    return _("能力 %(ability)s · 绩效 %(performance)s") % {
        "ability": score(decision.ability), "performance": score(decision.performance),
    }  # fmt: skip


def _reasons(decision: Any) -> tuple[Reason, ...]:
    try:
        document = load_reasons(decision.sheet.reasons)
    except DocumentError:
        return ()
    return reasons_said(words_of(decision.cycle.scheme), document)


def flags_said(decision: Any) -> tuple[str, ...]:
    """Why the case must be looked at by itself, the gravest first, as sentences."""
    return tuple(text for _code, text in flags_of(decision))


def fired(reasons: tuple[Reason, ...]) -> list[Reason]:
    """The rules that led to the proposal or hold something against it."""
    return [reason for reason in reasons if reason.tone in ("up", "down", "warn")]


def found_case(request: SignedInRequest, level: Level, key: int) -> Any:
    """The case the reader opened, with everything its page shows; within his reach on this level.

    Raises GradeDecision.DoesNotExist.
    """
    rows: Any = GradeDecision.objects.reached_by(request.user, level.function)
    rows = rows.select_related(*JOINED, "round__submitted_by", "sheet__unit", "sheet__manager__line")
    decision = rows.defer("cycle__scheme__document").get(pk=key)
    # The sheet is of the same person and cycle: loaded once.
    decision.sheet.cycle = decision.cycle
    return decision


def round_said(decision: Any) -> str:
    """Which period, and who submitted it when."""
    submitted = decision.round.submitted_at
    if submitted is None:
        return str(decision.cycle.period)
    who = decision.round.submitted_by.name if decision.round.submitted_by else _("系统")
    return _("%(period)s · %(who)s %(day)s 提交") % {
        "period": decision.cycle.period, "who": who, "day": timezone.localtime(submitted).strftime("%Y-%m-%d"),
    }  # fmt: skip


def next_url(level: Level, tab: str, key: int | None) -> str:
    """Where a decided case leads: to the next one of the queue, or to what is left."""
    tab = tab if tab in level.tabs else "changes"
    return _address(level, tab, case=key) if key else f"{reverse(level.url_name)}?{urlencode({'tab': tab})}"


def still_waits(request: SignedInRequest, level: Level, key: int | None, today: date) -> bool:
    """Whether the case that was next is still there for the reader."""
    return key is not None and reachable(request.user, level, today).filter(pk=key, mine=True).exists()
