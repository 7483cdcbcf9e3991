"""Who keeps out of another's feedback."""

from __future__ import annotations

from datetime import date

from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import Actor
from cmsys.access.refusals import refused
from managers.conduct.selectors import recusal


def check_keeps_out(actor: Actor, sheet: ScoreSheet, today: date) -> None:
    """Nobody records a refusal or holds the talk for himself or for a declared relation. Raises ValidationError at
    `recusal`. Two queries."""
    number = getattr(actor, "employee_no", None)
    said = recusal(actor.actor_id or 0, number, sheet.manager_id, sheet.manager.employee_no, today)
    if said:
        raise refused("recusal", "recused", said)
