"""Pictures of every screen x role x width from the running product, and what is wrong with them (`make screens`).

Signs in as each account of demo.json, walks the menu, the buttons of each page head and the first row of each list,
adds the screens of screens.yaml, and writes `.local/screens/<role>-<screen>-<width>.png` with an index.html.
Exits 1 when a screen has console errors, refused or failed requests, something from another host, content wider than
the phone, two screens with one title, or violations of WCAG 2.2 AA that axe can see.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import yaml
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

from cmsys.local.frontend import ROOT, ensure_test_assets
from tests.browsing import overflow
from tests.journeys.conftest import CHROMIUM, FLAGS, missing
from tests.journeys.watching import Watch

HOME = Path(os.environ.get("CMSYS_HOME") or ROOT / ".local").resolve()
TARGET = ROOT / ".local" / "screens"
EXTRA = Path(__file__).with_name("screens.yaml")
HEIGHTS = {1440: 960, 768: 1024, 390: 844, 360: 740}
DEPTH = 3
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Where the next screens are found on a page; never forms, downloads or signing out.
LINKS = "#menu a, .page-actions a, .table tbody tr:first-child th a, .card-head a, .card-body > p > a.button, .dock a"
SKIPPED = re.compile(r"(sign-out|/api/|/static/|\.(xlsx|csv|pdf|zip)$|/download)")
# Parts of an address that name one object: numbers, employee numbers, codes, uuids.
OBJECT = re.compile(r"^(?=.*\d)[\w-]+$|^[0-9a-f-]{32,36}$|^[A-Z][A-Z0-9-]+$")


@dataclass
class Screen:
    """One screen of one role, and what was found wrong with it at any width."""

    role: str
    name: str
    path: str
    status: int = 200
    steps: list[dict[str, str]] = field(default_factory=list)
    pictures: dict[int, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    title: str = ""
    landed: str = ""


def main(arguments: list[str] | None = None) -> int:
    """Runs the crawl; returns the exit code."""
    options = _options(arguments)
    try:
        url = json.loads((HOME / "run.json").read_text())["url"]
        if not url:
            raise KeyError("url")
        accounts = json.loads((HOME / "demo.json").read_text())["accounts"]
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
    for old in TARGET.glob("*.png"):
        old.unlink()
    axe = (ensure_test_assets(print) / "axe.min.js").read_text(encoding="utf-8")
    screens: list[Screen] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        camera = Camera(browser, url.rstrip("/"), axe, options.widths)
        if not options.roles:
            screens += camera.door()
        for account in accounts:
            if options.roles and account["role"] not in options.roles:
                continue
            screens += camera.walk(account, options.only)
        browser.close()
    _same_titles(screens)
    _index(screens, options.widths)
    return _report(screens)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    words = lambda text: [word for word in text.split(",") if word]  # noqa: E731
    parser.add_argument(
        "--roles", type=words, default=words(os.environ.get("ROLES", "")), help="HRH,MGR; all without"
    )
    parser.add_argument(
        "--widths", type=lambda text: [int(word) for word in words(text)], default=[1440, 390]
    )
    parser.add_argument("--only", default="", help="a regular expression on the address")
    return parser.parse_args(arguments)


def slug(path: str) -> str:
    """A name for the shape of an address: parts that name one object become "one"."""
    parts = ["one" if OBJECT.match(part) else part for part in urlsplit(path).path.strip("/").split("/")]
    return "-".join(parts) or "home"


class Camera:
    """Opens screens in one browser, takes their pictures and notes what is wrong."""

    def __init__(self, browser: Browser, base: str, axe: str, widths: list[int]) -> None:
        self.browser, self.base, self.axe, self.widths = browser, base, axe, widths
        # Drawer, menu sheet and empty state look alike for every role: once is enough.
        self.states_done: set[str] = set()

    def context(self, width: int, state: Any = None) -> BrowserContext:
        context = self.browser.new_context(
            viewport={"width": width, "height": HEIGHTS.get(width, 900)}, locale="zh-CN", timezone_id="Asia/Shanghai",
            reduced_motion="reduce", storage_state=state, has_touch=width < 700,
        )  # fmt: skip
        context.add_init_script(
            "addEventListener('securitypolicyviolation', e =>"
            " console.error('CSP ' + e.violatedDirective + ' ' + e.blockedURI))"
        )
        return context

    def door(self) -> list[Screen]:
        """The sign-in page, as it is and after a wrong password."""
        plain, refused = Screen("-", "sign-in", "/sign-in/"), Screen("-", "sign-in-refused", "/sign-in/")
        for width in self.widths:
            context = self.context(width)
            page = context.new_page()
            self.shoot(page, plain, width)
            with self.watching(page, refused, allow=(401, 403, 422)):
                page.fill("[name=username]", "nobody")
                page.fill("[name=password]", "wrong-password-1")
                page.click("button[type=submit]")
                page.wait_for_load_state("networkidle")
            self.picture(page, refused, width)
            context.close()
        return [plain, refused]

    def walk(self, account: dict[str, Any], only: str) -> list[Screen]:
        """Every screen the account's menu leads to, at every width."""
        role = account["role"]
        print(f"{role} …", flush=True)
        context = self.context(self.widths[0])
        state = self.sign_in(context, account)
        if state is None:
            return [Screen(role, "sign-in", "/sign-in/", problems=["登录失败 (could not sign in)"])]
        found: dict[str, Screen] = {}
        queue = [("/", 0)] + [(entry["path"], DEPTH) for entry in _extras(role)]
        known = {entry["path"]: entry for entry in _extras(role)}
        page = context.new_page()
        while queue:
            path, depth = queue.pop(0)
            entry = known.get(path, {})
            name = entry.get("name") or slug(path)
            if name in found or (only and path != "/" and not re.search(only, path)):
                continue
            screen = found[name] = Screen(
                role, name, path, status=entry.get("status", 200), steps=entry.get("steps", [])
            )
            self.shoot(page, screen, self.widths[0])
            if depth < DEPTH:
                queue += [(link, depth + 1) for link in self.links(page)]
            for extra in self.states(page, screen):
                found[extra.name] = extra
        context.close()
        for width in self.widths[1:]:
            context = self.context(width, state)
            page = context.new_page()
            for screen in [screen for screen in found.values() if ":" not in screen.name]:
                self.shoot(page, screen, width)
            if width < 700:
                self.sheet(page, found)
            context.close()
        return list(found.values())

    def sign_in(self, context: BrowserContext, account: dict[str, Any]) -> Any:
        page = context.new_page()
        page.goto(f"{self.base}/sign-in/")
        page.fill("[name=username]", account["username"])
        page.fill("[name=password]", account["password"])
        page.click("button[type=submit]")
        page.wait_for_load_state("networkidle")
        signed_in = "/sign-in" not in page.url
        page.close()
        return context.storage_state() if signed_in else None

    def links(self, page: Page) -> list[str]:
        """Addresses of further screens, in the order of the page."""
        found = page.eval_on_selector_all(LINKS, "links => links.map(link => link.getAttribute('href'))")
        here = [urlsplit(urljoin(page.url, link)) for link in found if link and not link.startswith("#")]
        return [
            part.path
            for part in here
            if part.netloc == urlsplit(self.base).netloc and not SKIPPED.search(part.path)
        ]

    def shoot(self, page: Page, screen: Screen, width: int) -> None:
        """Opens the screen at one width, checks it and takes its picture."""
        with self.watching(page, screen, allow=(screen.status,)):
            answer = page.goto(self.base + screen.path, wait_until="load")
            if answer is not None and answer.status != screen.status:
                screen.problems.append(f"{width}: HTTP {answer.status}")
            for step in screen.steps:
                self.act(page, step)
            self.settle(page)
        self.picture(page, screen, width)

    def act(self, page: Page, step: dict[str, str]) -> None:
        """One step of screens.yaml: `upload` (with name and content), `fill` (with value) or `click`, each a selector."""
        if "upload" in step:
            content = step["content"].encode()
            page.set_input_files(
                step["upload"], {"name": step["name"], "mimeType": "text/csv", "buffer": content}
            )
        elif "fill" in step:
            page.fill(step["fill"], step["value"])
        else:
            page.click(step["click"])
            page.wait_for_load_state("load")

    def settle(self, page: Page) -> None:
        page.wait_for_timeout(120)
        # Charts are drawn when they come into view: bring all of them there once.
        page.evaluate("scrollTo(0, document.body.scrollHeight)")
        page.evaluate("document.querySelectorAll('[data-chart]').forEach(chart => chart.scrollIntoView())")
        waiting = "!document.querySelector('.chart-canvas:not([data-drawn], [hidden])')"
        with contextlib.suppress(BrowserError):
            page.wait_for_function(waiting, timeout=4000)
        page.evaluate("scrollTo(0, 0)")

    def picture(self, page: Page, screen: Screen, width: int) -> None:
        screen.title, screen.landed = page.title(), urlsplit(page.url).path
        if wide := overflow(page):
            screen.problems.append(f"{width}: 比屏幕宽 {wide} px (wider than the screen)")
        page.evaluate(self.axe)
        for violation in page.evaluate(
            "tags => axe.run(document, {runOnly: tags}).then(found => found.violations.map(one => one.id + '  ' +"
            " one.nodes.slice(0, 2).map(node => node.target.join(' ') + '  ' +"
            " ((node.any[0] || node.all[0] || node.none[0] || {}).message || '')).join(' | ')))",
            AXE_TAGS,
        ):
            screen.problems.append(f"{width}: axe {violation}")
        name = f"{screen.role}-{screen.name.replace(':', '-')}-{width}.png".replace("--", "-").lstrip("-")
        page.screenshot(path=TARGET / name, full_page=":" not in screen.name)
        screen.pictures[width] = name

    def states(self, page: Page, screen: Screen) -> Iterator[Screen]:
        """The drawer and the empty list, for lists that were not seen before."""
        if screen.name in self.states_done or page.locator("[data-results]").count() == 0:
            return
        self.states_done.add(screen.name)
        peek = page.locator("[data-peek]")
        if peek.count():
            drawer = Screen(screen.role, f"{screen.name}:drawer", screen.path)
            with self.watching(page, drawer):
                peek.first.click()
                page.wait_for_selector("dialog#drawer[open]", timeout=5000)
                page.wait_for_timeout(300)
            self.picture(page, drawer, self.widths[0])
            page.keyboard.press("Escape")
            yield drawer
        box = page.locator("[data-query] input[type=text], [data-query] input[type=search]")
        if box.count():
            empty = Screen(screen.role, f"{screen.name}:empty", screen.path)
            with self.watching(page, empty):
                box.first.fill("查无此人zz")
                box.first.press("Enter")
                page.wait_for_load_state("networkidle")
                page.wait_for_timeout(200)
            self.picture(page, empty, self.widths[0])
            yield empty

    def sheet(self, page: Page, found: dict[str, Screen]) -> None:
        """The phone's menu, opened once."""
        if "sheet" in self.states_done or "home" not in found:
            return
        self.states_done.add("sheet")
        screen = found["home:menu"] = Screen(found["home"].role, "home:menu", "/")
        with self.watching(page, screen):
            page.goto(f"{self.base}/", wait_until="networkidle")
            page.locator(".menu-open").click()
            page.wait_for_timeout(300)
        self.picture(page, screen, page.viewport_size["width"] if page.viewport_size else 390)

    def watching(self, page: Page, screen: Screen, allow: tuple[int, ...] = ()) -> Watch:
        return Watch(page, screen.problems, self.base, allow)


def _extras(role: str) -> list[dict[str, Any]]:
    entries = yaml.safe_load(EXTRA.read_text(encoding="utf-8")) or []
    return [entry for entry in entries if role in entry.get("roles", [role])]


def _same_titles(screens: list[Screen]) -> None:
    seen: dict[tuple[str, str], Screen] = {}
    for screen in screens:
        if ":" in screen.name or screen.name.startswith("sign-in"):
            continue
        other = seen.setdefault((screen.role, screen.title), screen)
        if slug(other.landed) != slug(screen.landed):
            screen.problems.append(f"标题与 {other.name} 相同：{screen.title} (title not unique)")


def _index(screens: list[Screen], widths: list[int]) -> None:
    blocks = []
    for screen in screens:
        pictures = "".join(
            f'<a href="{screen.pictures[width]}"><img loading="lazy" class="w{width}" src="{screen.pictures[width]}"></a>'
            for width in widths if width in screen.pictures
        )  # fmt: skip
        faults = "".join(f"<li>{html.escape(problem)}</li>" for problem in screen.problems)
        blocks.append(
            f"<section><h2>{screen.role} · {screen.name} <small>{html.escape(screen.title)} {screen.path}</small></h2>"
            f"<ul>{faults}</ul><div>{pictures}</div></section>"
        )
    style = (
        "body{font:14px sans-serif;margin:24px}img{border:1px solid #ccc;vertical-align:top;margin-right:12px}"
        ".w1440{width:900px}.w390{width:244px}li{color:#b0221a}small{color:#666;font-weight:400}"
    )
    page = (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>screens</title><style>{style}</style>'
    )
    (TARGET / "index.html").write_text(page + "".join(blocks) + "</html>", encoding="utf-8")


def _report(screens: list[Screen]) -> int:
    problems: dict[str, list[str]] = {}
    for screen in screens:
        for problem in screen.problems:
            problems.setdefault(problem, []).append(f"{screen.role}/{screen.name}")
    for problem, where in problems.items():
        more = f" 等 {len(where)} 处" if len(where) > 3 else ""
        print(f"✗ {problem}\n    {'、'.join(where[:3])}{more}")
    pictures = sum(len(screen.pictures) for screen in screens)
    print(f"{len(screens)} 个界面，{pictures} 张图，{len(problems)} 类问题：{TARGET / 'index.html'}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
