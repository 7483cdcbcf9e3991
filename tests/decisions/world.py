"""The demonstration cycle with its decisions: who is proposed what, and the verbs in short."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.figures.models import Reading, Target
from appraisal.grading.models import DecisionStep, GradeDecision, GradingRound
from appraisal.grading.services import confirming, effect, review, rounds
from appraisal.grading.services.moving import Moved, decision_move
from appraisal.ratings.models import Rating
from cmsys.access.actors import Actor
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.audit.models import Event
from cmsys.org.services.grants import role_grant
from cmsys.workflow.form import Form
from tests.appraisal.world import World, demo_world, graded
from tests.cast import PASSWORD, STAGE, TODAY, Cast

EFFECTIVE = date(2026, 3, 20)
# username → name, role, unit, employee number: beside the cast
MORE: dict[str, tuple[str, Role, str, str | None]] = {
    "mgr2": ("何平", Role.MGR, "CX", None),
    "mgrbj": ("许行长", Role.MGR, "BJ", None),
    "hrh2": ("曹总部", Role.HRH, "HO", None),
    "hrsh": ("魏分行", Role.HRB, "SH", None),
}


@dataclass
class Proposals:
    """The cast, the cycle, its round."""

    cast: Cast
    world: World
    people: dict[str, User] = field(default_factory=dict)

    @property
    def cycle(self) -> Cycle:
        return Cycle.objects.get(pk=self.world.cycle.pk)

    @property
    def round(self) -> GradingRound:
        found: GradingRound = GradingRound.objects.get(cycle=self.world.cycle)
        return found

    def user(self, name: str) -> User:
        """As a new request would load the account."""
        known = self.people.get(name)
        return User.objects.get(pk=known.pk) if known else self.cast.user(name)

    def decision(self, number: str) -> GradeDecision:
        rows = GradeDecision.objects.select_related("grade", "previous_grade", "proposed_grade")
        found: GradeDecision = rows.get(cycle=self.world.cycle, manager__employee_no=number)
        return found

    def case(self, number: str) -> Case:
        return Case(self, number)

    def submit(self, **values: Any) -> GradingRound:
        given: dict[str, Any] = {"effective_on": EFFECTIVE, "now": timezone.now(), "today": TODAY}
        return rounds.round_submit(actor=self.user("hrh"), round_id=self.round.pk, **(given | values))

    def regrade(self) -> Any:
        return graded(self.cycle)

    def rate(self, number: str, score: str) -> None:
        """All ratings of a person become this score."""
        rows = Rating.objects.filter(manager=self.cast.managers[number])
        rows.update(score=Decimal(score), updated_at=timezone.now())


@dataclass
class Case:
    """One person's case and what people do with it."""

    proposals: Proposals
    number: str

    @property
    def now(self) -> GradeDecision:
        return self.proposals.decision(self.number)

    @property
    def pk(self) -> int:
        return self.now.pk

    @property
    def steps(self) -> list[tuple[str, str, str]]:
        rows = DecisionStep.objects.filter(decision=self.pk).order_by("pk")
        return list(rows.values_list("verb", "from_state", "to_state"))

    @property
    def events(self) -> list[str]:
        rows = Event.objects.filter(resource="grade-decisions", object_id=str(self.pk)).order_by("pk")
        return list(rows.values_list("kind", flat=True))

    def do(self, verb: str, who: str | Actor, *, today: date = TODAY, reason: str = "", nonce: str = "", version: str = "",
           **more: Any) -> Moved:  # fmt: skip
        """A verb as people take it; verbs of other rooms and of the system go straight to the machine."""
        actor = self.proposals.user(who) if isinstance(who, str) else who
        form = Form(reason=reason or REASONS.get(verb, ""), nonce=nonce, version=version)
        given: dict[str, Any] = {
            "actor": actor, "decision_id": self.pk, "form": form, "now": timezone.now(), "today": today,
        }  # fmt: skip
        if verb in KINDS and self.now.kind != KINDS[verb]:
            self.at(kind=KINDS[verb])
        if verb in SERVICES:
            return SERVICES[verb](**(given | more))
        return decision_move(verb=verb, **given)

    def bring_to(self, state: str) -> Case:
        """Along the shortest way, by whoever may."""
        for verb, who in WAYS[state]:
            self.do(verb, who)
        return self

    def at(self, **values: Any) -> Case:
        GradeDecision.objects.filter(pk=self.pk).update(**values)
        return self


SERVICES: Mapping[str, Any] = {
    "approve": review.decision_approve,
    "amend": review.decision_amend,
    "return": review.decision_return,
    "delegate": review.decision_delegate,
    "confirm": confirming.decision_confirm,
    "send_back": confirming.decision_send_back,
    "resubmit": confirming.decision_resubmit,
    "withdraw": confirming.decision_withdraw,
    "correct": effect.decision_correct,
}
# What is put on notice is a promotion, what is served a demotion.
KINDS = {"publish": "promotion", "serve": "demotion"}
REASONS = {
    "amend": "带队攻坚，业绩突出", "return": "逾期率与台账不符", "delegate": "本人休假", "resubmit": "已核对无误",
    "send_back": "理由不足", "withdraw": "批次作废", "uphold": "异议成立", "correct": "申诉成立",
}  # fmt: skip
_REVIEWED = (("approve", "mgr"),)
_CONFIRMED = (*_REVIEWED, ("confirm", "hrh"))
WAYS: Mapping[str, tuple[tuple[str, Any], ...]] = {
    "in_review": (),
    "returned": (("return", "mgr"),),
    "reviewed": _REVIEWED,
    "confirmed": _CONFIRMED,
    "on_notice": (*_CONFIRMED, ("publish", "hrh")),
    "served": (*_CONFIRMED, ("serve", "hrh")),
    "cleared": (*_CONFIRMED, ("publish", "hrh"), ("clear", STAGE)),
    "withdrawn": (("withdraw", "hrh"),),
}


def opened(cast: Cast) -> Proposals:
    """Graded through the job, with the accounts of MORE."""
    found = Proposals(cast, demo_world(cast))
    for username, (name, role, unit, number) in MORE.items():
        user = user_create(
            actor=STAGE, username=username, name=name, employee_no=number, password=PASSWORD, is_demo=True
        )
        role_grant(
            actor=STAGE,
            user=user,
            role=role,
            unit=cast.units[unit],
            starts_on=date(2020, 1, 1),
            reason="测试",
        )
        found.people[username] = user
    for model in (Reading, Target, Rating):
        model.objects.update(updated_at=at("2026-03-01 08:00"))
    graded(found.cycle)
    return found


def at(text: str) -> datetime:
    """A moment of the wall clock: `2026-03-03 09:30`."""
    return timezone.make_aware(datetime.fromisoformat(text))
