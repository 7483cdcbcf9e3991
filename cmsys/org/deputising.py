"""In whose place somebody acts (代理)."""

from __future__ import annotations

from cmsys.access.actors import Actor
from cmsys.access.functions import Function, Reach


def in_place_of(actor: Actor, function: Function, *unit_paths: str, line_id: int | None = None) -> int | None:
    """The account in whose place the actor has a function for what stands at a unit (or at several, any of which will do):
    None when he has it himself, or not at all. `line_id` is the business line of what it is about (0: of none), None where
    lines do not matter. No query."""
    principals = []
    for reached in actor.access.reaches(function):
        within = any(path.startswith(reached.unit_path) for path in unit_paths)
        if not within and reached.reach is Reach.SUBTREE:
            continue
        if reached.line_id is not None and line_id is not None and reached.line_id != line_id:
            continue
        if reached.deputy_for is None:
            return None
        principals.append(reached.deputy_for)
    return principals[0] if principals else None
