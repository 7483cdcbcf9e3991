"""What a browser complains about while a page is used."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Page


class Watch:
    """Notes console errors, failed requests and other hosts while a page does something; for screens and journeys alike."""

    def __init__(self, page: Page, problems: list[str], base: str, allow: tuple[int, ...]) -> None:
        self.page, self.problems, self.base, self.allow = page, problems, base, allow
        self.listeners = {
            "console": self.console, "pageerror": lambda error: self.note(f"脚本错误 {error}"),
            "requestfailed": self.failed, "response": self.response,
        }  # fmt: skip

    def __enter__(self) -> Watch:
        for event, listener in self.listeners.items():
            self.page.on(event, listener)  # type: ignore[call-overload]
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        for event, listener in self.listeners.items():
            self.page.remove_listener(event, listener)
        if isinstance(error, BrowserError):
            self.note(f"打不开 {str(error).splitlines()[0]}")
            return True
        return False

    def note(self, text: str) -> None:
        width = self.page.viewport_size["width"] if self.page.viewport_size else 0
        self.problems.append(f"{width}: {text}")

    def console(self, message: Any) -> None:
        # A refused page is reported by its status; the browser repeats it on the console.
        expected = any(f"status of {status}" in message.text for status in self.allow)
        if message.type in ("error", "warning") and not expected:
            self.note(f"控制台 {message.text}")

    def failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.note(f"请求失败 {request.url} {request.failure}")

    def response(self, response: Any) -> None:
        if response.status >= 400 and response.status not in self.allow:
            self.note(f"HTTP {response.status} {response.url.removeprefix(self.base)}")
        if not response.url.startswith((self.base, "data:", "blob:")):
            self.note(f"外部请求 {response.url}")
