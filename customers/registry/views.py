"""Pages of customers beyond list, page and form: own customers, owners, tier, contacts, a look at what is masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.views import add_service_error
from customers.registry import permissions
from customers.registry.forms import ContactForm, EndForm, OwnerForm, ReasonForm, TierForm
from customers.registry.models import Assignment, Contact
from customers.registry.resources import CUSTOMERS, shown_name
from customers.registry.services.assignments import assignment_begin, assignment_end, assignment_withdraw
from customers.registry.services.contacts import contact_add, contact_remove, contact_reveal, contact_update
from customers.registry.services.customers import customer_reveal
from customers.registry.services.tiers import customer_tier

FORM_METHODS = ["GET", "POST"]


# --- owners and tier ------------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def owner_new(request: SignedInRequest, customer_no: str) -> HttpResponse:
    """A manager for the customer, from a day on; a new primary manager follows the present one."""
    require(request.user, permissions.ASSIGNMENT_EDIT)
    customer = CUSTOMERS.find(request.user, customer_no, "assign")
    form = OwnerForm(request.POST or None, actor=request.user, customer=customer)

    def save() -> Any:
        data = dict(form.cleaned_data)
        manager = data.pop("manager")
        return assignment_begin(
            actor=request.user, today=timezone.localdate(), customer_id=customer.pk, manager_id=manager.pk, **data
        )  # fmt: skip

    url = CUSTOMERS.url("detail", customer)
    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    present = str(customer.owner) if customer.owner else _("无主办")
    notice = _("现主办：%(owner)s。登记新的主办后，现主办自开始日期起不再负责；开始日期可以是以后。") % {
        "owner": present
    }
    title = _("登记%(customer)s的归属") % {"customer": shown_name(customer)}
    return _form_page(request, form, title, url, notice=notice, holders=form.near)


@require_http_methods(FORM_METHODS)
def owner_end(request: SignedInRequest, customer_no: str, assignment_id: int) -> HttpResponse:
    """The day from which somebody no longer looks after the customer."""
    require(request.user, permissions.ASSIGNMENT_EDIT)
    held = _assignment(request, customer_no, assignment_id)
    form = EndForm(request.POST or None)

    def save() -> Any:
        return assignment_end(
            actor=request.user, today=timezone.localdate(), assignment_id=held.pk, **form.cleaned_data
        )

    url = CUSTOMERS.url("detail", held.customer)
    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    notice = _("%(role)s%(manager)s自 %(day)s 起负责该客户。结束后没有新的主办，客户即无主办。") % {
        "role": held.get_role_display(),
        "manager": held.manager,
        "day": held.starts_on,
    }
    return _form_page(request, form, _("登记归属结束"), url, notice=notice)


@require_http_methods(FORM_METHODS)
def owner_withdraw(request: SignedInRequest, customer_no: str, assignment_id: int) -> HttpResponse:
    """Takes back an assignment that has not begun."""
    require(request.user, permissions.ASSIGNMENT_EDIT)
    held = _assignment(request, customer_no, assignment_id)
    form = ReasonForm(request.POST or None)
    url = CUSTOMERS.url("detail", held.customer)

    def save() -> Any:
        return assignment_withdraw(
            actor=request.user, today=timezone.localdate(), assignment_id=held.pk, **form.cleaned_data
        )

    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    page = ConfirmPage(
        title=_("取消未生效的归属"), form=form, submit_label=_("取消该归属"), cancel_url=url, danger=True,
        effects=(
            _("%(manager)s自 %(day)s 起的%(role)s不再生效。")
            % {"manager": held.manager, "day": held.starts_on, "role": held.get_role_display()},
            _("原定由他接替的主办继续负责，不设结束日期。"),
        ),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@require_http_methods(FORM_METHODS)
def tier_edit(request: SignedInRequest, customer_no: str) -> HttpResponse:
    """The tier by hand, with a reason."""
    require(request.user, permissions.CUSTOMER_TIER)
    customer = CUSTOMERS.find(request.user, customer_no, "tier")
    form = TierForm(request.POST or None, initial={"tier": customer.tier})
    url = CUSTOMERS.url("detail", customer)

    def save() -> Any:
        return customer_tier(
            actor=request.user, customer_id=customer.pk, today=timezone.localdate(), **form.cleaned_data
        )

    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    present = customer.tier.name if customer.tier else _("未分级")
    notice = _("现分级：%(tier)s。") % {"tier": present}
    title = _("调整%(customer)s的分级") % {"customer": shown_name(customer)}
    return _form_page(request, form, title, url, notice=notice)


# --- contacts -------------------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def contact_new(request: SignedInRequest, customer_no: str) -> HttpResponse:
    """Enter a contact."""
    require(request.user, permissions.CUSTOMER_EDIT)
    customer = CUSTOMERS.find(request.user, customer_no, "edit")
    form = ContactForm(request.POST or None)
    url = CUSTOMERS.url("detail", customer)

    def save() -> Any:
        return contact_add(
            actor=request.user, today=timezone.localdate(), customer_id=customer.pk, **form.cleaned_data
        )

    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    title = _("登记%(customer)s的联系人") % {"customer": shown_name(customer)}
    return _form_page(request, form, title, url)


@require_http_methods(FORM_METHODS)
def contact_edit(request: SignedInRequest, customer_no: str, contact_id: int) -> HttpResponse:
    """Change a contact's entry."""
    require(request.user, permissions.CUSTOMER_EDIT)
    contact = _contact(request, customer_no, contact_id, "edit")
    form = ContactForm(request.POST or None, contact=contact, clear=contact.clear)
    url = CUSTOMERS.url("detail", contact.customer)

    def save() -> Any:
        return contact_update(
            actor=request.user, today=timezone.localdate(), contact_id=contact.pk, values=form.values()
        )

    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    remove_url = reverse("contact_remove", args=[customer_no, contact.pk])
    return _form_page(request, form, _("修改联系人"), url, remove_url=remove_url)


@require_http_methods(FORM_METHODS)
def contact_delete(request: SignedInRequest, customer_no: str, contact_id: int) -> HttpResponse:
    """Take a contact out, with a reason."""
    require(request.user, permissions.CUSTOMER_EDIT)
    contact = _contact(request, customer_no, contact_id, "edit")
    form = ReasonForm(request.POST or None)
    url = CUSTOMERS.url("detail", contact.customer)

    def save() -> Any:
        return contact_remove(actor=request.user, contact_id=contact.pk, reason=form.cleaned_data["reason"])

    if request.method == "POST" and form.is_valid() and _done(request, form, save):
        return HttpResponseRedirect(url)
    page = ConfirmPage(
        title=_("删除联系人"), form=form, submit_label=_("删除联系人"), cancel_url=url, danger=True,
        effects=(
            _("联系人“%(contact)s”及其手机、生日从该客户名下移除。") % {"contact": contact},
            _("打码后的内容和原因留在操作日志里。"),
        ),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


# --- what is masked -------------------------------------------------------------------------------------------------------
@require_http_methods(FORM_METHODS)
def reveal(request: SignedInRequest, customer_no: str) -> HttpResponse:
    """The name of a person, once, for a reason. An institution's is no secret: there is nothing to reveal."""
    require(request.user, permissions.CUSTOMER_REVEAL)
    customer = CUSTOMERS.find(request.user, customer_no, "reveal")
    if not customer.is_person:
        raise Http404
    form = ReasonForm(request.POST or None)
    form.fields["reason"].required = not customer.clear

    def look() -> str:
        return customer_reveal(
            actor=request.user, customer_id=customer.pk, reason=form.cleaned_data["reason"]
        )

    return _reveal_page(request, form, look, customer, str(_("姓名")), customer.masked_name)


@require_http_methods(FORM_METHODS)
def reveal_contact(request: SignedInRequest, customer_no: str, contact_id: int, field: str) -> HttpResponse:
    """Name, telephone number or birthday of a contact, once, for a reason."""
    if field not in Contact.audit_masks:
        raise Http404
    require(request.user, permissions.CUSTOMER_REVEAL)
    contact = _contact(request, customer_no, contact_id, "reveal")
    form = ReasonForm(request.POST or None)
    form.fields["reason"].required = not contact.clear

    def look() -> str:
        return contact_reveal(
            actor=request.user, contact_id=contact.pk, field=field, reason=form.cleaned_data["reason"]
        )

    label = str(Contact._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
    return _reveal_page(request, form, look, contact.customer, label, str(contact))


def _reveal_page(
    request: SignedInRequest, form: ReasonForm, look: Callable[[], str], customer: Any, label: str, whose: str
) -> HttpResponse:
    value = look() if request.method == "POST" and form.is_valid() else ""
    page = ConfirmPage(
        title=_("查看%(whose)s的%(field)s") % {"whose": whose, "field": label},
        form=form,
        effects=(
            _("显示一次原文，60 秒后自动隐藏。"),
            _("您的姓名、时间和原因记入操作日志，审计员可查。"),
        ),
        submit_label=_("查看"),
        cancel_url=CUSTOMERS.url("detail", customer),
    )
    context = {"page": page, "value": value, "label": label}
    return render(request, "registry/reveal.html", context, status=422 if form.errors else 200)


# --- shared ---------------------------------------------------------------------------------------------------------------
def _assignment(request: SignedInRequest, customer_no: str, assignment_id: int) -> Any:
    visible = Assignment.objects.visible_to(request.user, "edit").select_related("manager", "customer")
    found = visible.filter(pk=assignment_id, customer__customer_no=customer_no).first()
    if found is None:
        raise Http404
    return found


def _contact(request: SignedInRequest, customer_no: str, contact_id: int, action: str) -> Any:
    visible = Contact.objects.visible_to(request.user, action).select_related("customer")
    rows = visible.with_rights(request.user, clear=permissions.CUSTOMER_CLEAR)
    found = rows.filter(pk=contact_id, customer__customer_no=customer_no).first()
    if found is None:
        raise Http404
    return found


def _done(request: SignedInRequest, form: Any, save: Callable[[], Any]) -> bool:
    try:
        save()
    except ValidationError as error:
        add_service_error(form, error)
        return False
    messages.success(request, _("已保存。"))
    return True


def _form_page(
    request: SignedInRequest,
    form: Any,
    title: str,
    url: str,
    *,
    notice: str = "",
    remove_url: str = "",
    holders: Any = (),
) -> HttpResponse:
    page = FormPage(
        title=title, form=form, cancel_url=url, notice=notice,
        fieldsets=[{"title": "", "hint": "", "fields": list(form.visible_fields())}],
    )  # fmt: skip
    context = {"page": page, "remove_url": remove_url, "holders": holders}
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)
