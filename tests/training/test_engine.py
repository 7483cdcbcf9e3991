"""Suggestions worked by hand, and what must hold for any sheet and catalogue."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.plans.engine import Line, Offer, level_for, suggest, weak

CORP, RETAIL = 1, 2


def line(code: str, score: str, weight: str = "20", limit: str = "80") -> Line:
    return Line(code, code, Decimal(score), Decimal(weight), Decimal(limit))


def offer(
    pk: int, code: str, indicator: str, level: int = 1, business: int | None = None, hours: int = 8
) -> Offer:
    return Offer(pk, code, frozenset({indicator}), level, business, hours)


def test_what_costs_most_comes_first_and_lines_at_the_limit_are_not_weak() -> None:
    # (80 − 70) × 25 % = 2.5; (80 − 76) × 40 % = 1.6; (80 − 60) × 10 % = 2.0; 80 is at the limit.
    lines = [
        line("A", "76", "40"),
        line("B", "60", "10"),
        line("C", "70", "25"),
        line("D", "80"),
        line("E", "95"),
    ]
    assert [(one.code, one.lost) for one in weak(lines)] == [
        ("C", Decimal("2.5")), ("B", Decimal("2.0")), ("A", Decimal("1.6")),
    ]  # fmt: skip
    assert [one.code for one in weak(lines, most=1)] == ["C"]


def test_equal_losses_go_by_code() -> None:
    assert [one.code for one in weak([line("B", "70"), line("A", "70")])] == ["A", "B"]


@pytest.mark.parametrize(
    ("rank", "grades", "level"),
    [(1, 5, 1), (2, 5, 2), (3, 5, 2), (4, 5, 3), (5, 5, 3), (1, 3, 1), (2, 3, 2), (3, 3, 3), (1, 1, 3), (0, 3, 1), (1, 0, 1)],
)  # fmt: skip
def test_the_level_of_a_grade(rank: int, grades: int, level: int) -> None:
    assert level_for(rank, grades) == level


def test_his_own_line_goes_before_the_level_and_another_line_is_never_suggested() -> None:
    offers = [
        offer(1, "GENERAL", "A", level=2),
        offer(2, "CORP-1", "A", level=1, business=CORP),
        offer(3, "RETAIL-2", "A", level=2, business=RETAIL),
    ]
    [found] = suggest([line("A", "60")], offers, level=2, line=CORP)
    assert found.offer is not None
    assert found.offer.code == "CORP-1"
    assert found.why == {"level": 2, "found": 1, "own_line": True, "passed_over": 1}
    [without] = suggest([line("A", "60")], offers, level=2, line=None)
    assert without.offer is not None
    assert without.offer.code == "GENERAL"


def test_the_nearest_level_the_lower_of_two_then_fewer_hours_then_the_code() -> None:
    offers = [offer(1, "HIGH", "A", 3), offer(2, "LOW", "A", 1), offer(3, "LOW-LONG", "A", 1, hours=16)]
    assert suggest([line("A", "60")], offers, level=2, line=None)[0].offer == offers[1]
    alike = [offer(1, "Y", "A"), offer(2, "X", "A")]
    assert suggest([line("A", "60")], alike, level=1, line=None)[0].offer == alike[1]


def test_no_course_twice_none_that_is_done_and_a_gap_is_said() -> None:
    shared = Offer(1, "BOTH", frozenset({"A", "B"}), 1, None, 8)
    found = suggest([line("A", "50"), line("B", "60")], [shared], level=1, line=None)
    assert [(one.line.code, one.offer and one.offer.code) for one in found] == [("A", "BOTH"), ("B", None)]
    assert suggest([line("A", "50")], [shared], level=1, line=None, done={1})[0].offer is None


LINES = st.lists(
    st.builds(
        line, st.sampled_from("ABCDEF"), st.integers(0, 120).map(str), st.integers(0, 100).map(str),
        st.integers(50, 90).map(str),
    ),
    max_size=8, unique_by=lambda one: one.code,
)  # fmt: skip
OFFERS = st.lists(
    st.builds(
        offer, st.integers(1, 50), st.uuids().map(str), st.sampled_from("ABCDEF"), st.integers(1, 3),
        st.sampled_from([None, CORP, RETAIL]), st.integers(1, 40),
    ),
    max_size=12, unique_by=lambda one: one.id,
)  # fmt: skip


@given(LINES, OFFERS, st.integers(1, 3), st.sampled_from([None, CORP]), st.randoms())
def test_whatever_the_sheet_and_the_catalogue(lines: list[Line], offers: list[Offer], level: int, business: int | None, chance: object) -> None:  # fmt: skip
    found = suggest(lines, offers, level=level, line=business)
    given_ = [one.offer.id for one in found if one.offer]
    assert len(found) <= 3
    assert len(given_) == len(set(given_))
    assert all(one.line.score < one.line.limit for one in found)
    assert all(
        one.line.code in one.offer.indicators and one.offer.line in (None, business)
        for one in found
        if one.offer
    )
    mixed = list(offers)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert suggest(list(reversed(lines)), mixed, level=level, line=business) == found
