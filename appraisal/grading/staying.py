"""What keeps a decision from taking effect although its day has come: rooms above say so in apps.ready()."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

Condition = Callable[[], Q]

_conditions: list[Condition] = []


def stay(condition: Condition) -> None:
    """`condition()` is a condition on GradeDecision; those it holds for wait until it does not."""
    if condition not in _conditions:
        _conditions.append(condition)


def stayed() -> Q:
    """Decisions that wait, whatever keeps them; nobody where no room said anything."""
    waiting = Q(pk__in=())
    for condition in _conditions:
        waiting |= condition()
    return waiting
