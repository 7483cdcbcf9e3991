"""The browser of the journeys: Debian's Chromium, headless. Where it is missing the journeys are skipped, and say so."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
INSTALL = "apt-get update && apt-get install -y --no-install-recommends chromium fonts-noto-cjk fontconfig"
# Without a sandbox because tests may run as root; nothing but the product's own pages is opened.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=zh-CN",
]


def missing() -> str:
    """What a browser test lacks on this machine, with the command that brings it; empty when nothing does."""
    if not CHROMIUM.exists():
        return f"浏览器测试已跳过：没有 {CHROMIUM}。安装 (no browser, install): {INSTALL}"
    if shutil.which("fc-list") is None:
        return f"浏览器测试已跳过：没有 fc-list。安装 (no fontconfig, install): {INSTALL}"
    if not subprocess.run(["fc-list", ":lang=zh"], capture_output=True, check=False).stdout.strip():
        return f"浏览器测试已跳过：没有中文字体。安装 (no Chinese font, install): {INSTALL}"
    return ""


@pytest.fixture(scope="module")
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """One headless Chromium for a module; each test opens a context of its own with `browser.new_context()`.

    Not for the whole session: while Playwright's event loop runs in this thread, Django keeps other connections than
    before and refuses to use them unless told. Both end with the module.
    """
    reason = missing()
    if reason:
        pytest.skip(reason)
    blocker = request.getfixturevalue("django_db_blocker")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        launched = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield launched
        launched.close()
        with blocker.unblock():
            connections.close_all()
