"""docs/states draws the machine that runs."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings

from customers.planning.transitions import PLAN


def test_the_drawn_machine_is_the_one_that_runs() -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "states" / "allocation_plan.md").read_text(encoding="utf-8")
    [drawn] = re.findall(r"```mermaid\n(.*?)\n```", text, re.S)
    assert drawn == PLAN.diagram()
