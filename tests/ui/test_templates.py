"""Rules every template and static file keeps: nothing inline, nothing from another host, only icons that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from cmsys.local.frontend import ROOT
from cmsys.ui.templatetags.cmsys_ui import icon_names

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
STYLES = sorted((ROOT / "static/css").glob("*.css"))
INLINE = {
    "style attribute": re.compile(r"<[^>]*\sstyle\s*="),
    "style element": re.compile(r"<style\b"),
    "event handler": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)(?![^>]*application/json)"),
    "javascript address": re.compile(r"javascript:"),
    "hx-on": re.compile(r"\shx-on[:-]"),
}
PRINTED = re.compile(r"/(emails|print)/")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in TEMPLATES if not PRINTED.search(str(path))], ids=name)
def test_nothing_stands_inline_that_the_content_policy_refuses(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [rule for rule, pattern in INLINE.items() if pattern.search(text)] == []


@pytest.mark.parametrize("path", [*TEMPLATES, *SCRIPTS, *STYLES], ids=name)
def test_no_other_host_is_named(path: Path) -> None:
    found = re.findall(r"https?://[^\s\"'<>)]+|[\"'(]//[a-z][^\s\"']+", path.read_text(encoding="utf-8"))
    assert [address for address in found if not address.startswith("http://www.w3.org/")] == []


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_every_template_compiles(path: Path) -> None:
    get_template(str(path.relative_to(ROOT / "templates")))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_icons_exist_in_the_sprite(path: Path) -> None:
    used = re.findall(r"\{% icon \"([\w-]+)\"|icon_name=\"([\w-]+)\"", path.read_text(encoding="utf-8"))
    assert {one or other for one, other in used} - icon_names() == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_scripts_evaluate_nothing_and_set_no_style_attribute(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\beval\(|new Function|innerHTML|insertAdjacentHTML|setAttribute\(.style", text) == []


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=name)
def test_front_end_files_stay_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) < 400
