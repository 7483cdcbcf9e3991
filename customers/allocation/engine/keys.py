"""At most k key customers a manager, in the bound too: a price per key customer at each manager whom too many would suit.

For any prices κ ≥ 0, the relaxation with κ_j per key customer at manager j, less k·Σκ, is a bound for every plan that keeps
the limit. Prices rise where the divided optimum holds too many and fall where it holds fewer; the plan rounded from the
best of them is often better as well.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .blocks import Block
from .polish import polish
from .pool import Relaxed, relax
from .problem import Ints
from .rounding import rounded

STEPS = 16
# Ends when the bound lies within one part in so many of the plan.
ENOUGH = 2000


def held(block: Block, relaxed: Relaxed) -> npt.NDArray[np.float64]:
    """Key customers each manager holds in a divided optimum (float64[m]; it only guides the prices)."""
    per_point = block.keys / block.effort
    found = np.zeros(block.size[1])
    stays = np.flatnonzero(block.may_stay)
    np.add.at(found, block.owner[stays], relaxed.stay[stays] * per_point[stays])
    pooled = np.flatnonzero(relaxed.pool > 0)
    if len(pooled):
        share = np.zeros(len(relaxed.flow))
        points = np.zeros(len(relaxed.flow))
        np.add.at(share, relaxed.label[pooled], relaxed.pool[pooled] * per_point[pooled])
        np.add.at(points, relaxed.label[pooled], relaxed.pool[pooled])
        found += (share / np.maximum(points, 1)) @ relaxed.flow
    return found


def worth(block: Block, manager: Ints, costs: Ints) -> int:
    """Priced cost of a whole assignment (int64[u]), the load table included and value left out."""
    managers = block.size[1]
    load = np.zeros(managers, dtype=np.int64)
    np.add.at(load, manager, block.effort)
    table = int(block.loads.cost(np.arange(managers), load).sum())
    return int(costs[np.arange(len(manager)), manager].sum()) + table


def with_key_prices(
    block: Block, price: int, relaxed: Relaxed, manager: Ints, costs: Ints
) -> tuple[Ints, int]:
    """The better of the plan given and of those rounded from priced relaxations, and the best bound.

    relaxed: the optimum without key prices. manager: int64[u], a plan that keeps every limit. costs: int64[u, m] as
    `block.costs(price)`. Cost: up to STEPS relaxations.
    """
    limit, best = block.key_limit or 0, relaxed.bound
    key_price = np.zeros(block.size[1], dtype=np.int64)
    plan, upper, top, keep = manager, worth(block, manager, costs), relaxed, 1.0
    at = relaxed
    base = relaxed.bound - _flat(block)
    for _ in range(STEPS):
        slope = held(block, at) - limit
        slope[(slope < 0) & (key_price == 0)] = 0
        norm = float((slope * slope).sum())
        if norm < 1e-9 or (upper - best) * ENOUGH <= max(base, 1):
            break
        step = keep * max(upper - best, 1) / norm
        key_price = np.maximum(np.rint(key_price + step * slope), 0).astype(np.int64)
        at = relax(block, price, key_price)
        bound = at.bound - limit * int(key_price.sum())
        if bound > best:
            best, top = bound, at
        else:
            keep *= 0.7
    if top is not relaxed:
        done = polish(block, rounded(block, top), costs)
        if not done.broken and worth(block, done.manager, costs) < upper:
            plan = done.manager
    return plan, best


def _flat(block: Block) -> int:
    """About what the mean load costs, so that the rest can be measured against it."""
    total, room = int(block.effort.sum()), int(block.capacity.sum())
    staff = np.arange(block.size[1])
    return int(block.loads.cost(staff, block.capacity * total // max(room, 1)).sum())
