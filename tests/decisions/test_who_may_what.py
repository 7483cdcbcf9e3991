"""Every transition by every account, and from every state: what the hand-written tables say, and nothing else written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from appraisal.grading.choices import DecisionState
from appraisal.grading.models import DecisionStep, GradeDecision
from appraisal.grading.services import rounds
from appraisal.grading.transitions import DECISION
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.access.roles import Role
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_create
from cmsys.api.actors import ClientActor, ScopedAccess
from cmsys.org.models import Deputyship
from cmsys.org.services.grants import role_grant
from tests.cast import PASSWORD, STAGE, TODAY
from tests.decisions.world import EFFECTIVE, KINDS, MORE, REASONS, Proposals
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db

HERE = Path(__file__).parent
TABLE: dict[str, dict[str, dict[Any, list[str]]]] = yaml.safe_load((HERE / "who_may_what.yaml").read_text())
STATES: dict[str, dict[str, str]] = yaml.safe_load((HERE / "states.yaml").read_text())
CAST = ("sys", "sec", "aud", "hrh", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody")
ACCOUNTS = {*CAST, *MORE, "deputy", "client", "chief", "officer"}
# In which state a verb finds the case.
BEGINS = {verb: next(iter(ways)) for verb, ways in STATES.items()}
NUMBERS = {"near": "M-CD1", "far": "M-PD1", "handed": "M-PD1", "chief_own": "M-CD2", "officer_own": "M-CX1"}
LONG = "带队攻坚三个重点项目，业绩和能力都很突出"


def person(found: Proposals, name: str, role: Role, unit: str, number: str) -> None:
    user = user_create(
        actor=STAGE, username=name, name=name, employee_no=number, password=PASSWORD, is_demo=True
    )
    role_grant(
        actor=STAGE,
        user=user,
        role=role,
        unit=found.cast.units[unit],
        starts_on=date(2020, 1, 1),
        reason="测试",
    )
    found.people[name] = user


class Client(ClientActor):
    """A client with every scope."""

    def __init__(self) -> None:
        self._access = ScopedAccess(frozenset(filter(None, (f.scope for f in _declared()))))

    @property
    def actor_name(self) -> str:
        return "接口客户端"


def _declared() -> list[Any]:
    from cmsys.access.functions import declared

    return declared()


@pytest.fixture
def stage(submitted: Proposals) -> Proposals:
    person(submitted, "chief", Role.MGR, "CD", "M-CD2")
    person(submitted, "officer", Role.HRH, "HO", "M-CX1")
    deputy = user_create(actor=STAGE, username="deputy", name="代理人", password=PASSWORD, is_demo=True)
    submitted.people["deputy"] = deputy
    Deputyship.objects.create(
        principal=submitted.user("mgr"),
        deputy=deputy,
        starts_on=date(2020, 1, 1),
        ends_on=date(2099, 1, 1),
        reason="休假",
    )
    return submitted


def actor(found: Proposals, name: str) -> Any:
    return Client() if name == "client" else found.user(name)


def more(found: Proposals, verb: str) -> dict[str, Any]:
    """What only this verb asks for."""
    if verb == "amend":
        return {"grade_code": "SENIOR", "exceptional": True, "reason": LONG}
    if verb == "delegate":
        return {"assignee_id": found.people["mgrbj2"].pk}
    return {}


def rows() -> Iterator[tuple[str, str]]:
    for verb, places in TABLE.items():
        for place in places:
            yield verb, place


def test_the_table_has_every_verb_of_people_and_every_account_once() -> None:
    people = {verb for verb, way in DECISION.transitions.items() if way.function is not None}
    assert TABLE.keys() == people - {"submit"}
    for verb, places in TABLE.items():
        for place, answers in places.items():
            listed = [name for names in answers.values() for name in names]
            assert sorted(listed) == sorted(ACCOUNTS), f"{verb} {place}"


@pytest.mark.parametrize(("verb", "place"), list(rows()), ids=lambda value: value)
def test_each_account(stage: Proposals, verb: str, place: str) -> None:
    person(stage, "mgrbj2", Role.MGR, "BJ", "X-1")
    case = stage.case(NUMBERS[place])
    ready: dict[str, Any] = {
        "state": BEGINS[verb],
        "grade": stage.cast.grades["MIDDLE"],
        "kind": KINDS.get(verb, "hold"),
    }
    if place == "handed":
        ready["assignee"] = stage.user("mgr2")
    case.at(**ready)
    answers: dict[str, Any] = {name: answer for answer, names in TABLE[verb][place].items() for name in names}
    before = mark_of_rows()
    wrong = []
    for name, expected in sorted(answers.items()):
        given = more(stage, verb)
        if verb == "amend" and place == "chief_own":
            given["grade_code"] = "JUNIOR"
        found = outcome(case, verb, actor(stage, name), given)
        if found != str(expected):
            wrong.append(f"{name}: {found}, not {expected}")
    assert wrong == []
    assert mark_of_rows() == before, "every attempt was undone or refused"


def outcome(case: Any, verb: str, who: Any, given: dict[str, Any]) -> str:
    """What came of one attempt, which is undone afterwards; a refusal must have written nothing by itself."""
    before = DecisionStep.objects.count()
    said = "ok"
    with transaction.atomic():
        try:
            case.do(verb, who, **given)
            assert DecisionStep.objects.count() == before + 1
        except MissingFunction:
            said = "403"
        except GradeDecision.DoesNotExist:
            said = "404"
        except ValidationError as error:
            said = "/".join(error.message_dict)
        if said != "ok":
            assert DecisionStep.objects.count() == before
        transaction.set_rollback(True)
    return said


ANY = [(verb, state) for verb in DECISION.transitions for state in DecisionState.values]


def test_the_machine_is_that_of_the_table() -> None:
    found = {
        verb: {str(state): str(way.target) for state in sorted(way.sources)}
        for verb, way in DECISION.transitions.items()
    }
    assert found == {verb: dict(sorted(ways.items())) for verb, ways in STATES.items()}


@pytest.mark.parametrize(("verb", "state"), ANY, ids=lambda value: value)
def test_each_state(submitted: Proposals, verb: str, state: str) -> None:
    """As the account that may, or the system; from any other state a conflict that says how it stands."""
    case = submitted.case("M-CD1")
    case.at(
        state=state,
        kind=KINDS.get(verb, "hold"),
        effective_from=TODAY,
        moved_by="李敏（mgr）",
        moved_at=case.now.updated_at,
    )
    who = (
        {"review": "mgr", "confirm": "hrh"}.get(DECISION[verb].level, "hrh")
        if DECISION[verb].function
        else STAGE
    )
    who = "mgr" if verb == "delegate" else who
    given: dict[str, Any] = {"reason": REASONS.get(verb, "")}
    given |= {"amend": {"grade_code": "SENIOR"}, "delegate": {"assignee_id": submitted.user("mgr2").pk},
              "correct": {"grade": submitted.cast.grades["SENIOR"]}}.get(verb, {})  # fmt: skip
    before = mark_of_rows()
    if state in STATES[verb]:
        moved = case.do(verb, who, **given)
        assert (moved.step.from_state, moved.step.to_state) == (state, STATES[verb][state])
        assert case.now.state == STATES[verb][state]
        return
    with pytest.raises(Conflict, match=f"李敏（mgr） 已于 .* 处理，现在是“{DecisionState(state).label}”"):
        case.do(verb, who, **given)
    assert mark_of_rows() == before


ROUND = {"ok": ["hrh"], "403": ["sys", "sec", "aud", "hrb", "mgr", "cm", "cmd", "da", "trn", "nobody"]}


@pytest.mark.parametrize("name", CAST)
def test_who_submits_and_closes_a_round(proposals: Proposals, name: str) -> None:
    allowed = name in ROUND["ok"]
    assert allowed or name in ROUND["403"]
    user: User = proposals.user(name)
    before, key, now = mark_of_rows(), proposals.round.pk, proposals.cycle.updated_at
    if not allowed:
        with pytest.raises(MissingFunction):
            rounds.round_submit(actor=user, round_id=key, effective_on=EFFECTIVE, now=now, today=TODAY)
        with pytest.raises(MissingFunction):
            rounds.round_close(actor=user, round_id=key, now=now)
        assert mark_of_rows() == before
        return
    assert (
        rounds.round_submit(actor=user, round_id=key, effective_on=EFFECTIVE, now=now, today=TODAY).state
        == "review"
    )
    GradeDecision.objects.update(state="withdrawn")
    assert rounds.round_close(actor=user, round_id=key, now=now).state == "closed"
