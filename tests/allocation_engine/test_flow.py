"""The transport: exact against small cases worked by hand, against a linear program, and its prices prove it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from customers.allocation.engine.flow import Infeasible, Sinks, Transport, transport
from customers.allocation.engine.network import RangeError


def column(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


FLAT = (column(0), column(0))


def check_prices(done: Transport, supply, customer, manager, cost, capacity, marginal) -> None:
    """Dual feasibility and complementary slackness, hence optimality, without trusting the solver."""
    reduced = cost + done.manager_price[manager] - done.customer_price[customer]
    assert (reduced >= 0).all()
    assert (reduced[done.flow > 0] == 0).all()
    load = np.bincount(manager, weights=done.flow, minlength=len(capacity)).astype(np.int64)
    assert (load <= capacity).all()
    assert (np.bincount(customer, weights=done.flow, minlength=len(supply)) == supply).all()
    dual = int((supply * done.customer_price).sum())
    for j, (breaks, slopes) in enumerate(marginal):
        edges = [*breaks.tolist(), int(capacity[j])]
        for t, slope in enumerate(slopes.tolist()):
            size = max(0, min(edges[t + 1], int(capacity[j])) - edges[t])
            dual -= max(0, int(done.manager_price[j]) - slope) * size
    assert dual == done.objective


def test_two_customers_two_managers_by_hand():
    arcs = {
        "arc_customer": column(0, 0, 1, 1),
        "arc_manager": column(0, 1, 0, 1),
        "arc_cost": column(1, 5, 2, 3),
    }
    done = transport(supply=column(4, 4), capacity=column(4, 8), marginal=[FLAT, FLAT], **arcs)
    assert done.flow.tolist() == [4, 0, 0, 4]
    assert done.objective == 16
    assert done.lower_bound == 16


def test_convex_load_cost_spreads_the_points():
    rising = (column(0, 1, 2, 3), column(1, 3, 5, 7))
    done = transport(
        supply=column(4),
        arc_customer=column(0, 0),
        arc_manager=column(0, 1),
        arc_cost=column(0, 0),
        capacity=column(4, 4),
        marginal=[rising, rising],
    )
    assert done.flow.tolist() == [2, 2]
    assert done.objective == 8
    assert done.manager_price.tolist() == [5, 5]


def test_a_lack_names_customers_managers_and_points():
    with pytest.raises(Infeasible) as caught:
        transport(
            supply=column(3, 4, 2),
            arc_customer=column(0, 1, 1, 2),
            arc_manager=column(0, 0, 1, 2),
            arc_cost=column(0, 0, 0, 0),
            capacity=column(2, 3, 9),
            marginal=[FLAT] * 3,
        )
    assert caught.value.customers.tolist() == [0, 1]
    assert caught.value.managers.tolist() == [0, 1]
    assert caught.value.missing == 2


def test_a_customer_nobody_may_take_lacks_his_own_points():
    with pytest.raises(Infeasible) as caught:
        transport(
            supply=column(3, 4),
            arc_customer=column(0),
            arc_manager=column(0),
            arc_cost=column(0),
            capacity=column(9),
            marginal=[FLAT],
        )
    assert (caught.value.customers.tolist(), caught.value.managers.tolist(), caught.value.missing) == (
        [1],
        [],
        4,
    )


@pytest.mark.parametrize(
    "change",
    [
        {"marginal": [(column(0, 2), column(3, 1))]},
        {"marginal": [(column(1), column(1))]},
        {"marginal": []},
        {"supply": column(-1)},
        {"arc_manager": column(1)},
        {"arc_cost": column(1, 2)},
        {"arc_cost": np.array([0.5])},
    ],
)
def test_columns_that_do_not_fit_are_refused(change):
    whole = {"supply": column(1), "arc_customer": column(0), "arc_manager": column(0), "arc_cost": column(0),
                 "capacity": column(4), "marginal": [FLAT]}  # fmt: skip
    with pytest.raises(ValueError):
        transport(**{**whole, **change})


def test_numbers_beyond_64_bits_are_refused():
    with pytest.raises(RangeError):
        transport(supply=column(10), arc_customer=column(0), arc_manager=column(0), arc_cost=column(1 << 60),
                  capacity=column(10), marginal=[FLAT])  # fmt: skip


def test_sinks_fill_from_below():
    sinks = Sinks.of(column(5, 3), [(column(0, 2), column(1, 4)), (column(0, 3), column(2, 9))])
    assert sinks.size.tolist() == [2, 3, 3]
    assert sinks.fill(column(3, 1)).tolist() == [2, 1, 1]
    assert sinks.cost(column(3, 1)) == 2 + 4 + 2


@st.composite
def networks(draw):
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    supply = column(*draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)))
    capacity = column(*draw(st.lists(st.integers(0, 12), min_size=m, max_size=m)))
    pairs = [(i, j) for i in range(n) for j in range(m) if draw(st.integers(0, 3))]
    costs = column(*[draw(st.integers(-9, 30)) for _ in pairs])
    marginal = []
    for _ in range(m):
        steps = draw(st.lists(st.integers(1, 4), max_size=3))
        slopes = sorted(draw(st.lists(st.integers(-5, 20), min_size=len(steps) + 1, max_size=len(steps) + 1)))
        marginal.append((column(0, *np.cumsum(steps).tolist()), column(*slopes)))
    return {"supply": supply, "arc_customer": column(*[i for i, _ in pairs]), "arc_manager": column(*[j for _, j in pairs]),
                "arc_cost": costs, "capacity": capacity, "marginal": marginal}  # fmt: skip


def by_linear_program(net) -> float | None:
    sinks = Sinks.of(net["capacity"], net["marginal"])
    n, m, a, t = len(net["supply"]), len(net["capacity"]), len(net["arc_cost"]), len(sinks.size)
    equal = np.zeros((n + m, a + t))
    for k in range(a):
        equal[net["arc_customer"][k], k] = 1
        equal[n + net["arc_manager"][k], k] = 1
    for k in range(t):
        equal[n + sinks.owner[k], a + k] = -1
    right = np.concatenate([net["supply"], np.zeros(m)])
    upper = [(0, None)] * a + [(0, int(s)) for s in sinks.size]
    if a + t == 0:
        return 0.0 if not net["supply"].any() else None
    done = linprog(np.concatenate([net["arc_cost"], sinks.slope]), A_eq=equal, b_eq=right, bounds=upper)
    return done.fun if done.status == 0 else None


@settings(max_examples=150, deadline=None)
@given(networks())
def test_random_networks_agree_with_a_linear_program_and_prove_themselves(net):
    expected = by_linear_program(net)
    if expected is None:
        with pytest.raises(Infeasible) as caught:
            transport(**net)
        lacking = set(caught.value.customers.tolist())
        within = {j for i, j in zip(net["arc_customer"], net["arc_manager"], strict=True) if i in lacking}
        assert within <= set(caught.value.managers.tolist())
        need = int(net["supply"][caught.value.customers].sum())
        assert need - int(net["capacity"][caught.value.managers].sum()) == caught.value.missing > 0
        return
    done = transport(**net)
    assert done.objective == round(expected)
    check_prices(done, net["supply"], net["arc_customer"], net["arc_manager"], net["arc_cost"], net["capacity"],
                 net["marginal"])  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_order_changes_neither_objective_nor_prices(net, random):
    order = list(range(len(net["arc_cost"])))
    random.shuffle(order)
    mixed = {**net, **{k: net[k][order] for k in ("arc_customer", "arc_manager", "arc_cost")}}
    try:
        first = transport(**net)
    except Infeasible:
        return
    second = transport(**mixed)
    assert first.objective == second.objective
    assert first.customer_price.tolist() == second.customer_price.tolist()
    assert first.manager_price.tolist() == second.manager_price.tolist()
