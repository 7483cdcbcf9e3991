"""Generalised assignment: which manager takes which customer when effort may depend on the pair, with a proven bound.

Start with `solve_problem(problem, seed)`.
"""

from __future__ import annotations

from .solve import Solution, solve_problem

__all__ = ["Solution", "solve_problem"]
