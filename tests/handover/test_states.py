"""docs/states draws the machine that runs, and every verb of it can be taken."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from customers.handover.transitions import HANDOVER
from customers.handover.views import ACTS


def test_the_drawn_machine_is_the_one_that_runs() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "states" / "handover.md").read_text(encoding="utf-8")
    [drawn] = re.findall(r"```mermaid\n(.*?)\n```", text, re.S)
    assert drawn == HANDOVER.diagram()


def test_every_verb_of_people_has_a_page() -> None:
    # What passes with a customer is said on his line.
    asked = {verb for verb, one in HANDOVER.transitions.items() if one.function is not None}
    assert asked - {"arrange"} == set(ACTS)
