"""How browser tests follow a link and measure a page: never between two documents, where there is no root element.

`expect(…)` waits by itself. What reads at once (an evaluation, the address, the database) stands behind `follow`, and the
width of a page is measured by `overflow` alone.
"""

from __future__ import annotations

from playwright.sync_api import Error as BrowserError
from playwright.sync_api import Locator, Page

# Null while one document goes and the next one comes, so that the question is asked again.
_OVERFLOW = """() => {
  const root = document.documentElement;
  if (!root || !document.body || document.readyState !== "complete") return null;
  return { pixels: root.scrollWidth - window.innerWidth };
}"""
ATTEMPTS = 3


def follow(page: Page, control: Locator) -> None:
    """Presses what leads to another document (a link, a button that sends a form) and waits until that one is loaded.

    The answer to a form comes after its transaction, so the database may be read afterwards.
    """
    with page.expect_navigation(wait_until="load"):
        control.click()


def overflow(page: Page) -> int:
    """By how many CSS pixels the loaded page is wider than the window; 0 where everything fits."""
    for attempt in range(1, ATTEMPTS + 1):
        page.wait_for_load_state("load")
        try:
            answer = page.wait_for_function(_OVERFLOW).json_value()
        except BrowserError as error:
            # The document it was asked of has gone in the meantime; another one is coming.
            if attempt == ATTEMPTS or "context was destroyed" not in str(error):
                raise
        else:
            return max(0, int(answer["pixels"]))
    raise AssertionError("unreachable")
