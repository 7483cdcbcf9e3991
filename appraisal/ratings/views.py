"""Pages beyond list and page: a superior's tasks, one's own sheet, the sheet itself, and how far a cycle has come."""

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

from appraisal.cycles.models import CycleMember, CycleState
from appraisal.ratings import permissions
from appraisal.ratings.forms import SheetForm, WithdrawForm
from appraisal.ratings.items import items_of
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.pages import next_sheet, progress_context, tasks_context
from appraisal.ratings.selectors import rater_of, sheets_for
from appraisal.ratings.services.ratings import FUNCTIONS, rating_give, rating_withdraw
from cmsys.access.actors import MissingFunction, may, require
from cmsys.accounts.requests import SignedInRequest
from cmsys.ui.pages import ConfirmPage, FormPage
from cmsys.ui.views import add_service_error
from managers.profiles.models import RelationshipManager

FORM_METHODS = ["GET", "POST"]


@require_GET
def tasks(request: SignedInRequest) -> HttpResponse:
    """评分任务: whom of his people the reader has still to rate, in each open cycle."""
    require(request.user, permissions.RATING_GIVE)
    sheets = sheets_for(request.user, RaterGroup.SUPERIOR, timezone.localdate())
    return render(request, "ratings/tasks.html", tasks_context(request, sheets, RaterGroup.SUPERIOR))


@require_GET
def own(request: SignedInRequest) -> HttpResponse:
    """自评: one's own sheet in each open cycle that asks for one."""
    require(request.user, permissions.RATING_SELF)
    sheets = sheets_for(request.user, RaterGroup.SELF, timezone.localdate())
    return render(request, "ratings/tasks.html", tasks_context(request, sheets, RaterGroup.SELF))


@require_GET
def progress_page(request: SignedInRequest) -> HttpResponse:
    """评分进度: rated and to be rated, unit by unit, and who is waited for."""
    require(request.user, permissions.RATING_PROGRESS)
    context = progress_context(request, timezone.localdate())
    if request.headers.get("HX-Request"):
        return render(request, "ratings/_progress.html", context)
    status = 200 if context["valid"] else 400
    return render(request, "ratings/progress.html", context, status=status)


@require_http_methods(FORM_METHODS)
def sheet(request: SignedInRequest, cycle_id: int, employee_no: str) -> HttpResponse:
    """One sheet: a superior's for one of his people, or one's own. Saved, it leads to the next person."""
    group, member = _member(request, cycle_id, employee_no)
    items = items_of(member.cycle, group)
    if not items:
        raise Http404
    present = _present(request, member, group)
    is_open = member.cycle.state == CycleState.OPEN
    form = SheetForm(request.POST or None, items=items, present=present, is_open=is_open)
    later = next_sheet(request.user, group, member, timezone.localdate())
    if request.method == "POST" and form.is_valid() and _given(request, form, group, member):
        messages.success(request, _("%(name)s的评分已保存。") % {"name": member.manager.name})
        return HttpResponseRedirect(_after(request, group, later))
    return _sheet_page(request, form, group, member, later, bool(present))


def _given(request: SignedInRequest, form: SheetForm, group: RaterGroup, member: CycleMember) -> bool:
    try:
        rating_give(
            actor=request.user,
            cycle_id=member.cycle_id,
            manager_id=member.manager_id,
            group=group,
            marks=form.marks(),
        )
    except ValidationError as error:
        add_service_error(form, error)
        return False
    return True


def _after(request: SignedInRequest, group: RaterGroup, later: Any) -> str:
    if later is not None and request.POST.get("then") != "list":
        return reverse("rating_sheet", args=[later.cycle.pk, later.manager.employee_no])
    return _home(group)


def _home(group: RaterGroup) -> str:
    return reverse("rating_self" if group == RaterGroup.SELF else "rating_tasks")


def _sheet_page(
    request: SignedInRequest, form: SheetForm, group: RaterGroup, member: CycleMember, later: Any, given: bool
) -> HttpResponse:
    manager, cycle = member.manager, member.cycle
    is_open = cycle.state == CycleState.OPEN
    own = group == RaterGroup.SELF
    title = _("自评") if own else _("给%(name)s评分") % {"name": manager.name}
    label = _("保存，评下一位") if later is not None else _("保存")
    page = FormPage(
        title=title, form=form, fieldsets=list(form.fieldsets()), cancel_url=_home(group), submit_label=label,
        subtitle=f"{cycle.scheme.name} · {cycle.period} · {manager.unit.name}",
        notice="" if is_open else _("这个考核周期已结束，评分只能查看。"),
    )  # fmt: skip
    context = {
        "page": page, "is_open": is_open, "later": later,
        "later_url": reverse("rating_sheet", args=[later.cycle.pk, later.manager.employee_no]) if later else "",
        "withdraw_url": reverse("rating_withdraw", args=[cycle.pk, manager.employee_no]) if given and is_open else "",
    }  # fmt: skip
    return render(request, "ratings/sheet.html", context, status=422 if form.errors else 200)


@require_http_methods(FORM_METHODS)
def withdraw(request: SignedInRequest, cycle_id: int, employee_no: str) -> HttpResponse:
    """Take one's own sheet back, with a reason."""
    group, member = _member(request, cycle_id, employee_no)
    given = _present(request, member, group)
    if not given:
        raise Http404
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rating_withdraw(
                actor=request.user, cycle_id=cycle_id, manager_id=member.manager_id, group=group,
                reason=form.cleaned_data["reason"],
            )  # fmt: skip
        except ValidationError as error:
            add_service_error(form, error)
        else:
            messages.success(request, _("评分已撤回。"))
            return HttpResponseRedirect(_home(group))
    effects = (
        _("您给%(name)s的 %(n)d 项评分全部撤回，周期结束前可以重新评。")
        % {"name": member.manager.name, "n": len(given)},
        _("原内容和原因留在操作日志里。"),
    )
    page = ConfirmPage(
        title=_("撤回%(name)s的评分") % {"name": member.manager.name}, form=form, effects=effects,
        subtitle=f"{member.cycle.scheme.name} · {member.cycle.period}", submit_label=_("撤回"),
        cancel_url=reverse("rating_sheet", args=[cycle_id, employee_no]), danger=True,
    )  # fmt: skip
    return render(request, "ui/confirm.html", {"page": page}, status=422 if form.errors else 200)


def _member(request: SignedInRequest, cycle_id: int, employee_no: str) -> tuple[RaterGroup, CycleMember]:
    """The relation the reader rates in, and whom: himself, or somebody below him. 403 without either function."""
    user = request.user
    if not may(user, permissions.RATING_GIVE) and not may(user, permissions.RATING_SELF):
        raise MissingFunction(permissions.RATING_GIVE)
    group = RaterGroup.SELF if employee_no == user.employee_no else RaterGroup.SUPERIOR
    # Asked in the same way whatever the reach: somebody out of it and somebody missing are told apart by nothing.
    everybody: Any = RelationshipManager.objects.with_rights(user, reached=FUNCTIONS[group])
    people = everybody.filter(reached=True)
    members = CycleMember.objects.filter(included=True, manager__in=people.order_by().values("pk"))
    found = (
        members.filter(cycle_id=cycle_id, manager__employee_no=employee_no)
        .select_related("cycle", "cycle__scheme", "manager", "manager__unit")
        .first()
    )
    if found is None:
        raise Http404
    return group, found


def _present(request: SignedInRequest, member: CycleMember, group: RaterGroup) -> dict[str, Rating]:
    """What the reader himself has said of this person."""
    mine = Rating.objects.filter(
        period=member.cycle.period, manager=member.manager, rater=rater_of(request.user), rater_group=group,
        indicator_code__in=[item.code for item in items_of(member.cycle, group)],
    )  # fmt: skip
    return {rating.indicator_code: rating for rating in mine}
