"""Pages of notices and objections beyond list and page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.grading.models import GradeDecision, GradingRound
from appraisal.notices import forms, permissions
from appraisal.notices.choices import LineState
from appraisal.notices.drafting import Wording
from appraisal.notices.models import PublicNotice
from appraisal.notices.resources import NOTICES, OBJECTIONS
from appraisal.notices.selectors import answerable, shown_lines, waiting_for_notice
from appraisal.notices.services.drafts import notice_change, notice_discard, notice_draft
from appraisal.notices.services.objections import objection_answer, objection_lodge
from appraisal.notices.services.printing import notice_print
from appraisal.notices.services.publishing import draft_publish
from appraisal.notices.words import (
    closed_said,
    effective_from,
    last_day,
    notice_channel,
    notice_text,
    notice_title,
)
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, DetailPage, FormPage
from cmsys.ui.views import add_service_error

FORM_METHODS = ["GET", "POST"]


def sent(request: SignedInRequest) -> Any:
    """What was posted, even if it is nothing; None where a form is only shown."""
    return request.POST if request.method == "POST" else None


def saved(request: SignedInRequest, form: Any, act: Callable[[], Any], said: str) -> Any:
    """What the service returns when a form was sent and it took it; None otherwise, with the refusal on the form."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        done = act()
    except ValidationError as error:
        add_service_error(form, error)
        return None
    messages.success(request, said)
    return done


def form_page(request: SignedInRequest, page: FormPage, **more: Any) -> HttpResponse:
    """The page of a form; 422 when something is wrong with what was sent."""
    return render(
        request, "notices/form.html", {"page": page, **more}, status=422 if page.form.errors else 200
    )


def confirm_page(request: SignedInRequest, page: ConfirmPage) -> HttpResponse:
    return render(request, "ui/confirm.html", {"page": page}, status=422 if page.form.errors else 200)


def plain(form: Any) -> list[dict[str, Any]]:
    """All visible fields in one group."""
    return [{"title": "", "hint": "", "fields": list(form.visible_fields())}]


def file(content: bytes, quoted_name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quoted_name}"
    return response


# --- drafts -------------------------------------------------------------------------------------------------------------
def _rounds(waiting: Any) -> Sequence[GradingRound]:
    found = GradingRound.objects.filter(pk__in=waiting.order_by().values("round")).select_related(
        "cycle__scheme"
    )
    return list(found.order_by("-cycle__starts_on", "pk"))


@require_http_methods(FORM_METHODS)
def notice_new(request: SignedInRequest) -> HttpResponse:
    """A draft with the promotions of one round that wait; `round` names it, else the newest one."""
    require(request.user, permissions.NOTICE_EDIT)
    waiting = waiting_for_notice(request.user)
    rounds = _rounds(waiting)
    if not rounds:
        nothing = DetailPage(title=_("起草公示"))
        return render(
            request, "notices/nothing.html", {"page": nothing}, status=200 if request.method == "GET" else 422
        )
    asked = request.GET.get("round", "")
    round_ = next((item for item in rounds if str(item.pk) == asked), rounds[0])
    of_round = waiting.filter(round=round_)
    today = timezone.localdate()
    initial = {
        "decisions": list(of_round.order_by().values_list("pk", flat=True)), "title": notice_title(round_),
        "text": notice_text(round_), "channel": notice_channel(), "starts_on": today,
    }  # fmt: skip
    form = forms.NoticeForm(sent(request), actor=request.user, waiting=of_round, initial=initial)

    def act() -> PublicNotice:
        return notice_draft(
            actor=request.user, round_id=round_.pk, now=timezone.now(), today=today,
            decision_ids=[decision.pk for decision in form.cleaned_data["decisions"]], wording=Wording(**form.wording()),
        )  # fmt: skip

    if (draft := saved(request, form, act, _("草稿已保存，核对后发布。"))) is not None:
        return HttpResponseRedirect(NOTICES.url("detail", draft))
    page = FormPage(
        title=_("起草公示"), subtitle=str(round_), form=form, fieldsets=form.groups(), submit_label=_("保存草稿"),
        cancel_url=NOTICES.url("list"),
        notice=_("公示 %(n)d 个工作日；保存后核对，再发布。") % {"n": round_.notice_days},
    )  # fmt: skip
    others = [item for item in rounds if item.pk != round_.pk]
    return form_page(request, page, others=others)


def _draft(request: SignedInRequest, pk: int) -> PublicNotice:
    require(request.user, permissions.NOTICE_EDIT)
    found: PublicNotice = NOTICES.find(request.user, str(pk), "edit")
    return found


@require_http_methods(FORM_METHODS)
def notice_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Words and people of a draft."""
    notice = _draft(request, pk)
    kept = list(notice.lines.filter(state=LineState.STANDING).values_list("decision_id", flat=True))
    open_cases = waiting_for_notice(request.user).filter(round=notice.round).values("pk")
    choices = GradeDecision.objects.filter(pk__in=open_cases) | GradeDecision.objects.filter(pk__in=kept)
    initial = {
        "decisions": kept, "title": notice.title, "text": notice.text, "channel": notice.channel,
        "starts_on": max(notice.starts_on, timezone.localdate()), "version": notice.updated_at.isoformat(),
        "audience": notice.audience.code if notice.audience else None,
    }  # fmt: skip
    form = forms.NoticeForm(sent(request), actor=request.user, waiting=choices, initial=initial)

    def act() -> PublicNotice:
        return notice_change(
            actor=request.user, notice_id=notice.pk, values=form.wording(), now=timezone.now(),
            today=timezone.localdate(), version=form.cleaned_data["version"],
            decision_ids=[decision.pk for decision in form.cleaned_data["decisions"]],
        )  # fmt: skip

    if saved(request, form, act, _("已保存。")) is not None:
        return HttpResponseRedirect(NOTICES.url("detail", notice))
    page = FormPage(
        title=_("修改公示草稿"),
        form=form,
        fieldsets=form.groups(),
        cancel_url=NOTICES.url("detail", notice),
    )
    return form_page(request, page)


@require_http_methods(FORM_METHODS)
def notice_discard_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """A draft that shall not go out."""
    notice = _draft(request, pk)
    form = forms.ReasonForm(sent(request))

    def act() -> PublicNotice:
        return notice_discard(
            actor=request.user, notice_id=notice.pk, reason=form.cleaned_data["reason"], now=timezone.now()
        )

    if saved(request, form, act, _("草稿已作废。")) is not None:
        return HttpResponseRedirect(NOTICES.url("list"))
    effects = (_("草稿作废，不会公布。"), _("其中的人员回到待公示，可以重新起草。"))
    return confirm_page(request, ConfirmPage(
        title=_("作废公示草稿"), form=form, effects=effects, submit_label=_("作废"), danger=True,
        cancel_url=NOTICES.url("detail", notice),
    ))  # fmt: skip


@require_http_methods(FORM_METHODS)
def notice_publish_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """What putting it up brings about, day by day; then it is up."""
    notice = _draft(request, pk)
    form = forms.PublishForm(sent(request), initial={"version": notice.updated_at.isoformat()})

    def act() -> PublicNotice:
        return draft_publish(
            actor=request.user, notice_id=notice.pk, now=timezone.now(), today=timezone.localdate(),
            version=form.cleaned_data["version"],
        )  # fmt: skip

    if saved(request, form, act, _("公示已发布。")) is not None:
        return HttpResponseRedirect(NOTICES.url("detail", notice))
    return confirm_page(request, ConfirmPage(
        title=_("发布公示"), subtitle=notice.title, form=form, effects=_effects(notice), submit_label=_("发布"),
        cancel_url=NOTICES.url("detail", notice), warning=_("发布后不能修改；只能随等级变更的撤销而撤下。"),
    ))  # fmt: skip


def _effects(notice: PublicNotice) -> list[str]:
    starts_on = max(notice.starts_on, timezone.localdate())
    days = notice.round.notice_days
    ends_on = last_day(starts_on, days)
    where = notice.audience.name if notice.audience else _("全行")
    return [
        _("%(n)d 人的拟晋升公示给%(where)s的人员。") % {"n": shown_lines(notice).count(), "where": where},
        _("公示期 %(from)s 至 %(to)s，%(days)d 个工作日（公布当日不计，节假日和调休按国务院安排）。") % {
            "from": starts_on.isoformat(), "to": ends_on.isoformat(), "days": days,
        },
        _("期满没有异议，或异议不成立的，%(day)s 起生效。") % {
            "day": effective_from(notice.round.effective_on, ends_on).isoformat(),
        },
        _("公示人员本人会收到消息。"),
    ]  # fmt: skip


@require_GET
def notice_pdf(request: SignedInRequest, pk: int) -> HttpResponse:
    """公示稿."""
    require(request.user, permissions.NOTICE_EDIT)
    try:
        printed = notice_print(actor=request.user, notice_id=pk, now=timezone.now())
    except (PublicNotice.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    return file(printed.content, printed.quoted_name)


# --- objections ---------------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def notice_object(request: SignedInRequest, pk: int) -> HttpResponse:
    """An objection; outside the days of the notice the page says which they are."""
    require(request.user, permissions.OBJECTION_LODGE)
    rows = PublicNotice.objects.addressed_to(request.user).select_related("audience")
    try:
        notice = rows.get(pk=pk)
    except (PublicNotice.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    today = timezone.localdate()
    if not notice.is_open(today):
        closed = DetailPage(title=_("提出异议"), subtitle=notice.number)
        status = 200 if request.method == "GET" else 422
        return render(
            request, "notices/closed.html", {"page": closed, "reason": closed_said(notice)}, status=status
        )
    lines = shown_lines(notice).exclude(decision__manager__employee_no=request.user.employee_no or "")
    form = forms.ObjectionForm(sent(request), lines=lines)

    def act() -> Any:
        data = form.cleaned_data
        return objection_lodge(
            actor=request.user, notice_id=notice.pk, line_id=data["line"].pk, text=data["text"], facts=data["facts"],
            now=timezone.now(), today=today,
        )  # fmt: skip

    if (made := saved(request, form, act, _("异议已提交，答复会发到您的消息。"))) is not None:
        return HttpResponseRedirect(OBJECTIONS.url("detail", made))
    page = FormPage(
        title=_("提出异议"), subtitle=f"{notice.number} · {notice.title}", form=form, fieldsets=plain(form),
        submit_label=_("提交异议"), cancel_url=NOTICES.url("detail", notice),
        notice=_("异议须实名。您的身份只有办理异议的人力资源人员知道，公示人员本人不会知道。"),
    )  # fmt: skip
    return form_page(request, page)


@require_http_methods(FORM_METHODS)
def objection_answer_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """The verdict on one objection."""
    require(request.user, permissions.OBJECTION_HANDLE)
    objection = OBJECTIONS.find(request.user, str(pk), "handle")
    form = forms.AnswerForm(sent(request), initial={"version": objection.updated_at.isoformat()})

    def act() -> Any:
        data = form.cleaned_data
        return objection_answer(
            actor=request.user, objection_id=objection.pk, verdict=data["verdict"], answer=data["answer"],
            version=data["version"], now=timezone.now(), today=timezone.localdate(),
        )  # fmt: skip

    if saved(request, form, act, _("已答复异议人。")) is not None:
        return HttpResponseRedirect(OBJECTIONS.url("detail", objection))
    mine = answerable(request.user, timezone.localdate()).filter(pk=objection.pk).exists()
    page = FormPage(
        title=_("答复异议"), subtitle=OBJECTIONS.object_title(objection), form=form, fieldsets=plain(form),
        submit_label=_("答复"), cancel_url=OBJECTIONS.url("detail", objection),
        notice="" if mine else _("您不能办理这一异议：已经办结，或者您与它有关、在前面的环节作过决定。"),
    )  # fmt: skip
    return form_page(request, page, objection=objection)
