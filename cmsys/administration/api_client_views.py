"""Pages of API clients: make, change, approve, change the secret, revoke. A secret is shown once and never kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.administration.api_client_forms import ApprovalForm, ChangeForm, RightsForm
from cmsys.administration.api_clients import CLIENTS
from cmsys.administration.forms import ReasonForm
from cmsys.api.models import Client
from cmsys.api.permissions import CLIENT_APPROVE, CLIENT_EDIT, CLIENT_REVOKE
from cmsys.api.scopes import all_scopes
from cmsys.api.services.clients import (
    client_approve,
    client_change,
    client_create,
    client_retire,
    client_revoke,
    client_rotate,
)
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.views import add_service_error

FORM_METHODS = ["GET", "POST"]


@never_cache
@require_http_methods(FORM_METHODS)
def create(request: SignedInRequest) -> HttpResponse:
    """A new client; its secret is shown once, and it works once it is approved."""
    require(request.user, CLIENT_EDIT)
    form = RightsForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client, secret = client_create(
                actor=request.user, now=timezone.now(), name=form.cleaned_data["name"], **form.values()
            )
            return _show_secret(request, client, secret)
        except ValidationError as error:
            add_service_error(form, error)
    notice = _("密钥由系统生成，只显示一次，180 天后到期。安全管理员核准权限后，客户端才能使用。")
    return _form(request, form, _("新建接口客户端"), CLIENTS.url("list"), notice)


@require_http_methods(FORM_METHODS)
def edit(request: SignedInRequest, key: str) -> HttpResponse:
    """Other rights; they count once they are approved."""
    require(request.user, CLIENT_EDIT)
    client = CLIENTS.find(request.user, key, "edit")
    form = ChangeForm(request.POST or None, client=client)
    url = CLIENTS.url("detail", client)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            client_change(
                actor=request.user, now=timezone.now(), client_id=client.pk, reason=data["reason"], version=data["version"],
                **form.values(),
            )  # fmt: skip
            messages.success(request, _("已保存。改了权限或机构范围的，待安全管理员核准后恢复使用。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    notice = _(
        "改动权限范围或机构范围后，客户端立即停止工作，核准后恢复；它取过的数据须全部重取。只改用途或来源地址不受影响。"
    )
    return _form(request, form, _("修改“%(name)s”的权限") % {"name": client.name}, url, notice)


@require_http_methods(FORM_METHODS)
def approve(request: SignedInRequest, key: str) -> HttpResponse:
    """The security administrator's yes, to exactly the rights on this page."""
    require(request.user, CLIENT_APPROVE)
    client = CLIENTS.find(request.user, key, "approve")
    form = ApprovalForm(request.POST or None, initial={"version": client.updated.isoformat()})
    url = CLIENTS.url("detail", client)
    if request.method == "POST" and form.is_valid():
        try:
            client_approve(
                actor=request.user, now=timezone.now(), client_id=client.pk, version=form.cleaned_data["version"]
            )  # fmt: skip
            messages.success(request, _("已核准，客户端现在可以使用。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    known = all_scopes()
    unit = client.unit.name if client.unit else _("全行")
    effects = [
        _("机构范围：%(unit)s；来源地址：%(addresses)s；用途：%(purpose)s。")
        % {
            "unit": unit,
            "addresses": "、".join(client.addresses) or _("不限"),
            "purpose": client.purpose or "—",
        },
        *[f"{scope}：{known.get(scope, '—')}" for scope in client.allowed_scopes],
    ]
    title = _("核准“%(name)s”的权限") % {"name": client.name}
    return _confirm(request, form, title, url, _("核准"), effects)


@never_cache
@require_http_methods(FORM_METHODS)
def rotate(request: SignedInRequest, key: str) -> HttpResponse:
    """A second secret, shown once; the first stays good until it is retired."""
    require(request.user, CLIENT_EDIT)
    client = CLIENTS.find(request.user, key, "edit")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            client, secret = client_rotate(
                actor=request.user, now=timezone.now(), client_id=client.pk, reason=form.cleaned_data["reason"]
            )  # fmt: skip
            return _show_secret(request, client, secret)
        except ValidationError as error:
            add_service_error(form, error)
    effects = [
        _("生成新密钥，只显示一次，180 天后到期。"),
        _("旧密钥继续有效，程序换上新密钥之后再停用它，中间不停。"),
    ]
    title, url = _("更换“%(name)s”的密钥") % {"name": client.name}, CLIENTS.url("detail", client)
    return _confirm(request, form, title, url, _("生成新密钥"), effects)


@require_http_methods(FORM_METHODS)
def retire(request: SignedInRequest, key: str) -> HttpResponse:
    """The first secret is good no more."""
    client, form = _asked(request, key, "edit", CLIENT_EDIT)
    done = _("旧密钥已停用。")
    if answer := _done(request, client, form, client_retire, done):
        return answer
    effects = [
        _("旧密钥和用它取得的令牌立即失效，只有新密钥有效。"),
        _("程序还在用旧密钥的，会立即被拒绝；请先确认已经换上。"),
    ]
    title = _("停用“%(name)s”的旧密钥") % {"name": client.name}
    return _confirm(
        request, form, title, CLIENTS.url("detail", client), _("停用旧密钥"), effects, danger=True
    )


@require_http_methods(FORM_METHODS)
def revoke(request: SignedInRequest, key: str) -> HttpResponse:
    """The end of a client; also how the approver refuses one."""
    client, form = _asked(request, key, "revoke", CLIENT_REVOKE)
    if answer := _done(request, client, form, client_revoke, _("已停用。")):
        return answer
    effects = [
        _("密钥和令牌立即失效，不能恢复；需要时新建一个。"),
        _("它写入的数据和操作日志保留。"),
    ]
    title = _("停用接口客户端“%(name)s”") % {"name": client.name}
    return _confirm(request, form, title, CLIENTS.url("detail", client), _("停用"), effects, danger=True)


def _asked(request: SignedInRequest, key: str, action: str, function: Any) -> tuple[Client, ReasonForm]:
    require(request.user, function)
    return CLIENTS.find(request.user, key, action), ReasonForm(request.POST or None)


def _done(
    request: SignedInRequest, client: Client, form: ReasonForm, verb: Callable[..., Client], said: str
) -> HttpResponse | None:
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        verb(actor=request.user, now=timezone.now(), client_id=client.pk, reason=form.cleaned_data["reason"])
    except ValidationError as error:
        add_service_error(form, error)
        return None
    messages.success(request, said)
    return HttpResponseRedirect(CLIENTS.url("detail", client))


def _show_secret(request: SignedInRequest, client: Client, secret: str) -> HttpResponse:
    page = {
        "title": _("“%(name)s”的密钥") % {"name": client.name},
        "subtitle": _("只显示这一次，请通过安全渠道交给使用方"),
    }
    context = {"page": page, "client": client, "secret": secret, "url": CLIENTS.url("detail", client)}
    return render(request, "administration/api_client_secret.html", context)


def _form(request: SignedInRequest, form: Any, title: str, url: str, notice: str) -> HttpResponse:
    fieldsets = [{"title": "", "hint": "", "fields": list(form.visible_fields())}]
    page = FormPage(title=title, form=form, fieldsets=fieldsets, cancel_url=url, notice=notice)
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _confirm(
    request: SignedInRequest, form: Any, title: str, url: str, label: str, effects: list[str], danger: bool = False
) -> HttpResponse:  # fmt: skip
    page = ConfirmPage(
        title=title, form=form, effects=tuple(effects), submit_label=label, cancel_url=url, danger=danger
    )
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
