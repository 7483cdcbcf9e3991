"""What a room adds to the house: one module each, found by itself.

`furnish(house)` makes its objects and says under `house.objects[kind, name]` which parts of an address name them (names
are those of matrix.yaml); `BODIES` are what is sent to its addresses, as in bodies.py.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType


def rooms() -> list[ModuleType]:
    """Every module of this package, in the order of their names (`a1_…` before `b1_…` where one needs another)."""
    return [
        import_module(f"{__name__}.{found.name}")
        for found in sorted(iter_modules(__path__), key=lambda m: m.name)
    ]
