"""At once, in transactions of their own: many answers, a recall, double clicks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from cmsys.access.refusals import Conflict
from cmsys.audit.models import Event
from customers.planning.models import LineSide, PlanStep
from customers.registry.models import Assignment, Customer
from tests.approval.world import Bench, bench
from tests.cast import TODAY, stage
from tests.customers.stage import register
from tests.decisions.test_together import at_once

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20


@pytest.fixture
def fresh() -> Bench:
    """Committed: twenty customers go from 城东 to 城西, besides the five."""
    with transaction.atomic():
        cast = stage()
        register(cast)
        chen = cast.managers["M-CD1"]
        for n in range(MANY):
            customer = Customer.objects.create(
                customer_no=f"K-{n:02}", name=f"第{n}公司", unit=cast.units["CD"], owner=chen
            )
            Assignment.objects.create(customer=customer, manager=chen, role="primary", starts_on=TODAY)
        found = bench(cast, tuple((f"K-{n:02}", "M-CD1", "M-CX1", 1) for n in range(MANY)))
        found.submit()
    return found


def test_of_twenty_answers_and_a_recall_one_outcome(fresh: Bench) -> None:
    """Each of twenty answers one line; the planner takes the plan back. Whoever came before has answered, whoever came after
    is told; the plan is a draft with nothing left of it, and the step of the recall counts exactly what had been said."""
    keys = list(
        LineSide.objects.filter(plan=fresh.pk, side="giving").order_by("pk").values_list("pk", flat=True)
    )

    def answer(n: int) -> Callable[[], Any]:
        return lambda: fresh.answer("mgr" if n % 2 else "mgrbj", [keys[n]], nonce=f"a-{n}")

    came = at_once([*(answer(n) for n in range(MANY)), lambda: fresh.recall(nonce="r")])
    won = [one for one in came[:MANY] if not isinstance(one, Exception)]
    lost = [one for one in came[:MANY] if isinstance(one, Exception)]
    assert not isinstance(came[MANY], Exception)
    assert {type(one) for one in lost} <= {Conflict}
    assert all("蒋客管（cmd） 已于" in str(one) and "现在是“草案”" in str(one) for one in lost)
    assert (fresh.plan.state, fresh.sides(), set(fresh.lines().values())) == ("draft", [], {"proposed"})
    counts = Counter(PlanStep.objects.filter(plan=fresh.pk).values_list("verb", flat=True))
    assert (
        counts == {"submit": 1, "answer": len(won), "recall": 1}
        if won
        else counts == {"submit": 1, "recall": 1}
    )
    told = fresh.plan.steps.get(verb="recall").data
    assert (told["agreed"], told["refused"], told["waiting"]) == (len(won), 0, 2 * MANY - len(won))
    assert Event.objects.filter(kind="plan.answer").count() == len(won)


def test_of_twenty_verdicts_on_one_line_one_counts(fresh: Bench) -> None:
    """Twenty times two supervisors with opposite words: whoever was first has the line, the other is told by whom."""
    [key] = LineSide.objects.filter(plan=fresh.pk, side="giving", line__customer__customer_no="K-00").values_list("pk", flat=True)  # fmt: skip

    def answer(n: int) -> Callable[[], Any]:
        who, verdict = (("mgr", "agreed"), ("mgrbj", "refused"))[n % 2]
        return lambda: fresh.answer(who, [key], verdict, "理由", nonce=f"v-{n}")

    came = at_once([answer(n) for n in range(MANY)])
    side = LineSide.objects.get(pk=key)
    first = "mgr" if side.verdict == "agreed" else "mgrbj"
    assert side.by == fresh.user(first)
    for n, one in enumerate(came):
        if ("mgr", "mgrbj")[n % 2] == first:
            assert one.answered == 1
        else:
            assert isinstance(one, Conflict)
            assert side.by_name in str(one)


def test_the_last_two_sides_at_once_hand_it_over_once(fresh: Bench) -> None:
    came = at_once([lambda: fresh.answer("mgr"), lambda: fresh.answer("mgrcx")])
    assert sorted(one.complete for one in came) == [False, True]
    assert (fresh.plan.state, Counter(verb for verb, _a, _b in fresh.steps)["complete"]) == ("deciding", 1)


def test_one_form_sent_ten_times_is_one_approval(fresh: Bench) -> None:
    fresh.answer("mgr")
    fresh.answer("mgrcx")
    drop = tuple(fresh.line(f"K-{n:02}").pk for n in range(10, MANY))
    came = at_once([lambda: fresh.approve(drop=drop, reason="承接不下", nonce="once")] * 10)
    assert [(one.approved, one.dropped) for one in came] == [(10, 10)] * 10
    assert sorted(one.repeated for one in came) == [False] + [True] * 9
    assert Event.objects.filter(kind="plan.approve").count() == 1


def test_approval_and_recall_never_both(fresh: Bench) -> None:
    fresh.answer("mgr")
    fresh.answer("mgrcx")
    drop = tuple(fresh.line(f"K-{n:02}").pk for n in range(10, MANY))
    came = at_once([lambda: fresh.approve(drop=drop, reason="承接不下"), lambda: fresh.recall()])
    lost = [one for one in came if isinstance(one, Exception)]
    assert len(lost) == 1 and not isinstance(lost[0], ValidationError)
    states = set(fresh.lines().values())
    assert (fresh.plan.state, states) in (("approved", {"approved", "dropped"}), ("draft", {"proposed"}))
