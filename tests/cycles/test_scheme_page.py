"""A scheme in words, for all the examples that ship."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client as Browser

from appraisal.schemes.services.schemes import scheme_import
from tests.cast import STAGE, Cast

EXAMPLES = Path(settings.BASE_DIR) / "examples" / "schemes"
pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Browser]


def page_of(name: str, browser: Browser) -> str:
    version = scheme_import(actor=STAGE, text=(EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")).version
    answer = browser.get(f"/schemes/{version.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_ct_preset_in_words(cast: Cast, signed_in: SignedIn) -> None:
    page = page_of("ct", signed_in("cm"))
    for words in (
        "沟通协调能力", "完成率（实际 ÷ 目标）× 100，最低 0、120 封顶", "占 50%", "各方评分", "系统记录",
        "能力 80、绩效 80 及以上为高一档", "晋升与挑战", "初级客户经理 → 中级客户经理 → 高级客户经理",
        "晋升为中级客户经理", "须全部满足：", "矩阵位置 为 高能高绩", "连续 2 期绩效得分 ≥ 85", "任现等级月数 ≥ 12",
        "持有证书 TEAM_LEAD 且在有效期内", "中级客户经理降级", "重大违规",
    ):  # fmt: skip
        assert words in page, words
    # Only the number, never the fraction it is kept as.
    assert "Fraction" not in page


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_every_shipped_scheme_has_a_page_without_leftovers(cast: Cast, signed_in: SignedIn, name: str) -> None:  # fmt: skip
    page = page_of(name, signed_in("hrh"))
    body = page.split('<pre class="document"')[0]
    for leftover in ("Fraction(", "mappingproxy", "{&#x27;", "None"):
        assert leftover not in body, leftover
