"""The registry: rooms add their menu entries, cards and tiles here in apps.ready(); pages ask for what fits.

So a profile shows customers without importing them, and a menu shows exactly what its reader may open: entry and page
name the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from cmsys.access.actors import Actor, may
from cmsys.access.functions import Function
from cmsys.accounts.requests import SignedInRequest

if TYPE_CHECKING:
    from cmsys.ui.pages import Action

Text = str | Promise


class Group(IntEnum):
    """Groups of the menu, by task, in their order."""

    DESK = 0
    PEOPLE = 1
    CUSTOMERS = 2
    APPRAISAL = 3
    GROWTH = 4
    SYSTEM = 5


GROUP_LABELS: dict[Group, Text] = {
    Group.DESK: "",
    Group.PEOPLE: _("人员与组织"),
    Group.CUSTOMERS: _("客户"),
    Group.APPRAISAL: _("考核定级"),
    Group.GROWTH: _("发展与激励"),
    Group.SYSTEM: _("系统"),
}


@dataclass(frozen=True)
class MenuEntry:
    """A line of the menu. `function` is the one its page requires; None means everybody who is signed in."""

    group: Group
    order: int
    label: Text
    url_name: str
    icon: str
    function: Function | None = None
    badge: Callable[[Actor], int] | None = None


@dataclass(frozen=True)
class Card:
    """A card on the page of one object: `render(request, instance)` gives its HTML, or "" to leave it out."""

    page: str
    key: str
    order: int
    title: Text
    render: Callable[[SignedInRequest, Any], str]
    function: Function | None = None
    span: int = 1


@dataclass(frozen=True)
class Tile:
    """A tile of the desk: `render(request)` gives its HTML, or "" to leave it out."""

    key: str
    order: int
    title: Text
    render: Callable[[SignedInRequest], str]
    function: Function | None = None
    span: int = 1


@dataclass(frozen=True)
class Buttons:
    """Buttons that a room above adds to the page of one object, after those of the room itself; none where there is
    nothing to be done."""

    page: str
    order: int
    actions: Callable[[SignedInRequest, Any], Iterable[Action]]
    function: Function | None = None


_menu: list[MenuEntry] = []
_cards: list[Card] = []
_buttons: list[Buttons] = []
_tiles: list[Tile] = []


def add_menu(*entries: MenuEntry) -> None:
    _menu.extend(entries)


def add_cards(*cards: Card) -> None:
    _cards.extend(cards)


def add_buttons(*buttons: Buttons) -> None:
    _buttons.extend(buttons)


def add_tiles(*tiles: Tile) -> None:
    _tiles.extend(tiles)


def _allowed(actor: Actor, function: Function | None) -> bool:
    return function is None or may(actor, function)


def menu_for(actor: Actor) -> list[tuple[Group, list[MenuEntry]]]:
    """The groups and entries the actor may open, in order; no queries beyond the actor's access."""
    entries = sorted(
        (entry for entry in _menu if _allowed(actor, entry.function)), key=lambda e: (e.group, e.order)
    )
    groups = sorted({entry.group for entry in entries})
    return [(group, [entry for entry in entries if entry.group == group]) for group in groups]


def cards_for(page: str, actor: Actor) -> Iterable[Card]:
    """The cards of one page the actor may see, in order."""
    return sorted(
        (card for card in _cards if card.page == page and _allowed(actor, card.function)),
        key=lambda c: c.order,
    )


def buttons_for(page: str, actor: Actor) -> list[Buttons]:
    """What rooms above offer on one page to somebody with their functions, in order."""
    found = (one for one in _buttons if one.page == page and _allowed(actor, one.function))
    return sorted(found, key=lambda one: one.order)


def tiles_for(actor: Actor) -> Iterable[Tile]:
    """The tiles of the desk the actor may see, in order."""
    return sorted((tile for tile in _tiles if _allowed(actor, tile.function)), key=lambda t: t.order)
