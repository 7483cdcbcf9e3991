"""Pages of service beyond list and page, and the letter of appointment."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.cycles.models import CycleMember
from appraisal.grading.models import GradeDecision
from appraisal.notices import forms, permissions
from appraisal.notices.models import ServiceOfNotice
from appraisal.notices.resources import SERVED
from appraisal.notices.selectors import waiting_for_service
from appraisal.notices.services.printing import letter_print, service_print
from appraisal.notices.services.serving import (
    Delivery,
    receipt_enter,
    refusal_witness,
    service_serve,
    service_sign,
)
from appraisal.notices.views import FORM_METHODS, confirm_page, file, form_page, plain, saved, sent
from appraisal.notices.words import appeal_channel, effective_from, reasons_of
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.paper import grade_label, paper_of
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.org.workdays import add_working_days
from cmsys.ui.pages import ConfirmPage, DetailPage, FormPage


def _reasons(decision: GradeDecision) -> str:
    rows = ScoreSheet.objects.select_related("manager__line", "unit", "cycle__scheme")
    sheet = rows.annotate(grade_label=grade_label()).get(pk=decision.sheet_id)
    member = CycleMember.objects.filter(cycle_id=sheet.cycle_id, manager_id=sheet.manager_id).first()
    return reasons_of(decision, paper_of(sheet, list(sheet.lines.all()), member))


@require_GET
def served_waiting(request: SignedInRequest) -> HttpResponse:
    """Confirmed demotions that nobody has served yet, the oldest first."""
    require(request.user, permissions.SERVICE_SERVE)
    waiting = waiting_for_service(request.user).select_related(
        "manager", "unit", "cycle", "grade", "previous_grade"
    )
    page = DetailPage(title=_("待送达"), subtitle=_("审定的降级，逐人送达后才能生效"))
    return render(
        request, "notices/waiting.html", {"page": page, "cases": list(waiting.order_by("moved_at", "pk"))}
    )


@require_http_methods(FORM_METHODS)
def served_new(request: SignedInRequest, pk: int) -> HttpResponse:
    """Serves one confirmed demotion."""
    require(request.user, permissions.SERVICE_SERVE)
    rows = waiting_for_service(request.user).select_related(
        "manager", "unit", "cycle", "round", "grade", "previous_grade"
    )
    try:
        decision: GradeDecision = rows.get(pk=pk)
    except (GradeDecision.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    initial = {"method": "in_person", "channel": appeal_channel(), "version": decision.updated_at.isoformat()}
    if request.method == "GET":
        initial["reasons"] = _reasons(decision)
    form = forms.ServeForm(sent(request), initial=initial)

    def act() -> ServiceOfNotice:
        data = form.cleaned_data
        delivery = Delivery(data["method"], data["reasons"], data["mail_no"], data["channel"])
        return service_serve(
            actor=request.user, decision_id=decision.pk, delivery=delivery, version=data["version"], now=timezone.now(),
            today=timezone.localdate(),
        )  # fmt: skip

    if (made := saved(request, form, act, _("已登记送达。"))) is not None:
        return HttpResponseRedirect(SERVED.url("detail", made))
    return form_page(request, FormPage(
        title=_("送达%(name)s的等级变更") % {"name": decision.manager.name}, form=form, fieldsets=plain(form),
        submit_label=_("登记送达"), cancel_url=SERVED.url("list"), notice=_terms(decision),
        subtitle=_("%(from)s → %(to)s · %(unit)s") % {
            "from": decision.previous_grade or _("未定级"), "to": decision.grade or "", "unit": decision.unit.name,
        },
    ))  # fmt: skip


def _terms(decision: GradeDecision) -> str:
    today = timezone.localdate()
    return _("送达日为今天 %(today)s；本人可申诉到 %(until)s（%(days)d 个工作日），%(from)s 起生效。只送达本人，不公示。") % {
        "today": today.isoformat(), "until": add_working_days(today, decision.round.appeal_days).isoformat(),
        "days": decision.round.appeal_days, "from": effective_from(decision.round.effective_on, today).isoformat(),
    }  # fmt: skip


@require_http_methods(FORM_METHODS)
def served_sign(request: SignedInRequest, pk: int) -> HttpResponse:
    """The person's own receipt."""
    require(request.user, permissions.SERVICE_SIGN)
    own: Any = ServiceOfNotice.objects.filter(decision__manager__employee_no=request.user.employee_no or "")
    try:
        service: ServiceOfNotice = own.select_related("decision__manager").get(pk=pk)
    except (ServiceOfNotice.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    form = forms.SignForm(sent(request))

    def act() -> ServiceOfNotice:
        return service_sign(
            actor=request.user, service_id=service.pk, note=form.cleaned_data["note"], now=timezone.now()
        )

    if saved(request, form, act, _("已签收。")) is not None:
        return HttpResponseRedirect(SERVED.url("detail", service))
    effects = (
        _("您确认收到 %(number)s：等级由“%(from)s”调整为“%(to)s”。") % {
            "number": service.number, "from": service.from_grade or _("未定级"), "to": service.to_grade,
        },
        _("签收不表示同意。您可以在 %(day)s 前（含当日）提出申诉。") % {"day": service.appeal_until.isoformat()},
    )  # fmt: skip
    return confirm_page(request, ConfirmPage(
        title=_("签收等级变更决定"), form=form, effects=effects, submit_label=_("签收"),
        cancel_url=SERVED.url("detail", service),
    ))  # fmt: skip


def _kept(request: SignedInRequest, pk: int) -> ServiceOfNotice:
    require(request.user, permissions.SERVICE_SERVE)
    found: ServiceOfNotice = SERVED.find(request.user, str(pk), "serve")
    return found


@require_http_methods(FORM_METHODS)
def served_receipt(request: SignedInRequest, pk: int) -> HttpResponse:
    """The signed receipt has come back on paper."""
    service = _kept(request, pk)
    form = forms.NoteForm(sent(request))

    def act() -> ServiceOfNotice:
        return receipt_enter(
            actor=request.user, service_id=service.pk, note=form.cleaned_data["note"], now=timezone.now()
        )

    if saved(request, form, act, _("已登记。")) is not None:
        return HttpResponseRedirect(SERVED.url("detail", service))
    return form_page(request, FormPage(
        title=_("登记纸质回执"), subtitle=str(service), form=form, fieldsets=plain(form), submit_label=_("登记"),
        cancel_url=SERVED.url("detail", service),
    ))  # fmt: skip


@require_http_methods(FORM_METHODS)
def served_refused(request: SignedInRequest, pk: int) -> HttpResponse:
    """The person would not sign."""
    service = _kept(request, pk)
    form = forms.RefusalForm(sent(request))

    def act() -> ServiceOfNotice:
        data = form.cleaned_data
        return refusal_witness(
            actor=request.user, service_id=service.pk, witnesses=(data["witness_one"], data["witness_two"]),
            note=data["note"], now=timezone.now(),
        )  # fmt: skip

    if saved(request, form, act, _("已登记拒收。")) is not None:
        return HttpResponseRedirect(SERVED.url("detail", service))
    return form_page(request, FormPage(
        title=_("登记拒收"), subtitle=str(service), form=form, fieldsets=plain(form), submit_label=_("登记拒收"),
        cancel_url=SERVED.url("detail", service),
        notice=_("须有两名见证人，不能是当事人、送达人或您本人。送达日期和申诉期限不变。"),
    ))  # fmt: skip


@require_GET
def served_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """送达通知书与回执."""
    require(request.user, permissions.SERVICE_VIEW)
    try:
        printed = service_print(actor=request.user, service_id=pk, now=timezone.now())
    except (ServiceOfNotice.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    return file(printed.content, printed.quoted_name)


@require_GET
def appointment_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """聘任通知; the first print gives it its number."""
    require(request.user, permissions.APPOINTMENT_PRINT)
    try:
        printed = letter_print(
            actor=request.user, decision_id=pk, now=timezone.now(), today=timezone.localdate()
        )
    except (GradeDecision.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    return file(printed.content, printed.quoted_name)
