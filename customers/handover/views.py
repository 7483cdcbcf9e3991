"""Pages beyond list and page: each signature, one line's arrangement and visit, the record of a first contact, the print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import require
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.registry import Text
from cmsys.ui.views import add_service_error
from customers.handover import forms
from customers.handover.models import Handover
from customers.handover.permissions import (
    FIRST_CONTACT_RECORD,
    HANDOVER_ARRANGE,
    HANDOVER_SIGN,
    HANDOVER_VIEW,
)
from customers.handover.resources import CONTACTS, HANDOVERS, LINES, line_customer
from customers.handover.services import signing
from customers.handover.services.contacts import contact_record
from customers.handover.services.lines import line_arrange, visit_record
from customers.handover.services.printing import handover_print
from customers.handover.transitions import HANDOVER

FORM_METHODS = ["GET", "POST"]


@dataclass(frozen=True)
class Act:
    """One verb as a page: its form, what it brings about, and the service behind it. `side`: whose own act it is."""

    form: type[forms.SentForm]
    effects: Sequence[Text]
    take: Callable[..., Any]
    done: Text
    side: str = ""
    danger: bool = False


ACTS: dict[str, Act] = {
    "give": Act(
        forms.PlainForm,
        (gettext_lazy("您确认清单完整、资料和在办事项已交代清楚。"), gettext_lazy("签字后由接交人核对签字。")),
        lambda values, **rest: signing.handover_give(**rest), gettext_lazy("已签字，等接交人签字。"), side="giver",
    ),
    "stand-in": Act(
        forms.StandInForm,
        (gettext_lazy("移交人已离职、没有账号或逾期未签，由您代为签字。"), gettext_lazy("您代签后不能再监交这份移交单。")),
        lambda values, **rest: signing.handover_stand_in(witness=values["witness"], **rest), gettext_lazy("已代签。"),
    ),
    "take": Act(
        forms.PlainForm,
        (gettext_lazy("您确认已收到清单所列资料，了解在办事项。"), gettext_lazy("签字后由监交人签字办结。")),
        lambda values, **rest: signing.handover_accept(**rest), gettext_lazy("已签字，等监交人签字。"), side="taker",
    ),
    "decline": Act(
        forms.ReasonForm, (gettext_lazy("移交单退回移交人，补充后重新签字；主办不变。"),),
        lambda values, **rest: signing.handover_decline(**rest), gettext_lazy("已退回移交人。"), side="taker", danger=True,
    ),
    "close": Act(
        forms.PlainForm, (gettext_lazy("您确认双方已交接清楚；移交办结，不能再改。"),),
        lambda values, **rest: signing.handover_close(**rest), gettext_lazy("移交已办结。"),
    ),
    "return": Act(
        forms.ReasonForm, (gettext_lazy("移交单退回移交人，双方重新签字；主办不变。"),),
        lambda values, **rest: signing.handover_return(**rest), gettext_lazy("已退回。"), danger=True,
    ),
}  # fmt: skip


@require_http_methods(FORM_METHODS)
def handover_act(request: SignedInRequest, number: str, verb: str) -> HttpResponse:
    """One signature, or one way back: what it brings about, words where they are needed, one button."""
    act = ACTS.get(verb)
    if act is None:
        raise Http404
    function = HANDOVER[verb].function
    assert function is not None
    require(request.user, function)
    handover = _found(
        Handover.objects.reached_by(request.user, function).select_related("giver", "taker"), number=number
    )
    if act.side and getattr(handover, act.side).employee_no != request.user.employee_no:
        raise Http404
    form = act.form(request.POST or None, version=handover.updated_at.isoformat())
    effects = [_("%(giver)s 移交 %(taker)s，共 %(n)d 户。") % {
        "giver": handover.giver.name, "taker": handover.taker.name, "n": handover.customers,
    }, *act.effects]  # fmt: skip
    page = ConfirmPage(
        title=HANDOVER[verb].label, form=form, effects=effects, subtitle=HANDOVERS.object_title(handover),
        submit_label=HANDOVER[verb].label, cancel_url=HANDOVERS.url("detail", handover), danger=act.danger,
    )  # fmt: skip

    def take(now: Any, today: Any) -> Any:
        rest = {
            "actor": request.user,
            "handover_id": handover.pk,
            "form": form.sent(),
            "now": now,
            "today": today,
        }
        return act.take(form.cleaned_data, **rest)

    return _answer(request, page, take, act.done, HANDOVERS.url("detail", handover))


@require_http_methods(FORM_METHODS)
def line_arrange_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """What passes with one customer."""
    line = _line(request, pk, HANDOVER_ARRANGE)
    initial = {"kind": line.kind, "reason": line.reason}
    form = forms.ArrangeForm(
        request.POST or None, version=line.handover.updated_at.isoformat(), initial=initial
    )
    effects = [
        _("仅管户：业绩余额留在移交人；管户和业绩余额：一并移交。以双方签字的清单为准。"),
        _("不移交：通知客户管理部门，由其决定是否改回主办；在此之前主办仍是%(name)s。") % {"name": line.handover.taker.name},
    ]  # fmt: skip
    page = ConfirmPage(
        title=_("确定移交方式"), form=form, effects=effects, subtitle=line_customer(line), submit_label=_("确定"),
        cancel_url=LINES.url("detail", line),
    )  # fmt: skip
    return _answer(
        request, page,
        lambda now, today: line_arrange(
            actor=request.user, line_id=line.pk, kind=form.cleaned_data["kind"], form=form.sent(), now=now, today=today
        ),
        _("已确定。"), LINES.url("detail", line),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def line_visit(request: SignedInRequest, pk: int) -> HttpResponse:
    """The joint visit to one customer."""
    line = _line(request, pk, HANDOVER_SIGN)
    initial = {"on": line.visit_on or timezone.localdate(), "note": line.visit_note}
    form = forms.VisitForm(request.POST or None, initial=initial)
    page = FormPage(
        title=_("登记共同走访"), form=form, subtitle=line_customer(line), submit_label=_("登记"),
        fieldsets=[{"title": "", "hint": "", "fields": list(form.visible_fields())}], cancel_url=LINES.url("detail", line),
    )  # fmt: skip
    return _answer(
        request, page,
        lambda now, today: visit_record(
            actor=request.user, line_id=line.pk, on=form.cleaned_data["on"], note=form.cleaned_data["note"], now=now, today=today
        ),
        _("走访已登记。"), LINES.url("detail", line), "ui/form.html",
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def contact_record_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """A first contact in one more tap: a call of today is filled in already."""
    require(request.user, FIRST_CONTACT_RECORD)
    rows = CONTACTS.queryset(request.user, "record")
    contact: Any = _found(rows, pk=pk)
    form = forms.ContactForm(request.POST or None, initial={"on": timezone.localdate()})
    page = FormPage(
        title=_("记录首次联系"), form=form, submit_label=_("已联系"), cancel_url=CONTACTS.url("detail", contact),
        subtitle=_("%(customer)s · %(day)s 前") % {"customer": line_customer(contact), "day": contact.due_on.isoformat()},
        fieldsets=[{"title": "", "hint": "", "fields": list(form.visible_fields())}],
    )  # fmt: skip

    def take(now: Any, today: Any) -> Any:
        values = form.cleaned_data
        return contact_record(
            actor=request.user, contact_id=contact.pk, channel=values["channel"], on=values["on"], note=values["note"],
            objection=values["objection"], form=form.sent(), now=now, today=today,
        )  # fmt: skip

    return _answer(
        request, page, take, _("首次联系已记录。"), CONTACTS.url("detail", contact), "ui/form.html"
    )


@require_GET
def handover_pdf_view(request: SignedInRequest, number: str) -> HttpResponse:
    """移交清单 on paper."""
    require(request.user, HANDOVER_VIEW)
    handover = HANDOVERS.find(request.user, number)
    content, name = handover_print(actor=request.user, handover_id=handover.pk, now=timezone.now())
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    return response


def _line(request: SignedInRequest, pk: int, function: Function) -> Any:
    require(request.user, function)
    action = {HANDOVER_ARRANGE: "arrange", HANDOVER_SIGN: "sign"}[function]
    return _found(LINES.queryset(request.user, action), pk=pk)


def _found(rows: Any, **key: Any) -> Any:
    """The row, or 404 alike for missing and out of reach."""
    found = rows.filter(**key).first()
    if found is None:
        raise Http404
    return found


def _answer(
    request: SignedInRequest, page: Any, take: Callable[[Any, Any], Any], done: Text, url: str, template: str = "ui/confirm.html"
) -> HttpResponse:  # fmt: skip
    form = page.form
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            take(now, timezone.localdate(now))
        except ValidationError as error:
            add_service_error(form, error)
        else:
            messages.success(request, str(done))
            return HttpResponseRedirect(url)
    return render(request, template, {"page": page}, status=422 if form.errors else 200)
