"""The browser that the journeys use is there, shows Chinese, and its absence is said with the command that mends it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.journeys import conftest


@pytest.mark.browser
def test_the_browser_shows_chinese_letters(browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_content("<html lang=zh-CN><span id=a>龘</span><span id=b>&#xE000;</span>")
    # A letter that no font has is drawn as a box of another width.
    width = "id => document.getElementById(id).getBoundingClientRect().width"
    assert page.evaluate(width, "a") > 0
    assert page.text_content("#a") == "龘"
    context.close()


def test_a_missing_browser_is_said_with_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conftest, "CHROMIUM", Path("/nonexistent/chromium"))
    assert "/nonexistent/chromium" in conftest.missing()
    assert "apt-get install -y --no-install-recommends chromium fonts-noto-cjk" in conftest.missing()
