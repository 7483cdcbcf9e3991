"""Sign in, sign out, change the password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from cmsys.accounts.forms import PasswordChangeForm, SignInForm
from cmsys.accounts.models import User
from cmsys.accounts.services.users import password_change
from cmsys.accounts.sign_in import Refusal, sign_in_attempt
from cmsys.audit.ledger import record


def _next(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return settings.LOGIN_REDIRECT_URL


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The form; a refusal answers 403 with the same words for unknown names, wrong passwords and locked accounts."""
    if request.user.is_authenticated:
        return redirect(_next(request))
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        outcome = sign_in_attempt(request=request, now=timezone.now(), **form.cleaned_data)
        if isinstance(outcome, User):
            login(request, outcome, backend="django.contrib.auth.backends.ModelBackend")
            request.session["seen_at"] = int(timezone.now().timestamp())
            return HttpResponseRedirect(_next(request))
        assert isinstance(outcome, Refusal)
        form.add_error(
            None, _("账号或密码不正确，或者尝试次数过多。请核对后重试；连续失败 5 次后需等待 15 分钟。")
        )
        status = 403
    return render(request, "accounts/sign_in.html", {"form": form, "next": _next(request)}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session on the server; the browser is told to forget what it cached."""
    if isinstance(request.user, User):
        with transaction.atomic():
            record("auth.sign_out", request.user, actor=request.user)
    logout(request)
    response = redirect(settings.LOGOUT_REDIRECT_URL)
    response["Clear-Site-Data"] = '"cache", "storage"'
    return response


@never_cache
@sensitive_post_parameters("present", "new", "again")
@require_http_methods(["GET", "POST"])
def change_password(request: HttpRequest) -> HttpResponse:
    """The person's own password; other sessions of the account end."""
    assert isinstance(request.user, User)
    form = PasswordChangeForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        password_change(user=request.user, password=form.cleaned_data["new"], now=timezone.now())
        update_session_auth_hash(request, request.user)
        messages.success(request, _("密码已修改。"))
        return redirect(settings.LOGIN_REDIRECT_URL)
    context = {"form": form, "forced": request.user.must_change_password}
    return render(request, "accounts/password_change.html", context, status=422 if form.errors else 200)
