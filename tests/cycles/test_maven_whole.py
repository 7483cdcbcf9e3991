"""crm_maven from its files to its grades, by the commands a person would use, beside a ranking of a few lines of Python."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from appraisal.cycles.models import Cycle
from appraisal.scoring.models import ScoreSheet, SheetLine
from managers.profiles.models import RelationshipManager
from tests.appraisal.world import graded
from tests.cast import STAGE

ROOT = Path(__file__).resolve().parents[2]
MAVEN = ROOT.parent / "shared" / "data" / "crm_maven"
EXAMPLE = ROOT / "examples" / "crm_maven"
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not MAVEN.is_dir(), reason="the data set crm_maven is not beside the checkout"),
]


def load() -> list[dict[str, Any]]:
    """What load.sh does, in this process."""
    answers = []
    for mapping in sorted(EXAMPLE.glob("[0-9][0-9]_*.yaml")):
        name = mapping.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("# file: ").strip()
        path = MAVEN / name if (MAVEN / name).exists() else EXAMPLE / name
        out = StringIO()
        try:
            call_command(
                "import_data", mapping.stem[3:], str(path), mapping=mapping, mode="skip", json=True, stdout=out
            )  # fmt: skip
        except SystemExit as ended:
            assert ended.code == 1, (mapping, out.getvalue()[:500])
        answers.append(json.loads(out.getvalue()))
    return answers


def command(name: str, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(name, *arguments, json=True, stdout=out)
    answer: dict[str, Any] = json.loads(out.getvalue())
    return answer


def test_from_files_to_grades_and_again() -> None:
    first, second = load(), load()
    for once, twice in zip(first, second, strict=True):
        assert (twice["created"], twice["updated"]) == (0, 0), twice["kind"]
        assert twice["unchanged"] == once["created"] + once["unchanged"], twice["kind"]
    assert command("import_scheme", str(EXAMPLE / "maven.yaml"))["outcome"] == "created"
    assert command("open_cycle", "MAVEN", "2017Q4")["managers"] == 35
    cycle = Cycle.objects.get()
    result = graded(cycle, actor=STAGE)
    assert (result.managers, result.scored, result.not_rated) == (35, 30, 5)
    again = graded(cycle, actor=STAGE)
    assert (again.changed, again.result_hash) == (0, result.result_hash)

    # The ranking by won revenue, beside it, from the file alone.
    won: dict[str, Decimal] = {}
    agents: set[str] = set()
    with (MAVEN / "sales_pipeline.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            agents.add(row["sales_agent"])
            if row["deal_stage"] == "Won" and row["close_quarter"] == "Q4 2017":
                won[row["sales_agent"]] = won.get(row["sales_agent"], Decimal(0)) + Decimal(
                    row["close_value"]
                )
    lines = SheetLine.objects.filter(sheet__cycle=cycle, code="SALES", raw__isnull=False)
    ours = dict(lines.values_list("sheet__manager__name", "raw"))
    assert ours == won
    ranked = sorted(won, key=lambda name: (-won[name], name))
    assert sorted(ours, key=lambda name: (-ours[name], name)) == ranked
    assert len(ranked) == 30

    silent = set(RelationshipManager.objects.values_list("name", flat=True)) - agents
    blank = ScoreSheet.objects.filter(cycle=cycle, proposal="not_rated").values_list(
        "manager__name", "performance", "total", "quadrant"
    )
    assert len(silent) == 5
    assert {name for name, *_figures in blank} == silent
    assert all(figures == [None, None, ""] for _name, *figures in blank)
