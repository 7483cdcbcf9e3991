"""What a scheme is given: computed and brought-in figures, events, targets, facts, certificates, history."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_open
from appraisal.figures.known import known_codes
from appraisal.figures.models import Reading, Target
from appraisal.schemes.adapters import loaded
from appraisal.schemes.services.schemes import scheme_import
from appraisal.scoring.adapters import Inputs, column_of_decimals, read_inputs
from appraisal.scoring.facts import whole_months
from appraisal.scoring.models import ScoreSheet, SheetLine
from appraisal.scoring.needs import needs_of
from cmsys.ui.indicators import Span
from managers.profiles.models import Certificate
from tests.appraisal.world import (
    EXAMPLES,
    PERIOD,
    World,
    bring_in,
    computing,
    graded,
    lines,
    rate,
    sheet,
)
from tests.cast import STAGE, TODAY, Cast

pytestmark = pytest.mark.django_db
ABILITIES = ("COMMUNICATION", "RELATIONSHIP", "MARKET", "KNOWLEDGE", "ADAPTABILITY", "TEAMWORK")


def example(cast: Cast, name: str, period: str = PERIOD, extra: str = "") -> Cycle:
    version = scheme_import(actor=STAGE, text=(EXAMPLES / f"{name}.yaml").read_text() + extra).version
    return cycle_open(actor=STAGE, scheme_code=version.code, period=period, today=TODAY)


def inputs(cycle: Cycle) -> Inputs:
    scheme = loaded(cycle.scheme)
    return read_inputs(cycle, scheme, needs_of(scheme), 0)


def person(cycle: Cycle, number: str) -> Any:
    return next(one for one in inputs(cycle).cohort.people if one.employee_no == number)


# --- computed and brought in --------------------------------------------------------------------------------------------
def test_ct_from_the_library_of_indicators(cast: Cast) -> None:
    """SALES 30, NEW_CUSTOMERS 20, SATISFACTION 20, GROWTH 15 and PROJECT_QUALITY 15 of the preset, by hand."""
    cycle = example(cast, "ct")
    pk = {number: manager.pk for number, manager in cast.managers.items()}
    for code, goals in {"SALES": "1000000", "NEW_CUSTOMERS": "8", "SATISFACTION": "90"}.items():
        bring_in(cast, code, {"M-CD1": goals, "M-CX1": goals}, Target)
    bring_in(cast, "PROJECT_QUALITY", {"M-CD1": "92"})
    bring_in(cast, "SATISFACTION", {"M-CX1": "81"})
    for code in ABILITIES:
        peers = [("peer", "79"), ("peer", "80"), ("peer", "81")]
        rate(cast, "M-CD1", code, [("superior", "90"), *peers, ("self", "100")])
        rate(cast, "M-CX1", code, [("superior", "90"), *peers[1:], ("self", "100")])
    answers = {
        "SALES": {pk["M-CD1"]: "1100000.50", pk["M-CX1"]: "800000"},
        "NEW_CUSTOMERS": {pk["M-CD1"]: "6", pk["M-CX1"]: "0"},
        "SATISFACTION": {pk["M-CD1"]: "94.5", pk["M-CX1"]: "99"},
        "GROWTH": {pk["M-CD1"]: "5"},
        "PROJECT_QUALITY_OF_ANOTHER": {pk["M-CD1"]: "1"},
    }
    with computing(answers) as asked:
        result = graded(cycle)
    assert [code for code, _span in asked] == ["GROWTH", "NEW_CUSTOMERS", "SALES", "SATISFACTION"]
    assert {span for _code, span in asked} == {Span(date(2025, 10, 1), date(2026, 1, 1))}
    assert (result.scored, result.not_rated) == (2, 2)
    rows = {line.code: (line.raw, line.score, line.weight, line.source) for line in lines(cycle, "M-CD1")}
    assert rows["SALES"] == (Decimal("1100000.5"), Decimal("110.00"), 30, "computed")
    assert rows["NEW_CUSTOMERS"] == (6, 75, 20, "computed")
    assert rows["SATISFACTION"] == (Decimal("94.5"), 105, 20, "computed")
    assert rows["GROWTH"] == (5, 80, 15, "computed")
    assert rows["PROJECT_QUALITY"] == (92, 92, 15, "imported")
    # 33 + 15 + 21 + 12 + 13.8; ability (40 × 90 + 20 × 80) / 60 = 86.67 six times
    assert (sheet(cycle, "M-CD1").performance, sheet(cycle, "M-CD1").ability) == (
        Decimal("94.8"),
        Decimal("86.67"),
    )
    # Two peers are too few to be counted: who knows the superior's score would know theirs.
    assert sheet(cycle, "M-CX1").ability == 90
    # No project, no comparable customers: 30, 20 and 20 of 70 share 100; 81 brought in stands for 99 computed.
    rows = {line.code: (line.raw, line.score, line.weight, line.source) for line in lines(cycle, "M-CX1")}
    assert rows["SALES"] == (800000, 80, Decimal("42.857143"), "computed")
    assert rows["NEW_CUSTOMERS"] == (0, 0, Decimal("28.571429"), "computed")
    assert rows["SATISFACTION"] == (81, 90, Decimal("28.571428"), "imported")
    assert rows["GROWTH"][:3] == (None, None, 0)
    assert rows["PROJECT_QUALITY"][3] == "none"
    # 0.8 × 42.857143 + 0.9 × 28.571428
    assert sheet(cycle, "M-CX1").performance == Decimal("59.9999996")


def test_a_computed_figure_counts_when_nothing_was_brought_in(demo: World) -> None:
    pk = demo.cast.managers["M-CD2"].pk
    with computing({"SALES": {pk: "1500.123456789012345", demo.cast.managers["M-CD1"].pk: "1"}}):
        graded(demo.cycle)
    sales = next(line for line in lines(demo.cycle, "M-CD2") if line.code == "SALES")
    # Twelve decimals are kept of what is computed.
    assert (sales.raw, sales.score, sales.source) == (
        Decimal("1500.123456789012"),
        Decimal("50.00"),
        "computed",
    )
    other = next(line for line in lines(demo.cycle, "M-CD1") if line.code == "SALES")
    assert (other.raw, other.source) == (2400, "imported")


def test_a_source_for_other_lengths_of_period_is_not_asked(demo: World) -> None:
    from cmsys.ui import indicators

    with computing({"SALES": {}}) as asked:
        only = indicators._sources["SALES"]
        object.__setattr__(only, "months", frozenset({12}))
        graded(demo.cycle)
    assert asked == []


def test_a_source_that_names_somebody_twice_fails_the_job(demo: World) -> None:
    from cmsys.ui import indicators

    with computing({"SALES": {}}):
        object.__setattr__(
            indicators._sources["SALES"], "compute", lambda span: [(1, Decimal(1)), (1, Decimal(2))]
        )
        with pytest.raises(ValueError, match="twice"):
            graded(demo.cycle)
    assert ScoreSheet.objects.count() == 0


def test_events_are_counted_from_sources_and_from_what_is_brought_in(cast: Cast) -> None:
    cycle = example(cast, "ct")
    pk = cast.managers["M-CD1"].pk
    with computing({"MISCONDUCT": {pk: "1"}}, kind="event"):
        from appraisal.scoring.readings import collect, sources_of

        (source,) = sources_of(cycle, needs_of(loaded(cycle.scheme)))
        assert collect(0, cycle, source) == 1
    bring_in(cast, "MISCONDUCT", {"M-CX1": "2", "M-CD2": "-1"})
    found = inputs(cycle)
    column = found.cohort.column("event.MISCONDUCT")
    counts = {member.employee_no: column.value(place) for place, member in enumerate(found.members)}
    assert counts == {"M-CD1": 1, "M-CX1": 2, "M-CD2": None, "M-PD1": None}
    assert found.refusals == ["M-CD2 MISCONDUCT -1"]


def test_misconduct_that_was_brought_in_takes_a_step_down(cast: Cast) -> None:
    cycle = example(cast, "ct")
    bring_in(cast, "SALES", {"M-CD1": "1"})
    bring_in(cast, "NEW_CUSTOMERS", {"M-CD1": "1"})
    for code in ("SALES", "NEW_CUSTOMERS"):
        bring_in(cast, code, {"M-CD1": "1"}, Target)
    for code in ABILITIES:
        rate(cast, "M-CD1", code, [("superior", "90")])
    bring_in(cast, "MISCONDUCT", {"M-CD1": "1"})
    assert graded(cycle).demotion == 1
    found = sheet(cycle, "M-CD1")
    assert (found.proposal, found.proposed_grade) == ("demotion", "JUNIOR")
    # 三期 protects; it is brought in like any other figure.
    bring_in(cast, "maternity", {"M-CD1": "1"})
    assert graded(cycle).demotion == 0
    assert sheet(cycle, "M-CD1").proposal == "hold"


def test_events_and_facts_of_a_scheme_may_be_brought_in(cast: Cast) -> None:
    example(cast, "ct")
    readings = known_codes().readings
    assert {"MISCONDUCT", "maternity", "has_projects", "PROJECT_QUALITY", "SALES"} <= readings.keys()
    assert {"post", "certificates", "COMMUNICATION"} & readings.keys() == set()


def test_figures_of_other_periods_and_codes_do_not_count(demo: World) -> None:
    Reading.objects.create(
        period="2025Q3", manager=demo.cast.managers["M-CD2"], indicator_code="SALES", value=9
    )
    Reading.objects.create(
        period=PERIOD, manager=demo.cast.managers["M-CD2"], indicator_code="OTHER", value=9
    )
    found = inputs(demo.cycle)
    assert sorted(found.cohort.columns) == ["reading.OVERDUE", "reading.SALES", "target.SALES"]
    place = [member.employee_no for member in found.members].index("M-CD2")
    assert found.cohort.column("reading.SALES").value(place) is None


def test_ratings_by_group_with_their_number_where_it_matters(demo: World) -> None:
    one = person(demo.cycle, "M-CX1")
    assert {code: sorted(scores) for code, scores in one.ratings.items()} == {
        "COMM": [("peer", Decimal("85.5")), ("superior", 88)], "TEAM": [("superior", 91)]
    }  # fmt: skip
    text = demo.cycle.scheme.document.replace("code: DEMO ", "code: MANY ").replace(
        "groups: {superior: 50, peer: 50}}", "groups: {superior: 50, peer: 50}, minimum_raters: {peer: 2}}"
    )
    scheme_import(actor=STAGE, text=text)
    cycle = cycle_open(actor=STAGE, scheme_code="MANY", period=PERIOD, today=TODAY)
    assert sorted(person(cycle, "M-CX1").ratings["COMM"]) == [
        ("peer", Decimal("85.5")), ("peer", Decimal("85.5")), ("superior", 88)
    ]  # fmt: skip
    graded(cycle)
    # One peer is not two: M-CD2's TEAM has nobody left, COMM takes its weight.
    assert sheet(cycle, "M-CD2").ability == 90
    team = next(line for line in lines(cycle, "M-CD2") if line.code == "TEAM")
    assert (team.score, team.weight) == (None, 0)


# --- people -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("since", "until", "months"),
    [
        ("2024-10-01", "2026-01-01", 15),
        ("2024-10-15", "2026-01-01", 14),
        ("2025-12-31", "2026-01-01", 0),
        ("2025-12-01", "2026-01-01", 1),
        ("2026-02-01", "2026-01-01", -1),
    ],
)
def test_whole_months(since: str, until: str, months: int) -> None:
    assert whole_months(date.fromisoformat(since), date.fromisoformat(until)) == months


FACTS = """
circumstances:
  - {code: ONE, name: 一, when: {all: [{value: fact.status, op: "=", than: active}, {value: fact.line, op: "=", than: CORP}, {value: fact.education, op: "=", than: bachelor}, {value: fact.experience_years, op: ">=", than: 7}, {value: fact.service_months, op: "=", than: 90}, {value: fact.region, op: "=", than: X}, {value: fact.post, op: "=", than: P}, {value: fact.category, op: "=", than: C}, {value: fact.sanctioned, op: "=", than: true}, {value: fact.extra, op: ">", than: 1}]}, effect: hold}
"""


def test_facts_come_from_the_file_and_from_what_is_brought_in(demo: World) -> None:
    text = demo.cycle.scheme.document.replace("code: DEMO ", "code: FACTS ") + FACTS
    scheme_import(actor=STAGE, text=text)
    cycle = cycle_open(actor=STAGE, scheme_code="FACTS", period=PERIOD, today=TODAY)
    bring_in(demo.cast, "sanctioned", {"M-CD1": "0", "M-CD2": "1"})
    bring_in(demo.cast, "extra", {"M-CD1": "1.5"})
    assert person(cycle, "M-CD1").facts == {
        "status": "active", "line": "CORP", "education": "bachelor", "experience_years": 7, "service_months": 90,
        "sanctioned": False, "extra": Decimal("1.5"),
    }  # fmt: skip
    assert person(cycle, "M-CD2").facts["sanctioned"] is True
    assert "sanctioned" not in person(cycle, "M-CX1").facts


def test_a_scheme_that_asks_for_no_facts_costs_no_query_for_them(demo: World) -> None:
    assert person(demo.cycle, "M-CD1").facts == {}


def test_certificates_that_hold_on_the_last_day(cast: Cast) -> None:
    cycle = example(cast, "ct")
    manager = cast.managers["M-CD2"]
    for name, issued, expires in (
        ("TEAM_LEAD", date(2025, 12, 31), date(2026, 1, 1)), ("PAST", date(2020, 1, 1), date(2025, 12, 31)),
        ("LATER", date(2026, 1, 1), None), ("EVER", date(2020, 1, 1), None),
    ):  # fmt: skip
        Certificate.objects.create(manager=manager, name=name, issued_on=issued, expires_on=expires)
    assert person(cycle, "M-CD2").facts["certificates"] == [
        {"code": "EVER", "valid_until": None}, {"code": "TEAM_LEAD", "valid_until": "2025-12-31"}
    ]  # fmt: skip
    assert person(cycle, "M-CD1").facts["certificates"] == []


def test_a_grade_the_scheme_does_not_know_is_named_and_gets_no_proposal(demo: World) -> None:
    demo.cycle.members.filter(manager__employee_no="M-CX1").update(grade_code="CHIEF")
    result = graded(demo.cycle)
    assert (result.refused, result.refusals) == (1, ["M-CX1 CHIEF"])
    found = sheet(demo.cycle, "M-CX1")
    assert (found.proposal, found.grade_code, found.total) == ("hold", "CHIEF", Decimal("93.8495"))


# --- history --------------------------------------------------------------------------------------------------------------
LOOKS_BACK = """
measures:
  - {code: GREW, name: 增长, formula: "reading.SALES - previous.SALES"}
  - {code: MEAN, name: 平均, of: score.SALES, rollup: mean, periods: 3}
promotion2: []
"""


def test_how_far_back_and_which_values(cast: Cast) -> None:
    ct = needs_of(loaded(example(cast, "ct").scheme))
    assert (ct.depth, {"performance", "quadrant"} <= ct.past) == (3, True)
    text = (EXAMPLES / "demo.yaml").read_text() + LOOKS_BACK.replace("promotion2: []\n", "")
    version = scheme_import(actor=STAGE, text=text).version
    needs = needs_of(loaded(version))
    assert needs.depth == 2
    assert {"SALES", "score.SALES"} <= needs.past


def test_earlier_readings_scores_and_measures_are_read_off_earlier_sheets(cast: Cast) -> None:
    text = (EXAMPLES / "demo.yaml").read_text() + LOOKS_BACK.replace("promotion2: []\n", "")
    scheme_import(actor=STAGE, text=text)
    manager = cast.managers["M-CX1"]
    for period, raw, score in (("2025Q2", "1000", "40"), ("2025Q3", "2000.5", "60.25")):
        cycle = cycle_open(actor=STAGE, scheme_code="DEMO", period=period, today=TODAY)
        found = ScoreSheet.objects.create(cycle=cycle, manager=manager, unit=manager.unit, proposal="hold", performance=Decimal(score))  # fmt: skip
        SheetLine.objects.create(
            sheet=found, position=1, dimension="performance", code="SALES", name="销售额", kind="indicator",
            raw=Decimal(raw), score=Decimal(score), target=Decimal(3000),
        )  # fmt: skip
    cycle = cycle_open(actor=STAGE, scheme_code="DEMO", period=PERIOD, today=TODAY)
    rows = {row["period"]: row for row in person(cycle, "M-CX1").history}
    assert set(rows) == {"2025Q2", "2025Q3"}
    assert rows["2025Q3"]["readings"] == {"SALES": Decimal("2000.5")}
    assert rows["2025Q3"]["scores"] == {"SALES": Decimal("60.25")}
    assert rows["2025Q3"]["performance"] == Decimal("60.25")
    bring_in(cast, "SALES", {"M-CX1": "3000"})
    bring_in(cast, "SALES", {"M-CX1": "3000"}, Target)
    graded(cycle)
    reasons = sheet(cycle, "M-CX1").reasons
    assert reasons is not None
    # 3000 − 2000.5; (100 + 60.25 + 40) / 3
    assert reasons["measures"] == {"GREW": "999.5", "MEAN": "66.75"}


def test_history_is_that_of_the_same_scheme_only(cast: Cast) -> None:
    other = example(cast, "ct", "2025Q3")
    manager = cast.managers["M-CX1"]
    ScoreSheet.objects.create(
        cycle=other, manager=manager, unit=manager.unit, proposal="hold", performance=90
    )
    assert person(example(cast, "demo"), "M-CX1").history == ()


def test_a_column_keeps_what_is_needed_of_the_decimals() -> None:
    column = column_of_decimals([Decimal("1.50"), None, Decimal("-2"), Decimal("1E+3")])
    assert (column.units.tolist(), column.scale, column.present.tolist()) == (
        [150, 0, -200, 100000], 2, [True, False, True, True]
    )  # fmt: skip
    huge = column_of_decimals([Decimal("123456789012345678901.5")])
    assert huge.value(0) == Decimal("123456789012345678901.5")
