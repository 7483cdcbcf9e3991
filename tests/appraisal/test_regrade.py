"""From figures to sheets: the numbers by hand, all or nothing, and nothing twice."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from appraisal.cycles.models import Cycle
from appraisal.cycles.services.cycles import cycle_close, cycle_open
from appraisal.figures.models import Reading
from appraisal.ratings.models import Rating
from appraisal.scoring import regrade as machine
from appraisal.scoring.documents import load_reasons
from appraisal.scoring.hashing import result_hash
from appraisal.scoring.models import ScoreSheet, SheetLine, StagedFigure, StagedLine, StagedSheet
from appraisal.scoring.selectors import Tally, result_lines
from appraisal.scoring.services.publishing import sheets_publish
from appraisal.scoring.services.regrading import regrade
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from cmsys.jobs.kinds import JobRefused
from cmsys.jobs.models import Job, JobState
from tests.appraisal.world import World, everything, finish, graded, lines, sheet, steps
from tests.cast import STAGE, TODAY

pytestmark = pytest.mark.django_db
NOBODY_STAGED = (0, 0, 0)


def staged() -> tuple[int, int, int]:
    return StagedFigure.objects.count(), StagedSheet.objects.count(), StagedLine.objects.count()


def cycle_of(world: World) -> Cycle:
    return Cycle.objects.get(pk=world.cycle.pk)


# --- numbers ------------------------------------------------------------------------------------------------------------
def test_the_example_of_the_interfaces_through_the_whole_pipe(demo: World) -> None:
    result = graded(demo.cycle)
    assert (result.managers, result.scored, result.not_rated) == (4, 3, 1)
    found = sheet(demo.cycle, "M-CX1")
    assert (found.performance, found.ability, found.total, found.quadrant) == (
        Decimal("99.249"), Decimal("88.45"), Decimal("93.8495"), "HH"
    )  # fmt: skip
    assert (found.unit.code, found.grade_code, found.proposal) == ("CX", "JUNIOR", "hold")
    rows = [(line.code, line.raw, line.target, line.score, line.weight, line.contribution, line.source)
            for line in lines(demo.cycle, "M-CX1")]  # fmt: skip
    assert rows == [
        ("COMM", Decimal("86.75"), None, Decimal("86.75"), 60, Decimal("52.05"), "rating"),
        ("TEAM", 91, None, 91, 40, Decimal("36.4"), "rating"),
        ("SALES", 3482, 3000, Decimal("116.07"), 70, Decimal("81.249"), "imported"),
        ("OVERDUE", 1, None, 60, 30, 18, "imported"),
    ]


def test_three_more_people_by_hand(demo: World) -> None:
    graded(demo.cycle)
    one, two = sheet(demo.cycle, "M-CD1"), sheet(demo.cycle, "M-CD2")
    assert (one.performance, one.ability, one.total, one.quadrant) == (86, 70, 78, "LH")
    # Sales are missing, which this scheme counts as nothing: 0.3 × 60 = 18.
    assert (two.performance, two.ability, two.total, two.quadrant) == (18, 90, 54, "HL")
    sales = next(line for line in lines(demo.cycle, "M-CD2") if line.code == "SALES")
    assert (sales.raw, sales.score, sales.contribution, sales.note, sales.source) == (
        None, 0, 0, "missing_zero", "none"
    )  # fmt: skip


def test_who_lacks_what_blocks_is_not_rated_and_never_zero(demo: World) -> None:
    graded(demo.cycle)
    found = sheet(demo.cycle, "M-PD1")
    assert (found.performance, found.total, found.quadrant, found.proposal) == (None, None, "", "not_rated")
    assert found.ability == 95
    overdue = next(line for line in lines(demo.cycle, "M-PD1") if line.code == "OVERDUE")
    assert (overdue.score, overdue.contribution, overdue.note) == (None, None, "missing_blocked")
    reasons = load_reasons(found.reasons)
    assert reasons is not None
    assert reasons.reasons[0]["rule"] == "dimension:performance"
    assert reasons.reasons[0]["detail"]["indicators"] == ["OVERDUE"]


def test_contributions_add_up_to_the_last_digit(demo: World) -> None:
    graded(demo.cycle)
    for number in ("M-CX1", "M-CD1", "M-CD2"):
        found = sheet(demo.cycle, number)
        for dimension in ("ability", "performance"):
            parts = [line.contribution for line in lines(demo.cycle, number) if line.dimension == dimension]
            assert sum(parts) == getattr(found, dimension)


def test_the_rules_that_were_read_stand_on_the_sheet(demo: World) -> None:
    graded(demo.cycle)
    reasons = load_reasons(sheet(demo.cycle, "M-CX1").reasons)
    assert reasons is not None
    (rule,) = reasons.reasons
    assert (rule["rule"], rule["passed"], rule["detail"]["combine"]) == ("promotion[0]", False, "all")
    found = [(item["value"], item["found"], item["passed"]) for item in rule["detail"]["conditions"]]
    # July 2018 to the end of 2025 are ninety months; there is no earlier period.
    assert found == [("performance", ["99.249", None], None), ("ability", ["88.45"], True), ("months_in_grade", ["90"], True)]  # fmt: skip
    assert reasons.dimensions == {"ability": "88.45", "performance": "99.249"}


def test_an_earlier_sheet_makes_the_second_good_period(demo: World) -> None:
    before = cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q3", today=TODAY)
    ScoreSheet.objects.create(
        cycle=before, manager=demo.cast.managers["M-CX1"], unit=demo.cast.units["CX"], performance=Decimal("87.40"),
        proposal="hold",
    )  # fmt: skip
    assert graded(demo.cycle).promotion == 1
    found = sheet(demo.cycle, "M-CX1")
    assert (found.proposal, found.proposed_grade) == ("promotion", "MIDDLE")


# --- once and for all -----------------------------------------------------------------------------------------------------
def test_a_second_regrading_changes_no_row(demo: World) -> None:
    first = graded(demo.cycle)
    rows, cycle, events = everything(demo.cycle), cycle_of(demo), Event.objects.count()
    assert (first.changed, cycle.scored, cycle.holds, cycle.result_hash) == (4, 3, 3, first.result_hash)
    second = graded(demo.cycle)
    assert (second.changed, second.result_hash) == (0, first.result_hash)
    assert everything(demo.cycle) == rows
    assert cycle_of(demo).updated_at == cycle.updated_at
    assert list(Event.objects.order_by("id").values_list("kind", flat=True)[events:]) == ["cycle.regrade"]
    assert staged() == NOBODY_STAGED


@pytest.mark.parametrize("chunk", [1, 2, 3, 100])
@pytest.mark.parametrize("forget", [False, True])
def test_any_size_of_chunk_and_any_worker_give_the_same(demo: World, chunk: int, forget: bool) -> None:
    # The lines of the example, worked by hand and written as the definition says.
    text = (
        '{"ability":"70.00","employee_no":"M-CD1","performance":"86.00","proposal":{"kind":"hold","to":null},"quadrant":"LH","total":"78.00"}\n'
        '{"ability":"90.00","employee_no":"M-CD2","performance":"18.00","proposal":{"kind":"hold","to":null},"quadrant":"HL","total":"54.00"}\n'
        '{"ability":"88.45","employee_no":"M-CX1","performance":"99.249","proposal":{"kind":"hold","to":null},"quadrant":"HH","total":"93.8495"}\n'
        '{"ability":"95.00","employee_no":"M-PD1","performance":null,"proposal":{"kind":"not_rated","to":null},"quadrant":null,"total":null}\n'
    )
    from hashlib import sha256

    result = graded(demo.cycle, chunk=chunk, forget=forget)
    assert result.result_hash == sha256(text.encode()).hexdigest()
    assert result_hash(result_lines(cycle_of(demo))) == result.result_hash
    assert ScoreSheet.objects.filter(cycle=demo.cycle).count() == 4
    assert SheetLine.objects.filter(sheet__cycle=demo.cycle).count() == 16


def test_one_reading_more_or_less_changes_the_fingerprint_and_that_sheet_only(demo: World) -> None:
    first = graded(demo.cycle)
    untouched = {row.pk: row.updated_at for row in ScoreSheet.objects.exclude(manager__employee_no="M-CD1")}
    Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(
        value=Decimal("2400.15")
    )
    second = graded(demo.cycle)
    assert second.changed == 1
    assert second.result_hash != first.result_hash
    # 100 × 2400.15 / 3000 = 80.005 → 80.01; 0.7 × 80.01 + 30 = 86.007
    assert sheet(demo.cycle, "M-CD1").performance == Decimal("86.007")
    assert {
        row.pk: row.updated_at for row in ScoreSheet.objects.exclude(manager__employee_no="M-CD1")
    } == untouched


def test_a_change_that_does_not_move_the_score_still_shows_on_the_sheet(demo: World) -> None:
    first = graded(demo.cycle)
    Reading.objects.filter(manager__employee_no="M-CX1", indicator_code="OVERDUE").update(
        value=Decimal("1.5")
    )
    second = graded(demo.cycle)
    assert (second.changed, second.result_hash) == (1, first.result_hash)
    overdue = next(line for line in lines(demo.cycle, "M-CX1") if line.code == "OVERDUE")
    assert (overdue.raw, overdue.score) == (Decimal("1.5"), 60)


def test_more_decimals_of_one_figure_leave_the_others_alone(demo: World) -> None:
    graded(demo.cycle)
    Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(
        value=Decimal("2400.000001")
    )
    assert graded(demo.cycle).changed == 1


def test_nobody_sees_anything_before_all_is_published(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    seen = []
    for _chunk in steps(job):
        job.refresh_from_db()
        seen.append(
            (job.cursor and job.cursor["phase"], ScoreSheet.objects.count(), SheetLine.objects.count())
        )
    assert seen == [
        ("results", 0, 0), ("results", 0, 0), ("results", 0, 0), ("publish", 0, 0), ("reasons", 4, 16),
        ("reasons", 4, 16), ("reasons", 4, 16), ("reasons", 4, 16), (None, 4, 16),
    ]  # fmt: skip


# --- what happens in between ------------------------------------------------------------------------------------------------
def test_inputs_that_change_under_the_work_begin_it_anew(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    chunks = []
    for number, chunk in enumerate(steps(job, forget=True)):
        chunks.append(chunk)
        if number == 1:
            Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(value=3000)
    assert [chunk.cursor.rounds for chunk in chunks if chunk.cursor][-1] == 1
    assert sheet(demo.cycle, "M-CD1").performance == 100
    assert (
        result_hash(result_lines(cycle_of(demo)))
        == cycle_of(demo).result_hash
        == chunks[-1].result.result_hash
    )


def test_inputs_that_never_rest_are_refused_in_the_end(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    with pytest.raises(JobRefused, match="一直在变动"):
        for number, _chunk in enumerate(steps(job, forget=True)):
            Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(
                value=number + 1
            )
    assert ScoreSheet.objects.count() == 0


@pytest.mark.parametrize("table", ["stagedsheet", "stagedline"])
def test_a_crash_of_the_database_that_empties_the_unlogged_tables_begins_it_anew(
    demo: World, table: str
) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=2)
    chunks = []
    for number, chunk in enumerate(steps(job)):
        chunks.append(chunk)
        if number == 1:
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM appraisal_scoring_{table}")
    assert [chunk.cursor.rounds for chunk in chunks if chunk.cursor][-1] == 1
    assert (ScoreSheet.objects.count(), SheetLine.objects.count(), chunks[-1].result.changed) == (4, 16, 4)


def test_a_job_taken_up_hours_later_collects_its_figures_again(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    chunks = steps(job)
    next(chunks)
    Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(value=3000)
    job.refresh_from_db()
    assert job.cursor is not None
    Job.objects.filter(pk=job.pk).update(cursor={**job.cursor, "since": job.cursor["since"] - 3600})
    finish(job)
    assert sheet(demo.cycle, "M-CD1").performance == 100


def test_a_cancelled_run_leaves_nothing_behind_for_the_next(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    chunks = steps(job)
    next(chunks), next(chunks)
    assert staged() == (0, 2, 8)
    Job.objects.filter(pk=job.pk).update(state=JobState.CANCELLED, finished_at=timezone.now())
    assert graded(demo.cycle).changed == 4
    assert staged() == NOBODY_STAGED


# --- parts of the bank --------------------------------------------------------------------------------------------------
def test_a_part_writes_its_sheets_only_and_the_whole_cycle_keeps_its_books(demo: World) -> None:
    part = graded(demo.cycle, unit_id=demo.cast.units["BJ"].pk)
    assert (part.managers, part.scored, part.changed) == (3, 3, 3)
    assert sorted(ScoreSheet.objects.values_list("manager__employee_no", flat=True)) == [
        "M-CD1",
        "M-CD2",
        "M-CX1",
    ]
    cycle = cycle_of(demo)
    assert (cycle.graded_at, cycle.scored, cycle.result_hash) == (None, 3, part.result_hash)
    whole = graded(demo.cycle)
    assert (whole.changed, whole.managers) == (1, 4)
    assert whole.result_hash not in ("", part.result_hash)
    again = graded(demo.cycle, unit_id=demo.cast.units["BJ"].pk)
    assert (again.changed, again.result_hash) == (0, part.result_hash)
    assert cycle_of(demo).result_hash == whole.result_hash


def test_peers_are_everybody_also_for_a_part(demo: World) -> None:
    document = (
        demo.cycle.scheme.document.replace("code: DEMO ", "code: RANK ")
        .replace("method: {type: ratio, floor: 0, cap: 120}, missing: zero", "method: {type: rank}, missing: zero")
    )  # fmt: skip
    from appraisal.schemes.services.schemes import scheme_import

    scheme_import(actor=STAGE, text=document)
    cycle = cycle_open(actor=STAGE, scheme_code="RANK", period="2025Q4", today=TODAY)
    graded(cycle, unit_id=demo.cast.units["CX"].pk)
    # 3482 is the second of 5000, 3482 and 2400.
    sales = next(line for line in lines(cycle, "M-CX1") if line.code == "SALES")
    assert sales.score == 50
    assert ScoreSheet.objects.filter(cycle=cycle).count() == 1


# --- refusals -----------------------------------------------------------------------------------------------------------
def test_a_closed_cycle_is_not_graded(demo: World) -> None:
    graded(demo.cycle)
    cycle_close(actor=STAGE, cycle_id=demo.cycle.pk, now=timezone.now())
    jobs, rows = Job.objects.count(), everything(demo.cycle)
    with pytest.raises(ValidationError) as caught:
        regrade(actor=STAGE, cycle_id=demo.cycle.pk)
    assert caught.value.error_dict["state"][0].code == "closed"
    assert Job.objects.count() == jobs
    assert everything(demo.cycle) == rows


def test_a_job_that_finds_its_cycle_closed_writes_nothing(demo: World) -> None:
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=1)
    chunks = steps(job)
    next(chunks), next(chunks)
    Cycle.objects.filter(pk=demo.cycle.pk).update(state="closed", closed_at=timezone.now())
    with pytest.raises(JobRefused, match="已经结束"):
        next(chunks)
    assert ScoreSheet.objects.count() == 0


def test_the_publication_asks_again_for_the_cycle_and_the_function(demo: World) -> None:
    """The step has asked before; between that and the lock somebody may have closed the cycle."""
    job = regrade(actor=STAGE, cycle_id=demo.cycle.pk, chunk=100)
    next(steps(job))
    assert staged() == (0, 4, 16)
    wanted = {
        "cycle_id": demo.cycle.pk,
        "job_id": job.pk,
        "tally": Tally(),
        "whole": True,
        "now": timezone.now(),
    }
    with pytest.raises(MissingFunction):
        sheets_publish(actor=demo.cast.user("hrb"), **wanted)
    Cycle.objects.filter(pk=demo.cycle.pk).update(state="closed", closed_at=timezone.now())
    with pytest.raises(ValidationError) as caught:
        sheets_publish(actor=STAGE, **wanted)
    assert caught.value.error_dict["state"][0].code == "closed"
    assert ScoreSheet.objects.count() == 0


def test_a_cycle_is_not_closed_under_a_regrading(demo: World) -> None:
    graded(demo.cycle)
    regrade(actor=STAGE, cycle_id=demo.cycle.pk)
    with pytest.raises(ValidationError) as caught:
        cycle_close(actor=STAGE, cycle_id=demo.cycle.pk, now=timezone.now())
    assert caught.value.error_dict["state"][0].code == "running"
    assert cycle_of(demo).state == "open"


@pytest.mark.parametrize("name", ["hrb", "mgr", "cm", "sys", "da", "nobody"])
def test_only_head_office_hr_runs_it(demo: World, name: str) -> None:
    with pytest.raises(MissingFunction):
        regrade(actor=demo.cast.user(name), cycle_id=demo.cycle.pk)
    assert Job.objects.count() == 0


def test_who_lost_the_function_meanwhile_writes_nothing(demo: World) -> None:
    job = regrade(actor=demo.cast.user("hrh"), cycle_id=demo.cycle.pk, chunk=1)
    chunks = steps(job)
    next(chunks)
    demo.cast.users["hrh"].grants.update(ends_on="2021-01-01")
    with pytest.raises(MissingFunction):
        next(steps(Job.objects.get(pk=job.pk)))
    assert (staged()[1], ScoreSheet.objects.count()) == (1, 0)


def test_one_at_a_time_for_a_cycle(demo: World) -> None:
    first = regrade(actor=STAGE, cycle_id=demo.cycle.pk)
    assert regrade(actor=STAGE, cycle_id=demo.cycle.pk).pk == first.pk
    assert Event.objects.filter(kind="cycle.regrade").count() == 1
    with pytest.raises(ValidationError) as caught:
        regrade(actor=STAGE, cycle_id=demo.cycle.pk, unit_id=demo.cast.units["CD"].pk)
    assert caught.value.error_dict["cycle"][0].code == "running"
    next(steps(first))
    with pytest.raises(ValidationError):
        regrade(actor=STAGE, cycle_id=demo.cycle.pk)
    assert Job.objects.count() == 1


def test_data_the_scheme_cannot_take_are_left_out_and_named(demo: World) -> None:
    document = demo.cycle.scheme.document.replace("code: DEMO ", "code: NARROW ").replace(
        "{code: TEAM, name: 团队协作, weight: 40,", "{code: TEAM, name: 团队协作, weight: 40, domain: {min: 1, max: 90},"
    )  # fmt: skip
    from appraisal.schemes.services.schemes import scheme_import

    scheme_import(actor=STAGE, text=document)
    cycle = cycle_open(actor=STAGE, scheme_code="NARROW", period="2025Q4", today=TODAY)
    result = graded(cycle)
    assert result.refused == 2
    assert sorted(result.refusals) == ["M-CX1 TEAM superior 91.00–91.00", "M-PD1 TEAM superior 95.00–95.00"]
    assert sheet(cycle, "M-CX1").ability == Decimal("86.75")


def test_the_publication_is_one_event_with_its_figures(demo: World) -> None:
    hrh = demo.cast.user("hrh")
    result = graded(demo.cycle, actor=hrh)
    (event,) = Event.objects.filter(kind="cycle.grade")
    assert (event.actor_id, event.after["changed"], event.after["result_hash"]) == (
        hrh.pk,
        4,
        result.result_hash,
    )
    assert (event.before["result_hash"], event.before["scored"], event.after["scored"]) == ("", 0, 3)


def test_the_number_of_queries_does_not_depend_on_the_people(
    demo: World, django_assert_num_queries: object
) -> None:
    from django.test.utils import CaptureQueriesContext

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            graded(demo.cycle)
        return len(queries)

    graded(demo.cycle)
    Rating.objects.filter(manager__employee_no="M-CX1").delete()
    one = count()
    Reading.objects.filter(indicator_code="OVERDUE").update(value=5)
    assert count() == one
    assert machine._kept == []
