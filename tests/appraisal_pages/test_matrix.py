"""The matrix: counts, moves, grades, points and bins are those of the database; every number opens its people."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appraisal.cycles.models import Cycle
from appraisal.grading.pages import percent, signed
from appraisal.scoring.models import ScoreSheet
from tests.appraisal_pages.crowd import crowd
from tests.appraisal_pages.graded import DEMO, Graded, scheme_version
from tests.appraisal_pages.test_pages import names, signed_in, text

pytestmark = pytest.mark.django_db


def found(world: Graded, query: str = "", reader: str = "hrh") -> Any:
    answer = signed_in(world, reader).get(f"/matrix/{query}")
    assert answer.status_code == 200
    return answer.context["matrix"]


def cells(matrix: Any) -> dict[str, tuple[int, int | None, str]]:
    return {row.cell.code: (row.count, row.before, row.change) for row in matrix.cells}


def test_cells_are_counted_and_compared_with_the_cycle_before(world: Graded) -> None:
    matrix = found(world)
    assert cells(matrix) == {"LH": (0, 1, "−1"), "HH": (2, 2, "±0"), "LL": (1, 1, "±0"), "HL": (0, 0, "±0")}
    assert (matrix.total, matrix.unplaced) == (3, 1)
    assert [(row.cell.name, row.share, row.cell.strategy) for row in matrix.cells if row.count] == [
        ("高能高绩", "66.7%", "晋升与挑战"), ("低能低绩", "33.3%", "调岗或培训改进"),
    ]  # fmt: skip
    assert matrix.finding == "2 人在“高能高绩”，与 2025Q3 相同"


def test_the_headline_says_how_many_more(world: Graded) -> None:
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-PD1"].pk).update(
        quadrant="HH", performance="90", proposal="hold"
    )
    assert found(world).finding == "3 人在“高能高绩”，比 2025Q3 多 1 人"
    assert found(world, "?unit=CX").finding == "1 人在“高能高绩”，与 2025Q3 相同"
    assert found(world, f"?cycle={world.cycles['2025Q3'].pk}").finding == "2 人在“高能高绩”"


def test_moves_go_from_cell_to_cell_and_open_their_people(world: Graded) -> None:
    matrix = found(world)
    assert [(move.came, move.now, move.count, move.stayed) for move in matrix.moves] == [
        ("低能高绩", "高能高绩", 1, False), ("高能高绩", "高能高绩", 1, True), ("低能低绩", "低能低绩", 1, True),
    ]  # fmt: skip
    assert matrix.moved == "两期都在矩阵中的 3 人里，1 人换了位置"
    assert [names(signed_in(world, "hrh").get(move.url)) for move in matrix.moves] == [
        ["王雅琴"],
        ["赵立群"],
        ["陈思远"],
    ]


def test_every_count_opens_a_list_of_as_many_people(world: Graded) -> None:
    crowd(world, 60, ("2025Q3", "2025Q4"))
    for reader, query in (("hrh", ""), ("hrh", "?unit=CD"), ("mgr", ""), ("hrh", "?line=CORP&grade=JUNIOR")):
        matrix, browser = found(world, query, reader), signed_in(world, reader)
        for row in (*matrix.cells, *matrix.moves):
            assert browser.get(row.url).context["page"].pager["total"] == row.count, (reader, query, row)
        for row in matrix.grades:
            if row.url and "grade=" not in query:
                assert browser.get(row.url).context["page"].pager["total"] == row.now, (reader, row)


def test_the_table_twin_has_the_numbers_of_the_database(world: Graded) -> None:
    crowd(world, 60)
    shown = text(signed_in(world, "hrh").get("/matrix/"))
    table = shown[shown.index("data-cells") : shown.index("</table>", shown.index("data-cells"))]
    rows = re.findall(r'<a href="[^"]*quadrant=(\w\w)">[^<]*</a></th><td class="n"[^>]*>(\d+)</td>', table)
    counted = {
        code: ScoreSheet.objects.filter(cycle=world.cycles["2025Q4"], quadrant=code).count()
        for code in ("HH", "HL", "LH", "LL")
    }
    assert {code: int(count) for code, count in rows} == counted
    assert shown.count('class="matrix-dot') - 3 == sum(counted.values())  # three stand in the legend


def test_points_lead_to_sheets_with_the_conditions_and_carry_their_words(world: Graded) -> None:
    shown = unescape(text(signed_in(world, "hrh").get("/matrix/?unit=CX")))
    pk, cycle = world.sheets["2025Q4", "M-CX1"].pk, world.cycles["2025Q4"].pk
    assert (
        f'<a href="/score-sheets/{pk}/?cycle={cycle}&unit=CX" aria-label="赵立群 M-CX1：能力 88.45，绩效 99.25，高能高绩，晋升">'
        in shown
    )
    assert 'class="matrix-before"' not in shown.replace('cx="7" cy="7" r="4"', "").split("matrix-legend")[0]


def test_comparing_draws_where_people_stood(world: Graded) -> None:
    shown = text(signed_in(world, "hrh").get("/matrix/?compare=previous")).split("matrix-legend")[0]
    assert shown.count('class="matrix-before"') == 3
    assert "2025Q3 在低能高绩" in shown


def test_each_reader_counts_his_own_people(world: Graded) -> None:
    assert found(world, "", "mgr").total == 2
    assert found(world, "", "hrb").total == 3
    assert signed_in(world, "cm").get("/matrix/").status_code == 403
    assert signed_in(world, "cmd").get("/matrix/").status_code == 403
    answer = signed_in(world, "mgr").get("/matrix/?unit=PD")
    assert answer.status_code == 400


def test_grades_now_and_after_the_proposals(world: Graded) -> None:
    assert [(row.name, row.now, row.then) for row in found(world).grades] == [
        ("高级", 1, 1),
        ("中级", 2, 2),
        ("初级", 1, 1),
    ]


def test_a_quota_stands_beside_its_grade_and_an_excess_is_told(world: Graded) -> None:
    quota = "\nquotas: [{code: Q1, grade: SENIOR, percent: 20}, {code: Q2, grade: MIDDLE, limit: 3, group: unit}, {code: Q3, grade: JUNIOR, limit: 9}]\n"
    version = scheme_version(DEMO.read_text(encoding="utf-8") + quota, "QUOTA")
    Cycle.objects.filter(pk=world.cycles["2025Q4"].pk).update(scheme=version)
    rows = {row.name: (row.guide, row.note, row.over) for row in found(world).grades}
    assert rows == {
        "高级": (0.8, "名额 ≤ 20%", True), "中级": (None, "名额 ≤ 3 人，按分组计", False), "初级": (9.0, "名额 ≤ 9 人", False),
    }  # fmt: skip
    assert {row.name: row.guide for row in found(world, "?unit=CD").grades} == {
        "高级": None,
        "中级": None,
        "初级": None,
    }


def test_nine_boxes_with_names_of_the_document(world: Graded) -> None:
    nine = DEMO.read_text(encoding="utf-8").replace(
        "matrix: {kind: quadrant, ability: 80, performance: 80}",
        "matrix: {kind: nine_box, ability: [65, 80], performance: [60, 85], cells: {'33': {name: 明星, strategy: 重用}}}",
    )
    version = scheme_version(nine, "NINE")
    Cycle.objects.filter(pk=world.cycles["2025Q4"].pk).update(scheme=version)
    for number, code in (("M-CX1", "33"), ("M-CD1", "21"), ("M-CD2", "33")):
        ScoreSheet.objects.filter(pk=world.sheets["2025Q4", number].pk).update(quadrant=code)
    matrix = found(world)
    assert [[(row.cell.code, row.count) for row in line] for line in matrix.grid] == [
        [("13", 0), ("23", 0), ("33", 2)], [("12", 0), ("22", 0), ("32", 0)], [("11", 0), ("21", 1), ("31", 0)],
    ]  # fmt: skip
    assert (matrix.cells[2].cell.name, matrix.cells[2].cell.strategy) == ("明星", "重用")
    assert matrix.cells[7].cell.name == "中能低绩"
    assert text(signed_in(world, "hrh").get("/matrix/")).count('<rect class="matrix-cell') == 9


def test_a_scheme_without_a_matrix_is_told(world: Graded) -> None:
    bare = DEMO.read_text(encoding="utf-8").replace(
        "matrix: {kind: quadrant, ability: 80, performance: 80}", "# "
    )
    Cycle.objects.filter(pk=world.cycles["2025Q4"].pk).update(scheme=scheme_version(bare, "BARE"))
    answer = signed_in(world, "hrh").get("/matrix/")
    assert answer.context["matrix"] is None
    assert "这个周期的方案没有双维矩阵" in text(answer)


def test_more_people_than_points_are_counted_in_bins_that_add_up(world: Graded) -> None:
    crowd(world, 1000)
    answer = signed_in(world, "hrh").get("/matrix/")
    shown, matrix = unescape(text(answer)), answer.context["matrix"]
    assert matrix.total == 1003
    labels = re.findall(r'aria-label="(\d+) 人：', shown)
    assert sum(int(label) for label in labels) == 1003
    assert len(labels) <= 1600
    assert "人多于 400，按 2.5 分一格合并成" in shown
    # 35 … 114 is 79 wide: squares of 2 points would be 40, of 2.5 they are 32.
    first = re.search(r'<a href="(/score-sheets/\?[^"]*ability_from[^"]*)" aria-label="(\d+) 人', shown)
    assert first is not None
    listed = signed_in(world, "hrh").get(first.group(1)).context["page"].pager["total"]
    assert listed == int(first.group(2))


def test_the_matrix_costs_the_same_for_few_and_for_many(world: Graded) -> None:
    hrh, counts = signed_in(world, "hrh"), []
    hrh.get("/matrix/")  # the first request of a process reads the scheme's document, which is then kept
    for more in (0, 30, 600):
        crowd(world, more, ("2025Q3", "2025Q4")) if more == 30 else None
        if more == 600:
            ScoreSheet.objects.filter(manager__employee_no__startswith="C-").delete()
            world.cast.managers["M-CD1"].__class__.objects.filter(employee_no__startswith="C-").delete()
            crowd(world, more, ("2025Q3", "2025Q4"))
        with CaptureQueriesContext(connection) as queries:
            assert hrh.get("/matrix/?compare=previous").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2]
    assert counts[0] <= 22


def test_shares_and_changes_are_written_exactly() -> None:
    assert [percent(1, 3), percent(1, 8), percent(0, 5), percent(0, 0)] == ["33.3%", "12.5%", "0.0%", "—"]
    assert [signed(6), signed(-2), signed(0)] == ["+6", "−2", "±0"]
