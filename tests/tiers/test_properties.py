"""What holds for any population and any rule: order of rows, more is never less, patience only ever keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.tiers.engine.deciding import KEEP, MOVE, decide, digest_of
from customers.tiers.engine.document import MEASURES, RuleDocument, rule_of
from customers.tiers.engine.ranking import NONE, Population

QUICK = settings(max_examples=150, deadline=None)


@st.composite
def rules(draw: Any, patient: bool | None = None) -> RuleDocument:
    """Any rule: some measures by bands or shares, tiers by score or share, limits, patience."""
    codes = sorted(draw(st.sets(st.sampled_from(MEASURES), min_size=1)), key=MEASURES.index)
    cuts = sorted(draw(st.sets(st.integers(1, 99), min_size=len(codes) - 1, max_size=len(codes) - 1)))
    weights = [later - earlier for earlier, later in zip([0, *cuts], [*cuts, 100], strict=True)]
    measures = {}
    for code, weight in zip(codes, weights, strict=True):
        count = draw(st.integers(1, 3))
        points = sorted(draw(st.lists(st.integers(0, 100), min_size=count, max_size=count)))
        if draw(st.booleans()):
            lows = sorted(draw(st.sets(st.integers(0, 30), min_size=count, max_size=count)))
            steps = {"bands": [{"from": low, "points": one} for low, one in zip(lows, points, strict=True)]}
        else:
            tops = sorted(draw(st.sets(st.integers(1, 100), min_size=count, max_size=count)))
            steps = {
                "shares": [
                    {"top": top, "points": one} for top, one in zip(tops, reversed(points), strict=True)
                ]
            }
        measures[code] = {"weight": weight, **steps}
    lines = sorted(draw(st.sets(st.integers(1, 100), min_size=2, max_size=2)))
    by_share = draw(st.booleans())
    named = list(zip("AB", lines if by_share else lines[::-1], strict=True))
    tiers = [{"code": code, "top" if by_share else "score": line} for code, line in named] + [{"code": "C"}]
    data: dict[str, Any] = {"code": "R", "name": "规则", "measures": measures, "tiers": tiers}
    if draw(st.booleans()) if patient is None else patient:
        data["hysteresis"] = draw(
            st.sampled_from([{"points": 5}, {"points": 0.5}, {"runs": 2}, {"points": 20, "runs": 3}])
        )
    if draw(st.booleans()):
        data["limits"] = {"key": {"min": "B"}, "prospect": {"max": draw(st.sampled_from("BC"))}}
    return rule_of(data)


@st.composite
def populations(draw: Any) -> Population:
    count = draw(st.integers(1, 12))

    def column(low: int, high: int) -> Any:
        return np.array(
            draw(st.lists(st.integers(low, high), min_size=count, max_size=count)), dtype=np.int64
        )

    return Population(
        ids=np.arange(count) + 1, order=np.array(draw(st.permutations(range(count)))), present=column(-1, 2),
        category=column(0, 3), existing=column(0, 1) == 1, held=column(0, 3) == 3, streak=column(-3, 3),
        values={code: column(0, 4000) for code in MEASURES},
    )  # fmt: skip


def taken(people: Population, at: Any) -> Population:
    return Population(
        *[getattr(people, name)[at] for name in list(vars(people))[:-1]],
        values={code: column[at] for code, column in people.values.items()},
    )


@QUICK
@given(rules(), populations(), st.randoms())
def test_the_order_of_rows_is_nothing(rule: RuleDocument, people: Population, chance: Any) -> None:
    at = list(range(len(people)))
    chance.shuffle(at)
    straight, turned = decide(rule, people), decide(rule, taken(people, at))
    assert straight.final[at].tolist() == turned.final.tolist()
    assert straight.ranked.points[at].tolist() == turned.ranked.points.tolist()
    assert digest_of(people, straight) == digest_of(taken(people, at), turned)


@QUICK
@given(rules(), populations(), st.sampled_from(MEASURES), st.integers(0, 11), st.integers(1, 4000))
def test_more_of_anything_never_gives_a_lower_tier(
    rule: RuleDocument, people: Population, code: str, who: int, more: int
) -> None:
    """Everybody else as they were; shares, scores, margins and runs included."""
    who %= len(people)
    column = people.values[code].copy()
    column[who] += more
    richer = Population(**{**vars(people), "values": {**people.values, code: column}})
    before, after = decide(rule, people), decide(rule, richer)
    assert after.ranked.score[who] >= before.ranked.score[who]
    assert after.ranked.natural[who] <= before.ranked.natural[who]
    if before.final[who] != NONE:
        assert after.final[who] <= before.final[who]


@QUICK
@given(rules(patient=True), populations())
def test_patience_keeps_or_lets_go_but_never_goes_elsewhere(rule: RuleDocument, people: Population) -> None:
    """With patience a customer is where it was, where it would be at once, or between the two; never further."""
    at_once = decide(
        rule_of({key: value for key, value in rule.source.items() if key != "hysteresis"}), people
    )
    found = decide(rule, people)
    for present, now, later in zip(people.present, at_once.wanted, found.wanted, strict=True):
        if present == NONE:
            assert later == now
        else:
            assert min(present, now) <= later <= max(present, now)


@QUICK
@given(rules(), populations())
def test_what_has_been_applied_is_not_asked_for_again(rule: RuleDocument, people: Population) -> None:
    """With the tiers of a run in place, the same facts move nobody: neither up nor down again."""
    first = decide(rule, people)
    settled = Population(
        **{**vars(people), "present": first.final, "streak": np.zeros(len(people), dtype=np.int64)}
    )
    again = decide(rule, settled)
    moved = (again.outcome == MOVE) & (first.outcome != KEEP)
    reached = first.final == first.natural
    assert not (moved & reached).any()


@QUICK
@given(rules(), populations())
def test_the_score_is_the_sum_of_its_parts(rule: RuleDocument, people: Population) -> None:
    found = decide(rule, people).ranked
    weights = [measure.weight for measure in rule.measures]
    for points, score in zip(found.points.tolist(), found.score.tolist(), strict=True):
        assert score == sum(weight * one for weight, one in zip(weights, points, strict=True))
        assert 0 <= score <= 10_000
