"""Pages of the kernel beyond list, page and form: desk, tree, move and close, accounts, grants, verification."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from cmsys.access.actors import require
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.permissions import USER_EDIT
from cmsys.accounts.requests import SignedInRequest
from cmsys.accounts.services.users import password_reset, random_password, user_create, user_set_active
from cmsys.administration.cards import job_card
from cmsys.administration.forms import CloseForm, GrantForm, MoveForm, ReasonForm, UserForm
from cmsys.administration.resources import JOBS, UNITS, USERS
from cmsys.audit.ledger import record
from cmsys.audit.permissions import LEDGER_VIEW
from cmsys.audit.verify import verify
from cmsys.jobs.permissions import JOB_EDIT, JOB_VIEW
from cmsys.jobs.services.jobs import job_cancel, job_retry
from cmsys.org.models import OrgUnit, RoleGrant
from cmsys.org.permissions import GRANT_EDIT, UNIT_EDIT, UNIT_VIEW
from cmsys.org.services.grants import role_grant, role_revoke
from cmsys.org.services.units import unit_close, unit_move
from cmsys.ui.context import role_labels
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.registry import tiles_for
from cmsys.ui.views import add_service_error

FORM_METHODS = ["GET", "POST"]


@require_GET
def desk(request: SignedInRequest) -> HttpResponse:
    """工作台: the tiles of the reader's roles."""
    assert isinstance(request.user, User)
    tiles = []
    for tile in tiles_for(request.user):
        html = tile.render(request)
        if html:
            tiles.append({"key": tile.key, "title": tile.title, "html": html, "span": tile.span})
    today = timezone.localdate()
    page = {
        "title": _("%(name)s，您好") % {"name": request.user.name},
        "subtitle": " · ".join([today.isoformat(), *role_labels(request.user)]),
        "tiles": tiles,
    }
    return render(request, "administration/desk.html", {"page": page})


@require_GET
def org_tree(request: SignedInRequest) -> HttpResponse:
    """机构树: the visible part of the tree, siblings by their code; one query."""
    require(request.user, UNIT_VIEW)
    units = list(OrgUnit.objects.visible_to(request.user).select_related("head").order_by("code"))
    nodes: dict[int, dict[str, Any]] = {}
    roots: list[dict[str, Any]] = []
    for unit in units:
        nodes[unit.pk] = {
            "label": unit.name, "url": UNITS.url("detail", unit), "children": [],
            "meta": " · ".join(part for part in (unit.code, unit.head.name if unit.head else "") if part),
            "tag": _("已撤销") if unit.closed_on else unit.get_kind_display(), "tone": "hold",
        }  # fmt: skip
    for unit in units:
        parent = nodes.get(unit.parent_id) if unit.parent_id else None
        (parent["children"] if parent else roots).append(nodes[unit.pk])
    page = {"title": _("机构树"), "subtitle": _("%(n)d 个机构 · 今天的隶属关系") % {"n": len(nodes)}}
    return render(request, "administration/org_tree.html", {"page": page, "nodes": roots})


@require_http_methods(FORM_METHODS)
def move(request: SignedInRequest, code: str) -> HttpResponse:
    """Another parent from a day on."""
    require(request.user, UNIT_EDIT)
    unit = UNITS.find(request.user, code, "edit")
    form = MoveForm(request.POST or None, actor=request.user)
    url = UNITS.url("detail", unit)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            unit_move(
                actor=request.user,
                unit_id=unit.pk,
                parent_id=data["parent"].pk,
                on=data["on"],
                today=timezone.localdate(),
                reason=data["reason"],
            )
            messages.success(request, _("已调整上级机构，下级机构一并调整。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    parent = unit.parent.name if unit.parent else "—"
    notice = _("现上级：%(parent)s。下级机构和人员随之移动；生效日期之前仍按原隶属关系统计。") % {
        "parent": parent
    }
    return _form(request, form, _("调整“%(unit)s”的上级") % {"unit": unit.name}, url, notice)


@require_http_methods(FORM_METHODS)
def close(request: SignedInRequest, code: str) -> HttpResponse:
    """Close a unit from a day on."""
    require(request.user, UNIT_EDIT)
    unit = UNITS.find(request.user, code, "edit")
    form = CloseForm(request.POST or None)
    url = UNITS.url("detail", unit)
    if request.method == "POST" and form.is_valid():
        try:
            unit_close(actor=request.user, today=timezone.localdate(), unit_id=unit.pk, **form.cleaned_data)
            messages.success(request, _("机构已撤销。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    page = ConfirmPage(
        title=_("撤销机构“%(unit)s”") % {"unit": unit.name},
        form=form,
        effects=(_("撤销后不能再放入人员和下级机构。"), _("历史数据、人员和日志保留，仍可查询。")),
        submit_label=_("撤销机构"),
        cancel_url=url,
        danger=True,
    )
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(FORM_METHODS)
def user_new(request: SignedInRequest) -> HttpResponse:
    """Open an account; its first password is shown once."""
    require(request.user, USER_EDIT)
    form = UserForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = random_password()
        try:
            user = user_create(actor=request.user, password=password, **form.cleaned_data)
            return _show_password(request, user, password)
        except ValidationError as error:
            add_service_error(form, error)
    return _form(
        request,
        form,
        _("新建账号"),
        USERS.url("list"),
        _("初始密码由系统生成，只显示一次；本人首次登录须修改。"),
    )


@never_cache
@require_http_methods(FORM_METHODS)
def user_password(request: SignedInRequest, key: str) -> HttpResponse:
    """A new random password, shown once; the account's sessions end."""
    require(request.user, USER_EDIT)
    user = USERS.find(request.user, key)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        user, password = password_reset(
            actor=request.user, user_id=user.pk, reason=form.cleaned_data["reason"]
        )
        return _show_password(request, user, password)
    return _confirm(
        request, form, _("重置%(name)s的密码") % {"name": user.name}, USERS.url("detail", user), _("重置密码"),
        (_("生成新的随机密码，只显示一次。"), _("该账号的所有会话立即结束，下次登录须修改密码。")),
    )  # fmt: skip


@require_http_methods(FORM_METHODS)
def user_active(request: SignedInRequest, key: str) -> HttpResponse:
    """Disable an account, or enable it again."""
    require(request.user, USER_EDIT)
    user = USERS.find(request.user, key)
    form = ReasonForm(request.POST or None)
    url = USERS.url("detail", user)
    if request.method == "POST" and form.is_valid():
        user_set_active(
            actor=request.user, user_id=user.pk, active=not user.is_active, reason=form.cleaned_data["reason"]
        )  # fmt: skip
        messages.success(request, _("已启用。") if not user.is_active else _("已停用。"))
        return HttpResponseRedirect(url)
    effects: tuple[str, ...]
    if user.is_active:
        effects = (_("该账号不能再登录，现有会话立即结束。"), _("档案、授权和日志保留。"))
        return _confirm(
            request, form, _("停用%(name)s的账号") % {"name": user.name}, url, _("停用"), effects, danger=True
        )
    effects = (_("该账号可以重新登录，原有授权按日期继续有效。"),)
    return _confirm(request, form, _("启用%(name)s的账号") % {"name": user.name}, url, _("启用"), effects)


@require_http_methods(FORM_METHODS)
def grant_new(request: SignedInRequest, key: str) -> HttpResponse:
    """Give a role at a unit."""
    require(request.user, GRANT_EDIT)
    user = USERS.find(request.user, key)
    form = GrantForm(request.POST or None)
    url = USERS.url("detail", user)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            role_grant(actor=request.user, user=user, role=Role(data.pop("role")), **data)
            messages.success(request, _("已授予。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    notice = _("系统、安全、审计三员与业务角色不得由同一人同时担任。")
    return _form(request, form, _("授予%(name)s角色") % {"name": user.name}, url, notice)


@require_http_methods(FORM_METHODS)
def grant_revoke(request: SignedInRequest, key: str, grant_id: int) -> HttpResponse:
    """Take a role back, today."""
    require(request.user, GRANT_EDIT)
    user = USERS.find(request.user, key)
    grant = RoleGrant.objects.select_related("unit").filter(pk=grant_id, user=user).first()
    if grant is None:
        raise Http404
    form = ReasonForm(request.POST or None)
    url = USERS.url("detail", user)
    if request.method == "POST" and form.is_valid():
        try:
            role_revoke(
                actor=request.user, grant_id=grant.pk, on=timezone.localdate(), reason=form.cleaned_data["reason"]
            )  # fmt: skip
            messages.success(request, _("已收回。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    effects = (
        _("“%(grant)s”从今天起失效。") % {"grant": grant},
        _("该账号的现有会话立即结束，重新登录后按剩余角色工作。"),
    )
    return _confirm(
        request, form, _("收回%(name)s的角色") % {"name": user.name}, url, _("收回"), effects, danger=True
    )


@require_http_methods(FORM_METHODS)
def ledger_verify(request: SignedInRequest) -> HttpResponse:
    """完整性校验: recompute the chain now; the look is itself an event."""
    require(request.user, LEDGER_VIEW)
    result = None
    if request.method == "POST":
        result = verify()
        record(
            "audit.verify", None, actor=request.user, resource="events", label=_("操作日志"),
            after={"sealed": result.sealed, "head": result.head, "breaks": len(result.breaks)}, success=not result.breaks,
        )  # fmt: skip
    page = {"title": _("完整性校验"), "subtitle": _("逐条重算操作日志的哈希链，指出每一处不符")}
    return render(request, "administration/verify.html", {"page": page, "result": result})


@require_GET
def job_progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """The progress card alone, fetched by an open page; does not keep a session alive."""
    require(request.user, JOB_VIEW)
    return HttpResponse(job_card(request, JOBS.find(request.user, str(pk))))


@require_POST
def job_stop(request: SignedInRequest, pk: int) -> HttpResponse:
    """Cancel a job; it stops before its next chunk."""
    return _job(request, pk, job_cancel, _("任务已取消，已完成的部分保留。"))


@require_POST
def job_again(request: SignedInRequest, pk: int) -> HttpResponse:
    """Queue a failed job again; it goes on where it stopped."""
    return _job(request, pk, job_retry, _("任务已重新排队。"))


def _job(request: SignedInRequest, pk: int, verb: Any, done: str) -> HttpResponse:
    require(request.user, JOB_EDIT)
    job = JOBS.find(request.user, str(pk), "edit")
    try:
        verb(actor=request.user, job_id=job.pk, now=timezone.now())
        messages.success(request, done)
    except ValidationError as error:
        messages.error(request, "；".join(error.messages))
    return HttpResponseRedirect(JOBS.url("detail", job))


def _show_password(request: SignedInRequest, user: User, password: str) -> HttpResponse:
    page = {
        "title": _("%(name)s的新密码") % {"name": user.name},
        "subtitle": _("只显示这一次，请当面或通过安全渠道交给本人"),
    }
    context = {"page": page, "account": user, "password": password, "url": USERS.url("detail", user)}
    return render(request, "administration/password.html", context)


def _form(request: SignedInRequest, form: Any, title: str, url: str, notice: str) -> HttpResponse:
    fieldsets = [{"title": "", "hint": "", "fields": list(form.visible_fields())}]
    page = FormPage(title=title, form=form, fieldsets=fieldsets, cancel_url=url, notice=notice)
    return render(request, "ui/form.html", {"page": page}, status=422 if form.errors else 200)


def _confirm(
    request: SignedInRequest,
    form: Any,
    title: str,
    url: str,
    label: str,
    effects: tuple[str, ...],
    danger: bool = False,
) -> HttpResponse:
    page = ConfirmPage(
        title=title, form=form, effects=effects, submit_label=label, cancel_url=url, danger=danger
    )
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
