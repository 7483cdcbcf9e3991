"""The card and the buttons on a plan's page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from cmsys.accounts.requests import SignedInRequest
from cmsys.jobs.models import Job, JobState
from cmsys.ui.pages import Action
from customers.execution.selectors import counts_of, latest_job, reasons_of
from customers.planning.choices import LineState, PlanState
from customers.planning.transitions import PLAN

RUNNING = (PlanState.APPLYING, PlanState.REVERTING)
SHOWN = (*RUNNING, PlanState.APPLIED, PlanState.REVERTED)


def execution_card(request: SignedInRequest, plan: Any) -> str:
    """How far it is, or what became of the lines and why; empty before anybody has carried out the plan."""
    if plan.state not in SHOWN:
        return ""
    counts = counts_of(plan)
    labels = {
        LineState.APPROVED: _("待执行"), LineState.APPLIED: _("已执行"), LineState.SKIPPED: _("未执行"),
        LineState.REVERTED: _("已撤回"),
    }  # fmt: skip
    if plan.state in (PlanState.REVERTING, PlanState.REVERTED):
        labels[LineState.APPLIED] = _("尚未撤回") if plan.state == PlanState.REVERTING else _("未能撤回")
    figures = [
        {"label": label, "value": f"{counts[state]:,}", "url": _lines(plan, state)}
        for state, label in labels.items()
        if counts.get(state)
    ]
    skipped = [{"note": note, "number": number} for note, number in reasons_of(plan, LineState.SKIPPED)]
    kept = [{"note": note, "number": number} for note, number in reasons_of(plan, LineState.APPLIED)]
    on = str(plan.effective_on)
    context = {
        "plan": plan, "figures": figures, "skipped": skipped, "skipped_url": _lines(plan, LineState.SKIPPED),
        "kept": kept, "kept_url": _lines(plan, LineState.APPLIED),
        "owners_url": f"{reverse('assignments_list')}?{urlencode({'on': on, 'since': on})}",
        "progress": _progress(latest_job(plan)) if plan.state in RUNNING else None,
    }  # fmt: skip
    return render_to_string("execution/cards/execution.html", context, request=request)


def _lines(plan: Any, state: str) -> str:
    return f"{reverse('allocation_moves_list')}?{urlencode({'plan': plan.number, 'state': state})}"


def _progress(job: Job | None) -> dict[str, Any] | None:
    if job is None:
        return None
    stopped = job.state in (JobState.FAILED, JobState.CANCELLED)
    words = {"what": job.kind_label, "state": job.get_state_display(), "why": job.error or "—"}
    return {
        "label": job.kind_label, "text": f"{job.progress_done:,} / {job.progress_total:,}",
        "done": job.progress_done, "total": job.progress_total, "stopped": stopped,
        "said": _("“%(what)s”%(state)s：%(why)s") % words, "jobs_url": reverse("jobs_list"),
    }  # fmt: skip


def buttons(request: SignedInRequest, plan: Any) -> list[Action]:
    """执行 for a plan that is approved, 撤回 for one that was carried out."""
    found = []
    if plan.state in PLAN["apply"].sources:
        url = reverse("allocation_plans_apply", args=[plan.number])
        found.append(Action(_("执行"), url, primary=True, icon="check"))
    if plan.state in PLAN["revert"].sources:
        url = reverse("allocation_plans_revert", args=[plan.number])
        found.append(Action(_("撤回已执行的方案"), url, danger=True))
    return found
