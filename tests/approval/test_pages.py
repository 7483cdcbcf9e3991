"""Pages of planner, reviewer and head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.approval.world import Bench

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Any]
PLAN, REVIEW = "/allocation-plans/FK-2026-0001/", "/allocation-reviews/FK-2026-0001/"


def test_a_reviewer_answers_on_his_page(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    browser = signed_in("mgr")
    text = browser.get("/allocation-reviews/").content.decode()
    assert "FK-2026-0001" in text
    text = browser.get(REVIEW).content.decode()
    assert "陈思远（城东支行） → 赵立群（城西支行）" in text
    pick = found.keys(("C-HD", "giving"))
    answer = browser.post(REVIEW + "answer/", {"side": pick, "verdict": "agreed", "nonce": "n1"})
    assert (answer.status_code, answer["Location"]) == (302, REVIEW)
    assert found.side("C-HD", "giving").verdict == "agreed"
    text = browser.get(REVIEW).content.decode()
    assert "同意 1 户" in text
    for name in ("ldr", "cmd"):
        assert signed_in(name).get(REVIEW).status_code == 200
    assert signed_in("cmd").get(PLAN).status_code == 200
    assert signed_in("cmd").get(PLAN + "recall/").status_code == 200
    assert signed_in("cmd").get("/inbox/").status_code == 200
    assert browser.get("/inbox/").status_code == 200
    found.answer("mgr"), found.answer("mgrcx")
    for path in (PLAN, PLAN + "approve/", PLAN + "return/", "/inbox/", "/allocation-reviews/"):
        assert signed_in("ldr").get(path).status_code == 200, path
