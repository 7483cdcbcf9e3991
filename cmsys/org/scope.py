"""visible_to: the one place where a row is shown or not shown to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Q

from cmsys.access.actors import Actor
from cmsys.access.functions import Reach


@dataclass(frozen=True)
class ScopeFields:
    """Where a model keeps what scopes are measured by, as lookup paths: the unit's path, the line, the person's account."""

    unit_path: str = ""
    line: str = ""
    person: str = ""


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that knows who may see its rows.

    The model declares `scope` (ScopeFields) and `functions` (action → Function). Pages, API, export, search and
    pickers all come through `visible_to`.
    """

    def visible_to(self, user: Actor, action: str = "view") -> Self:
        """The rows for which the actor has the model's function for `action`; none at all without it.

        Pairs of role and unit are evaluated one by one and joined by or; no further query than the access itself.
        """
        fields: ScopeFields = self.model.scope
        seen = Q(pk__in=())
        for reached in user.access.reaches(self.model.functions[action]):
            if reached.reach is Reach.SELF:
                condition = Q(**{fields.person: user.actor_id}) if fields.person else Q(pk__in=())
            elif reached.reach is Reach.SUBTREE:
                condition = Q(**{f"{fields.unit_path}__startswith": reached.unit_path}) if fields.unit_path else Q(pk__in=())
            else:
                condition = ~Q(pk__in=())
            if reached.line_id is not None and fields.line and reached.reach is not Reach.SELF:
                condition &= Q(**{fields.line: reached.line_id})
            seen |= condition
        return self.filter(seen)
