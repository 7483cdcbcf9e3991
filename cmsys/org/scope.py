"""visible_to: the one place where a row is shown or not shown to somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from django.db import models
from django.db.models import Case, Q, When

from cmsys.access.actors import Actor, Reached
from cmsys.access.functions import Function, Reach

EVERYTHING = ~Q(pk__in=())
NOTHING = Q(pk__in=())


@dataclass(frozen=True)
class ScopeFields:
    """Where a model keeps what scopes are measured by, as lookup paths.

    `account` and `employee_no` say whose record it is (either may be empty); rows whose relation `common_when_empty`
    is null belong to the whole institution and are seen by everybody who has the function.
    """

    unit_path: str = ""
    line: str = ""
    account: str = ""
    employee_no: str = ""
    common_when_empty: str = ""


class ScopedQuerySet(models.QuerySet[Any]):
    """A queryset that knows who may see its rows.

    The model declares `scope` (ScopeFields) and `functions` (action → Function). Pages, API, export, search and
    pickers all come through `visible_to`.
    """

    def visible_to(self, user: Actor, action: str = "view") -> Self:
        """The rows for which the actor has the model's function for `action`; none at all without it.

        Pairs of role and unit are evaluated one by one and joined by or; no further query than the access itself.
        """
        return self.reached_by(user, self.model.functions[action])

    def reached_by(self, user: Actor, function: Function) -> Self:
        """The rows within the actor's reach for any function, e.g. the units into which he may put people."""
        return self.filter(self._reach(user, function))

    def with_rights(self, user: Actor, **functions: Function) -> Self:
        """The rows with a boolean for each function: whether this very row is within the actor's reach. No query."""
        return self.annotate(
            **{
                name: Case(When(self._reach(user, function), then=True), default=False)
                for name, function in functions.items()
            }
        )

    def _reach(self, user: Actor, function: Function) -> Q:
        fields: ScopeFields = self.model.scope
        seen = NOTHING
        for reached in user.access.reaches(function):
            seen |= _within(fields, reached, user)
        return seen


def _within(fields: ScopeFields, reached: Reached, user: Actor) -> Q:
    if reached.reach is Reach.SELF:
        return _own(fields, user)
    if reached.reach is Reach.ALL:
        condition = EVERYTHING
    else:
        condition = (
            Q(**{f"{fields.unit_path}__startswith": reached.unit_path}) if fields.unit_path else NOTHING
        )
        if fields.common_when_empty:
            condition |= Q(**{f"{fields.common_when_empty}__isnull": True})
    if reached.line_id is not None and fields.line:
        condition &= Q(**{fields.line: reached.line_id})
    return condition


def _own(fields: ScopeFields, user: Actor) -> Q:
    own = NOTHING
    if fields.account and user.actor_id is not None:
        own |= Q(**{fields.account: user.actor_id})
    employee_no = getattr(user, "employee_no", None)
    if fields.employee_no and employee_no:
        own |= Q(**{fields.employee_no: employee_no})
    return own
