"""The talk after a cycle: written by the supervisor, confirmed by the person, and then it stands (APP-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from appraisal.feedback.models import FeedbackInterview
from appraisal.feedback.services.interviews import interview_sign, interview_write
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.accounts.models import User
from cmsys.audit.models import Event
from cmsys.inbox.items import _sources
from tests.decisions.world import Proposals

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 5)
NOW = datetime(2026, 3, 5, 3, tzinfo=UTC)
WORDS = {"held_on": date(2026, 3, 4), "strengths": "逾期率全行最低", "actions": "二季度完成 AFP 培训"}


def sheet(proposals: Proposals, number: str = "M-CD1") -> ScoreSheet:
    found: ScoreSheet = ScoreSheet.objects.get(cycle=proposals.cycle, manager__employee_no=number)
    return found


def write(proposals: Proposals, who: str = "mgr", **changed: Any) -> FeedbackInterview:
    given: dict[str, Any] = WORDS | {
        "actor": proposals.user(who), "sheet_id": sheet(proposals).pk, "version": "", "today": TODAY, "now": NOW,
    }  # fmt: skip
    return interview_write(**given | changed)


def confirm(
    proposals: Proposals, row: FeedbackInterview, who: str = "cm", **changed: Any
) -> FeedbackInterview:
    given: dict[str, Any] = {
        "actor": proposals.user(who), "interview_id": row.pk, "version": row.updated_at.isoformat(), "remark": "", "now": NOW,
    }  # fmt: skip
    return interview_sign(**given | changed)


def refusal(call: Any, *given: Any, **changed: Any) -> dict[str, str]:
    before = (list(FeedbackInterview.objects.values_list()), Event.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(*given, **changed)
    assert (list(FeedbackInterview.objects.values_list()), Event.objects.count()) == before
    return {field: str(errors[0].code) for field, errors in caught.value.error_dict.items()}


def test_written_by_the_supervisor_and_confirmed_by_the_person(submitted: Proposals) -> None:
    row = write(submitted)
    assert (row.held_on, row.strengths, row.actions, row.written_by.username) == (*WORDS.values(), "mgr")
    event = Event.objects.get(kind="interview.write")
    assert event.after == {
        "held_on": "2026-03-04",
        "strengths": "逾期率全行最低",
        "actions": "二季度完成 AFP 培训",
    }
    source = _sources["interview_sign"]
    [item] = source.items(submitted.user("cm"), TODAY, 50)
    assert (item.title, item.due_on, item.url) == (
        "确认 2025Q4 反馈面谈", date(2026, 3, 9), f"/feedback-interviews/{row.pk}/sign/",
    )  # fmt: skip
    assert source.count(submitted.user("cm"), TODAY) == 1
    begun = _sources["feedback"].begun
    assert begun is not None
    assert [(one.title, one.state) for one in begun(submitted.user("mgr"), TODAY, 50)] == [
        ("与陈思远的 2025Q4 反馈面谈", "待本人确认")
    ]
    signed = confirm(submitted, row, remark="同意")
    assert (signed.signed_at, signed.remark) == (NOW, "同意")
    assert Event.objects.get(kind="interview.sign").actor_name == "陈思远（cm）"
    assert source.count(submitted.user("cm"), TODAY) == 0


def test_until_it_is_confirmed_it_may_be_changed_by_whoever_has_seen_it(submitted: Proposals) -> None:
    row = write(submitted)
    with pytest.raises(Conflict, match="又有改动"):
        write(submitted, strengths="另一种说法")
    version = row.updated_at.isoformat()
    changed = write(submitted, version=version, strengths="另一种说法")
    event = Event.objects.filter(kind="interview.write").order_by("-pk").first()
    assert event is not None
    assert (event.before, event.after) == ({"strengths": "逾期率全行最低"}, {"strengths": "另一种说法"})
    with pytest.raises(Conflict, match="又有改动"):
        confirm(submitted, row, version=version)
    confirm(submitted, changed)
    changed.refresh_from_db()
    with pytest.raises(Conflict, match="已经确认"):
        write(submitted, version=changed.updated_at.isoformat(), strengths="太晚了")
    assert FeedbackInterview.objects.get().strengths == "另一种说法"


def test_the_same_again_is_nothing(submitted: Proposals) -> None:
    row = write(submitted)
    write(submitted, version=row.updated_at.isoformat())
    confirm(submitted, row)
    confirm(submitted, row)
    kinds = Event.objects.filter(kind__startswith="interview.").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["interview.write", "interview.sign"]


def test_what_is_left_out_or_lies_ahead(submitted: Proposals) -> None:
    assert refusal(write, submitted, strengths=" ") == {"strengths": "missing"}
    assert refusal(write, submitted, actions="") == {"actions": "missing"}
    assert refusal(write, submitted, held_on=date(2026, 3, 6)) == {"held_on": "bad_value"}


def test_who_writes_and_who_confirms(submitted: Proposals) -> None:
    for who in ("hrh", "hrb", "cm", "cmd"):
        with pytest.raises(MissingFunction):
            write(submitted, who=who)
    with pytest.raises(ScoreSheet.DoesNotExist):
        write(submitted, who="mgr2")
    row = write(submitted)
    with pytest.raises(MissingFunction):
        confirm(submitted, row, who="mgr")
    other = write(submitted, sheet_id=sheet(submitted, "M-CD2").pk)
    with pytest.raises(FeedbackInterview.DoesNotExist):
        confirm(submitted, other)


def test_a_supervisor_does_not_talk_to_himself(submitted: Proposals) -> None:
    User.objects.filter(username="mgr").update(employee_no="M-CD2")
    assert refusal(write, submitted, sheet_id=sheet(submitted, "M-CD2").pk) == {"recusal": "recused"}
    [item] = _sources["feedback"].items(submitted.user("mgr"), TODAY, 50)
    assert item.detail == "1 人还没有面谈；1 人还没有签收，拒签的请登记"
