"""The cards of a decision's and of a round's page."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from appraisal.grading.case_pages import may_open_sheet, parts_of, rules_of, steps_of, sums_said
from appraisal.grading.counterfactual_words import sentences
from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.grading.review_pages import flags_said
from appraisal.grading.rounds_pages import progress_of
from appraisal.scoring.resources import paper_for
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.formats import cn_date


def steps_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """经过: every act with names, times, in whose place and why."""
    context = {"entries": steps_of(decision), "flags": flags_said(decision)}
    return render_to_string("grading/cards/steps.html", context, request=request)


def why_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """依据: the rules that fired, and the smallest change that would have altered the proposal."""
    paper = paper_for(_sheet(decision))
    fired, others = rules_of(paper)
    case = {
        "fired": fired, "others": others, "pending_reasons": paper.reasons_pending, "not_rated": paper.not_rated,
        "smallest": sentences(decision),
    }  # fmt: skip
    return render_to_string("grading/_why.html", {"case": case}, request=request)


def lines_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """评分明细: every line with its bar, leading to the records behind it."""
    paper = paper_for(_sheet(decision))
    parts = parts_of(paper, may_open_sheet(request.user, decision))
    agree, summed = sums_said(parts)
    context = {"parts": parts, "not_rated": paper.not_rated, "agree": agree, "summed": summed}
    return render_to_string("grading/cards/lines.html", context, request=request)


def _sheet(decision: GradeDecision) -> Any:
    """The sheet with what the case has loaded already."""
    sheet = decision.sheet
    sheet.cycle, sheet.manager = decision.cycle, decision.manager
    return sheet


def progress_card(request: SignedInRequest, round: GradingRound) -> str:
    """Unit by unit how far the round has come; a bar leads to its list."""
    rows = progress_of(request.user, round)
    if not rows:
        return f'<p class="hint">{_("您的范围内没有这一批次的等级变更。")}</p>'
    return render_to_string("grading/cards/progress.html", {"rows": rows, "round": round}, request=request)


def days_card(request: SignedInRequest, round: GradingRound) -> str:
    """The days that were set, and where things wait next."""
    facts = [
        {"label": _("复核截止日"), "value": cn_date(round.review_due_on)},
        {"label": _("拟生效日"), "value": cn_date(round.effective_on)},
        {"label": _("公示"), "value": _("%(n)d 个工作日") % {"n": round.notice_days}},
        {"label": _("申诉"), "value": _("%(n)d 个工作日") % {"n": round.appeal_days}},
    ]
    return render_to_string("grading/cards/days.html", {"facts": facts, "round": round}, request=request)
