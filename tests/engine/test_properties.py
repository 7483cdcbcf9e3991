"""What must hold for every scheme and all people, tried on random ones."""

from __future__ import annotations

import copy
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from appraisal.schemes.engine import Evaluation, load_scheme_data, read_cohort
from appraisal.schemes.engine.cohort import column_of
from appraisal.schemes.engine.counterfactual import counterfactuals, with_input
from appraisal.schemes.engine.document import exact_data
from appraisal.schemes.engine.exact import ROUNDING_MODES, divide_rounded, round_scaled, share_out
from appraisal.schemes.engine.kernels import KERNELS, divide, kernel_for
from appraisal.schemes.engine.methods import METHODS
from appraisal.schemes.engine.model import Rounding
from tests.engine.casting import results, run
from tests.engine.worlds import figures, rising_methods, schemes, worlds

MODEST = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
FEW = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
ORDER = {"demotion": 0, "hold": 1, "promotion": 2}
World = tuple[dict[str, Any], list[dict[str, Any]]]


@MODEST
@given(worlds())
def test_contributions_sum_to_dimensions_and_the_total_to_the_last_digit(world: World) -> None:
    scheme, people = world
    for person in results(scheme, people):
        for code, value in person["dimensions"].items():
            rows = [Decimal(row["contribution"]) for row in person["lines"]
                    if row["dimension"] == code and row["contribution"] is not None]  # fmt: skip
            weights = [
                Decimal(row["weight"])
                for row in person["lines"]
                if row["dimension"] == code and row["weight"]
            ]
            if value is not None:
                assert sum(rows) == Decimal(value)
                assert sum(weights) == 100
        if person["total"] is not None:
            assert Decimal(person["total"]) * 2 == sum(
                Decimal(value) for value in person["dimensions"].values()
            )


@MODEST
@given(worlds(most=1), st.data())
def test_raising_a_reading_never_lowers_a_score_or_the_proposal(world: World, data: st.DataObject) -> None:
    scheme, people = world
    assume(people[0]["readings"])
    code = data.draw(st.sampled_from(sorted(people[0]["readings"])))
    raised = copy.deepcopy(people[0])
    raised["readings"][code] += data.draw(st.decimals(min_value=0, max_value=2000, places=2))
    before, after = results(scheme, people)[0], results(scheme, [raised])[0]
    for name, value in before["dimensions"].items():
        if value is not None:
            assert Decimal(after["dimensions"][name]) >= Decimal(value)
    for old, new in zip(before["lines"], after["lines"], strict=True):
        if old["score"] is not None:
            assert Decimal(new["score"]) >= Decimal(old["score"])
    assert (before["proposal"]["kind"] == "not_rated") == (after["proposal"]["kind"] == "not_rated")
    if before["proposal"]["kind"] != "not_rated":
        assert ORDER[after["proposal"]["kind"]] >= ORDER[before["proposal"]["kind"]]


def with_peers(scheme: dict[str, Any]) -> dict[str, Any]:
    """The scheme with a rank, forced levels and a quota, so that people meet."""
    first = scheme["dimensions"][1]["indicators"][0]
    first["method"] = {"type": "rank", "group": "unit", "first": 120, "last": 20}
    scheme["quotas"] = [
        {
            "code": f"Q{k}",
            "grade": f"G{k}",
            "kind": "headcount" if k == 4 else "promotions",
            "limit": 1,
            "group": "unit",
        }
        for k in (2, 3, 4)
    ]
    scheme["levels"] = {
        "scale": [{"code": "A", "name": "优"}, {"code": "B", "name": "良"}, {"code": "C", "name": "差"}],
        "value": "total", "bands": [{"to": 40, "level": "C"}, {"from": 40, "to": 70, "level": "B"}, {"from": 70, "level": "A"}],
        "quotas": [{"code": "LQ", "level": "A", "percent": 40, "group": "unit", "of": "all", "rounding": "floor"}],
    }  # fmt: skip
    return scheme


@FEW
@given(worlds(least=2, most=7), st.randoms(use_true_random=False))
def test_reordering_and_relabelling_people_changes_nothing(world: World, random: Any) -> None:
    scheme, people = with_peers(world[0]), world[1]
    before = {item.pop("employee_no"): item for item in results(scheme, people)}
    shuffled = copy.deepcopy(people)
    random.shuffle(shuffled)
    for person in shuffled:
        person["employee_no"] = person["employee_no"].replace("E", "X")[::-1]
    after = {item.pop("employee_no")[::-1].replace("X", "E"): item for item in results(scheme, shuffled)}
    assert before == after


@FEW
@given(worlds(least=2, most=8))
def test_quotas_are_never_exceeded(world: World) -> None:
    scheme, people = with_peers(world[0]), world[1]
    people = people + [
        {**person, "employee_no": f"T{k}"} for k, person in enumerate(people)
    ]  # ties on purpose
    found = results(scheme, people)
    for unit in ("U1", "U2"):
        mine = [(p, r) for p, r in zip(people, found, strict=True) if p["unit"] == unit]
        for k in (2, 3):
            assert (
                sum(r["proposal"]["to"] == f"G{k}" and r["proposal"]["kind"] == "promotion" for _, r in mine)
                <= 1
            )
        held = sum(p["grade"] == "G4" and r["proposal"]["kind"] != "demotion" for p, r in mine)
        promoted = sum(r["proposal"]["to"] == "G4" for _, r in mine)
        assert promoted <= max(0, 1 - held)
        assert sum(r["level"] == "A" for _, r in mine) <= len(mine) * 40 // 100


@MODEST
@given(worlds(), st.booleans())
def test_one_step_at_most_without_an_exceptional_decision(world: World, decided: bool) -> None:
    scheme, people = world
    scheme["promotion"].insert(0, {"to": "G4", "from": ["G1", "G2"], "exceptional": True,
                                   "when": {"value": "total", "op": ">=", "than": 30}})  # fmt: skip
    for person in people:
        person["facts"]["exceptional_decision"] = "文号" if decided else None
    for person, found in zip(people, results(scheme, people), strict=True):
        to = found["proposal"]["to"]
        if to is not None:
            steps = abs(int(to[1]) - int(person["grade"][1]))
            assert steps == 1 or (decided and found["proposal"]["kind"] == "promotion")


@MODEST
@given(worlds(most=2))
def test_a_missing_part_is_never_a_silent_zero(world: World) -> None:
    scheme, people = world
    policies = {i["code"]: i["missing"] for d in scheme["dimensions"] for i in d["indicators"]}
    for person, found in zip(people, results(scheme, people), strict=True):
        for row in found["lines"]:
            if row["kind"] != "indicator" or row["code"] in person["readings"]:
                continue
            action = {"zero": "zero", "exclude_and_reweight": "excluded", "block": "blocked"}[
                policies[row["code"]]
            ]
            assert row["note"] == f"missing_{action}"
            assert (row["score"] is None) == (action != "zero")
            if action == "blocked":
                assert found["dimensions"][row["dimension"]] is None
                assert found["proposal"]["kind"] == "not_rated"


@FEW
@given(worlds(most=1, extras=False), st.data())
def test_the_counterfactual_alters_the_decision_and_a_smaller_change_does_not(
    world: World, data: st.DataObject
) -> None:
    scheme, people = load_scheme_data(world[0]), world[1]
    cohort = read_cohort({"period": "2025Q4", "people": people})
    decision = Evaluation(scheme, cohort).decision(0)
    for change in counterfactuals(scheme, cohort, "E0"):

        def at(value: Fraction, name: str = change.name) -> Any:
            person = with_input(cohort.people[0], name, value)
            return Evaluation(scheme, type(cohort)(cohort.period, (person,))).decision(0)

        assert change.before == decision
        assert at(change.nearest) == change.after != decision
        steps = int(abs(change.nearest - change.value) / change.step)
        sign = 1 if change.nearest > change.value else -1
        tried = {
            0,
            steps - 1,
            data.draw(st.integers(0, max(0, steps - 1))),
            data.draw(st.integers(0, max(0, steps - 1))),
        }
        for k in tried:
            assert at(change.value + sign * k * change.step) == decision


@MODEST
@given(schemes(), st.data())
def test_a_person_alone_and_in_company_is_scored_the_same_without_peer_rules(
    scheme: Any, data: st.DataObject
) -> None:
    people = [data.draw(figures(scheme, k)) for k in range(3)]
    together = results(scheme, people)
    assert together == [results(scheme, [person])[0] for person in people]


# --- kernels and numbers ---------------------------------------------------------------------------------------------
FIGURES = st.one_of(
    st.none(), st.decimals(-5000, 5000, places=2), st.integers(-(10**25), 10**25), st.just(Decimal(0))
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.one_of(
        rising_methods(),
        st.just({"type": "lower_is_better", "floor": 0, "cap": 120}),
        st.just({"type": "lower_is_better"}),
        st.just({"type": "deduct", "start": 100, "per": Decimal("2.5"), "floor": 10}),
        st.just(
            {"type": "per_unit", "above": Decimal("1.005"), "per": Decimal("0.3"), "points": -2, "base": 90}
        ),
        st.just({"type": "ratio", "full": Decimal("7.8")}),
    ),
    st.lists(st.tuples(FIGURES, FIGURES), min_size=1, max_size=8),
    st.integers(0, 4),
    st.sampled_from(ROUNDING_MODES),
)
def test_the_column_form_of_a_method_equals_its_definition(
    method: Any, rows: Any, places: int, mode: str
) -> None:
    section = exact_data(method)
    kernel = kernel_for(section)
    assume(kernel is not None)
    assert kernel is not None
    x = [None if a is None else Fraction(a) for a, _ in rows]
    base = [None if b is None else Fraction(b) for _, b in rows]
    units, good = kernel(section, column_of(x), column_of(base), Rounding(places, mode))
    for k, (value, target) in enumerate(zip(x, base, strict=True)):
        exact = None if value is None else METHODS[section["type"]](section, value, target)
        assert bool(good[k]) == (exact is not None)
        if exact is not None:
            assert int(units[k]) == round_scaled(exact, places, mode)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.lists(st.integers(-(10**6), 10**6), min_size=1), st.integers(1, 999), st.sampled_from(ROUNDING_MODES)
)
def test_division_of_columns_rounds_like_division_of_numbers(values: list[int], by: int, mode: str) -> None:
    assert divide(np.array(values), by, mode).tolist() == [
        divide_rounded(value, by, mode) for value in values
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(0, 10**9), st.lists(st.fractions(0, 100), min_size=1, max_size=12))
def test_shares_add_up_and_stay_within_one_of_exact(total: int, weights: list[Fraction]) -> None:
    assume(sum(weights) > 0)
    parts = share_out(total, weights)
    assert sum(parts) == total
    assert all(
        abs(part - total * weight / sum(weights)) < 1 for part, weight in zip(parts, weights, strict=True)
    )


def test_every_kernel_is_tried_above() -> None:
    assert set(KERNELS) == {"ratio", "lower_is_better", "bands", "linear", "per_unit", "deduct"}
    assert run({"code": "A", "version": 1, "name": "空", "cycle": "year", "dimensions": [{"code": "performance", "indicators": [
        {"code": "X", "name": "甲", "weight": 100, "source": "reading", "method": {"type": "direct"}}]}]}, [], "2025").proposals == []  # fmt: skip
