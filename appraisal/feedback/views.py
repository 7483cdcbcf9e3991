"""Pages of feedback: one's own grade, signing, recording a refusal, the talk and its confirmation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.feedback.cards import answers_said
from appraisal.feedback.choices import Outcome
from appraisal.feedback.forms import ConfirmForm, InterviewForm, RefusalForm, SignForm
from appraisal.feedback.models import FeedbackInterview
from appraisal.feedback.pages import my_grade, own_manager
from appraisal.feedback.permissions import FEEDBACK_GIVE, MY_GRADE, SHEET_SIGN
from appraisal.feedback.services.interviews import interview_sign, interview_write
from appraisal.feedback.services.signing import refusal_record, sheet_sign
from appraisal.scoring.cards import lines_card
from appraisal.scoring.models import ScoreSheet
from appraisal.scoring.resources import SHEETS
from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import FormPage
from cmsys.ui.views import add_service_error

FORM_METHODS = ["GET", "POST"]


@require_GET
def mine(request: SignedInRequest) -> HttpResponse:
    """我的等级."""
    require(request.user, MY_GRADE)
    manager = own_manager(request)
    page = my_grade(request, manager) if manager is not None else {"title": _("我的等级"), "nobody": True}
    return render(request, "feedback/my_grade.html", {"page": page})


def _sheet(request: SignedInRequest, key: int, function: Function) -> Any:
    """The sheet within reach of the function, with all that a page of it touches; Http404 otherwise."""
    require(request.user, function)
    reached = ScoreSheet.objects.reached_by(request.user, function)
    rows: Any = ScoreSheet.objects.select_related("manager__line", "unit", "cycle__scheme").filter(
        pk__in=reached.values("pk")
    )
    sheet = rows.filter(pk=key).first() if key < 2**63 else None
    if sheet is None:
        raise Http404
    return sheet


def _form_page(
    request: SignedInRequest, form: Any, page: FormPage, template: str = "feedback/form.html", **context: Any
) -> HttpResponse:
    return render(request, template, {"page": page, **context}, status=422 if form.errors else 200)


def _fields(form: Any) -> list[dict[str, Any]]:
    return [{"title": "", "hint": "", "fields": list(form.visible_fields())}]


def _subtitle(sheet: Any) -> str:
    return f"{sheet.manager.name}（{sheet.manager.employee_no}） · {sheet.cycle.period} · {sheet.cycle.scheme.name}"


@require_http_methods(FORM_METHODS)
def sign(request: SignedInRequest, key: int) -> HttpResponse:
    """The person reads his whole sheet and signs it."""
    sheet = _sheet(request, key, SHEET_SIGN)
    answered = answers_said(sheet)
    form = SignForm(request.POST or None, initial={"digest": sheet.digest})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            sheet_sign(
                actor=request.user, sheet_id=sheet.pk, digest=data["digest"], outcome=Outcome(data["outcome"]),
                remark=data["remark"], today=timezone.localdate(), now=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("已签收 %(period)s 考核表。") % {"period": sheet.cycle.period})
            return HttpResponseRedirect(reverse("my_grade"))
        except ValidationError as error:
            add_service_error(form, error)
    page = FormPage(
        title=_("签收 %(period)s 考核表") % {"period": sheet.cycle.period}, form=form, subtitle=_subtitle(sheet),
        fieldsets=_fields(form) if answered["open"] else [], submit_label=_("签字"),
        cancel_url=reverse("my_grade"),
        notice=_("考核表在您签字之后重新计算过，原签字已作废，请看过新的内容再签。") if answered["void"] else "",
    )  # fmt: skip
    context = {
        "lines": lines_card(request, sheet),
        "answered": answered,
        "sheet_url": SHEETS.url("detail", sheet),
    }
    return _form_page(request, form, page, "feedback/sign.html", **context)


@require_http_methods(FORM_METHODS)
def refusal(request: SignedInRequest, key: int) -> HttpResponse:
    """The supervisor records that somebody will not sign."""
    sheet = _sheet(request, key, FEEDBACK_GIVE)
    url = SHEETS.url("detail", sheet)
    form = RefusalForm(request.POST or None, initial={"digest": sheet.digest})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            refusal_record(
                actor=request.user, sheet_id=sheet.pk, digest=data["digest"], remark=data["remark"],
                witness_ids=(data["witness"].pk, data["second_witness"].pk), today=timezone.localdate(), now=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("拒签已登记，本人和见证人都会收到消息。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    page = FormPage(
        title=_("登记%(name)s拒绝签字") % {"name": sheet.manager.name}, form=form, subtitle=_subtitle(sheet),
        fieldsets=_fields(form), submit_label=_("登记拒签"),
        cancel_url=url, notice=_("先当面送签。登记之后这一版考核表视为已经送达本人，不影响他申诉。"),
    )  # fmt: skip
    return _form_page(request, form, page)


@require_http_methods(FORM_METHODS)
def interview(request: SignedInRequest, key: int) -> HttpResponse:
    """The supervisor writes down what was agreed."""
    sheet = _sheet(request, key, FEEDBACK_GIVE)
    url = SHEETS.url("detail", sheet)
    present = FeedbackInterview.objects.filter(sheet=sheet).first()
    initial: dict[str, Any] = {"version": ""}
    if present is not None:
        initial = {name: getattr(present, name) for name in ("held_on", "strengths", "actions")}
        initial["version"] = present.updated_at.isoformat()
    form = InterviewForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            interview_write(
                actor=request.user,
                sheet_id=sheet.pk,
                today=timezone.localdate(),
                now=timezone.now(),
                **form.cleaned_data,
            )
            messages.success(request, _("面谈已记录，等%(name)s确认。") % {"name": sheet.manager.name})
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    page = FormPage(
        title=_("与%(name)s的反馈面谈") % {"name": sheet.manager.name}, form=form, subtitle=_subtitle(sheet),
        fieldsets=_fields(form), cancel_url=url,
        notice=_("本人确认之前可以修改；确认之后内容不能再改。"),
    )  # fmt: skip
    return _form_page(request, form, page)


@require_http_methods(FORM_METHODS)
def interview_confirm(request: SignedInRequest, pk: int) -> HttpResponse:
    """The person confirms what was written."""
    require(request.user, SHEET_SIGN)
    rows: Any = FeedbackInterview.objects.reached_by(request.user, SHEET_SIGN)
    rows = rows.select_related("sheet__manager", "sheet__cycle__scheme", "written_by")
    row = rows.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    form = ConfirmForm(request.POST or None, initial={"version": row.updated_at.isoformat()})
    if request.method == "POST" and form.is_valid():
        interview_sign(actor=request.user, interview_id=row.pk, now=timezone.now(), **form.cleaned_data)
        messages.success(request, _("面谈已确认。"))
        return HttpResponseRedirect(reverse("my_grade"))
    page = FormPage(
        title=_("确认 %(period)s 反馈面谈") % {"period": row.sheet.cycle.period}, form=form, subtitle=_subtitle(row.sheet),
        fieldsets=_fields(form), submit_label=_("确认"),
        cancel_url=reverse("my_grade"),
    )  # fmt: skip
    return _form_page(request, form, page, "feedback/confirm.html", interview=row)
