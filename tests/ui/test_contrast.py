"""The tokens keep WCAG 2.2 AA: 4.5:1 for text on its ground, 3:1 for lines that carry meaning."""

from __future__ import annotations

import re

import pytest

from cmsys.local.frontend import ROOT

TOKENS = dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", (ROOT / "static/css/tokens.css").read_text()))
TEXT = [
    *((ink, ground) for ink in ("ink", "ink-2", "ink-3") for ground in ("card", "card-2", "ground", "hold-soft")),
    *((tone, ground) for tone in ("up", "down", "warn", "brand") for ground in ("card", f"{tone}-soft")),
    ("brand", "card-2"), ("brand-ink", "brand-soft"), ("ink-3", "brand-soft"), ("hold", "hold-soft"),
    ("card", "brand"), ("card", "brand-hover"), ("card", "down"),
]  # fmt: skip


def luminance(colour: str) -> float:
    """Relative luminance of a #rgb or #rrggbb colour, as WCAG defines it."""
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#fff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_reaches_four_and_a_half_to_one(ink: str, ground: str) -> None:
    assert contrast(TOKENS[ink], TOKENS[ground]) >= 4.5


@pytest.mark.parametrize("ground", ["card", "card-2", "ground"])
def test_borders_of_controls_and_the_focus_ring_reach_three_to_one(ground: str) -> None:
    assert contrast(TOKENS["line-strong"], TOKENS[ground]) >= 3
    assert contrast(TOKENS["focus"], TOKENS[ground]) >= 3
