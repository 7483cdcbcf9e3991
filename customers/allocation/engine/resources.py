"""A resource that exchanges share out: effort (with its hard capacity) or value points (without), per manager."""

from __future__ import annotations

import numpy as np

from .loads import PENALTY, Loads, Squares
from .problem import Ints

# Figures of one table of net changes held at a time.
TABLE = 1 << 21


class Resource:
    """What each manager holds of it and what holding more or less costs.

    column: int64[u], points of each unit. held: int64[m]. `prepare` works out the table of changes for the loads of now;
    the other figures refer to it.
    """

    def __init__(self, column: Ints, loads: Loads | Squares, manager: Ints) -> None:
        self.column, self.loads = column, loads
        self.held = np.zeros(len(loads.capacity), dtype=np.int64)
        np.add.at(self.held, manager, column)
        self.points = np.append(column, 0)
        self.turns: Ints | None = None

    def over(self) -> int:
        """Points above capacities."""
        return int(np.maximum(self.held - self.loads.capacity, 0).sum())

    def slope(self) -> Ints:
        """What one point more costs each manager, a penalty cut down so that it can be multiplied (int64[m])."""
        staff = np.arange(len(self.held))
        slope: Ints = self.loads.cost(staff, self.held + 1) - self.loads.cost(staff, self.held)
        return np.minimum(slope, PENALTY // 64)

    def prepare(self) -> Ints | None:
        """The most each manager could gain by any exchange (int64[m]), the mean slope taken off: what one of a pair
        takes on the other gives up, so it cancels. None when the points are too large for a table."""
        reach, staff = int(self.column.max(initial=0)), np.arange(len(self.held))
        self.turns = None
        if (2 * reach + 1) * len(staff) > TABLE:
            return None
        net = np.arange(-reach, reach + 1)
        after = np.maximum(self.held[:, None] + net, 0)
        change = self.loads.cost(np.broadcast_to(staff[:, None], after.shape), after)
        self.turns = change - self.loads.cost(staff, self.held)[:, None]
        gain: Ints = np.maximum(int(np.median(self.slope())) * net - self.turns, 0).max(axis=1)
        return gain

    def change(self, manager: Ints, net: Ints) -> Ints:
        """What managers' (int64[p]) loads cost more by `net` points (int64[p, a, b])."""
        if self.turns is not None:
            width = self.turns.shape[1]
            at = (manager * width + width // 2)[:, None, None] + net
            return np.asarray(self.turns.ravel()[at], dtype=np.int64)
        staff = np.broadcast_to(manager[:, None, None], net.shape)
        before = self.loads.cost(manager, self.held[manager])
        change: Ints = self.loads.cost(staff, self.held[manager][:, None, None] + net) - before[:, None, None]
        return change

    def move(self, unit: int, source: int, target: int) -> None:
        """One unit changes hands."""
        points = self.column[unit]
        self.held[source] -= points
        self.held[target] += points
