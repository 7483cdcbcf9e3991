"""The units' verb: a side says what it thinks of its lines, one by one, some of them, or all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor, MissingFunction, require
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.org.deputising import in_place_of
from cmsys.workflow.form import Form
from customers.approval.letters import tell_heads
from customers.approval.rows import settle_lines
from customers.approval.selectors import answerable, concerns, heads_of, lines_by_state
from customers.planning.cases import repeated
from customers.planning.choices import LineState, Verdict
from customers.planning.models import AllocationPlan, LineSide
from customers.planning.permissions import PLAN_AGREE
from customers.planning.services.moving import plan_take
from customers.planning.transitions import PLAN

REASON_LENGTH = 300


@dataclass(frozen=True)
class Answered:
    """What became of an answer. `kept_out` are sides left to others because the actor must keep out of them, `flagged` those
    left because they want to be looked at one by one; both only where all were meant. `complete`: nobody is waited for."""

    plan: AllocationPlan
    answered: int
    kept_out: int = 0
    flagged: int = 0
    complete: bool = False
    repeated: bool = False


@transaction.atomic
def lines_answer(
    *, actor: Actor, plan_id: int, side_ids: Collection[int] | None, verdict: str, reason: str = "", form: Form,
    now: datetime, today: date,
) -> Answered:  # fmt: skip
    """Says agreed or refused of the named sides, or (None) of all that wait for the actor and are not flagged. What he has
    answered himself he may answer again while the units are being asked; a refusal has a reason. When no side is waited
    for any more, lines are settled and the plan goes to the head, who is told. The same form again changes nothing.

    `form.version` is the moment the plan was submitted: many answer at the same time, and none of them is in another's way.

    Raises MissingFunction; AllocationPlan.DoesNotExist and LineSide.DoesNotExist (out of reach, or not of this plan);
    Conflict (not being reviewed any more, submitted anew, or answered by somebody else: who and when); ValidationError at
    `recusal` (one of those named is the actor's own affair, or he has part in the plan), `verdict`, `reason`, `sides`
    (nothing to answer). About fifteen queries, whatever the number of lines.
    """
    plan = _locked(actor, plan_id)
    if done := repeated(plan, actor, "answer", form.nonce):
        return Answered(plan, done.data["lines"], repeated=True)
    PLAN.check("answer", plan.state, by=plan.moved_by, at=plan.moved_at)
    if form.version and plan.submitted_at and form.version != plan.submitted_at.isoformat():
        raise Conflict(_("您打开之后，方案重新提交过。请刷新页面，看过之后再定。"))
    _check_words(verdict, reason)
    rows = answerable(actor, today).filter(plan=plan)
    kept = flagged = 0
    if side_ids is None:
        chosen, kept, flagged = _all_clear(rows)
    else:
        chosen = _named(actor, rows, set(side_ids))
    principals = _write(actor, chosen, verdict, reason.strip(), now)
    complete = not plan.sides.filter(verdict="").exists()
    _note(actor, plan, len(chosen), verdict, replace(form, reason=reason, version=""), principals, now)
    if complete:
        _complete(actor, plan, now, today)
    return Answered(plan, len(chosen), kept_out=kept, flagged=flagged, complete=complete)


def _locked(actor: Actor, plan_id: int) -> AllocationPlan:
    """The plan, locked, where sides of it are or were within reach: one taken back in between is a conflict, not a
    stranger's."""
    require(actor, PLAN_AGREE)
    if actor.actor_id is None:
        raise MissingFunction(PLAN_AGREE)
    if not concerns(actor, plan_id, PLAN_AGREE):
        raise AllocationPlan.DoesNotExist
    rows = AllocationPlan.objects.select_for_update(of=("self",)).select_related("unit", "policy")
    found: AllocationPlan = rows.get(pk=plan_id)
    return found


def _check_words(verdict: str, reason: str) -> None:
    if verdict not in Verdict.values:
        raise refused("verdict", "unknown", _("请选择同意或不同意。"))
    if verdict == Verdict.REFUSED and not reason.strip():
        raise refused("reason", "missing", _("请填写不同意的理由，方案编制人会看到。"))
    if len(reason.strip()) > REASON_LENGTH:
        raise refused("reason", "too_long", _("理由不能超过 %(n)d 个字。") % {"n": REASON_LENGTH})


_SHOWN = ("pk", "unit__path", "kept", "flagged", "verdict", "by", "by_name", "on_behalf", "at")


def _all_clear(rows: QuerySet[Any]) -> tuple[list[dict[str, Any]], int, int]:
    waiting = list(rows.filter(verdict="").order_by("pk").values(*_SHOWN))
    kept = [row for row in waiting if row["kept"]]
    flagged = [row for row in waiting if row["flagged"] and not row["kept"]]
    chosen = [row for row in waiting if not row["kept"] and not row["flagged"]]
    if not chosen:
        raise refused("sides", "nothing", _nothing_said(len(kept), len(flagged)))
    return chosen, len(kept), len(flagged)


def _nothing_said(kept: int, flagged: int) -> str:
    if flagged:
        return _("剩下的 %(n)d 户都有提示，请逐户看过再定。") % {"n": flagged}
    if kept:
        return _("剩下的 %(n)d 户须由他人审核（与您本人或有利害关系的人有关，或您办理过该方案）。") % {
            "n": kept
        }
    return _("没有等您审核的客户。")


def _named(actor: Actor, rows: QuerySet[Any], wanted: set[int]) -> list[dict[str, Any]]:
    found = list(rows.filter(pk__in=wanted).order_by("pk").values(*_SHOWN))
    if len(found) < len(wanted):
        raise LineSide.DoesNotExist
    if not found:
        raise refused("sides", "nothing", _("请先选中要审核的客户。"))
    kept = sum(row["kept"] for row in found)
    if kept:
        said = _(
            "选中的有 %(n)d 户须由他人审核：移出或接收的客户经理是您（或您代理的人）本人、有已申报的利害关系，或您办理过该方案。"
        )
        raise refused("recusal", "recused", said % {"n": kept})
    for row in found:
        if row["verdict"] and actor.actor_id not in (row["by"], row["on_behalf"]):
            words = _("%(who)s 已于 %(when)s 答复过选中的客户，请刷新页面。")
            when = timezone.localtime(row["at"]).strftime("%Y-%m-%d %H:%M:%S")
            raise Conflict(words % {"who": row["by_name"], "when": when})
    return found


def _write(
    actor: Actor, chosen: list[dict[str, Any]], verdict: str, reason: str, now: datetime
) -> list[int | None]:
    """The answer into each side, with whom the actor stands in for there; the principals (None for himself)."""
    groups: dict[int | None, list[int]] = defaultdict(list)
    for row in chosen:
        groups[in_place_of(actor, PLAN_AGREE, row["unit__path"] or "")].append(row["pk"])
    for principal, keys in groups.items():
        LineSide.objects.filter(pk__in=keys).update(
            verdict=verdict, reason=reason, by=actor.actor_id, by_name=actor.actor_name[:120], on_behalf=principal, at=now
        )  # fmt: skip
    return sorted(groups, key=lambda key: key or 0)


def _note(
    actor: Actor, plan: AllocationPlan, lines: int, verdict: str, form: Form, principals: list[int | None], now: datetime
) -> None:  # fmt: skip
    """One step and one event. Where several principals are stood in for at once the step names the first, the event all."""
    people = list(User.objects.filter(pk__in=[key for key in principals if key is not None]).order_by("pk"))
    told: dict[str, Any] = {"lines": lines, "verdict": verdict}
    if len(people) > 1:
        told["on_behalf_of"] = [str(one) for one in people]
    plan_take(
        actor=actor,
        plan=plan,
        verb="answer",
        now=now,
        form=form,
        behalf=people[0] if people else None,
        told=told,
    )


def _complete(actor: Actor, plan: AllocationPlan, now: datetime, today: date) -> None:
    settle_lines(plan)
    counts = lines_by_state(plan)
    told = {"agreed": counts[LineState.AGREED], "refused": counts[LineState.REFUSED]}
    step = plan_take(actor=actor, plan=plan, verb="complete", now=now, told=told)
    tell_heads(heads_of(plan, today), plan, step, now)
