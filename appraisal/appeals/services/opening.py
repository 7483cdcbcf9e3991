"""Plans that open by themselves: after a demotion, and after a decision that leaves somebody in a cell for improvement."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from appraisal.appeals.cases import opening_plan
from appraisal.appeals.choices import PlanCause
from appraisal.appeals.lowest import improvement_cells
from appraisal.appeals.models import ImprovementPlan
from appraisal.appeals.permissions import PLAN_EDIT
from appraisal.cycles.models import Cycle
from appraisal.grading.choices import DecisionState
from appraisal.grading.models import GradeDecision
from appraisal.schemes.models import SchemeVersion
from appraisal.scoring.models import ProposalKind
from appraisal.scoring.words import words_of
from cmsys.access.actors import Actor, require
from cmsys.audit.ledger import record
from managers.profiles.models import RelationshipManager, Status


@transaction.atomic
def plans_open(*, actor: Actor, now: datetime, today: date) -> int:
    """Opens a draft for each decision in effect that demoted somebody, or left him in a cell for improvement, once for
    a decision and not beside an open plan; says how many. Locks the people concerned.

    Raises MissingFunction."""
    require(actor, PLAN_EDIT)
    decisions = _due()
    people = sorted({decision.manager_id for decision in decisions})
    list(RelationshipManager.objects.select_for_update(of=("self",)).filter(pk__in=people).order_by("pk"))
    busy = set(
        ImprovementPlan.objects.filter(manager__in=people, closed_at__isnull=True).values_list(
            "manager", flat=True
        )
    )
    made = 0
    for decision in decisions:
        if decision.manager_id in busy:
            continue
        busy.add(decision.manager_id)
        cause, note = _cause(decision)
        plan = opening_plan(decision.manager, cause, note, actor, now, today, decision)
        plan.save()
        plan.steps.create(
            verb="open", actor_name=actor.actor_name[:120], to_state=plan.state, reason=plan.note, at=now
        )
        record("improvement.open", plan, actor=actor, after={"decision": decision, "cause": cause}, now=now)
        made += 1
    return made


def _due() -> list[GradeDecision]:
    """Decisions in effect that call for a plan and never had one; as many queries as there are schemes, and two."""
    rows = GradeDecision.objects.filter(state=DecisionState.EFFECTIVE, improvement_plan__isnull=True)
    schemes = Cycle.objects.filter(pk__in=rows.order_by().values("cycle")).values("scheme").distinct()
    wanted = Q(kind=ProposalKind.DEMOTION)
    for version in SchemeVersion.objects.filter(pk__in=schemes):
        wanted |= Q(cycle__scheme=version, quadrant__in=improvement_cells(words_of(version)))
    found = rows.filter(wanted).exclude(manager__status=Status.LEFT)
    joined = ("manager", "cycle__scheme", "previous_grade", "grade")
    return list(found.select_related(*joined).order_by("manager_id", "-effective_from", "-pk"))


def _cause(decision: GradeDecision) -> tuple[PlanCause, str]:
    if decision.kind == ProposalKind.DEMOTION:
        words = _("%(period)s 考核降级：%(before)s → %(after)s，%(day)s 生效") % {
            "period": decision.cycle.period, "before": decision.previous_grade, "after": decision.grade,
            "day": decision.effective_from,
        }  # fmt: skip
        return PlanCause.DEMOTION, words
    cell = words_of(decision.cycle.scheme).cell(decision.quadrant)
    words = _("%(period)s 考核在“%(cell)s”，策略为“%(strategy)s”") % {
        "period": decision.cycle.period, "cell": cell.name if cell else decision.quadrant,
        "strategy": cell.strategy if cell else "",
    }  # fmt: skip
    return PlanCause.QUADRANT, words
