"""What the kinds of events are called; rooms add their own in apps.ready()."""

from __future__ import annotations

from cmsys.ui.registry import Text

_labels: dict[str, Text] = {}


def name_kinds(labels: dict[str, Text]) -> None:
    """Adds labels, kind by kind."""
    _labels.update(labels)


def kind_label(kind: str) -> str:
    """The label of a kind, the kind itself where a room named none."""
    return str(_labels.get(kind, kind))


def kind_choices() -> list[tuple[str, str]]:
    """All named kinds for a filter, in alphabetical order."""
    return [(kind, str(label)) for kind, label in sorted(_labels.items())]
