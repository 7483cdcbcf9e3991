"""A form that is sent twice is one step: the step is found again by the form's own number."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from cmsys.access.actors import Actor
from cmsys.access.refusals import refused


def step_of(steps: QuerySet[Any], case: str, key: int, *, actor: Actor, verb: str, nonce: str) -> Any | None:
    """The step among `steps` that this very form made on a case (`case` names the field, `key` its value); None without a
    number, or for one that is new. One query.

    Raises ValidationError at `nonce` for a number of another case, another act or another person: a mistake.
    """
    step = steps.filter(nonce=nonce).first() if nonce else None
    if step is not None and (getattr(step, case), step.verb, step.actor_id) != (key, verb, actor.actor_id):
        raise refused("nonce", "conflict", _("表单编号已被使用，请刷新页面后重试。"))
    return step
