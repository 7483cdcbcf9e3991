"""Submitting a round: who would get how many, which days are suggested, and that it happens once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from appraisal.grading.models import GradeDecision
from cmsys.org.workdays import add_working_days
from tests.cast import stage as cast_stage
from tests.decisions_pages.stage import Stage, staged

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def drafted(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    """Proposals that nobody has submitted."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield staged(cast_stage(), submit=False)
        transaction.set_rollback(True)


def test_submitting_shows_who_gets_how_many_and_does_it(drafted: Stage) -> None:
    browser, found = drafted.browser("hrh"), drafted.round
    page = browser.get(f"/grading-rounds/{found.pk}/submit/")
    today = timezone.localdate()
    due = add_working_days(today, 5)
    initial = page.context["page"].form.initial
    assert initial["review_due_on"] == due
    assert initial["effective_on"] == add_working_days(due, 9)
    routing = page.context["routing"]
    assert {row["unit"]: (row["total"], row["up"], row["down"], row["who"]) for row in routing.rows} == {
        "城东支行": (5, 3, 1, "李敏、许行长"), "城西支行": (1, 1, 0, "何平、许行长"), "浦东支行": (1, 0, 0, ""),
    }  # fmt: skip
    assert routing.effects[0] == "7 项进入复核：晋升 4 项，降级 1 项，其余保持或未评。"
    assert routing.effects[1] == "涉及 3 个机构，由 3 位主管复核；主管会收到消息和待办。"
    assert routing.warning == "这些机构没有可以复核的主管，请先授权：浦东支行。"
    body = {
        "review_due_on": "2020-01-01",
        "effective_on": initial["effective_on"],
        "notice_days": 5,
        "appeal_days": 5,
    }
    refused = browser.post(f"/grading-rounds/{found.pk}/submit/", body)
    assert refused.status_code == 422
    assert "复核截止日不能早于今天。" in refused.content.decode()
    assert drafted.round.state == "draft"
    assert browser.post(f"/grading-rounds/{found.pk}/submit/", body | {"notice_days": 31}).status_code == 422
    answer = browser.post(f"/grading-rounds/{found.pk}/submit/", body | {"review_due_on": due.isoformat()})
    assert answer["Location"] == f"/grading-rounds/{found.pk}/"
    assert (drafted.round.state, drafted.round.review_due_on) == ("review", due)
    assert GradeDecision.objects.filter(state="in_review", due_on=due).count() == 7
    again = browser.post(f"/grading-rounds/{found.pk}/submit/", body | {"review_due_on": due.isoformat()})
    assert again.status_code == 409
    assert "郑人事" in again.content.decode()
    assert browser.get(f"/grading-rounds/{found.pk}/submit/").status_code == 409
