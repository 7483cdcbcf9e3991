"""The pictures of docs/guide, taken from the running demonstration product (`make pictures`).

pictures.yaml names them: file, role, path, width, and the clicks that lead on from there. Written as PNG with a palette, so
that a page of the guide stays light. Exits 1 when a page answers otherwise than expected, 2 without a running product.
"""

from __future__ import annotations

import json
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import yaml
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from cmsys.local.frontend import ROOT
from tests.journeys.conftest import CHROMIUM, FLAGS, missing
from tests.journeys.screens import HOME, Camera

TARGET = ROOT / "docs" / "guide" / "pictures"
LIST = Path(__file__).with_name("pictures.yaml")
COLOURS = 96
HEIGHTS = {1280: 860, 390: 780}


def main() -> int:
    """Takes every picture of the list; returns the exit code."""
    try:
        url = json.loads((HOME / "run.json").read_text())["url"].rstrip("/")
        accounts = {one["role"]: one for one in json.loads((HOME / "demo.json").read_text())["accounts"]}
    except (OSError, KeyError, ValueError):
        print(
            f"没有找到运行中的产品（{HOME}）。请先 make run，再重试 (no running product found)",
            file=sys.stderr,
        )
        return 2
    if reason := missing():
        print(reason, file=sys.stderr)
        return 2
    TARGET.mkdir(parents=True, exist_ok=True)
    entries = yaml.safe_load(LIST.read_text(encoding="utf-8"))
    wanted = set(sys.argv[1:])
    faults = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for entry in entries:
            if not wanted or entry["file"] in wanted:
                faults += _taken(browser, url, accounts[entry["role"]], entry)
        browser.close()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


def _taken(browser: Browser, url: str, account: dict[str, Any], entry: dict[str, Any]) -> list[str]:
    width = entry.get("width", 1280)
    camera = Camera(browser, url, "", [width])
    context = camera.context(width)
    camera.sign_in(context, account)
    page = context.new_page()
    page.set_viewport_size({"width": width, "height": entry.get("height", HEIGHTS[width])})
    answer = page.goto(url + entry["path"], wait_until="load")
    for step in entry.get("steps", []):
        camera.act(page, step)
    camera.settle(page)
    if "to" in entry:
        page.locator(entry["to"]).first.scroll_into_view_if_needed()
    taken = page.screenshot()
    context.close()
    if answer is None or answer.status != 200:
        return [f"{entry['file']}: HTTP {answer.status if answer else '-'}"]
    light = Image.open(BytesIO(taken)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    light.save(TARGET / f"{entry['file']}.png", optimize=True)
    print(f"{entry['file']}.png {(TARGET / (entry['file'] + '.png')).stat().st_size // 1024} KB")
    return []


if __name__ == "__main__":
    sys.exit(main())
