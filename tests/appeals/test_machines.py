"""Who takes which transition of whose case: written by hand, every verb × everybody × own, inside, outside.

`done`, `403` (has no such function), `404` (somebody else's or outside), `kept` (must keep out of it). Where nothing is
done, nothing is written.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import transaction

from appraisal.appeals.models import GradeAppeal, ImprovementPlan
from appraisal.appeals.services.deciding import Answer
from appraisal.appeals.transitions import APPEAL, PLAN
from appraisal.grading.models import DecisionStep
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from tests.appeals.world import Appealed, rows

pytestmark = pytest.mark.django_db

# Cases: of 陈思远 (城东, below 北京) and of 周婷 (浦东, below 上海). hrb confirmed the former's decision, hrh the latter's.
BJ, SH = "M-CD1", "M-PD1"
NOBODY = ("sys", "sec", "aud", "cmd", "da", "trn", "nobody")
# verb → case → who → what comes of it; whoever is not named has no such function.
APPEALS: dict[str, dict[str, dict[str, str]]] = {
    "withdraw": {BJ: {"cm": "done", "zhou": "404"}, SH: {"cm": "404", "zhou": "done"}},
    "comment": {BJ: {"mgr": "done", "chief": "404", "chiefpd": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "accept": {
        BJ: {"hrh": "done", "second": "done", "hrb": "kept", "hrsh": "404"},
        SH: {"hrh": "kept", "second": "done", "hrb": "404", "hrsh": "done"},
    },
    "release": {
        BJ: {"hrh": "done", "second": "done", "hrb": "done", "hrsh": "404"},
        SH: {"hrh": "done", "second": "done", "hrb": "404", "hrsh": "done"},
    },
    # heard by second
    "stay": {BJ: {"second": "done", "hrh": "404", "hrb": "404"}, SH: {"second": "done", "hrsh": "404", "hrh": "404"}},
    "decide": {BJ: {"second": "done", "hrh": "404", "hrb": "404"}, SH: {"second": "done", "hrsh": "404", "hrh": "404"}},
}  # fmt: skip
PLANS: dict[str, dict[str, dict[str, str]]] = {
    "issue": {BJ: {"mgr": "done", "chief": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "recall": {BJ: {"mgr": "done", "chief": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "sign": {BJ: {"cm": "done", "wang": "404"}, SH: {"cm": "404", "zhou": "done"}},
    "refusal": {BJ: {"mgr": "done", "chief": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "pass": {BJ: {"mgr": "done", "chief": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "extend": {BJ: {"mgr": "done", "chief": "404"}, SH: {"mgr": "404", "chiefpd": "done"}},
    "cancel": {
        BJ: {"hrh": "done", "second": "done", "hrb": "done", "hrsh": "404"},
        SH: {"hrh": "done", "second": "done", "hrb": "404", "hrsh": "done"},
    },
}  # fmt: skip
# Roles that have no such function, for each verb.
LACKING: dict[str, tuple[str, ...]] = {
    "withdraw": ("mgr", "hrb", "hrh"), "comment": ("cm", "hrb", "hrh"), "accept": ("cm", "mgr"),
    "release": ("cm", "mgr"), "stay": ("cm", "mgr"), "decide": ("cm", "mgr"), "issue": ("cm", "hrb", "hrh"),
    "recall": ("cm", "hrb", "hrh"), "sign": ("mgr", "hrb", "hrh"), "refusal": ("cm", "hrb", "hrh"),
    "pass": ("cm", "hrb", "hrh"), "extend": ("cm", "hrb", "hrh"), "cancel": ("cm", "mgr"),
}  # fmt: skip


def outcome(take: Any) -> str:
    try:
        with transaction.atomic():
            take()
    except MissingFunction:
        return "403"
    except ObjectDoesNotExist:
        return "404"
    except ValidationError as error:
        return "kept" if "recusal" in error.error_dict else str(error)
    except Conflict as error:
        return f"409 {error}"
    return "done"


def tried(
    world: Appealed, verb: str, case: Any, do: Any, table: dict[str, str], more: dict[str, Any]
) -> None:
    wanted = dict.fromkeys((*LACKING[verb], *NOBODY), "403") | table
    found: dict[str, str] = {}
    for who in wanted:
        before = rows()
        sid = transaction.savepoint()
        found[who] = outcome(lambda who=who: do(verb, case, who, **more))
        if found[who] != "done":
            assert rows() == before, (verb, who)
        else:
            assert rows() != before, (verb, who)
        transaction.savepoint_rollback(sid)
    assert found == wanted


@pytest.mark.parametrize("number", [BJ, SH])
@pytest.mark.parametrize("verb", APPEALS)
def test_an_appeal_is_moved_by_exactly_these(world: Appealed, verb: str, number: str) -> None:
    appeal = world.lodged(number)
    if verb in ("release", "stay", "decide"):
        appeal = world.do("accept", appeal, "second")
    more = {"stay": {"stay": True}, "decide": {"answer": Answer("rejected", "none")}}.get(verb, {})
    tried(world, verb, appeal, world.do, APPEALS[verb][number], more)


@pytest.mark.parametrize("number", [BJ, SH])
@pytest.mark.parametrize("verb", PLANS)
def test_a_plan_is_moved_by_exactly_these(world: Appealed, verb: str, number: str) -> None:
    lead, person = {BJ: ("mgr", "cm"), SH: ("chiefpd", "zhou")}[number]
    if verb in ("pass", "extend"):
        plan = world.running(number, lead, person)
    else:
        plan = world.plan(number, lead)
        world.plan_do("write", plan, lead)
        if verb in ("recall", "sign", "refusal"):
            world.plan_do("issue", plan, lead)
    tried(world, verb, plan, world.plan_do, PLANS[verb][number], {})


# state → the verbs that leave it
LEAVING = {
    "appeal": {
        "lodged": {"withdraw", "comment", "accept"}, "decided": set(), "withdrawn": set(),
        "hearing": {"withdraw", "remark", "release", "stay", "resume", "decide"},
    },
    "improvement_plan": {
        "draft": {"issue", "cancel"}, "signing": {"recall", "sign", "refusal", "cancel"},
        "active": {"pass", "fail", "extend", "cancel"}, "passed": set(), "failed": set(), "cancelled": set(),
    },
}  # fmt: skip


@pytest.mark.parametrize("machine", [APPEAL, PLAN], ids=["appeal", "plan"])
def test_nothing_else_leaves_a_state(machine: Any) -> None:
    found = {state: {one.verb for one in machine.from_state(state)} for state in machine.states}
    assert found == LEAVING[machine.name]


def test_what_is_over_stays_as_it_is(world: Appealed) -> None:
    appeal = world.hearing(BJ)
    world.answer(appeal, "second", "rejected", "none")
    plan = world.plan()
    world.plan_do("cancel", plan, "hrh")
    before = rows()
    for verb, who in (("withdraw", "cm"), ("comment", "mgr"), ("accept", "second"), ("release", "second")):
        with pytest.raises(Conflict):
            world.do(verb, appeal, who)
    for verb, who in (
        ("issue", "mgr"),
        ("sign", "cm"),
        ("pass", "mgr"),
        ("extend", "mgr"),
        ("cancel", "hrh"),
    ):
        with pytest.raises(Conflict):
            world.plan_do(verb, plan, who)
    assert rows() == before
    assert GradeAppeal.objects.get(pk=appeal.pk).state == "decided"
    assert ImprovementPlan.objects.get(pk=plan.pk).state == "cancelled"
    assert DecisionStep.objects.filter(decision=appeal.decision, verb="withdraw").count() == 0
