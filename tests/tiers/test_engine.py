"""The engine by hand: points, scores, tiers, patience, limits. Numbers can be checked with a pencil."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from customers.tiers.engine.deciding import OUTCOMES, Decided, decide, digest_of
from customers.tiers.engine.document import CATEGORIES, RuleDocument, rule_of
from customers.tiers.engine.ranking import NONE, Population, ranked

A, B, C = range(3)
BANDS = [{"from": 10, "points": 20}, {"from": 20, "points": 60}, {"from": 50, "points": 100}]
SHARES = [{"top": 10, "points": 100}, {"top": 50, "points": 40}]
BY_SCORE = [{"code": "A", "score": 80}, {"code": "B", "score": 40}, {"code": "C"}]
BY_SHARE = [{"code": "A", "top": 20}, {"code": "B", "top": 50}, {"code": "C"}]


def rule(
    tiers: list[dict[str, Any]] = BY_SCORE, measures: dict[str, Any] | None = None, **more: Any
) -> RuleDocument:
    """One measure, frequency, by bands, unless said otherwise."""
    given = measures or {"frequency": {"weight": 100, "bands": BANDS}}
    return rule_of({"code": "R", "name": "规则", "measures": given, "tiers": tiers, **more})


def people(*frequency: int, **more: Any) -> Population:
    """Customers 100, 101 … with no tier, in order; `present`, `held`, `streak`, `category`, `order`, other values as given."""
    count = len(frequency)
    values = {"frequency": np.array(frequency, dtype=np.int64)} | {
        name: np.array(more[name], dtype=np.int64)
        for name in ("contracts", "revenue", "potential")
        if name in more
    }

    def column(name: str, usual: Any) -> Any:
        return np.array(more.get(name, usual), dtype=np.int64)

    return Population(
        ids=np.arange(100, 100 + count), order=column("order", range(count)), present=column("present", [NONE] * count),
        category=column("category", [0] * count), existing=column("existing", [1] * count) == 1,
        held=column("held", [0] * count) == 1, streak=column("streak", [0] * count), values=values,
    )  # fmt: skip


def said(found: Decided) -> list[tuple[int, str]]:
    return [
        (int(final), OUTCOMES[outcome]) for final, outcome in zip(found.final, found.outcome, strict=True)
    ]


# --- points and scores ------------------------------------------------------------------------------------------------
def test_bands_give_the_points_of_the_last_line_reached() -> None:
    found = ranked(rule(), people(9, 10, 19, 20, 49, 50, 1000))
    assert found.points[:, 0].tolist() == [0, 20, 20, 60, 60, 100, 100]


def test_shares_count_places_and_give_nothing_for_nothing() -> None:
    """Ten customers: one is among the best 10 %, five among the best 50 %; the fifth place has nothing."""
    measures = {"frequency": {"weight": 100, "shares": SHARES}}
    found = ranked(rule(measures=measures), people(7, 0, 9, 0, 3, 0, 5, 0, 0, 0))
    assert found.places[:, 0].tolist() == [2, 5, 1, 6, 4, 7, 3, 8, 9, 10]
    assert found.points[:, 0].tolist() == [40, 0, 100, 0, 40, 0, 40, 0, 0, 0]


def test_of_equals_the_smaller_number_goes_first() -> None:
    """Both have 9, one place among the best 10 % of ten: the one whose number comes first has it."""
    measures = {"frequency": {"weight": 100, "shares": SHARES}}
    rest = [1] * 8
    first = ranked(rule(measures=measures), people(9, 9, *rest))
    second = ranked(rule(measures=measures), people(9, 9, *rest, order=[5, 3, *[9, 1, 2, 4, 6, 7, 8, 0]]))
    assert first.points[:2, 0].tolist() == [100, 40]
    assert second.points[:2, 0].tolist() == [40, 100]


def test_the_score_is_the_weighted_sum_in_hundredths() -> None:
    """40 × 100 + 35 × 20 + 25 × 60 = 6200: 62 points."""
    measures = {
        "contracts": {"weight": 40, "bands": [{"from": 0.5, "points": 100}]},
        "revenue": {"weight": 35, "bands": [{"from": 1, "points": 20}]},
        "frequency": {"weight": 25, "bands": BANDS},
    }
    found = ranked(rule(measures=measures), people(20, 0, contracts=[50, 49], revenue=[100, 99]))
    assert found.score.tolist() == [6200, 0]
    assert found.natural.tolist() == [B, C]


def test_the_largest_sums_of_money_are_ranked() -> None:
    measures = {"revenue": {"weight": 100, "shares": [{"top": 50, "points": 100}]}}
    found = ranked(rule(measures=measures), people(0, 0, revenue=[9 * 10**18 - 1, 9 * 10**18]))
    assert found.points[:, 0].tolist() == [0, 100]


# --- tiers ------------------------------------------------------------------------------------------------------------
def test_tiers_by_score_begin_at_their_line() -> None:
    """100, 60 and 20 points; the line of A is 60, that of B 20.01."""
    tiers = [{"code": "A", "score": 60}, {"code": "B", "score": 20.01}, {"code": "C"}]
    assert ranked(rule(tiers), people(50, 20, 10)).natural.tolist() == [A, A, C]


def test_tiers_by_share_count_heads_and_leave_out_who_has_nothing() -> None:
    """Ten: two in A, three more in B; only four have a score."""
    found = ranked(rule(BY_SHARE), people(50, 10, 20, 0, 0, 50, 0, 0, 0, 0))
    assert found.natural.tolist() == [A, B, B, C, C, A, C, C, C, C]
    assert [(line.admitted, line.refused) for line in found.lines] == [(10_000, 6000), (2000, 0)]


def test_a_share_too_small_for_one_head_admits_nobody() -> None:
    found = ranked(rule(BY_SHARE), people(50, 20, 10, 0))
    assert found.natural.tolist() == [B, B, C, C]
    assert (found.lines[0].admitted, found.lines[0].refused) == (10_001, 10_000)


def test_nobody_at_all() -> None:
    for tiers in (BY_SCORE, BY_SHARE):
        assert said(decide(rule(tiers), people())) == []


# --- what one has already -----------------------------------------------------------------------------------------------
def scored(*score: int, **more: Any) -> tuple[dict[str, Any], Population]:
    """Customers with exactly these scores: one point a transaction."""
    measures = {"frequency": {"weight": 100, "bands": [{"from": n, "points": n} for n in range(1, 101)]}}
    return measures, people(*score, **more)


def test_without_patience_the_line_decides() -> None:
    measures, who = scored(79, 80, 39, 40, 100, present=[A, B, B, C, NONE])
    assert said(decide(rule(measures=measures), who)) == [
        (B, "move"), (A, "move"), (C, "move"), (B, "move"), (A, "move"),
    ]  # fmt: skip


def test_within_the_margin_one_stays() -> None:
    """Margin 5, lines 80 and 40. From A: 75 stays, 74 goes. From B up: 84 stays, 85 goes. From C: 84 reaches B only."""
    measures, who = scored(75, 74, 84, 85, 84, 90, 44, 45, present=[A, A, B, B, C, C, C, C])
    found = decide(rule(measures=measures, hysteresis={"points": 5}), who)
    assert said(found) == [
        (A, "near"), (B, "move"), (B, "near"), (A, "move"), (B, "move"), (A, "move"), (C, "near"), (B, "move"),
    ]  # fmt: skip


def test_runs_in_a_row() -> None:
    """Three in a row. Up for the third time: goes. Down after two times up: begins again. On its side of the line: forgotten."""
    measures, who = scored(80, 80, 30, 50, present=[B, B, B, B], streak=[2, 1, 2, 2])
    found = decide(rule(measures=measures, hysteresis={"runs": 3}), who)
    assert said(found) == [(A, "move"), (B, "wait"), (B, "wait"), (B, "keep")]
    assert found.streak.tolist() == [0, 2, -1, 0]


def test_margin_or_runs_whichever_comes_first() -> None:
    """Beyond the margin at once; within it in the second run."""
    measures, who = scored(74, 76, 76, present=[A, A, A], streak=[0, 0, -1])
    found = decide(rule(measures=measures, hysteresis={"points": 5, "runs": 2}), who)
    assert said(found) == [(B, "move"), (A, "wait"), (B, "move")]


def test_by_share_the_margin_is_measured_from_the_neighbour_across_the_line() -> None:
    """Five customers, one in A (20 %). 90 has it, 88 was A: within 5 of the last one admitted it stays, so that A has two.
    With 84 it goes."""
    for other, stays in ((88, True), (84, False)):
        measures, who = scored(90, other, 10, 10, 10, present=[B, A, C, C, C])
        found = decide(rule(BY_SHARE, measures=measures, hysteresis={"points": 5}), who)
        assert said(found)[1] == ((A, "near") if stays else (B, "move"))
        # 90 is above the first one who was not admitted by 2 or by 6.
        assert said(found)[0] == ((B, "near") if stays else (A, "move"))


def test_a_first_tier_needs_no_patience() -> None:
    measures, who = scored(80, 0)
    assert said(decide(rule(measures=measures, hysteresis={"points": 50, "runs": 9}), who)) == [
        (A, "move"),
        (C, "move"),
    ]


def test_limits_hold_against_score_and_patience() -> None:
    """重点 at least B, 潜在 at most B; a 潜在 customer in A leaves it at once."""
    key, prospect = CATEGORIES.index("key"), CATEGORIES.index("prospect")
    measures, who = scored(0, 100, 78, present=[B, NONE, A], category=[key, prospect, prospect])
    limits = {"key": {"min": "B"}, "prospect": {"max": "B"}}
    found = decide(rule(measures=measures, limits=limits, hysteresis={"points": 20, "runs": 5}), who)
    assert said(found) == [(B, "keep"), (B, "move"), (B, "move")]


def test_a_hand_holds() -> None:
    """The rule says what it would do; the customer stays, also without any tier; who agrees with the rule is not mentioned."""
    measures, who = scored(10, 100, 90, 78, present=[A, NONE, A, A], held=[1, 1, 1, 1])
    found = decide(rule(measures=measures, hysteresis={"runs": 2}), who)
    assert said(found) == [(A, "keep"), (NONE, "held"), (A, "keep"), (A, "keep")]
    found = decide(rule(measures=measures), who)
    assert said(found) == [(A, "held"), (NONE, "held"), (A, "keep"), (A, "held")]
    assert found.wanted.tolist() == [C, A, A, B]


def test_categories_follow_except_where_a_hand_holds() -> None:
    measures, who = scored(90, 90, 10, 90, present=[A] * 4, existing=[1, 0, 1, 1], held=[0, 0, 0, 1])
    found = decide(rule(measures=measures, categories={"A": "key", "B": "general", "C": "general"}), who)
    assert [CATEGORIES[place] for place in found.category] == ["key", "prospect", "general", "none"]


def test_the_digest_is_of_what_is_said_not_of_the_order_of_rows() -> None:
    measures, who = scored(90, 10, 50, present=[B, B, B])
    turned = people(50, 90, 10, present=[B, B, B], order=[2, 0, 1])
    turned = Population(
        np.array([102, 100, 101]), *[getattr(turned, name) for name in list(vars(turned))[1:]]
    )
    given = rule(measures=measures)
    assert digest_of(who, decide(given, who)) == digest_of(turned, decide(given, turned))
    other = rule(
        measures=measures, tiers=[{"code": "A", "score": 95}, {"code": "B", "score": 40}, {"code": "C"}]
    )
    assert digest_of(who, decide(given, who)) != digest_of(who, decide(other, who))


@pytest.mark.parametrize("count", [1, 7, 100])
def test_everybody_lands_in_one_tier(count: int) -> None:
    measures, who = scored(*[n * 37 % 101 for n in range(count)])
    for tiers in (BY_SCORE, BY_SHARE):
        found = decide(rule(tiers, measures=measures), who)
        assert set(found.final.tolist()) <= {A, B, C}
