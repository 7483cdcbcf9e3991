"""A sheet is given and taken back: by whom, of whom, when, and what of it stands where (APP-7)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from appraisal.cycles.models import Cycle, CycleMember
from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.services.ratings import Mark, rating_give, rating_withdraw
from cmsys.access.actors import MissingFunction
from cmsys.accounts.models import User
from cmsys.audit.models import Event
from tests.cast import Cast
from tests.figures.schemes import demo_document
from tests.ratings.stage import GROUPS, marks, open_demo, rate

pytestmark = pytest.mark.django_db

SUPERIOR, SELF = RaterGroup.SUPERIOR, RaterGroup.SELF


@pytest.fixture
def cycle(cast: Cast) -> Cycle:
    return open_demo()


def a_sheet(cast: Cast, cycle: Cycle, **changed: Any) -> dict[str, Any]:
    return {
        "actor": cast.user("mgr"), "cycle_id": cycle.pk, "manager_id": cast.managers["M-CD1"].pk, "group": SUPERIOR,
        "marks": marks(),
    } | changed  # fmt: skip


def refusal(call: Any, **arguments: Any) -> dict[str, str]:
    """Field → code of what the service refuses; nothing may have been written."""
    before = (list(Rating.objects.order_by("pk").values_list()), Event.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(**arguments)
    assert (list(Rating.objects.order_by("pk").values_list()), Event.objects.count()) == before
    return {field: str(errors[0].code) for field, errors in caught.value.error_dict.items()}


def scores() -> list[tuple[str, str, str, str]]:
    rows = Rating.objects.order_by("manager__employee_no", "rater", "indicator_code")
    return [(r.manager.employee_no, r.rater, r.indicator_code, f"{r.score}") for r in rows]


def test_a_superior_gives_a_whole_sheet_with_an_event_for_each_rating(cast: Cast, cycle: Cycle) -> None:
    given = rating_give(**a_sheet(cast, cycle, marks=marks(88, "91.25")))
    # 李敏 has no employee number: her account stands for her.
    assert scores() == [("M-CD1", "mgr", "COMM", "88.00"), ("M-CD1", "mgr", "TEAM", "91.25")]
    events = Event.objects.filter(kind="rating.create").order_by("id")
    assert [(event.object_id, event.object_label, event.after) for event in events] == [
        (str(given[0].pk), "陈思远（M-CD1） 2025Q4 COMM 上级", {"score": "88.00"}),
        (str(given[1].pk), "陈思远（M-CD1） 2025Q4 TEAM 上级", {"score": "91.25"}),
    ]
    assert {event.actor_name for event in events} == {"李敏（mgr）"}


def test_given_again_only_what_differs_is_written(cast: Cast, cycle: Cycle) -> None:
    rating_give(**a_sheet(cast, cycle))
    rating_give(**a_sheet(cast, cycle))
    assert Event.objects.filter(kind__startswith="rating.").count() == 2
    changed = {"COMM": Mark(Decimal(88)), "TEAM": Mark(Decimal(70), "两次缺席会议")}
    rating_give(**a_sheet(cast, cycle, marks=changed))
    event = Event.objects.get(kind="rating.update")
    assert (event.before, event.after) == (
        {"score": "91.00", "comment": ""}, {"score": "70.00", "comment": "两次缺席会议"},
    )  # fmt: skip
    assert scores() == [("M-CD1", "mgr", "COMM", "88.00"), ("M-CD1", "mgr", "TEAM", "70.00")]


def test_a_person_rates_himself_and_nobody_else(cast: Cast, cycle: Cycle) -> None:
    own = a_sheet(cast, cycle, actor=cast.user("cm"), group=SELF, marks=marks(95, 90))
    rating_give(**own)
    assert scores() == [("M-CD1", "M-CD1", "COMM", "95.00"), ("M-CD1", "M-CD1", "TEAM", "90.00")]
    with pytest.raises(CycleMember.DoesNotExist):
        rating_give(**own | {"manager_id": cast.managers["M-CD2"].pk})
    with pytest.raises(MissingFunction):
        rating_give(**own | {"group": SUPERIOR})
    with pytest.raises(MissingFunction):
        rating_give(**a_sheet(cast, cycle, group=SELF))
    assert Rating.objects.count() == 2


def test_nobody_rates_himself_as_superior(cast: Cast, cycle: Cycle) -> None:
    """李敏 is a manager herself: under her own number she meets her own file."""
    User.objects.filter(username="cm").update(employee_no=None)
    User.objects.filter(username="mgr").update(employee_no="M-CD1")
    assert refusal(rating_give, **a_sheet(cast, cycle)) == {"manager": "own"}
    rating_give(**a_sheet(cast, cycle, manager_id=cast.managers["M-CD2"].pk))
    assert [row[:2] for row in scores()] == [("M-CD2", "M-CD1")] * 2


@pytest.mark.parametrize("who", ["hrh", "hrb", "cmd", "da", "sys", "aud", "nobody"])
def test_only_superiors_rate(cast: Cast, cycle: Cycle, who: str) -> None:
    with pytest.raises(MissingFunction):
        rating_give(**a_sheet(cast, cycle, actor=cast.user(who)))
    with pytest.raises(MissingFunction):
        rating_withdraw(
            actor=cast.user(who),
            cycle_id=cycle.pk,
            manager_id=cast.managers["M-CD1"].pk,
            group=SUPERIOR,
            reason="不",
        )
    assert not Rating.objects.exists()


def test_a_superior_reaches_the_people_of_his_unit_where_they_are_today(cast: Cast, cycle: Cycle) -> None:
    for who in ("M-CX1", "M-PD1"):
        with pytest.raises(CycleMember.DoesNotExist):
            rating_give(**a_sheet(cast, cycle, manager_id=cast.managers[who].pk))
    chen = cast.managers["M-CD1"]
    type(chen).objects.filter(pk=chen.pk).update(unit=cast.units["CX"])
    with pytest.raises(CycleMember.DoesNotExist):
        rating_give(**a_sheet(cast, cycle))
    assert not Rating.objects.exists()


def test_other_groups_are_not_given_here(cast: Cast, cycle: Cycle) -> None:
    for group in (RaterGroup.PEER, RaterGroup.CUSTOMER, RaterGroup.DEPARTMENT, RaterGroup.SUBORDINATE):
        with pytest.raises(ValueError, match="imported"):
            rating_give(**a_sheet(cast, cycle, group=group))
    assert not Rating.objects.exists()


def test_only_while_the_cycle_is_open(cast: Cast, cycle: Cycle) -> None:
    rating_give(**a_sheet(cast, cycle))
    Cycle.objects.filter(pk=cycle.pk).update(state="closed", closed_at=datetime(2026, 2, 1, tzinfo=UTC))
    assert refusal(rating_give, **a_sheet(cast, cycle, marks=marks(60, 60))) == {"cycle": "closed"}
    where = {
        "cycle_id": cycle.pk,
        "manager_id": cast.managers["M-CD1"].pk,
        "group": SUPERIOR,
        "reason": "误评",
    }
    assert refusal(rating_withdraw, actor=cast.user("mgr"), **where) == {"cycle": "closed"}


def test_only_people_who_take_part(cast: Cast, cycle: Cycle) -> None:
    CycleMember.objects.filter(manager=cast.managers["M-CD1"]).update(included=False, reason="休假中")
    assert refusal(rating_give, **a_sheet(cast, cycle)) == {"manager": "excluded"}
    with pytest.raises(CycleMember.DoesNotExist):
        rating_give(**a_sheet(cast, cycle, cycle_id=cycle.pk + 1))


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (marks(team=None), {"TEAM": "missing"}),
        ({}, {"COMM": "missing", "TEAM": "missing"}),
        (marks(SALES=80), {"SALES": "not_found"}),
        (marks(comm="100.01"), {"COMM": "bad_value"}),
        (marks(comm="-0.01", team="1e30"), {"COMM": "bad_value", "TEAM": "bad_value"}),
        (marks(comm="88.125"), {"COMM": "bad_value"}),
        (marks(comm="NaN"), {"COMM": "bad_value"}),
        (marks() | {"COMM": Mark(Decimal(80), "长" * 501)}, {"COMM": "bad_value"}),
    ],
    ids=["one-missing", "empty", "not-rated", "above", "below-and-huge", "places", "nan", "comment"],
)  # fmt: skip
def test_a_sheet_with_a_mistake_is_refused_whole_at_its_indicators(
    cast: Cast, cycle: Cycle, given: dict[str, Mark], wrong: dict[str, str]
) -> None:
    assert refusal(rating_give, **a_sheet(cast, cycle, marks=given)) == wrong


def test_the_bounds_themselves_are_scores(cast: Cast, cycle: Cycle) -> None:
    rating_give(**a_sheet(cast, cycle, marks=marks(0, 100)))
    assert [row[3] for row in scores()] == ["0.00", "100.00"]


def test_an_indicator_with_bounds_of_its_own_and_one_for_some_people(cast: Cast) -> None:
    text = demo_document().replace(
        f"{{code: COMM, name: 沟通协调, weight: 60, source: rating, method: {{type: rating, groups: {GROUPS}}}",
        "{code: COMM, name: 沟通协调, weight: 60, source: rating, domain: {min: 1, max: 5}, method: {type: rating, groups: {superior: 50, peer: 50}}",
    ).replace(
        "{code: TEAM, name: 团队协作,",
        '{code: TEAM, name: 团队协作, applies: {value: fact.leads, op: "=", than: true},',
    )  # fmt: skip
    cycle = open_demo(document=text)
    assert refusal(rating_give, **a_sheet(cast, cycle, marks=marks(6, 91))) == {"COMM": "bad_value"}
    assert refusal(rating_give, **a_sheet(cast, cycle, marks=marks(0, 91))) == {"COMM": "bad_value"}
    rating_give(**a_sheet(cast, cycle, marks=marks(5, 91)))
    # TEAM does not apply to everybody: it may be left out, and taken back.
    rating_give(**a_sheet(cast, cycle, marks=marks(5, None)))
    assert scores() == [("M-CD1", "mgr", "COMM", "5.00")]
    assert Event.objects.get(kind="rating.remove").before == {"score": "91.00", "comment": ""}


def test_a_scheme_that_does_not_ask_for_self_ratings_takes_none(cast: Cast) -> None:
    cycle = open_demo(document=demo_document())
    own = a_sheet(cast, cycle, actor=cast.user("cm"), group=SELF)
    assert refusal(rating_give, **own) == {"COMM": "not_found", "TEAM": "not_found"}


def test_who_rated_in_another_relation_does_not_rate_again(cast: Cast, cycle: Cycle) -> None:
    [peer] = rate(cast, "M-CD1", RaterGroup.PEER, 70)
    Rating.objects.filter(pk=peer.pk).update(rater="mgr")
    assert refusal(rating_give, **a_sheet(cast, cycle)) == {"group": "conflict"}


def test_a_sheet_is_taken_back_with_a_reason(cast: Cast, cycle: Cycle) -> None:
    rating_give(**a_sheet(cast, cycle))
    rate(cast, "M-CD1", RaterGroup.PEER, 70)
    rate(cast, "M-CD2", RaterGroup.SUPERIOR, 50)
    where = {"cycle_id": cycle.pk, "manager_id": cast.managers["M-CD1"].pk, "group": SUPERIOR}
    assert rating_withdraw(actor=cast.user("mgr"), reason="评错人", **where) == 2
    events = Event.objects.filter(kind="rating.remove").order_by("id")
    assert [(event.before["score"], event.reason) for event in events] == [
        ("88.00", "评错人"), ("91.00", "评错人"),
    ]  # fmt: skip
    # What others said stays.
    assert scores() == [("M-CD1", "peer-0", "COMM", "70.00"), ("M-CD2", "superior-0", "COMM", "50.00")]
    with pytest.raises(Rating.DoesNotExist):
        rating_withdraw(actor=cast.user("mgr"), reason="再来", **where)
