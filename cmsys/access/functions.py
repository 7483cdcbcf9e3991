"""Functions and their reach: the permission table in code. docs/permissions.md is printed from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cmsys.access.roles import Role


class Reach(StrEnum):
    """How far a function goes for a role: everything, the unit of the grant with all below it, or one's own record."""

    ALL = "all"
    SUBTREE = "subtree"
    SELF = "self"


@dataclass(frozen=True)
class Function:
    """One thing that can be allowed. `scope` is the OAuth scope that gives it to a REST client, None if none does.

    `delegable`: a deputy (代理) has it in the principal's place while the deputyship lasts.
    """

    code: str
    label: str
    reach: Mapping[Role, Reach] = field(hash=False)
    scope: str | None = None
    delegable: bool = False


_declared: dict[str, Function] = {}


def declare(
    code: str,
    label: str,
    *,
    everywhere: tuple[Role, ...] = (),
    subtree: tuple[Role, ...] = (),
    own: tuple[Role, ...] = (),
    scope: str | None = None,
    delegable: bool = False,
) -> Function:
    """Declares a function once, at import of a room's permissions.py. Raises ValueError on a second declaration."""
    if code in _declared:
        raise ValueError(f"function {code} is declared twice")
    reach = (
        dict.fromkeys(own, Reach.SELF)
        | dict.fromkeys(subtree, Reach.SUBTREE)
        | dict.fromkeys(everywhere, Reach.ALL)
    )
    _declared[code] = Function(code=code, label=label, reach=reach, scope=scope, delegable=delegable)
    return _declared[code]


def declared() -> list[Function]:
    """Every declared function, by code."""
    return [_declared[code] for code in sorted(_declared)]
