"""Back to a draft: what both ways out of an approval have in common."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cmsys.access.actors import Actor
from cmsys.accounts.models import User
from cmsys.workflow.form import Form
from customers.planning.choices import ChoiceKind, LineState, Side, Verdict
from customers.planning.models import AllocationPlan, PlanChoice, PlanStep
from customers.planning.services.moving import plan_take

REASON_LENGTH = 300


def taken_back(
    *, actor: Actor, plan: AllocationPlan, verb: str, form: Form, now: datetime, behalf: User | None
) -> PlanStep:
    """Takes `verb` (recall or return) of a locked plan: its lines stand at proposed again, its sides are gone, what a side
    refused is barred for the next computation. The step keeps the numbers. Raises what plan_take raises."""
    verdicts = list(plan.sides.values_list("verdict", flat=True))
    told = {
        "agreed": verdicts.count(Verdict.AGREED), "refused": verdicts.count(Verdict.REFUSED),
        "waiting": verdicts.count(""),
    }  # fmt: skip
    bars = _bars(plan)
    changes = {"due_on": None, "escalated_at": None}
    step = plan_take(
        actor=actor, plan=plan, verb=verb, now=now, form=form, behalf=behalf, changes=changes, told=told | {"bars": len(bars)}
    )  # fmt: skip
    PlanChoice.objects.bulk_create(
        bars, batch_size=1000, update_conflicts=True, unique_fields=["plan", "customer", "manager"],
        update_fields=["kind", "reason", "by", "by_name", "at"],
    )  # fmt: skip
    plan.sides.all().delete()
    plan.lines.exclude(state=LineState.PROPOSED, note="").update(state=LineState.PROPOSED, note="")
    return step


def _bars(plan: AllocationPlan) -> list[PlanChoice]:
    """A bar for each line one side refuses, in that side's name and words; both sides' where both do. One query."""
    sides: Any = plan.sides.filter(verdict=Verdict.REFUSED).select_related("line").order_by("line", "-side")
    found: dict[int, PlanChoice] = {}
    for side in sides:
        said = f"{Side(side.side).label}：{side.reason}"
        line = side.line
        bar = found.get(line.pk)
        if bar is None:
            found[line.pk] = PlanChoice(
                plan=plan, customer_id=line.customer_id, manager_id=line.proposed_id, kind=ChoiceKind.BAR,
                reason=said[:REASON_LENGTH], by_id=side.by_id, by_name=side.by_name, at=side.at,
            )  # fmt: skip
        else:
            bar.reason = f"{bar.reason}；{said}"[:REASON_LENGTH]
    return list(found.values())
