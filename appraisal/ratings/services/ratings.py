"""Superiors rate their people, people rate themselves: a whole sheet at once. All other groups come by import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from appraisal.cycles.models import CycleMember, CycleState
from appraisal.ratings.items import Item, items_of
from appraisal.ratings.models import NAMED, RaterGroup, Rating
from appraisal.ratings.permissions import RATING_GIVE, RATING_SELF
from appraisal.ratings.selectors import rater_of
from cmsys.access.actors import Actor, require
from cmsys.access.functions import Function
from cmsys.access.refusals import refused
from cmsys.audit.ledger import changes_between, record
from managers.conduct.selectors import recusal
from managers.profiles.models import RelationshipManager

FUNCTIONS: Mapping[RaterGroup, Function] = {
    RaterGroup.SUPERIOR: RATING_GIVE,
    RaterGroup.SELF: RATING_SELF,
}
LONGEST_COMMENT = 500


@dataclass(frozen=True)
class Mark:
    """What is said for one indicator."""

    score: Decimal
    comment: str = ""


@transaction.atomic
def rating_give(
    *, actor: Actor, cycle_id: int, manager_id: int, group: RaterGroup, marks: Mapping[str, Mark],
    today: date | None = None,
) -> list[Rating]:  # fmt: skip
    """The sheet of one rater for one person, by indicator code: what differs is written, what equals stays; an optional
    indicator left out is taken back. One event for each changed rating. Locks the person's membership of the cycle.

    Raises MissingFunction, CycleMember.DoesNotExist (out of reach, no such cycle or member), ValueError (a group that
    is only imported), ValidationError: the cycle is closed, the person does not take part or is the rater himself, a
    declared relation keeps them apart `today` (the present day unless given), an indicator is missing, unknown, out of
    bounds, or was rated by the same rater in another relation.
    """
    require(actor, _function(group))
    member = _locked_member(actor, group, cycle_id, manager_id)
    if group == RaterGroup.SUPERIOR and actor.actor_id is not None:
        _check_recusal(actor, actor.actor_id, member.manager, today or timezone.localdate())
    items = items_of(member.cycle, group)
    _check_marks(items, marks)
    rater = rater_of(actor)
    present = _present(member, rater, [item.code for item in items])
    _check_relation(present.values(), group)
    given = []
    for item in items:
        mark, rating = marks.get(item.code), present.get(item.code)
        if mark is None:
            _take_back(actor, member, [rating] if rating else [], "")
            continue
        if rating is None:
            rating = Rating(
                period=member.cycle.period, manager=member.manager, rater=rater, rater_group=group,
                indicator_code=item.code,
            )  # fmt: skip
        given.append(_write(actor, member, rating, mark))
    return given


@transaction.atomic
def rating_withdraw(*, actor: Actor, cycle_id: int, manager_id: int, group: RaterGroup, reason: str) -> int:
    """Takes one's own sheet for a person back, while the cycle is open; says how many ratings. Locks as `rating_give`.

    Raises MissingFunction, CycleMember.DoesNotExist, Rating.DoesNotExist (nothing was given), ValidationError (closed).
    """
    require(actor, _function(group))
    member = _locked_member(actor, group, cycle_id, manager_id)
    codes = [item.code for item in items_of(member.cycle, group)]
    given = [one for one in _present(member, rater_of(actor), codes).values() if one.rater_group == group]
    if not given:
        raise Rating.DoesNotExist
    _take_back(actor, member, given, reason)
    return len(given)


def _function(group: RaterGroup) -> Function:
    if group not in NAMED:
        raise ValueError(f"{group} ratings are imported")
    return FUNCTIONS[group]


def _locked_member(actor: Actor, group: RaterGroup, cycle_id: int, manager_id: int) -> CycleMember:
    people = RelationshipManager.objects.reached_by(actor, _function(group)).order_by()
    members = CycleMember.objects.select_for_update(of=("self",)).select_related(
        "cycle", "cycle__scheme", "manager"
    )
    member: CycleMember = members.get(cycle_id=cycle_id, manager_id=manager_id, manager__in=people)
    if member.cycle.state != CycleState.OPEN:
        words = {"period": member.cycle.period}
        raise refused("cycle", "closed", _("%(period)s 考核周期已结束，不能再评分或撤回。") % words)
    if not member.included:
        words = {"name": member.manager.name, "reason": member.reason}
        raise refused("manager", "excluded", _("%(name)s不参加本周期考核（%(reason)s），不用评分。") % words)
    own = member.manager.employee_no == getattr(actor, "employee_no", None)
    if group == RaterGroup.SUPERIOR and own:
        raise refused("manager", "own", _("不能以上级身份给自己评分，请用自评。"))
    return member


def _check_recusal(actor: Actor, actor_id: int, manager: RelationshipManager, today: date) -> None:
    number = getattr(actor, "employee_no", None)
    if said := recusal(actor_id, number, manager.pk, manager.employee_no, today):
        raise refused("recusal", "recused", said)


def _present(member: CycleMember, rater: str, codes: list[str]) -> dict[str, Rating]:
    found = Rating.objects.filter(
        period=member.cycle.period, manager=member.manager, rater=rater, indicator_code__in=codes
    )
    return {rating.indicator_code: rating for rating in found}


def _check_marks(items: Iterable[Item], marks: Mapping[str, Mark]) -> None:
    """Every mistake at its indicator, all of them at once."""
    errors: dict[str, ValidationError] = {}
    known = {item.code: item for item in items}
    for code in set(marks) - set(known):
        message = _("本周期的方案没有由您评分的指标“%(code)s”。") % {"code": code[:40]}
        errors[code] = ValidationError(message, code="not_found")
    for code, item in known.items():
        mark = marks.get(code)
        if mark is None:
            if not item.optional:
                message = _("请给“%(name)s”评分。") % {"name": item.name}
                errors[code] = ValidationError(message, code="missing")
            continue
        if why := _why_not(item, mark):
            errors[code] = ValidationError(why, code="bad_value")
    if errors:
        raise ValidationError(errors)


def _why_not(item: Item, mark: Mark) -> str:
    score = mark.score
    words = {"name": item.name, "low": f"{item.low:f}", "high": f"{item.high:f}"}
    if not score.is_finite() or not item.low <= score <= item.high:
        return _("“%(name)s”的评分须在 %(low)s 到 %(high)s 之间。") % words
    if score != score.quantize(Decimal("0.01")):
        return _("“%(name)s”的评分最多两位小数。") % words
    if len(mark.comment) > LONGEST_COMMENT:
        return _("“%(name)s”的评语最多 500 字。") % words
    return ""


def _check_relation(present: Iterable[Rating], group: RaterGroup) -> None:
    other = next((rating for rating in present if rating.rater_group != group), None)
    if other is not None:
        words = {"group": other.get_rater_group_display(), "code": other.indicator_code}
        message = _(
            "您已以“%(group)s”身份评过指标 %(code)s；一人对同一指标只评一次，请联系人力资源更正导入的评分。"
        )
        raise refused("group", "conflict", message % words)


def _write(actor: Actor, member: CycleMember, rating: Rating, mark: Mark) -> Rating:
    score = mark.score.quantize(Decimal("0.01"))
    present = {"score": rating.score, "comment": rating.comment}
    before, after = changes_between(present, {"score": score, "comment": mark.comment})
    if rating.pk and not after:
        return rating
    created = rating.pk is None
    rating.score, rating.comment = score, mark.comment
    rating.full_clean()
    rating.save()
    _record(actor, member, rating, "create" if created else "update", {} if created else before, after)
    return rating


def _take_back(actor: Actor, member: CycleMember, ratings: Iterable[Rating], reason: str) -> None:
    for rating in ratings:
        before = {"score": rating.score, "comment": rating.comment}
        _record(actor, member, rating, "remove", before, {}, reason)
        rating.delete()


def _record(
    actor: Actor, member: CycleMember, rating: Rating, what: str,
    before: dict[str, Any], after: dict[str, Any], reason: str = "",
) -> None:  # fmt: skip
    """Superior and self stand by their names, so the ledger keeps what they said; without the model its masks do not apply."""
    group = RaterGroup(rating.rater_group).label
    record(
        f"rating.{what}", actor=actor, resource=Rating.resource, object_id=str(rating.pk),
        label=f"{member.manager} {rating.period} {rating.indicator_code} {group}",
        before=before, after=after, reason=reason,
    )  # fmt: skip
