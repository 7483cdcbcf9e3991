"""The public data set under its scheme: 30 rated, 5 not rated, ranked by won revenue as a few lines of Python rank them."""

from __future__ import annotations

import csv
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.figures.models import Target
from appraisal.ratings.models import Rating
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.models import ScoreSheet, SheetLine
from cmsys.org.models import OrgUnit
from managers.profiles.models import RelationshipManager
from tests.appraisal.world import computing, graded
from tests.cast import STAGE, TODAY

ROOT = Path(settings.BASE_DIR)
MAVEN = ROOT.parent / "shared" / "data" / "crm_maven"
SCHEME = ROOT / "examples" / "crm_maven" / "maven.yaml"
ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not MAVEN.is_dir(), reason="the data set crm_maven is not beside the checkout"),
]


def rows(name: str) -> list[dict[str, str]]:
    with (MAVEN / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def closed_in(quarter: str) -> list[dict[str, str]]:
    return [row for row in rows("sales_pipeline.csv") if row["close_quarter"] == quarter]


@pytest.fixture
def quarter(db: None) -> Cycle:
    """The 35 agents, targets and ratings for those with opportunities, the figures of the last quarter of 2017."""
    unit = OrgUnit.objects.create(code="M", name="Maven", kind="head", path="/1/")
    agents = {row["sales_agent"] for row in rows("sales_teams.csv")}
    people = {
        name: RelationshipManager.objects.create(employee_no=name, name=name, unit=unit) for name in agents
    }
    scheme_import(actor=STAGE, text=SCHEME.read_text())
    won: dict[str, Decimal] = defaultdict(Decimal)
    deals: dict[str, int] = defaultdict(int)
    decided: dict[str, int] = defaultdict(int)
    for row in closed_in("Q4 2017"):
        decided[row["sales_agent"]] += 1
        if row["deal_stage"] == "Won":
            won[row["sales_agent"]] += Decimal(row["close_value"])
            deals[row["sales_agent"]] += 1
    for name in decided:
        Target.objects.create(period="2017Q4", manager=people[name], indicator_code="SALES", value=90000)
        for code in ABILITIES:
            Rating.objects.create(period="2017Q4", manager=people[name], rater="经理", rater_group="superior", indicator_code=code, score=82)  # fmt: skip
    figures = {
        "SALES": {people[name].pk: str(value) for name, value in won.items()},
        "DEALS": {people[name].pk: str(value) for name, value in deals.items()},
        "WIN_RATE": {people[name].pk: str(round(Decimal(100 * deals[name]) / decided[name], 6)) for name in decided},
    }  # fmt: skip
    cycle = cycle_open(actor=STAGE, scheme_code="MAVEN", period="2017Q4", today=TODAY)
    with computing(figures):
        result = graded(cycle)
    assert (result.managers, result.scored, result.not_rated) == (35, 30, 5)
    return cycle


def test_five_agents_without_opportunities_are_not_rated_and_never_zero(quarter: Cycle) -> None:
    without = {row["sales_agent"] for row in rows("sales_teams.csv")} - {
        row["sales_agent"] for row in rows("sales_pipeline.csv")
    }
    found = ScoreSheet.objects.filter(cycle=quarter, proposal="not_rated")
    assert {sheet.manager.employee_no for sheet in found.select_related("manager")} == without
    assert set(found.values_list("ability", "performance", "total", "quadrant")) == {(None, None, None, "")}


def test_the_ranking_by_won_revenue_is_that_of_the_file(quarter: Cycle) -> None:
    beside: dict[str, int] = {}
    for row in closed_in("Q4 2017"):
        if row["deal_stage"] == "Won":
            beside[row["sales_agent"]] = beside.get(row["sales_agent"], 0) + int(row["close_value"])
    sales = SheetLine.objects.filter(sheet__cycle=quarter, code="SALES", raw__isnull=False).order_by("-raw")
    ours = [(number, int(raw)) for number, raw in sales.values_list("sheet__manager__employee_no", "raw")]
    assert [raw for _number, raw in ours] == sorted(beside.values(), reverse=True)
    assert dict(ours) == beside
    assert (len(ours), sum(beside.values())) == (30, 2802496)


def test_a_first_grading_places_everybody_who_is_rated(quarter: Cycle) -> None:
    proposals = set(ScoreSheet.objects.filter(cycle=quarter).values_list("proposal", flat=True))
    assert proposals == {"promotion", "not_rated"}
    grades = set(
        ScoreSheet.objects.filter(cycle=quarter, proposal="promotion").values_list(
            "proposed_grade", flat=True
        )
    )
    assert grades <= {"JUNIOR", "MIDDLE", "SENIOR"}
    assert len(grades) >= 2
