"""What rooms above have to say about a customer in 我的客户: a tag, and perhaps a button; they say so in apps.ready()."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cmsys.access.actors import Actor


@dataclass(frozen=True)
class Mark:
    """A tag with its tone; `label` is the text of the button that leads to `url`."""

    text: str
    tone: str
    url: str = ""
    label: str = ""


# (actor, keys of the customers on the page, today) → key of customer → mark; one query at most.
Marker = Callable[[Actor, Sequence[int], date], Mapping[int, Mark]]

_markers: list[Marker] = []


def add_marker(marker: Marker) -> None:
    """`marker` is asked for every page of 我的客户."""
    if marker not in _markers:
        _markers.append(marker)


def marks_for(actor: Actor, customers: Sequence[int], today: date) -> dict[int, list[Mark]]:
    """All marks of each customer, in the order in which rooms registered; a query for each room."""
    found: dict[int, list[Mark]] = {}
    for marker in _markers:
        for key, mark in marker(actor, customers, today).items():
            found.setdefault(key, []).append(mark)
    return found
