"""From a divided optimum to whole customers: each unit goes where most of its points went."""

from __future__ import annotations

import numpy as np

from .blocks import Block
from .pool import Relaxed
from .problem import Ints


def rounded(block: Block, relaxed: Relaxed) -> Ints:
    """The manager of each unit (int64[u]): the present one when at least half its points stay, else the manager in whose
    stretch of its class the middle of its pool points lies. Loads may exceed capacities by part of a customer."""
    manager = np.where(2 * relaxed.stay >= block.effort, block.owner, 0)
    leaving = np.flatnonzero(relaxed.pool > 0)
    order = leaving[np.lexsort((leaving, -block.effort[leaving], relaxed.label[leaving]))]
    ends = np.cumsum(relaxed.pool[order])
    middle = 2 * ends - relaxed.pool[order]
    stretch = np.cumsum(relaxed.flow.ravel())
    at = np.searchsorted(2 * stretch, middle, side="right")
    # A point between two stretches belongs to the later one; empty stretches are never hit.
    chosen = np.minimum(at, len(stretch) - 1) % block.size[1]
    goes = 2 * relaxed.stay[order] < block.effort[order]
    manager[order[goes]] = chosen[goes]
    return manager
