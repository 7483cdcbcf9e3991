"""Which batches somebody may see."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from cmsys.access.actors import Actor
from cmsys.access.functions import Reach
from cmsys.transfers.kinds import kinds_for
from cmsys.transfers.models import ImportBatch


def batches_visible_to(actor: Actor) -> QuerySet[ImportBatch]:
    """One's own batches of kinds one may import, and everybody's where the kind's function reaches everywhere."""
    seen = Q(pk__in=())
    for kind in kinds_for(actor):
        reaches = actor.access.reaches(kind.function)
        everywhere = any(reached.reach is Reach.ALL and reached.line_id is None for reached in reaches)
        of_kind = Q(kind=kind.code)
        seen |= of_kind if everywhere else of_kind & Q(actor_id=actor.actor_id or 0)
    return ImportBatch.objects.filter(seen)
