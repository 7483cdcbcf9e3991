"""The workbenches of reviewing and confirming, and the forms behind their buttons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from appraisal.grading.acts import ACTS, Act, form_of, words_for
from appraisal.grading.case_pages import Case, case_of, sums_said
from appraisal.grading.forms import ActForm
from appraisal.grading.models import GradeDecision
from appraisal.grading.queues import CONFIRM, LEVELS, REVIEW, Level, is_clear, ordered, reachable
from appraisal.grading.resources import DECISIONS, JOINED, change_said, score
from appraisal.grading.review_pages import Queue, found_case, next_url, queue_of, round_said, still_waits
from appraisal.grading.services.confirming import decisions_confirm_many
from appraisal.grading.services.review import Batch, decisions_approve_many
from appraisal.grading.transitions import DECISION
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.paper import TONES
from cmsys.access.actors import require
from cmsys.accounts.requests import SignedInRequest
from cmsys.inbox.returning import back_to
from cmsys.ui.context import covered
from cmsys.ui.pages import ConfirmPage
from cmsys.ui.views import add_service_error
from cmsys.workflow.form import Form as Sent

View = Callable[..., HttpResponse]


# --- the workbench --------------------------------------------------------------------------------------------------------
def workbench(level: Level) -> View:
    """等级复核 or 等级审定: what waits for the reader on the left, the chosen case on the right."""

    @require_GET
    def view(request: SignedInRequest) -> HttpResponse:
        require(request.user, level.function)
        today, asked = timezone.localdate(), request.GET.get("case", "")
        decision = _opened(request, level, asked) if asked else None
        queue = queue_of(request, level, today, decision.pk if decision is not None else None)
        if decision is None and queue.keys:
            decision = _opened(request, level, str(queue.keys[0]))
        case = case_of(request, decision, level.verb, today) if decision is not None else None
        bench = _bar(request, level, case, queue) if case is not None else {}
        context = {
            "page": {"title": _title(level, case if asked else None, queue), "subtitle": _subtitle(request, level, case)},
            "heading": level.title, "level": level, "queue": queue, "case": case, "opened": bool(asked),
            "home_url": reverse(level.url_name) + f"?tab={queue.tab}", "list_url": DECISIONS.url("list"), **bench,
        }  # fmt: skip
        return render(request, "grading/review.html", context)

    return view


def _opened(request: SignedInRequest, level: Level, key: str) -> Any:
    try:
        return found_case(request, level, int(key))
    except (GradeDecision.DoesNotExist, ValueError, OverflowError) as error:
        raise Http404 from error


def _title(level: Level, case: Case | None, queue: Queue) -> str:
    """Says which case is open, so that the change of page is announced."""
    if case is None:
        return str(level.title)
    _before, _after, place = queue.neighbours(case.decision.pk)
    where = _("第 %(n)d 项，共 %(total)d 项") % {"n": place, "total": queue.total} if place else ""
    return " · ".join(part for part in (f"{case.name} {case.change}", where, str(level.title)) if part)


def _subtitle(request: SignedInRequest, level: Level, case: Case | None) -> str:
    where = covered(request.user, level.function)
    return f"{round_said(case.decision)} · {where}" if case is not None else where


def _bar(request: SignedInRequest, level: Level, case: Case, queue: Queue) -> dict[str, Any]:
    """The decision bar: what fits the state and this reader, with a form for each, and where the case leads."""
    decision = case.decision
    before, after, place = queue.neighbours(decision.pk)
    fitting = [ACTS[verb] for verb in level.acts if decision.state in DECISION[verb].sources]
    reached = (
        DECISIONS.within_reach(request.user, {act.function for act in fitting}, decision)
        if fitting
        else set()
    )
    blocked = bool(case.kept_out)
    today = timezone.localdate()
    initial = {"then": level.key, "tab": queue.tab, "next": after or before}
    buttons = {
        act.verb: {
            "act": act, "url": _act_url(act, decision.pk, level, queue.tab, after or before),
            "form": form_of(act, request.user, decision, None, today, initial=dict(initial), auto_id=f"{act.verb}_%s"),
            "effects": _effects(act, decision),
        }
        for act in fitting
        if act.function in reached and not blocked
    }  # fmt: skip
    agree, summed = sums_said(case.parts)
    return {
        "buttons": buttons, "ok": buttons.get(level.verb), "back": buttons.get("return") or buttons.get("send_back"),
        "place": place, "previous": before, "following": after, "summed": summed, "agree": agree,
        "at_once": not case.flags and not decision.stale, "full_url": DECISIONS.url("detail", decision),
    }  # fmt: skip


def _act_url(act: Act, key: int, level: Level, tab: str, following: int | None) -> str:
    tail = f"?then={level.key}&tab={tab}" + (f"&next={following}" if following else "")
    return reverse(f"grade_decisions_{act.verb}", args=[key]) + tail


def _effects(act: Act, decision: Any) -> list[str]:
    return [str(effect) % words_for(decision) for effect in act.effects]


grade_review = workbench(REVIEW)
grade_confirm = workbench(CONFIRM)


# --- one act on one case ----------------------------------------------------------------------------------------------------
def act_view(verb: str) -> View:
    """The form of one verb: asked for, it says what will happen; sent, it happens and leads on."""
    act = ACTS[verb]

    @require_http_methods(["GET", "POST"])
    def view(request: SignedInRequest, key: int) -> HttpResponse:
        require(request.user, act.function)
        today = timezone.localdate()
        if request.method == "POST":
            form = form_of(act, request.user, None, request.POST, today)
            if form.is_valid():
                try:
                    return _taken(request, act, key, form)
                except GradeDecision.DoesNotExist as error:
                    raise Http404 from error
                except ValidationError as error:
                    add_service_error(form, error)
            return _form_page(request, act, _found(request, act, key), form, 422)
        decision = _found(request, act, key)
        DECISION.check(verb, decision.state, by=decision.moved_by, at=decision.moved_at)
        asked = {name: request.GET.get(name, "") for name in ("then", "tab", "next")}
        form = form_of(act, request.user, decision, None, today, initial=asked)
        return _form_page(request, act, decision, form, 200)

    return view


def _found(request: SignedInRequest, act: Act, key: int) -> Any:
    rows: Any = GradeDecision.objects.reached_by(request.user, act.function)
    rows = rows.select_related("manager", "unit", "cycle__scheme", "grade", "previous_grade")
    try:
        return rows.get(pk=key)
    except (GradeDecision.DoesNotExist, OverflowError) as error:
        raise Http404 from error


def _taken(request: SignedInRequest, act: Act, key: int, form: ActForm) -> HttpResponse:
    today = timezone.localdate()
    moved = act.take(request.user, key, form, timezone.now(), today)
    said = (
        _("这份表单已经提交过，没有重复办理。")
        if moved.repeated
        else str(act.done) % words_for(moved.decision)
    )
    messages.success(request, said)
    return HttpResponseRedirect(_onwards(request, act, form, key))


def _onwards(request: SignedInRequest, act: Act, form: ActForm, key: int) -> str:
    """To the next case of the queue one came from, to the to-dos, or to the case itself."""
    given = form.cleaned_data
    level = LEVELS.get(given["then"])
    if level is None:
        rows: Any = GradeDecision.objects.visible_to(request.user, "view")
        seen = rows.filter(pk=key).exists()
        page = reverse("grade_decisions_detail", args=[key]) if seen else reverse(act.level.url_name)
        return back_to(request, page)
    following = given["next"] if still_waits(request, level, given["next"], timezone.localdate()) else None
    return next_url(level, given["tab"], following)


def _form_page(request: SignedInRequest, act: Act, decision: Any, form: ActForm, status: int) -> HttpResponse:
    form.decision = decision
    level = LEVELS.get(str(form["then"].value() or ""))
    back = (
        next_url(level, str(form["tab"].value() or ""), decision.pk)
        if level
        else DECISIONS.url("detail", decision)
    )
    page = ConfirmPage(
        title=str(act.title) % words_for(decision), form=form, effects=_effects(act, decision), danger=act.danger,
        subtitle=f"{decision.manager.employee_no} · {decision.unit.name} · {decision.cycle.period}", cancel_url=back,
        submit_label=act.label,
    )  # fmt: skip
    context = {"page": page, "phrases": form.phrases}
    return render(request, "grading/act.html", context, status=status)


# --- many at once -----------------------------------------------------------------------------------------------------------
BATCH_MOST = 100


def batch_view(level: Level) -> View:
    """Several clear cases together: first what would happen, case by case, then one button."""
    run = {"review": decisions_approve_many, "confirm": decisions_confirm_many}[level.key]

    @require_http_methods(["GET", "POST"])
    def view(request: SignedInRequest) -> HttpResponse:
        require(request.user, level.function)
        given = request.POST if request.method == "POST" else request.GET
        picked = _picked(given.getlist("selected"))
        if request.method == "POST" and picked and given.get("nonce"):
            result = run(
                actor=request.user, ids=list(picked), form=Sent(nonce=given["nonce"][:40]), now=timezone.now(),
                today=timezone.localdate(), versions={pk: version for pk, version in picked.items() if version},
            )  # fmt: skip
            _tell(request, level, result)
            return HttpResponseRedirect(reverse(level.url_name))
        return _preview(request, level, list(picked))

    return view


def _picked(values: list[str]) -> dict[int, str]:
    """Key → version of what was picked: `12`, or `12 2026-03-02T…` from the preview."""
    found = {}
    for value in values[:BATCH_MOST]:
        key, _space, version = value.partition(" ")
        if key.isascii() and key.isdigit() and len(key) < 19:
            found[int(key)] = version
    return found


def _preview(request: SignedInRequest, level: Level, keys: list[int]) -> HttpResponse:
    today = timezone.localdate()
    rows = reachable(request.user, level, today).filter(pk__in=keys)
    found = list(ordered(rows).select_related(*JOINED).defer("cycle__scheme__document", "counterfactual"))
    going = [decision for decision in found if decision.mine and is_clear(decision)]
    context = {
        "page": {
            "title": _("批量%(what)s") % {"what": ACTS[level.verb].label},
            "subtitle": _("%(n)d 项，逐项生效；其中一项不成，不影响其他") % {"n": len(going)},
        },
        "level": level, "act": ACTS[level.verb], "nonce": str(uuid4()), "back_url": reverse(level.url_name),
        "going": [
            {"value": f"{decision.pk} {decision.updated_at.isoformat()}", "decision": decision,
             "change": change_said(decision), "tone": TONES[decision.kind], "ability": score(decision.ability),
             "performance": score(decision.performance), "url": DECISIONS.url("detail", decision)}
            for decision in going
        ],
        "effects": batch_effects(level, going), "stays": len(keys) - len(going),
    }  # fmt: skip
    return render(request, "grading/batch.html", context)


def batch_effects(level: Level, decisions: list[Any]) -> list[str]:
    """What would happen, counted: how many of which kind, and what comes next."""
    counts = Counter(str(ProposalKind(decision.kind).label) for decision in decisions)
    parts = "、".join(_("%(kind)s %(n)d 人") % {"kind": kind, "n": n} for kind, n in counts.items())
    if not parts:
        return []
    after = {
        "review": _("转人力资源审定，原系统建议不变。"),
        "confirm": _("晋升进入公示，保持的到生效日生效。"),
    }[level.key]
    return [parts + "。", after]


def _tell(request: SignedInRequest, level: Level, result: Batch) -> None:
    label = ACTS[level.verb].label
    if result.done:
        messages.success(request, _("已%(what)s %(n)d 项。") % {"what": label, "n": len(result.done)})
    if result.left:
        shown = "；".join(f"{left.name or left.decision_id}：{left.why}" for left in result.left[:5])
        more = _("等 %(n)d 项") % {"n": len(result.left)} if len(result.left) > 5 else ""
        messages.warning(request, _("%(n)d 项没有办理：%(shown)s%(more)s") % {
            "n": len(result.left), "shown": shown, "more": more,
        })  # fmt: skip


grade_review_batch = batch_view(REVIEW)
grade_confirm_batch = batch_view(CONFIRM)
