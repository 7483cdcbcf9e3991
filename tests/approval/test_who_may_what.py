"""Every verb by every account, near and far, and from every state: what the table says, and a refusal writes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from customers.planning.choices import PlanState
from customers.planning.models import AllocationPlan, LineSide
from tests.approval.world import MORE, NOW, Bench
from tests.cast import PEOPLE
from tests.decisions.test_who_may_what import Client
from tests.permissions.house import mark_of_rows

pytestmark = pytest.mark.django_db

TABLE: dict[str, dict[str, dict[Any, list[str]]]] = yaml.safe_load(
    Path(__file__).with_name("who_may_what.yaml").read_text(encoding="utf-8")
)
ACCOUNTS = {*PEOPLE, *MORE, "client"}
STATES = {
    "submit": {"draft"}, "recall": {"reviewing", "deciding"}, "remind": {"reviewing", "deciding"}, "answer": {"reviewing"},
    "approve": {"deciding"}, "return": {"reviewing", "deciding"},
}  # fmt: skip
WHO = {"submit": "cmd", "recall": "cmd", "remind": "cmd", "answer": "mgr", "approve": "ldr", "return": "ldr"}


def ready(found: Bench, verb: str) -> None:
    """The plan where the verb finds it."""
    if verb in ("answer", "recall", "remind", "return"):
        found.submit()
    elif verb == "approve":
        found.answered()


def act(found: Bench, verb: str, who: Any, side: str = "C-LI") -> Any:
    if verb == "answer":
        keys = LineSide.objects.filter(
            plan=found.pk, line__customer__customer_no=side, side__in=("both", "taking")
        )
        return found.answer(who, [row.pk for row in keys])
    verbs = {
        "submit": found.submit, "recall": found.recall, "remind": found.remind, "approve": found.approve,
        "return": found.send_back,
    }  # fmt: skip
    return verbs[verb](who)


def outcome(found: Bench, verb: str, who: Any, side: str) -> str:
    """What came of one attempt, which is undone afterwards; a refusal must have written nothing by itself."""
    before, said = mark_of_rows(), "ok"
    with transaction.atomic():
        try:
            act(found, verb, who, side)
        except MissingFunction:
            said = "403"
        except (AllocationPlan.DoesNotExist, LineSide.DoesNotExist):
            said = "404"
        if said != "ok":
            assert mark_of_rows() == before
        transaction.set_rollback(True)
    return said


def test_the_table_has_every_account_once() -> None:
    assert TABLE.keys() == STATES.keys()
    for verb, places in TABLE.items():
        for place, answers in places.items():
            listed = [name for names in answers.values() for name in names]
            assert sorted(listed) == sorted(ACCOUNTS), f"{verb} {place}"


@pytest.mark.parametrize("place", ["near", "far"])
@pytest.mark.parametrize("verb", TABLE)
def test_each_account(found: Bench, verb: str, place: str) -> None:
    found.stand_in("mgr", "aide")
    found.stand_in("ldr", "aide2")
    ready(found, verb)
    side = "C-LI"
    if place == "far":
        side = "C-NO"
        if verb == "answer":
            LineSide.objects.filter(line__customer__customer_no="C-NO").update(unit=found.cast.units["PD"])
        else:
            AllocationPlan.objects.filter(pk=found.pk).update(unit=found.cast.units["SH"])
    wrong = []
    for expected, names in TABLE[verb][place].items():
        for name in names:
            who = Client() if name == "client" else found.user(name)
            came = outcome(found, verb, who, side)
            if came != str(expected):
                wrong.append(f"{name}: {came}, not {expected}")
    assert wrong == []


@pytest.mark.parametrize("verb", STATES)
def test_each_state(found: Bench, verb: str) -> None:
    """As the account that may; from any other state a conflict that says how it stands, and nothing written."""
    ready(found, verb)
    for state in PlanState.values:
        if state in STATES[verb]:
            continue
        AllocationPlan.objects.filter(pk=found.pk).update(
            state=state, moved_by="蒋客管（cmd）", moved_at=NOW, approved_by=found.people["ldrho"], approved_at=NOW,
            effective_on=NOW.date(),
        )  # fmt: skip
        before = mark_of_rows()
        with pytest.raises(Conflict, match=f"现在是“{PlanState(state).label}”"):
            act(found, verb, WHO[verb])
        assert mark_of_rows() == before


@pytest.mark.parametrize(("verb", "words"), [("recall", "撤回"), ("return", "退回")])
def test_words_are_required(found: Bench, verb: str, words: str) -> None:
    found.submit()
    before = mark_of_rows()
    with pytest.raises(ValidationError, match=f"请填写“{words}”的理由"):
        {"recall": found.recall, "return": found.send_back}[verb](reason="  ")
    assert mark_of_rows() == before
