"""The window to the day, and who appeals against what."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from appraisal.appeals.models import GradeAppeal
from appraisal.appeals.selectors import window_of
from appraisal.grading.models import GradeDecision
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from tests.appeals.world import LAST, TOLD, Appealed, at, events, rows, served

pytestmark = pytest.mark.django_db


def test_five_working_days_over_national_day_end_on_the_twelfth(world: Appealed) -> None:
    # 9-30, 10-08, 10-09, Saturday 10-10 (worked), 10-12.
    decision = world.told("M-CD1", TOLD)
    window = window_of(decision)
    assert window is not None
    assert (window.told_on, window.days, window.ends_on) == (TOLD, 5, LAST)


def test_the_last_day_is_in_time_and_the_next_is_refused_with_the_dates(world: Appealed) -> None:
    world.told("M-CD1", TOLD)
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.lodge("M-CD1", date(2026, 10, 13))
    assert refusal.value.error_dict["window"][0].code == "outside"
    assert refusal.value.messages == [
        "申诉须在知悉后 5 个工作日内提出：2026-09-29 知悉，2026-10-12 截止，今天是 2026-10-13。"
    ]
    assert rows() == before
    appeal = world.lodge("M-CD1", LAST)
    assert (appeal.state, appeal.told_on, appeal.window_ends_on) == ("lodged", TOLD, LAST)


def test_the_day_of_service_itself_is_in_time_and_the_day_before_is_not(world: Appealed) -> None:
    world.told("M-CD1", TOLD)
    with pytest.raises(ValidationError, match="今天是 2026-09-28"):
        world.lodge("M-CD1", date(2026, 9, 28))
    assert world.lodge("M-CD1", TOLD).state == "lodged"


def test_the_answer_is_due_after_fifteen_working_days(world: Appealed) -> None:
    world.told("M-CD1", TOLD)
    # 9-30, 10-08, 09, 10, 12, 13, 14, 15, 16, 19, 20, 21, 22, 23, 26.
    assert world.lodge("M-CD1", TOLD).due_on == date(2026, 10, 26)


def test_a_promotion_counts_from_the_notice_not_from_what_came_after_it(world: Appealed) -> None:
    decision = world.told("M-CX1", date(2026, 9, 28), "on_notice")
    world.told("M-CX1", date(2026, 10, 10), "cleared")
    world.told("M-CX1", date(2026, 10, 12), "effective")
    # 9-29, 9-30, 10-08, 10-09, Saturday 10-10.
    assert window_of(decision).ends_on == date(2026, 10, 10)  # type: ignore[union-attr]
    with pytest.raises(ValidationError):
        world.lodge("M-CX1", date(2026, 10, 12))


def test_told_anew_the_window_begins_anew(world: Appealed) -> None:
    decision = world.told("M-CX1", date(2026, 9, 28))
    decision.steps.create(
        verb="uphold", actor_name="system", from_state="on_notice", to_state="in_review", at=at(TOLD)
    )
    world.told("M-CX1", date(2026, 10, 12))
    window = window_of(decision)
    assert window is not None
    assert (window.told_on, window.ends_on) == (date(2026, 10, 12), date(2026, 10, 19))


def test_what_was_served_says_the_days_itself(world: Appealed) -> None:
    # The step was noted a day later than the paper says it was handed over.
    world.told("M-CD1", date(2026, 9, 30))
    served(world, "M-CD1", TOLD, LAST)
    assert world.lodge("M-CD1", date(2026, 9, 30)).window_ends_on == LAST
    with pytest.raises(ValidationError, match="2026-10-12 截止"):
        GradeAppeal.objects.all().delete()
        world.lodge("M-CD1", date(2026, 10, 13))


def test_nobody_appeals_before_he_is_told(world: Appealed) -> None:
    before = rows()
    with pytest.raises(GradeDecision.DoesNotExist):
        world.lodge("M-CD1", TOLD)
    assert rows() == before


def test_nobody_appeals_for_somebody_else(world: Appealed) -> None:
    world.told("M-CD1")
    before = rows()
    with pytest.raises(GradeDecision.DoesNotExist):
        world.lodge("M-CD1", actor=world.user("wang"))
    for name in ("mgr", "hrb", "hrh", "cmd"):
        with pytest.raises(MissingFunction):
            world.lodge("M-CD1", actor=world.user(name))
    assert rows() == before


@pytest.mark.parametrize(("field", "value"), [("text", " "), ("wish", ""), ("ground", "bad")])
def test_words_are_asked_for(world: Appealed, field: str, value: str) -> None:
    world.told("M-CD1")
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.lodge("M-CD1", **{field: value})
    assert list(refusal.value.error_dict) == [field]
    assert rows() == before


def test_one_open_appeal_for_a_decision_and_a_form_is_taken_once(world: Appealed) -> None:
    world.told("M-CD1")
    first = world.lodge("M-CD1", nonce="a" * 32)
    assert world.lodge("M-CD1", nonce="a" * 32).pk == first.pk
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.lodge("M-CD1")
    assert refusal.value.error_dict["decision"][0].code == "open"
    assert rows() == before
    assert events(first) == ["appeal.lodge"]


def test_withdrawn_it_can_be_lodged_again_within_the_window(world: Appealed) -> None:
    first = world.lodged("M-CD1")
    world.do("withdraw", first, "cm")
    assert world.lodge("M-CD1", LAST).pk != first.pk
    with pytest.raises(Conflict, match="陈思远（cm） 已于 2026-09-29 11:00:00 处理，现在是“已撤回”"):
        world.do("withdraw", first, "cm")


def test_answered_it_cannot_be_lodged_again(world: Appealed) -> None:
    appeal = world.hearing("M-CD1")
    world.answer(appeal, "second", "rejected", "none")
    before = rows()
    with pytest.raises(ValidationError) as refusal:
        world.lodge("M-CD1", LAST)
    assert refusal.value.error_dict["decision"][0].code == "answered"
    assert rows() == before


def test_what_was_withdrawn_leaves_nothing_to_appeal_against(world: Appealed) -> None:
    world.told("M-CD1")
    GradeDecision.objects.filter(pk=world.decision("M-CD1").pk).update(state="withdrawn")
    with pytest.raises(ValidationError, match="没有可以申诉的结果"):
        world.lodge("M-CD1")


def test_the_ledger_knows_that_it_was_lodged_and_not_what_was_pleaded(world: Appealed) -> None:
    from cmsys.audit.models import Event

    appeal = world.lodged("M-CD1")
    event = Event.objects.get(resource="appeals", object_id=str(appeal.pk))
    assert set(event.after) == {"decision", "ground", "told_on", "window_ends_on"}
    assert "少计" not in str(event.after)
