"""方案审核: what waits for the units of a reader, the lines of one plan, the answer, and why a line is there."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.returning import back_to
from cmsys.ui.context import covered
from customers.approval.cards import days_said
from customers.approval.forms import AnswerForm
from customers.approval.pages import found_plan, plans_of, review_of, row_of
from customers.approval.selectors import shown_sides
from customers.approval.services.answering import Answered, lines_answer
from customers.planning.cards import why_card
from customers.planning.choices import PlanState, Verdict
from customers.planning.models import AllocationPlan, LineSide
from customers.planning.permissions import PLAN_AGREE, PLAN_VIEW

MOST = 500


@require_GET
def reviews(request: SignedInRequest) -> HttpResponse:
    """Plans with lines of the reader's units, and those that wait for him as the head."""
    require(request.user, PLAN_VIEW)
    today = timezone.localdate()
    rows = [
        {
            "row": row,
            "days": days_said(row.plan, today),
        }
        for row in plans_of(request.user, today)
    ]
    page = {"title": _("方案审核"), "subtitle": covered(request.user, PLAN_VIEW)}
    return render(request, "approval/reviews.html", {"page": page, "rows": rows})


@require_GET
def review(request: SignedInRequest, number: str) -> HttpResponse:
    """The lines of one plan that concern the reader's units."""
    require(request.user, PLAN_VIEW)
    return _review_page(request, found_plan(request.user, number))


def _review_page(
    request: SignedInRequest, plan: Any, error: str = "", picked: tuple[int, ...] = (), words: str = ""
) -> HttpResponse:
    today = timezone.localdate()
    found = review_of(request, plan, today, picked)
    page = {
        "title": _("审核分客方案 %(number)s") % {"number": plan.number},
        "subtitle": f"{plan.unit.name} · {plan.get_state_display()} · {days_said(plan, today)}".rstrip(" ·"),
    }
    context = {
        "page": page, "review": found, "plan": plan, "error": error, "words": words, "nonce": str(uuid4()),
        "phrases": AnswerForm.phrases, "version": plan.submitted_at.isoformat() if plan.submitted_at else "",
        "home_url": reverse("allocation_reviews_list"),
    }  # fmt: skip
    return render(request, "approval/review.html", context, status=422 if error else 200)


@require_POST
def answer(request: SignedInRequest, number: str) -> HttpResponse:
    """What the reader says of the lines picked, or of all that are clear."""
    require(request.user, PLAN_AGREE)
    plan = AllocationPlan.objects.filter(number=number).select_related("unit", "policy").first()
    if plan is None:
        raise Http404
    form = AnswerForm(request.POST)
    picked = _picked(request)
    if not form.is_valid():
        # Only where the reader may see the plan at all.
        return _review_page(request, found_plan(request.user, number), " ".join(_said(form)), picked)
    given = form.cleaned_data
    everything = given["verdict"] == AnswerForm.ALL
    try:
        done = lines_answer(
            actor=request.user, plan_id=plan.pk, side_ids=None if everything else picked,
            verdict=Verdict.AGREED if everything else given["verdict"],
            reason=given["reason"] if given["verdict"] == Verdict.REFUSED else "", form=form.sent(), now=timezone.now(),
            today=timezone.localdate(),
        )  # fmt: skip
    except (AllocationPlan.DoesNotExist, LineSide.DoesNotExist) as error:
        raise Http404 from error
    except ValidationError as error:
        return _review_page(
            request, found_plan(request.user, number), " ".join(error.messages), picked, given["reason"]
        )
    _tell(request, done, given["verdict"])
    back = reverse("allocation_reviews_detail", args=[number])
    if given["tab"]:
        back += f"?tab={given['tab']}"
    return HttpResponseRedirect(
        back_to(request, reverse("allocation_reviews_list") if done.complete else back)
    )


def _picked(request: SignedInRequest) -> tuple[int, ...]:
    values = request.POST.getlist("side")[:MOST]
    return tuple(int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19)


def _said(form: AnswerForm) -> list[str]:
    return [str(message) for errors in form.errors.values() for message in errors]


def _tell(request: SignedInRequest, done: Answered, verdict: str) -> None:
    if done.repeated:
        messages.success(request, _("这份表单已经提交过，没有重复办理。"))
        return
    said = _("不同意 %(n)d 户") if verdict == Verdict.REFUSED else _("同意 %(n)d 户")
    parts = [said % {"n": done.answered}]
    if done.flagged:
        parts.append(_("有提示的 %(n)d 户请逐户审核") % {"n": done.flagged})
    if done.kept_out:
        parts.append(_("%(n)d 户须由他人审核") % {"n": done.kept_out})
    if done.complete:
        parts.append(_("各方都已答复，转分管领导审批"))
    messages.success(request, "；".join(parts) + "。")


@require_GET
def line(request: SignedInRequest, number: str, key: int) -> HttpResponse:
    """Why a line is there, as far as the plan's own page tells it, for who sees only his side of it."""
    require(request.user, PLAN_VIEW)
    today = timezone.localdate()
    rows: Any = shown_sides(request.user, today).select_related(
        "line__customer__tier",
        "line__present__unit",
        "line__proposed__unit",
        "line__plan__unit",
        "unit",
        "on_behalf",
    )
    try:
        side = rows.get(pk=key, plan__number=number)
    except (LineSide.DoesNotExist, OverflowError) as error:
        raise Http404 from error
    plan = side.line.plan
    other = LineSide.objects.filter(line=side.line_id).exclude(pk=side.pk).select_related("unit").first()
    row = row_of(side, other, plan.state == PlanState.REVIEWING)
    context = {
        "page": {"title": f"{row.customer}：{row.path}", "subtitle": f"{plan.number} · {row.why} · {row.change}"},
        "plan": plan, "row": row, "why": why_card(request, side.line), "nonce": str(uuid4()), "phrases": AnswerForm.phrases,
        "version": plan.submitted_at.isoformat() if plan.submitted_at else "",
        "back_url": reverse("allocation_reviews_detail", args=[plan.number]),
    }  # fmt: skip
    return render(request, "approval/line.html", context)
