"""What the page of a cycle says about its grading, and where one starts it."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import Cycle, CycleState
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.permissions import REGRADE, SHEET_LIST
from appraisal.scoring.runs import REGRADE as REGRADE_JOB
from appraisal.scoring.schedules import next_run
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest
from cmsys.jobs.models import OPEN, Job


def grading_card(request: SignedInRequest, cycle: Cycle) -> str:
    """Results within the reader's reach, the run under way, and the button for those who may. Four queries."""
    context: dict[str, Any] = {"results_url": "", "rows": [], "start_url": "", "running": None, "failed": ""}
    if may(request.user, SHEET_LIST):
        seen = ScoreSheet.objects.visible_to(request.user, "list").filter(cycle=cycle)
        counts = dict(seen.order_by().values_list("proposal").annotate(count=Count("pk")))
        context["results_url"] = f"{reverse('score_sheets_list')}?cycle={cycle.pk}"
        context["rows"] = [
            {"label": label, "value": counts.get(code, 0), "url": f"{context['results_url']}&proposal={code}"}
            for code, label in ScoreSheet._meta.get_field("proposal").choices or ()
        ]
        context["graded"] = bool(counts)
    job = Job.objects.filter(kind=REGRADE_JOB, key=str(cycle.pk)).order_by("-pk").first()
    if job is not None and job.state in OPEN:
        context["running"] = {
            "label": _("正在定级"), "done": job.percent or 0, "total": 100, "text": job.message or job.get_state_display()
        }  # fmt: skip
    elif job is not None and job.error and may(request.user, REGRADE):
        context["failed"] = job.error
    if cycle.state == CycleState.OPEN and may(request.user, REGRADE) and context["running"] is None:
        context["start_url"] = reverse("cycles_regrade", args=[cycle.pk])
    return render_to_string("scoring/cards/grading.html", context, request=request)


def schedule_card(request: SignedInRequest, schedule: Any) -> str:
    """When it runs next, and what became of the last time."""
    last = schedule.last_due and timezone.localtime(schedule.last_due).strftime("%Y-%m-%d %H:%M")
    facts = [
        {"label": _("考核方案"), "value": f"{schedule.scheme_name}（{schedule.scheme_code}）"},
        {"label": _("状态"), "value": _("启用") if schedule.enabled else _("停用")},
        {"label": _("期末后天数"), "value": schedule.days_after},
        {"label": _("时间"), "value": schedule.at.strftime("%H:%M")},
        {"label": _("下次"), "value": next_run(schedule)},
        {"label": _("上次到期"), "value": last},
        {"label": _("上次期间"), "value": schedule.last_period},
        {"label": _("上次结果"), "value": schedule.last_outcome, "wide": True},
    ]
    return render_to_string("components/facts.html", {"facts": facts}, request=request)
