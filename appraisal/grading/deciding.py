"""What both levels share: the account that decides, cases that lead nowhere, several cases one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from appraisal.grading.flags import flags_of
from appraisal.grading.models import GradeDecision
from appraisal.grading.queues import is_clear
from appraisal.grading.services.moving import Moved
from appraisal.scoring.models import ProposalKind
from cmsys.access.actors import Actor
from cmsys.access.functions import Function
from cmsys.access.refusals import Conflict, refused
from cmsys.accounts.models import User
from cmsys.workflow.form import Form


@dataclass(frozen=True)
class Left:
    """A case of a batch that stayed where it was, and why."""

    decision_id: int
    name: str
    why: str


@dataclass(frozen=True)
class Batch:
    """What became of several cases: the keys of those that went, and those that did not with the reason."""

    done: tuple[int, ...]
    left: tuple[Left, ...]


def in_turn(
    actor: Actor, function: Function, ids: Sequence[int], form: Form, versions: Mapping[int, str] | None,
    act: Callable[[int, Form], Moved],
) -> Batch:  # fmt: skip
    """Takes one verb for several cases, each in a transaction of its own. What the actor does not reach is not named."""
    wanted = list(dict.fromkeys(ids))
    rows = GradeDecision.objects.reached_by(actor, function).select_related("manager", "cycle__scheme")
    found = rows.in_bulk(wanted)
    done, left = [], []
    for pk in wanted:
        decision = found.get(pk)
        if decision is None:
            left.append(Left(pk, "", _("没有找到这一事项。")))
            continue
        own = replace(
            form, nonce=f"{form.nonce[:28]}-{pk}" if form.nonce else "", version=(versions or {}).get(pk, "")
        )
        try:
            if not is_clear(decision):
                raise Conflict(_("%(why)s，请打开单独办理。") % {"why": _why(decision)})
            act(pk, own)
        except (Conflict, ValidationError, GradeDecision.DoesNotExist) as refusal:
            left.append(Left(pk, decision.manager.name, _said(refusal)))
        else:
            done.append(pk)
    return Batch(tuple(done), tuple(left))


def _why(decision: GradeDecision) -> str:
    said = [text.rstrip("。") for _code, text in flags_of(decision)]
    return "；".join(said + ([_("数据已变动")] if decision.stale else []))


def _said(refusal: Exception) -> str:
    if isinstance(refusal, ValidationError):
        return " ".join(refusal.messages)
    return _("没有找到这一事项。") if isinstance(refusal, GradeDecision.DoesNotExist) else str(refusal)


def account_of(actor: Actor) -> User | None:
    """The account behind an actor; None for the system."""
    return actor if isinstance(actor, User) else None


def check_defined(decision: GradeDecision) -> None:
    """Raises ValidationError at `grade` where a change leads nowhere."""
    if decision.grade_id is None and decision.kind in (ProposalKind.PROMOTION, ProposalKind.DEMOTION):
        message = _("方案建议的等级没有在系统里定义，不能通过；请调整为已有等级，或退回。")
        raise refused("grade", "unknown", message)
