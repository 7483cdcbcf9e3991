"""Who must keep out of a case, and in whose place somebody acts."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.utils.translation import gettext as _

from appraisal.grading.models import GradeDecision
from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from cmsys.accounts.models import User
from cmsys.org.deputising import in_place_of
from cmsys.workflow.transitions import Transition
from managers.conduct.selectors import recusal


def on_behalf(actor: Actor, decision: GradeDecision, transition: Transition) -> User | None:
    """The principal in whose place the actor takes the step; None when he has the function himself."""
    if transition.function is None or actor.actor_id is None:
        return None
    if decision.assignee_id == actor.actor_id:
        return None
    line = decision.manager.line_id or 0
    principal = in_place_of(actor, transition.function, decision.unit.path or "", line_id=line)
    return User.objects.filter(pk=principal).first() if principal is not None else None


def check_recusal(
    actor: Actor, decision: GradeDecision, transition: Transition, behalf: User | None, today: date
) -> None:
    """Nobody decides on himself, a declared relative, or on another level what he has decided before; a deputy neither
    where his principal must not. Raises ValidationError at `recusal`."""
    if transition.function is None or actor.actor_id is None:
        return
    for person in [actor, *([behalf] if behalf is not None else [])]:
        said = recusal(
            person.actor_id or 0, getattr(person, "employee_no", None), decision.manager_id,
            decision.manager.employee_no, today,
        )  # fmt: skip
        if said:
            raise refused("recusal", "recused", said)
    if transition.level:
        involved = {actor.actor_id} | ({behalf.pk} if behalf is not None else set())
        check_levels(decision, involved, transition.level)


def check_levels(decision: GradeDecision, people: Collection[int | None], level: str) -> None:
    """Raises ValidationError at `recusal` when one of them has decided this case on another level."""
    earlier = decision.steps.exclude(level__in=("", level))
    if earlier.filter(actor__in=people).exists() or earlier.filter(on_behalf__in=people).exists():
        raise refused("recusal", "decided_before", _("您在前一环节已经对该事项作过决定，须由他人办理。"))
