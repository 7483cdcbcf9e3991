"""Components in a real browser under the product's content policy: no server, every answer is given here."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import django_htmx
import pytest
from django import forms
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, Route, expect

from cmsys.local.frontend import ROOT, ensure
from cmsys.ui.charts import Chart, Series

HOST = "http://cmsys.test"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
HTMX = Path(django_htmx.__file__).parent / "static"

pytestmark = pytest.mark.browser


class Conditions(forms.Form):
    q = forms.CharField(label="姓名", required=False)
    unit = forms.ChoiceField(
        label="机构", required=False, choices=[("", "全部"), *((str(n), f"第{n}支行") for n in range(1, 21))]
    )
    line = forms.CharField(label="条线", required=False)
    grade = forms.CharField(label="等级", required=False)


class Entry(forms.Form):
    name = forms.CharField(label="姓名")
    password = forms.CharField(label="密码", widget=forms.PasswordInput, required=False)


def list_page(number: int) -> SimpleNamespace:
    rows = [
        {"key": n, "url": f"/managers/{n}/", "cells": [{"key": "name", "text": f"经理{n}"}]}
        for n in range(number * 2 - 1, number * 2 + 1)
    ]
    pager = {
        "total": 4, "start": 1, "end": 2, "page": number, "pages": 2, "page_size": 2, "size_urls": [],
        "prev_url": "", "next_url": "/managers/?page=2" if number == 1 else "",
        "page_urls": [{"n": n, "url": f"/managers/?page={n}", "on": n == number, "gap": False} for n in (1, 2)],
    }  # fmt: skip
    chart = Chart("bar", "grades", "中级最多", ("中级", "高级"), (Series("人数", (3, 1)),))
    return SimpleNamespace(
        title="客户经理", subtitle="", noun="客户经理", actions=[], filter_form=Conditions(), rows=rows, pager=pager,
        columns=[{"key": "name", "label": "姓名"}], charts=[chart] if number == 1 else [],
        batch=[{"label": "导出所选", "url": "/export/"}], exports=[], column_choices=[], active_filters=[],
    )  # fmt: skip


def page_for(address: str, fragment: bool) -> str:
    parts = urlsplit(address)
    query = parse_qs(parts.query)
    context: dict[str, Any] = {"request": RequestFactory().get(address), "csrf_token": "t"}
    if "drawer" in query:
        person = SimpleNamespace(
            title="经理1", subtitle="", cards=[], identity=None, figures=[], url="/managers/1/"
        )
        return render_to_string("ui/drawer.html", context | {"page": person})
    if parts.path == "/managers/":
        context["page"] = list_page(int(query.get("page", ["1"])[0]))
        return render_to_string("ui/_results.html" if fragment else "ui/list.html", context)
    form = Entry()
    entry = {"title": "", "hint": "", "fields": [form["name"], form["password"]]}
    form_page = SimpleNamespace(
        title=parts.path, subtitle="", form=form, fieldsets=[entry], cancel_url="/managers/"
    )
    return render_to_string("ui/form.html", context | {"page": form_page})


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[str], Page]]:
    """Opens an address of the pretended product; the page must end without a complaint."""
    # A fresh clone has none yet; a machine without a package index says so and fails, for this is the product itself.
    ensure(print)
    context = browser.new_context(locale="zh-CN", reduced_motion="reduce")
    complaints: list[str] = []

    def answer(route: Route) -> None:
        parts = urlsplit(route.request.url)
        if not parts.path.startswith("/static/"):
            body = page_for(route.request.url, "hx-request" in route.request.headers)
            headers = {"Content-Security-Policy": POLICY, "Content-Type": "text/html; charset=utf-8"}
            route.fulfill(body=body, headers=headers)
            return
        name = parts.path.removeprefix("/static/")
        file = next(path for path in (ROOT / "static" / name, HTMX / name) if path.exists())
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(name)[0] or "text/plain")

    context.route(f"{HOST}/**", answer)

    def opened(address: str) -> Page:
        page = context.pages[0] if context.pages else context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.goto(HOST + address)
        return page

    yield opened
    context.close()
    assert complaints == []


def test_the_drawer_opens_beside_the_list_and_gives_focus_back(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    page.get_by_role("link", name="预览 经理1").click()
    page.wait_for_selector("#drawer[open]")
    assert page.evaluate("document.activeElement.closest('#drawer') !== null")
    assert urlsplit(page.url).query == ""
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "预览 经理1"


def test_picked_rows_survive_paging_and_travel_with_the_form(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    assert page.locator("#batch").is_hidden()
    page.get_by_role("checkbox", name="选中 经理1").check()
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url("**/managers/?page=2")
    page.get_by_role("checkbox", name="选中 经理3").check()
    assert page.text_content("[data-batch-count]") == "已选 2 条"
    sent = "[...new FormData(document.querySelector('#batch')).getAll('selected')].sort()"
    assert page.evaluate(sent) == ["1", "3"]
    page.get_by_role("checkbox", name="选中全部 4 条").check()
    assert page.text_content("[data-batch-count]") == "已选 4 条"


def test_going_back_shows_a_whole_page_and_not_a_fragment(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    page.get_by_role("link", name="下一页").click()
    page.wait_for_url("**/managers/?page=2")
    page.go_back()
    expect(page.get_by_role("link", name="经理1", exact=True)).to_be_visible()
    expect(page.locator("#menu")).to_have_count(1)
    expect(page).to_have_title("客户经理 · 客户经理管理系统")


def test_a_query_keeps_empty_fields_out_of_the_address(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    page.get_by_label("姓名").fill("陈")
    page.keyboard.press("Enter")
    page.wait_for_url("**/managers/?q=*")
    assert parse_qs(urlsplit(page.url).query) == {"q": ["陈"]}


def test_a_long_select_can_be_typed_into_and_keeps_its_value(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    box = page.get_by_role("combobox", name="机构")
    box.click()
    box.fill("17")
    page.keyboard.press("Enter")
    assert box.input_value() == "第17支行"
    assert page.evaluate("document.querySelector('select[name=unit]').value") == "17"
    box.fill("没有这个")
    assert page.locator(".combo li.none").is_visible()
    page.keyboard.press("Escape")
    assert box.input_value() == "第17支行"


def test_further_conditions_unfold(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    assert page.get_by_label("等级").is_hidden()
    page.get_by_role("button", name="展开").click()
    assert page.get_by_label("等级").is_visible()
    assert page.get_by_role("button", name="收起", exact=True).get_attribute("aria-expanded") == "true"


def test_a_chart_is_drawn_when_it_comes_into_view(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/")
    page.wait_for_selector("[data-drawn] canvas")
    assert page.locator("[data-chart-png]").is_visible()
    page.get_by_text("数据表").click()
    assert page.locator(".twin td").all_text_contents() == ["3", "1"]


def test_a_draft_comes_back_without_the_password_and_can_be_dropped(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/new/")
    page.get_by_label("姓名").fill("陈思远")
    page.get_by_label("密码", exact=True).fill("secret-secret")
    page = open_page("/managers/new/")
    assert page.get_by_label("姓名").input_value() == "陈思远"
    assert page.get_by_label("密码", exact=True).input_value() == ""
    page.get_by_role("button", name="放弃草稿").click()
    page.wait_for_function("document.querySelector('#id_name').value === ''")


def test_a_form_is_sent_once(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/new/")
    page.get_by_label("姓名").fill("陈思远")
    page.evaluate(
        "window.sent = 0; document.addEventListener('submit', event => {"
        " if (!event.defaultPrevented) { window.sent += 1; event.preventDefault(); } })"
    )
    page.evaluate("for (const n of [1, 2, 3]) document.querySelector('#page-form').requestSubmit()")
    assert page.evaluate("window.sent") == 1


def test_a_password_can_be_shown_and_hidden(open_page: Callable[[str], Page]) -> None:
    page = open_page("/managers/new/")
    field = page.get_by_label("密码", exact=True)
    page.get_by_role("button", name="显示密码").click()
    assert field.get_attribute("type") == "text"
    page.get_by_role("button", name="隐藏密码").click()
    assert field.get_attribute("type") == "password"
