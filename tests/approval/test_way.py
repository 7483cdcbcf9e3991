"""A plan from its draft to the head's decision and back, line by line, worked by hand."""

from __future__ import annotations

import pytest

from tests.approval.world import DUE, NOW, SIDES, Bench
from tests.cast import TODAY

pytestmark = pytest.mark.django_db


def test_submitted_every_side_is_asked_once(found: Bench) -> None:
    """城东 gives three and takes three, one of them both; who has nobody yet has a taking side only."""
    plan = found.submit()
    assert (plan.state, plan.due_on, plan.submitted_by.username) == ("reviewing", DUE, "cmd")
    assert found.sides() == SIDES
    assert found.steps == [("submit", "draft", "reviewing")]
    assert found.plan.steps.get().data == {"lines": 5, "sides": 8, "held": 0}
    assert found.events() == ["plan.submit"]
    said = ["分客方案 FK-2026-0001 请您审核，2026-03-09 前答复"]
    assert {name: found.letters(name) for name in ("mgr", "mgrcx", "mgrbj", "mgrpd", "ldr")} == {
        "mgr": said, "mgrcx": said, "mgrbj": said, "mgrpd": [], "ldr": [],
    }  # fmt: skip


def test_both_sides_agree_and_the_head_approves(found: Bench) -> None:
    found.submit()
    first = found.answer("mgr")
    assert (first.answered, first.kept_out, first.flagged, first.complete) == (5, 0, 0, False)
    assert set(found.lines().values()) == {"proposed"}
    last = found.answer("mgrcx")
    assert (last.answered, last.complete, found.plan.state) == (3, True, "deciding")
    assert set(found.lines().values()) == {"agreed"}
    assert found.letters("ldr") == ["分客方案 FK-2026-0001 请您审批"]
    done = found.approve()
    assert (done.approved, done.dropped, done.refused) == (5, 0, 0)
    plan = found.plan
    assert (plan.state, plan.approved_by, plan.approved_at, plan.effective_on) == (
        "approved", found.user("ldr"), NOW, TODAY,
    )  # fmt: skip
    assert set(found.lines().values()) == {"approved"}
    assert found.steps == [
        ("submit", "draft", "reviewing"), ("answer", "reviewing", "reviewing"), ("answer", "reviewing", "reviewing"),
        ("complete", "reviewing", "deciding"), ("approve", "deciding", "approved"),
    ]  # fmt: skip
    assert found.events() == ["plan.submit", "plan.answer", "plan.answer", "plan.complete", "plan.approve"]
    assert found.letters("cmd") == ["分客方案 FK-2026-0001 已批准，2026-03-02 起生效"]
