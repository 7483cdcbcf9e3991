"""What docs/states draws is the machine that runs."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from appraisal.grading.choices import STATUS_OF, DecisionState, Flag, RoundState
from appraisal.grading.transitions import DECISION

STATES = Path(settings.BASE_DIR) / "docs" / "states"


def test_the_diagram_is_that_of_the_machine() -> None:
    text = (STATES / "grade_decision.md").read_text(encoding="utf-8")
    drawn = text.split("```mermaid\n")[1].split("\n```")[0]
    assert drawn == DECISION.diagram()


def test_every_state_flag_and_verb_is_explained() -> None:
    text = (STATES / "grade_decision.md").read_text(encoding="utf-8")
    for state in DecisionState:
        assert f"| {state.value} | {state.label} | {STATUS_OF[state.value]} |" in text
    for verb in DECISION.transitions:
        assert f"| {verb} |" in text
    for flag in Flag:
        assert f"| {flag.value} | {flag.label} |" in text


def test_the_round_too() -> None:
    text = (STATES / "grading_round.md").read_text(encoding="utf-8")
    for state in RoundState:
        assert f"| {state.value} | {state.label} |" in text
