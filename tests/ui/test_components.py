"""Components as a browser receives them."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django import forms
from django.template import engines
from django.utils.safestring import SafeString


class Person(forms.Form):
    name = forms.CharField(label="姓名", help_text="与身份证一致")
    born_on = forms.DateField(label="出生日期", required=False)
    gender = forms.ChoiceField(
        label="性别", choices=[("m", "男"), ("f", "女")], widget=forms.RadioSelect, required=False
    )
    post = forms.ChoiceField(label="岗位", choices=[("", "---------"), ("1", "柜员")], required=False)
    active = forms.BooleanField(label="在岗", required=False)


def render(source: str, **context: Any) -> SafeString:
    return engines["django"].from_string(source).render(context)


def test_a_field_ties_label_help_and_error_to_its_control() -> None:
    page = render("{% field f %}", f=Person({"name": ""})["name"])
    control = re.search(r"<input[^>]*>", page)
    assert control is not None
    assert 'aria-describedby="id_name_error id_name_hint"' in control[0]
    assert 'aria-invalid="true"' in control[0]
    assert '<label for="id_name">' in page
    assert 'id="id_name_error"' in page
    assert 'id="id_name_hint"' in page


def test_a_field_without_help_or_error_points_to_nothing() -> None:
    assert "aria-describedby" not in render("{% field f %}", f=Person()["post"])


def test_a_date_uses_the_browsers_control_and_its_format() -> None:
    page = render("{% field f %}", f=Person({"name": "陈", "born_on": "1992-03-14"})["born_on"])
    assert 'type="date"' in page
    assert 'value="1992-03-14"' in page


def test_choices_that_belong_together_are_a_fieldset_with_a_legend() -> None:
    page = render("{% field f %}", f=Person()["gender"])
    assert "<fieldset" in page
    assert "<legend>性别" in page


def test_an_empty_choice_is_worded() -> None:
    page = render("{% field f %}", f=Person()["post"])
    assert "---------" not in page
    assert "请选择" in page


@pytest.mark.parametrize(
    ("tone", "expected"), [("success", "up"), ("danger", "down"), ("", "hold"), ('x" onx', "hold")]
)
def test_tones_become_known_classes_only(tone: str, expected: str) -> None:
    assert render("{% tag 'A' tone %}", tone=tone) == f'<span class="tag {expected}">A</span>'


def test_an_unknown_icon_is_a_dot_and_an_icon_with_a_label_speaks() -> None:
    assert "icons.svg#dot" in render("{% icon 'no-such-thing' %}")
    assert 'role="img" aria-label="警告"' in render("{% icon 'warning' '警告' %}")


def test_a_meter_stays_between_empty_and_full_without_style() -> None:
    page = render("{% meter 150 100 'down' %}{% meter -5 100 %}{% meter 1 0 %}")
    assert re.findall(r'class="meter-fill" width="([\d.]+)"', page) == ["120.0", "0.0", "120.0"]
    assert "style" not in page


def test_result_cells_escape_link_and_label() -> None:
    row = {
        "url": "/managers/1/",
        "cells": [
            {"key": "name", "text": "<i>陈</i>", "url": "", "tag": "", "numeric": False, "kind": "text"},
            {"key": "score", "text": "0", "url": "", "tag": "", "numeric": True, "kind": "number"},
            {"key": "left", "text": "", "url": "", "tag": "warn", "numeric": False, "kind": "date"},
        ],
    }
    columns = [
        {"key": "name", "label": "姓名"},
        {"key": "score", "label": "得分"},
        {"key": "left", "label": "离职"},
    ]
    page = render("{% result_cells row columns %}", row=row, columns=columns)
    assert (
        '<th scope="row" class="sticky" data-label="姓名"><a href="/managers/1/">&lt;i&gt;陈&lt;/i&gt;</a></th>'
        in page
    )
    assert '<td class="n" data-label="得分">0</td>' in page
    assert '<td class="" data-label="离职">—</td>' in page


def test_the_pager_works_as_plain_links_and_names_the_present_page() -> None:
    pager = SimpleNamespace(
        total=45, start=21, end=40, page=2, pages=3, page_size=20, prev_url="?page=1", next_url="?page=3",
        size_urls=[{"size": 20, "url": "?size=20", "on": True}],
        page_urls=[{"n": n, "url": f"?page={n}", "on": n == 2, "gap": False} for n in (1, 2, 3)],
    )  # fmt: skip
    page = render("{% pager p %}", p=pager)
    assert "第 21–40 条，共 <b>45</b> 条" in page
    assert page.count('aria-current="page"') == 1
    assert 'href="?page=3" hx-get="?page=3" rel="next"' in page


def test_bars_fill_by_the_largest_value_and_show_the_figure_as_text() -> None:
    page = render(
        "{% bars items %}",
        items=[{"label": "高级", "value": 5, "text": "5 人"}, {"label": "中级", "value": 10}],
    )
    assert re.findall(r'meter-fill" width="([\d.]+)"', page) == ["60.0", "120.0"]
    assert "5 人" in page


def test_a_tree_keeps_its_links_out_of_the_summaries() -> None:
    nodes = [
        {"label": "总行", "url": "/u/1/", "children": [{"label": "分行", "url": "/u/2/", "children": []}]}
    ]
    page = render('{% include "components/tree.html" %}', nodes=nodes)
    assert all("<a" not in summary for summary in re.findall(r"<summary>.*?</summary>", page, re.S))
    assert page.count("<details") == 1
