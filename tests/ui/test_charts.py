"""A chart's drawing and its table carry the same numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.template import engines

from cmsys.ui.charts import PALETTE, Chart, Line, Link, Point, Series

BARS = Chart(
    "bar",
    "grades",
    "中级占 44%",
    ("高级", "中级"),
    (Series("人数", (21, 74)), Series("指引", (25, None))),
    unit="人",
    n=95,
)


def drawn(chart: Chart) -> dict[str, Any]:
    return json.loads(chart.as_json())["option"]


def test_table_twin_has_exactly_the_numbers_that_are_drawn() -> None:
    header, rows = BARS.table()
    assert header == ("类别", "人数（人）", "指引（人）")
    assert rows == (("高级", "21", "25"), ("中级", "74", "—"))
    assert [row["data"] for row in drawn(BARS)["series"]] == [[21, 74], [25, None]]


def test_levels_are_drawn_and_written_by_name() -> None:
    steps = Chart(
        "step", "s", "一次晋升", ("2024", "2025"), (Series("等级", (0, 1)),), levels=("初级", "中级")
    )
    assert steps.table()[1] == (("2024", "初级"), ("2025", "中级"))
    assert drawn(steps)["yAxis"]["data"] == ["初级", "中级"]
    assert drawn(steps)["series"][0]["step"] == "end"


def test_scatter_and_sankey_have_twins_too() -> None:
    scatter = Chart(
        "scatter", "m", "一人", points=(Point(80.5, 90, "陈思远", "公司"),), x_label="能力", y_label="绩效"
    )
    assert scatter.table() == (("名称", "组", "能力", "绩效"), (("陈思远", "公司", "80.5", "90"),))
    flow = Chart("sankey", "f", "晋升", links=(Link("初级", "中级", 25),), unit="人")
    assert flow.table()[1] == (("初级", "中级", "25"),)
    assert drawn(flow)["series"][0]["links"] == [{"source": "初级", "target": "中级", "value": 25}]


@pytest.mark.parametrize("kind", ["bar", "hbar", "line", "donut", "scatter", "sankey", "step"])
def test_every_kind_gives_plain_data_with_text_tooltips_and_a_description(kind: Any) -> None:
    chart = Chart(
        kind,
        "k",
        "说法",
        ("一",),
        (Series("数", (1,)),),
        points=(Point(1, 2, "点"),),
        links=(Link("甲", "乙", 1),),
        lines=(Line(85, "门槛"),),
    )
    option = drawn(chart)
    assert option["tooltip"]["renderMode"] == "richText"
    assert option["aria"]["enabled"] is True
    assert "说法" in option["aria"]["label"]["description"]


def test_more_series_than_colours_or_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 values for 1 categories"):
        Chart("bar", "k", "t", ("一",), (Series("数", (1, 2)),))
    with pytest.raises(ValueError, match="more than 7 series"):
        Chart("line", "k", "t", ("一",), tuple(Series(str(n), (n,)) for n in range(8)))


def test_text_of_a_chart_cannot_leave_its_script_element() -> None:
    nasty = Chart("bar", "k", "</script><script>alert(1)</script>", ("<b>",), (Series("数", (1,)),))
    page = engines["django"].from_string("{% chart c %}").render({"c": nasty})
    assert page.count("<script") == 1
    assert "alert(1)</script>" not in page
    data = page.split('<script type="application/json">')[1].split("</script>")[0]
    assert json.loads(data)["option"]["xAxis"]["data"] == ["<b>"]


def test_an_empty_chart_says_so_instead_of_drawing_axes() -> None:
    page = (
        engines["django"]
        .from_string("{% chart c %}")
        .render({"c": Chart("bar", "k", "无", ("一",), (Series("数", (None,)),))})
    )
    assert "没有可以画的数据" in page
    assert "chart-canvas" not in page


def test_colours_stand_out_from_white_by_three_to_one() -> None:
    from tests.ui.test_contrast import contrast

    assert len(set(PALETTE)) == 7
    assert [colour for colour in PALETTE if contrast(colour, "#ffffff") < 3] == []
