"""Cards of a notice, an objection, a service, and what this room adds to the page of a decision."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from appraisal.notices import permissions
from appraisal.notices.choices import LineState, NoticeState, ObjectionState, ServiceState
from appraisal.notices.models import NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.notices.printing import period_said, receipt_said
from appraisal.notices.resources import OBJECTION_TONES, keeps
from appraisal.notices.selectors import answerable, has_letter, open_objections, shown_lines
from cmsys.access.actors import may
from cmsys.accounts.requests import SignedInRequest


def _facts(request: SignedInRequest, facts: list[dict[str, Any]]) -> str:
    return render_to_string("components/facts.html", {"facts": facts}, request=request)


# --- a notice -----------------------------------------------------------------------------------------------------------
def text_card(request: SignedInRequest, notice: PublicNotice) -> str:
    """What it says."""
    facts: list[dict[str, Any]] = [
        {"label": _("公示时间"), "value": period_said(notice), "wide": True},
        {"label": _("公示范围"), "value": notice.audience.name if notice.audience else _("全行")},
        {"label": _("异议受理"), "value": notice.channel, "wide": True},
    ]
    context = {"paragraphs": [part for part in notice.text.splitlines() if part.strip()], "facts": facts}
    return render_to_string("notices/cards/text.html", context, request=request)


def people_card(request: SignedInRequest, notice: PublicNotice) -> str:
    """Who stands on it: name, unit, grade before and after. Somebody's own line, and to those who keep the notice every
    line, says whether it has passed or an objection is open; two or three queries."""
    lines = list(shown_lines(notice).select_related("decision__manager", "notice"))
    number, kept = request.user.employee_no, keeps(request, notice)
    own = {line.pk for line in lines if number and line.decision.manager.employee_no == number}
    waiting = open_objections(notice) if kept or own else {}
    rows = [
        {
            "line": line,
            "own": line.pk in own,
            "state": _standing(line, waiting) if kept or line.pk in own else None,
        }
        for line in lines
    ]
    context = {"rows": rows, "stated": any(row["state"] for row in rows)}
    return render_to_string("notices/cards/people.html", context, request=request)


def _standing(line: Any, waiting: dict[int, int]) -> dict[str, str]:
    if count := waiting.get(line.pk):
        return {"text": _("有异议正在核实（%(n)d）") % {"n": count}, "tone": "warn"}
    if line.notice.state == NoticeState.DRAFT:
        return {"text": _("待公示"), "tone": "hold"}
    if line.state == LineState.CLEARED:
        return {"text": _("公示期满"), "tone": "up"}
    return {"text": _("公示中"), "tone": "hold"}


def objections_card(request: SignedInRequest, notice: PublicNotice) -> str:
    """What was objected, for those who have to answer."""
    rows: Any = NoticeObjection.objects.reached_by(request.user, permissions.OBJECTION_HANDLE)
    found = rows.filter(line__notice=notice).select_related("line").order_by("due_on", "pk")
    items = [
        {
            "title": objection.line.name, "url": reverse("notice_objections_detail", args=[objection.pk]),
            "when": timezone.localtime(objection.lodged_at).strftime("%Y-%m-%d %H:%M"),
            "tag": objection.get_state_display(), "tone": OBJECTION_TONES[objection.state],
            "text": _("%(day)s 前答复") % {"day": objection.due_on.isoformat()}
            if objection.state == ObjectionState.OPEN else "",
        }
        for objection in found
    ]  # fmt: skip
    if not items:
        return ""
    return render_to_string("components/timeline.html", {"entries": items}, request=request)


# --- an objection -------------------------------------------------------------------------------------------------------
def objection_card(request: SignedInRequest, objection: NoticeObjection) -> str:
    """What was objected and what shows it; who did so only for those who answer it, have answered it, or are he."""
    user = request.user
    named = user.pk in (objection.objector_id, objection.answered_by_id)
    if not named and may(user, permissions.OBJECTION_HANDLE):
        # Answered or not, whoever might have answered it may know.
        rows = answerable(user, timezone.localdate(), state="")
        named = rows.filter(pk=objection.pk).exists()
    line = objection.line
    facts: list[dict[str, Any]] = [
        {"label": _("公示人员"), "value": f"{line.name} · {line.unit_name} · {line.from_grade} → {line.to_grade}", "wide": True},
        {"label": _("异议人"), "value": str(objection.objector) if named else _("保密（仅办理人可见）")},
        {"label": _("异议内容"), "value": objection.text, "wide": True},
        {"label": _("事实与依据"), "value": objection.facts, "wide": True},
    ]  # fmt: skip
    return _facts(request, facts)


def answer_card(request: SignedInRequest, objection: NoticeObjection) -> str:
    """The answer; who gave it is shown within human resources only."""
    if objection.answered_at is None:
        return _facts(request, [{"label": _("答复截止日"), "value": objection.due_on.isoformat()}])
    facts: list[dict[str, Any]] = [
        {"label": _("结论"), "value": objection.get_state_display(), "tag": OBJECTION_TONES[objection.state]},
        {
            "label": _("答复时间"),
            "value": timezone.localtime(objection.answered_at).strftime("%Y-%m-%d %H:%M"),
        },
        {"label": _("答复"), "value": objection.answer, "wide": True},
    ]
    if may(request.user, permissions.OBJECTION_HANDLE):
        facts.append({"label": _("答复人"), "value": objection.answered_name})
    return _facts(request, facts)


# --- a service ----------------------------------------------------------------------------------------------------------
def service_card(request: SignedInRequest, service: ServiceOfNotice) -> str:
    """What was decided and why, and until when the person may appeal."""
    effective = service.decision.effective_from
    facts: list[dict[str, Any]] = [
        {"label": _("等级变更"), "value": f"{service.from_grade or _('未定级')} → {service.to_grade}"},
        {"label": _("生效日期"), "value": effective.isoformat() if effective else ""},
        {
            "label": _("申诉截止日"),
            "value": _("%(day)s（含当日）") % {"day": service.appeal_until.isoformat()},
        },
        {"label": _("申诉受理"), "value": service.channel, "wide": True},
    ]
    context = {"paragraphs": service.reasons.splitlines(), "facts": facts}
    return render_to_string("notices/cards/text.html", context, request=request)


def receipt_card(request: SignedInRequest, service: ServiceOfNotice) -> str:
    """How it was handed over and what became of the receipt."""
    facts: list[dict[str, Any]] = [
        {"label": _("方式"), "value": f"{service.get_method_display()} {service.mail_no}".strip()},
        {"label": _("送达人"), "value": service.served_name},
        {"label": _("签收情况"), "value": receipt_said(service)},
    ]
    if service.state == ServiceState.REFUSED:
        facts.append({"label": _("见证人"), "value": f"{service.witness_one}、{service.witness_two}"})
    if service.note:
        facts.append({"label": _("说明"), "value": service.note, "wide": True})
    return _facts(request, facts)


# --- a decision ---------------------------------------------------------------------------------------------------------
def papers_card(request: SignedInRequest, decision: GradeDecision) -> str:
    """The notice it stands on, what was served, the letter of appointment: for those who may read each of them."""
    user, papers = request.user, []
    notices: Any = PublicNotice.objects.visible_to(user, "view") if may(user, permissions.NOTICE_READ) else ()
    if notices:
        for notice in notices.filter(lines__decision=decision).distinct().order_by("-pk"):
            papers.append(
                {"label": _("公示"), "value": f"{notice.number or _('草稿')} · {notice.get_state_display()}",
                 "url": reverse("notices_detail", args=[notice.pk])}
            )  # fmt: skip
    if may(user, permissions.SERVICE_VIEW):
        served: Any = ServiceOfNotice.objects.visible_to(user, "view").filter(decision=decision)
        for service in served.order_by("-pk"):
            papers.append(
                {"label": _("送达"), "value": f"{service.number} · {service.get_state_display()}",
                 "url": reverse("served_detail", args=[service.pk])}
            )  # fmt: skip
    reached: Any = GradeDecision.objects.filter(pk=decision.pk)
    printable = reached.reached_by(user, permissions.APPOINTMENT_PRINT)
    if has_letter(decision) and may(user, permissions.APPOINTMENT_PRINT) and printable.exists():
        papers.append(
            {
                "label": _("聘任通知"),
                "value": _("打印"),
                "url": reverse("appointment_print", args=[decision.pk]),
            }
        )
    return _facts(request, papers) if papers else ""
