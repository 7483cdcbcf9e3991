"""Opening a cycle: who takes part, as of which day, and what is refused."""

from __future__ import annotations

import json
from datetime import date
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.cycles.selectors import cycle_span
from appraisal.cycles.services.cycles import cycle_close, cycle_open
from appraisal.schemes.services.schemes import scheme_import
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.ui.indicators import Span
from managers.profiles.models import GradeCause, GradeRecord, RelationshipManager
from managers.profiles.services.managers import grade_begin, manager_create, manager_update
from tests.appraisal.world import EXAMPLES, graded
from tests.cast import STAGE, TODAY, Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def scheme(cast: Cast, db: None) -> None:
    scheme_import(actor=STAGE, text=(EXAMPLES / "demo.yaml").read_text())


def opened(period: str = "2025Q4", today: date = TODAY, code: str = "DEMO") -> Cycle:
    return cycle_open(actor=STAGE, scheme_code=code, period=period, today=today)


def member(cycle: Cycle, number: str) -> CycleMember:
    found: CycleMember = CycleMember.objects.get(cycle=cycle, manager__employee_no=number)
    return found


def refusal(caught: pytest.ExceptionInfo[ValidationError]) -> tuple[str, str]:
    ((field, errors),) = caught.value.error_dict.items()
    return field, str(errors[0].code)


@pytest.mark.usefixtures("scheme")
def test_the_days_of_the_period_and_everybody_in_it(cast: Cast) -> None:
    cycle = cycle_open(actor=cast.user("hrh"), scheme_code="DEMO", period="2025Q4", today=TODAY)
    assert cycle_span(cycle) == Span(date(2025, 10, 1), date(2026, 1, 1))
    assert (cycle.scheme.version, cycle.state, cycle.members.count()) == (1, "open", 4)
    one = member(cycle, "M-CD1")
    assert (one.unit.code, one.grade_code, one.grade_since, one.included, one.reason) == (
        "CD", "MIDDLE", date(2018, 7, 1), True, ""
    )  # fmt: skip
    (event,) = Event.objects.filter(kind="cycle.open")
    assert (event.after["managers"], event.after["excluded"], event.after["scheme"]) == (4, 0, "DEMO v1")


@pytest.mark.usefixtures("scheme")
def test_the_grade_is_that_of_the_last_day(cast: Cast) -> None:
    pk = {number: manager.pk for number, manager in cast.managers.items()}
    senior = cast.grades["SENIOR"]
    for number, starts in (("M-CD1", date(2025, 12, 31)), ("M-PD1", date(2026, 1, 1))):
        grade_begin(actor=STAGE, manager_id=pk[number], grade=senior, starts_on=starts, cause=GradeCause.CORRECTION, note="")  # fmt: skip
    GradeRecord.objects.filter(manager=pk["M-CX1"]).update(starts_on=date(2026, 1, 1))
    cycle = opened()
    found = {number: (member(cycle, number).grade_code, member(cycle, number).grade_since) for number in pk}
    assert found == {
        "M-CD1": ("SENIOR", date(2025, 12, 31)), "M-PD1": ("MIDDLE", date(2018, 7, 1)), "M-CX1": ("", None),
        "M-CD2": ("SENIOR", date(2018, 7, 1)),
    }  # fmt: skip


@pytest.mark.usefixtures("scheme")
def test_who_does_not_take_part_and_why(cast: Cast) -> None:
    for number, status in (
        ("M-CD1", "left"),
        ("M-CD2", "on_leave"),
        ("M-CX1", "seconded"),
        ("M-PD1", "probation"),
    ):
        manager_update(actor=STAGE, manager_id=cast.managers[number].pk, values={"status": status})
    for number, hired in (("LATE", date(2026, 1, 1)), ("LAST", date(2025, 12, 31)), ("NONE", None)):
        manager_create(actor=STAGE, today=TODAY, employee_no=number, name=number, unit=cast.units["CD"], hire_date=hired)  # fmt: skip
    cycle = opened()
    reasons = {one.manager.employee_no: one.reason for one in cycle.members.all()}
    assert reasons == {
        "M-CD1": "已离职", "M-CD2": "休假中", "M-CX1": "", "M-PD1": "", "LATE": "考核期结束后入职（2026-01-01）",
        "LAST": "", "NONE": "",
    }  # fmt: skip
    assert cycle.members.filter(included=True).count() == 4
    result = graded(cycle)
    assert (result.managers, result.not_rated) == (4, 4)


@pytest.mark.usefixtures("scheme")
def test_the_population_is_frozen(cast: Cast) -> None:
    cycle = opened()
    manager_create(actor=STAGE, today=TODAY, employee_no="NEW", name="新人", unit=cast.units["CD"])
    manager_update(actor=STAGE, manager_id=cast.managers["M-CD1"].pk, values={"unit": cast.units["PD"]})
    graded(cycle)
    assert sorted(cycle.sheets.values_list("manager__employee_no", "unit__code")) == [
        ("M-CD1", "CD"), ("M-CD2", "CD"), ("M-CX1", "CX"), ("M-PD1", "PD")
    ]  # fmt: skip


@pytest.mark.usefixtures("scheme")
@pytest.mark.parametrize(
    ("period", "code", "today", "expected"),
    [
        ("2025Q4", "NONE", TODAY, ("scheme_code", "not_found")),
        ("2025", "DEMO", TODAY, ("period", "bad_period")),
        ("2025M11", "DEMO", TODAY, ("period", "bad_period")),
        ("2025Q5", "DEMO", TODAY, ("period", "bad_period")),
        ("第四季度", "DEMO", TODAY, ("period", "bad_period")),
        ("2025Q4", "DEMO", date(2025, 9, 30), ("period", "too_early")),
    ],
)
def test_what_is_refused(cast: Cast, period: str, code: str, today: date, expected: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        opened(period, today, code)
    assert refusal(caught) == expected
    assert (Cycle.objects.count(), CycleMember.objects.count()) == (0, 0)


@pytest.mark.usefixtures("scheme")
def test_a_period_may_be_opened_from_its_first_day_and_once(cast: Cast) -> None:
    opened(today=date(2025, 10, 1))
    with pytest.raises(ValidationError) as caught:
        opened()
    assert refusal(caught) == ("period", "exists")
    assert Cycle.objects.count() == 1


def test_a_scheme_out_of_force_opens_nothing(cast: Cast) -> None:
    text = (EXAMPLES / "demo.yaml").read_text() + "effective: {from: 2026Q1}\n"
    scheme_import(actor=STAGE, text=text)
    with pytest.raises(ValidationError) as caught:
        opened()
    assert refusal(caught) == ("scheme_code", "out_of_force")


@pytest.mark.usefixtures("scheme")
@pytest.mark.parametrize("name", ["hrb", "mgr", "cm", "sys", "nobody"])
def test_only_head_office_hr_opens_and_closes(cast: Cast, name: str) -> None:
    with pytest.raises(MissingFunction):
        cycle_open(actor=cast.user(name), scheme_code="DEMO", period="2025Q4", today=TODAY)
    assert Cycle.objects.count() == 0
    cycle = opened()
    with pytest.raises(MissingFunction):
        cycle_close(actor=cast.user(name), cycle_id=cycle.pk, now=timezone.now())
    assert Cycle.objects.get().state == "open"


@pytest.mark.usefixtures("scheme")
def test_a_cycle_ends_once_and_after_it_was_graded(cast: Cast) -> None:
    cycle, now = opened(), timezone.now()
    with pytest.raises(ValidationError) as caught:
        cycle_close(actor=STAGE, cycle_id=cycle.pk, now=now)
    assert refusal(caught) == ("state", "not_graded")
    graded(cycle)
    assert cycle_close(actor=STAGE, cycle_id=cycle.pk, now=now).closed_at == now
    assert cycle_close(actor=STAGE, cycle_id=cycle.pk, now=timezone.now()).closed_at == now
    assert Event.objects.filter(kind="cycle.close").count() == 1


# --- command --------------------------------------------------------------------------------------------------------------
def call(*arguments: str) -> tuple[int, dict[str, object]]:
    out = StringIO()
    try:
        call_command("open_cycle", *arguments, "--json", stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), json.loads(out.getvalue())
    return 0, json.loads(out.getvalue())


@pytest.mark.usefixtures("scheme")
def test_the_command_says_which_cycle_and_how_many(cast: Cast) -> None:
    code, found = call("DEMO", "2025Q4")
    assert (code, found) == (0, {"cycle": Cycle.objects.get().pk, "managers": 4})
    assert call("DEMO", "2025Q4") == (code, found)
    assert Cycle.objects.count() == 1
    assert call("DEMO", "2025H2")[0] == 2
    assert call("NONE", "2025Q4")[0] == 2
    graded(Cycle.objects.get())
    cycle_close(actor=STAGE, cycle_id=Cycle.objects.get().pk, now=timezone.now())
    assert call("DEMO", "2025Q4")[0] == 2
    assert RelationshipManager.objects.count() == 4
