"""Pages of declarations beyond list and page: declaring and ending."""

from __future__ import annotations

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
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from managers.conduct.forms import DeclarationForm, EndForm
from managers.conduct.models import RelationKind
from managers.conduct.permissions import DECLARATION_EDIT, DECLARATION_OWN
from managers.conduct.resources import DECLARATIONS
from managers.conduct.selectors import accounts_named, endable, named_exactly
from managers.conduct.services.declarations import declaration_end, declaration_make
from managers.profiles.models import RelationshipManager

FORM_METHODS = ["GET", "POST"]


@require_http_methods(FORM_METHODS)
def new(request: SignedInRequest) -> HttpResponse:
    """Declare a relation: one's own, or with `?for=other` as human resources. A search finds the people first."""
    asked = request.POST if request.method == "POST" else request.GET
    other = asked.get("for") == "other"
    require(request.user, DECLARATION_EDIT if other else DECLARATION_OWN)
    q, who = asked.get("q", "").strip()[:100], asked.get("who", "").strip()[:100]
    people = named_exactly(q)
    accounts = accounts_named(who) if other else None
    form = DeclarationForm(request.POST or None, people=people, accounts=accounts)
    if request.method == "POST" and form.is_valid() and _made(request, form):
        messages.success(request, _("已申报，从现在起双方互相回避。"))
        return HttpResponseRedirect(DECLARATIONS.url("list"))
    page = {
        "title": _("代为登记利益申报") if other else _("申报利益关系"),
        "subtitle": _("申报后，双方互不评分、复核、审定；内容只有人力资源看得到"),
        "form": form, "other": other, "q": q, "who": who, "ready": bool(people) and (not other or bool(accounts)),
        "nobody": bool(q) and not people, "no_account": bool(who) and accounts == [], "cancel_url": DECLARATIONS.url("list"),
    }  # fmt: skip
    return render(request, "conduct/new.html", {"page": page}, status=422 if form.errors else 200)


def _made(request: SignedInRequest, form: DeclarationForm) -> bool:
    data = form.cleaned_data
    try:
        declaration_make(
            actor=request.user, declarant_id=int(data.get("declarant") or request.user.pk), manager_id=int(data["manager"]),
            kind=RelationKind(data["kind"]), detail=data["detail"], today=timezone.localdate(), now=timezone.now(),
        )  # fmt: skip
    except RelationshipManager.DoesNotExist:
        form.add_error("manager", _("关系人不在您的管理范围内。"))
        return False
    except ValidationError as error:
        add_service_error(form, error)
        return False
    return True


@require_http_methods(FORM_METHODS)
def end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a declaration, with a reason."""
    require(request.user, DECLARATION_OWN)
    rows = endable(request.user).select_related("declarant", "manager")
    row = rows.filter(pk=pk).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    form = EndForm(request.POST or None)
    url = reverse("declarations_detail", args=[row.pk])
    if request.method == "POST" and form.is_valid():
        try:
            declaration_end(
                actor=request.user, declaration_id=row.pk, reason=form.cleaned_data["reason"], today=timezone.localdate(),
                now=timezone.now(),
            )  # fmt: skip
            messages.success(request, _("申报已解除。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    names = {"declarant": row.declarant.name, "manager": row.manager.name}
    page = ConfirmPage(
        title=_("解除%(declarant)s与%(manager)s的申报") % names, form=form, submit_label=_("解除申报"), cancel_url=url,
        danger=True,
        effects=(
            _("从今天起，%(declarant)s与%(manager)s不再因此回避。") % names,
            _("申报和解除的原因都留存备查，人力资源看得到。"),
        ),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
