"""Pages of deputies: who stands in for whom, naming one, taking it back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from cmsys.access.actors import may, require
from cmsys.accounts.models import User
from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.forms import DeputyForm, EndForm
from cmsys.inbox.permissions import DEPUTY_EDIT, DEPUTY_OWN
from cmsys.inbox.selectors import (
    deputyships_of,
    endable,
    found_people,
    in_business,
    last_day,
    lendable,
    places_of,
    recorded_within,
    whole_within,
)
from cmsys.inbox.services.deputies import deputy_begin, deputy_end
from cmsys.org.models import Deputyship
from cmsys.ui.pages import Action, ConfirmPage
from cmsys.ui.views import add_service_error

FORM_METHODS = ["GET", "POST"]
NEWEST = 20


@require_GET
def deputies(request: SignedInRequest) -> HttpResponse:
    """代理: who stands in for the reader, for whom he does, and for human resources all that are in force within reach."""
    require(request.user, DEPUTY_OWN)
    today, user = timezone.localdate(), request.user
    mine, theirs = deputyships_of(user)
    able, recorder = lendable(user, today), may(user, DEPUTY_EDIT)
    actions = []
    if recorder:
        actions.append(Action(_("为他人登记代理"), reverse("deputies_new") + "?for=other"))
    if able:
        actions.append(Action(_("指定我的代理人"), reverse("deputies_new"), primary=True, icon="user-plus"))
    page = {
        "title": _("代理"),
        "subtitle": _("休假、出差期间，由代理人代为复核和审定；办理记录写明由谁代谁办理"),
        "actions": actions,
        "able": able,
        "recorder": recorder,
        "mine": [_row(row, user, today) for row in mine[:NEWEST]],
        "theirs": [_row(row, user, today) for row in theirs[:NEWEST]],
        "recorded": [_row(row, user, today) for row in recorded_within(user, today)[:NEWEST]]
        if recorder
        else [],
    }
    return render(request, "inbox/deputies.html", {"page": page})


def _row(row: Deputyship, reader: User, today: date) -> dict[str, Any]:
    last = last_day(row)
    over = row.ends_on <= today or last is None
    if over:
        state, tone = (_("已撤回"), "hold") if row.revoked_at else (_("已结束"), "hold")
    elif row.starts_on > today:
        state, tone = _("未开始"), "info"
    else:
        state, tone = _("进行中"), "up"
    days = _("%(from)s 至 %(to)s") % {"from": row.starts_on, "to": last} if last else _("未开始即撤回")
    return {
        "principal": row.principal.name, "deputy": row.deputy.name, "days": days, "reason": row.reason, "state": state,
        "tone": tone, "end_url": "" if over else reverse("deputies_end", args=[row.pk]),
        "own": row.principal_id == reader.pk,
    }  # fmt: skip


@require_http_methods(FORM_METHODS)
def deputy_new(request: SignedInRequest) -> HttpResponse:
    """Name a deputy: one's own, or with `?for=other` that of somebody within reach. A search finds the people first."""
    asked = request.POST if request.method == "POST" else request.GET
    other = asked.get("for") == "other"
    require(request.user, DEPUTY_EDIT if other else DEPUTY_OWN)
    today, user = timezone.localdate(), request.user
    q, who = asked.get("q", "").strip()[:60], asked.get("who", "").strip()[:60]
    candidates = found_people(in_business(today).exclude(pk=user.pk), q)
    principals = found_people(whole_within(user, today), who) if other else None
    places = places_of([*candidates, *(principals or ())], today)
    form = DeputyForm(request.POST or None, candidates=candidates, places=places, principals=principals)
    if request.method == "POST" and form.is_valid() and _begun(request, form, today):
        messages.success(request, _("代理已登记，双方都会收到消息。"))
        return HttpResponseRedirect(reverse("deputies_list"))
    page = {
        "title": _("为他人登记代理") if other else _("指定我的代理人"),
        "subtitle": _("先查找，再选人、填日期"),
        "form": form, "other": other, "q": q, "who": who, "ready": bool(candidates) and (not other or bool(principals)),
        "nobody": bool(q) and not candidates, "no_principal": bool(who) and principals == [],
        "cancel_url": reverse("deputies_list"),
    }  # fmt: skip
    return render(request, "inbox/deputy_new.html", {"page": page}, status=422 if form.errors else 200)


def _begun(request: SignedInRequest, form: DeputyForm, today: date) -> bool:
    data = form.cleaned_data
    try:
        deputy_begin(
            actor=request.user, principal_id=int(data.get("principal") or request.user.pk), deputy_id=int(data["deputy"]),
            starts_on=data["starts_on"], last_on=data["last_on"], reason=data["reason"], today=today, now=timezone.now(),
        )  # fmt: skip
    except User.DoesNotExist:
        form.add_error(None, _("委托人不在您的管理范围内。"))
        return False
    except ValidationError as error:
        add_service_error(form, error)
        return False
    return True


@require_http_methods(FORM_METHODS)
def deputy_end_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a deputyship back."""
    require(request.user, DEPUTY_OWN)
    today, user = timezone.localdate(), request.user
    row = endable(user, today).filter(pk=pk, ends_on__gt=today).first() if pk < 2**63 else None
    if row is None:
        raise Http404
    own = row.principal_id == user.pk
    form = EndForm(request.POST or None)
    form.fields["reason"].required = not own
    url = reverse("deputies_list")
    if request.method == "POST" and form.is_valid():
        try:
            deputy_end(
                actor=user,
                deputyship_id=pk,
                reason=form.cleaned_data["reason"],
                today=today,
                now=timezone.now(),
            )
            messages.success(request, _("代理已撤回，从现在起不再有效。"))
            return HttpResponseRedirect(url)
        except ValidationError as error:
            add_service_error(form, error)
    names = {"deputy": row.deputy.name, "principal": row.principal.name}
    page = ConfirmPage(
        title=_("撤回%(deputy)s对%(principal)s的代理") % names, form=form, submit_label=_("撤回代理"), cancel_url=url,
        danger=True,
        effects=(
            _("%(deputy)s从现在起不能再代%(principal)s办理；没有办完的事项回到%(principal)s的待办。") % names,
            _("已经代为办理的照旧有效，双方都会收到消息。"),
        ),
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)
