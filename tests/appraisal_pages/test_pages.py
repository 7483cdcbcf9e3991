"""The list and the page of a sheet, as HR, a supervisor and the person himself see them."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse

from appraisal.figures.models import Reading
from appraisal.scoring.models import ScoreSheet
from cmsys.audit.models import Event
from tests.appraisal_pages.graded import Graded

pytestmark = pytest.mark.django_db
LIST = "/score-sheets/"


def signed_in(world: Graded, name: str) -> Browser:
    browser = Browser()
    browser.force_login(world.cast.user(name), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def names(answer: Any) -> list[str]:
    return [row["cells"][0]["text"] for row in answer.context["page"].rows]


def page_of(world: Graded, number: str, tail: str = "") -> str:
    return f"{LIST}{world.sheets['2025Q4', number].pk}/{tail}"


def text(answer: Any) -> str:
    return str(answer.content.decode())


# --- list ---------------------------------------------------------------------------------------------------------------
def test_without_a_cycle_the_newest_is_listed_and_said(world: Graded) -> None:
    answer = signed_in(world, "hrh").get(LIST)
    assert sorted(names(answer)) == ["周婷", "王雅琴", "赵立群", "陈思远"]
    assert answer.context["page"].pager["total"] == 4
    chips = [
        (item["label"], item["value"], item["remove_url"]) for item in answer.context["page"].active_filters
    ]
    assert chips == [("周期", "2025Q4 · 示例方案", "")]


def test_the_newest_graded_cycle_counts_not_one_that_is_only_open(world: Graded) -> None:
    world.cycles["2025Q4"].__class__.objects.filter(pk=world.cycles["2025Q4"].pk).update(graded_at=None)
    answer = signed_in(world, "hrh").get(LIST)
    assert [item["value"] for item in answer.context["page"].active_filters] == ["2025Q3 · 示例方案"]


def test_scores_are_sorted_exactly_and_the_unrated_come_last(world: Graded) -> None:
    answer = signed_in(world, "hrh").get(f"{LIST}?sort=-performance")
    assert names(answer) == ["王雅琴", "赵立群", "陈思远", "周婷"]
    cells = [[cell["text"] for cell in row["cells"] if cell["key"] in ("ability", "performance", "proposal")]
             for row in answer.context["page"].rows]  # fmt: skip
    assert cells == [
        ["90.00", "114.00", "保持"], ["88.45", "99.25", "晋升为中级"], ["73.80", "35.00", "降级为初级"], ["80.00", "", "未评"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("grade=MIDDLE", ["周婷", "陈思远"]), ("quadrant=HH", ["王雅琴", "赵立群"]), ("proposal=not_rated", ["周婷"]),
        ("unit=BJ", ["王雅琴", "赵立群", "陈思远"]), ("unit=CD", ["王雅琴", "陈思远"]), ("q=zhouting", ["周婷"]), ("q=csy", ["陈思远"]),
        ("q=M-CX1", ["赵立群"]), ("ability_from=88&ability_to=89", ["赵立群"]), ("performance_to=60", ["陈思远"]),
        ("previous_quadrant=LL", ["陈思远"]), ("previous_quadrant=HH", ["周婷", "赵立群"]), ("line=CORP&quadrant=LL", ["陈思远"]),
    ],
)  # fmt: skip
def test_each_condition_finds_exactly_its_people(world: Graded, query: str, found: list[str]) -> None:
    assert sorted(names(signed_in(world, "hrh").get(f"{LIST}?{query}"))) == found


def test_a_cell_that_does_not_exist_is_refused_with_its_field(world: Graded) -> None:
    answer = signed_in(world, "hrh").get(f"{LIST}?quadrant=33")
    assert answer.status_code == 400
    assert list(answer.context["page"].filter_form.errors) == ["quadrant"]


def test_each_reader_sees_his_own_people_only(world: Graded) -> None:
    assert sorted(names(signed_in(world, "mgr").get(LIST))) == ["王雅琴", "陈思远"]
    assert sorted(names(signed_in(world, "hrb").get(LIST))) == ["王雅琴", "赵立群", "陈思远"]
    assert signed_in(world, "cm").get(LIST).status_code == 403
    assert signed_in(world, "cmd").get(LIST).status_code == 403


def test_the_unit_is_the_one_frozen_with_the_cycle(world: Graded) -> None:
    manager = world.cast.managers["M-CD1"]
    type(manager).objects.filter(pk=manager.pk).update(unit=world.cast.units["PD"])
    assert "陈思远" in names(signed_in(world, "mgr").get(LIST))


def test_the_export_carries_exact_figures(world: Graded) -> None:
    answer = signed_in(world, "hrb").get(f"{LIST}export.csv?quadrant=HH&sort=employee_no")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    found = next(row for row in rows if "M-CX1" in row)
    assert found[:7] == ["赵立群", "M-CX1", "城西支行", "初级", "88.45", "99.249", "93.8495"]
    assert Event.objects.filter(kind="export").count() == 1
    assert signed_in(world, "mgr").get(f"{LIST}export.csv").status_code == 403


def test_a_grade_the_scheme_does_not_know_is_called_as_the_bank_calls_it(world: Graded) -> None:
    type(world.cast.grades["JUNIOR"]).objects.create(code="CHIEF", name="首席客户经理", order=9)
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-CX1"].pk).update(grade_code="CHIEF")
    hrh = signed_in(world, "hrh")
    (row,) = hrh.get(f"{LIST}?q=M-CX1").context["page"].rows
    assert "首席客户经理" in [cell["text"] for cell in row["cells"]]
    assert "城西支行 · 公司业务 · 首席客户经理" in text(hrh.get(page_of(world, "M-CX1")))
    assert ("首席客户经理", 1) in [
        (grade.name, grade.now) for grade in hrh.get("/matrix/").context["matrix"].grades
    ]


# --- one sheet ----------------------------------------------------------------------------------------------------------
def test_the_sheet_shows_figures_lines_reasons_and_place(world: Graded) -> None:
    answer = signed_in(world, "hrh").get(page_of(world, "M-CX1"))
    page = answer.context["page"]
    assert [(item["label"], item["value"]) for item in page.figures] == [
        ("能力得分", "88.45"), ("绩效得分", "99.25"), ("综合得分", "93.85"), ("矩阵位置", "高能高绩"), ("等级建议", "晋升为中级"),
    ]  # fmt: skip
    shown = text(answer)
    for part in ("完成率（实际 ÷ 目标）× 100，最低 0、120 封顶", "81.249", "各行贡献相加 = 绩效得分，逐位相符", "连续 2 期绩效得分 ≥ 85",
                 "本人 99.249、87.4", "晋升与挑战"):  # fmt: skip
        assert part in shown, part
    assert [card["key"] for card in page.cards] == [
        "lines",
        "signature",
        "reasons",
        "place",
        "trend",
        "training",
    ]


def test_the_trend_says_what_changed_and_its_table_has_the_same_numbers(world: Graded) -> None:
    shown = text(signed_in(world, "hrh").get(page_of(world, "M-CX1")))
    assert "绩效 99.25，比上期高 11.85" in shown
    assert "n = 2 · 2025Q3 至 2025Q4" in shown
    assert "99.249" in shown
    assert "高绩线 80" in shown


def test_the_place_tells_where_he_came_from(world: Graded) -> None:
    shown = text(signed_in(world, "hrh").get(page_of(world, "M-CX1")))
    assert "2025Q3 也在“高能高绩”。" in shown
    assert shown.count('class="matrix-before"') == 1


def test_who_is_not_rated_has_a_sheet_that_says_why(world: Graded) -> None:
    answer = signed_in(world, "hrh").get(page_of(world, "M-PD1"))
    figures = [(item["label"], item["value"]) for item in answer.context["page"].figures]
    assert figures == [("能力得分", "80.00"), ("绩效得分", ""), ("综合得分", ""), ("等级建议", "未评")]
    assert "未评：绩效得分无法给出：缺：逾期率" in text(answer)
    assert "0.00" not in text(answer).replace("80.00", "").replace("100.00", "")


def test_the_next_person_is_the_next_of_the_list_one_came_from(world: Graded) -> None:
    hrh = signed_in(world, "hrh")
    order = [world.sheets["2025Q4", number].pk for number in ("M-CD2", "M-CX1", "M-CD1", "M-PD1")]
    query = f"?sort=-performance&cycle={world.cycles['2025Q4'].pk}"
    listed = hrh.get(f"{LIST}{query}").context["page"].rows
    assert [row["url"] for row in listed] == [f"{LIST}{pk}/{query}" for pk in order]
    actions = {str(a.label): a.url for a in hrh.get(listed[1]["url"]).context["page"].actions}
    assert actions["上一人"].startswith(f"{LIST}{order[0]}/?")
    assert actions["下一人"].startswith(f"{LIST}{order[2]}/?")
    assert "下一人" not in [str(a.label) for a in hrh.get(listed[3]["url"]).context["page"].actions]


def test_the_supervisor_steps_through_his_people_only(world: Graded) -> None:
    mgr = signed_in(world, "mgr")
    rows = mgr.get(LIST).context["page"].rows
    labels = [[str(a.label) for a in mgr.get(row["url"]).context["page"].actions] for row in rows]
    assert labels == [["下一人", "打印考核表"], ["上一人", "打印考核表"]]


def test_out_of_scope_is_not_found(world: Graded) -> None:
    for reader, number in (("mgr", "M-CX1"), ("hrb", "M-PD1"), ("cm", "M-CD2")):
        for tail in ("", "lines/1/", "print.pdf"):
            assert signed_in(world, reader).get(page_of(world, number, tail)).status_code == 404, (
                reader,
                tail,
            )
    assert Event.objects.filter(kind="sheet.print").count() == 0
    for wrong in (
        "/score-sheets/abc/",
        "/score-sheets/99999999999999999999/",
        "/score-sheets/99999999999999999999/print.pdf",
    ):
        assert signed_in(world, "hrh").get(wrong).status_code == 404


# --- one's own ----------------------------------------------------------------------------------------------------------
def test_a_manager_is_led_to_his_newest_sheet_and_sees_no_neighbours(world: Graded) -> None:
    cm = signed_in(world, "cm")
    answer = cm.get("/me/sheet/", follow=True)
    assert answer.redirect_chain == [(page_of(world, "M-CD1"), 302)]
    assert [str(action.label) for action in answer.context["page"].actions] == ["打印考核表"]
    assert "降级为初级" in text(answer)
    assert signed_in(world, "hrh").get("/me/sheet/").status_code == 403


def test_a_manager_without_a_sheet_is_told_so(world: Graded) -> None:
    ScoreSheet.objects.filter(manager=world.cast.managers["M-CD1"]).delete()
    answer = signed_in(world, "cm").get("/me/sheet/")
    assert answer.status_code == 200
    assert "您还没有考核结果" in text(answer)


def test_profile_and_desk_show_the_newest_results(world: Graded) -> None:
    shown = text(signed_in(world, "cm").get("/managers/M-CD1/"))
    assert page_of(world, "M-CD1") in shown
    assert "低能低绩" in shown
    desk = text(signed_in(world, "cm").get("/"))
    assert "35.00" in desk
    hrh = text(signed_in(world, "hrh").get("/"))
    assert f"{LIST}?cycle={world.cycles['2025Q4'].pk}&amp;proposal=promotion" in hrh
    assert page_of(world, "M-CD1") not in text(signed_in(world, "cmd").get("/managers/M-CD1/"))


# --- where a line comes from --------------------------------------------------------------------------------------------
def line(world: Graded, reader: str, number: str, code: str) -> str:
    sheet = world.sheets["2025Q4", number]
    position = sheet.lines.get(code=code).position
    answer = signed_in(world, reader).get(reverse("sheet_line", args=[sheet.pk, position]))
    assert answer.status_code == 200
    return text(answer)


def test_an_imported_figure_leads_to_the_row_that_was_brought_in(world: Graded) -> None:
    shown = line(world, "mgr", "M-CD1", "SALES")
    assert "/readings/?period=2025Q4&amp;employee_no=M-CD1&amp;indicator_code=SALES" in shown
    assert "/targets/?period=2025Q4&amp;employee_no=M-CD1&amp;indicator_code=SALES" in shown
    assert "记录合计为 1,500，与表上的实际值相符。" in shown
    assert "50.00 × 70% = 35.00" in shown
    assert "来源：财务系统" in shown


def test_a_record_that_has_changed_since_is_told(world: Graded) -> None:
    Reading.objects.filter(manager__employee_no="M-CD1", indicator_code="SALES").update(value="1600")
    shown = line(world, "hrh", "M-CD1", "SALES")
    assert "记录合计为 1,600，表上的实际值是 1,500：记录在定级之后有变化，重新运行定级后更新。" in shown


def test_ratings_are_counted_and_few_are_not_averaged(world: Graded) -> None:
    shown = line(world, "hrh", "M-CX1", "COMM")
    assert "共 3 条评分。" in shown
    assert "上级 1 人（权重 50），平均 88.00" in shown
    assert "同级 2 人（权重 50），人数少，不列平均分" in shown
    assert "/ratings/?period=2025Q4&amp;employee_no=M-CX1&amp;indicator_code=COMM" in shown


def test_every_link_of_a_line_opens_for_its_reader(world: Graded) -> None:
    import re

    for reader, number in (("hrh", "M-CX1"), ("mgr", "M-CD1"), ("cm", "M-CD1")):
        for code in ("COMM", "SALES", "OVERDUE"):
            for address in re.findall(r'<a class="button" href="([^"]+)"', line(world, reader, number, code)):
                answer = signed_in(world, reader).get(address.replace("&amp;", "&"))
                assert answer.status_code == 200, (reader, address)
                assert answer.context["page"].pager["total"] == 1, address


def test_exact_figures_are_not_cut(world: Graded) -> None:
    ScoreSheet.objects.filter(pk=world.sheets["2025Q4", "M-CX1"].pk).update(
        performance=Decimal("99.24900000000000000001")
    )
    shown = text(signed_in(world, "hrh").get(page_of(world, "M-CX1")))
    assert "各行贡献相加为 99.249，与绩效得分不符" in shown
