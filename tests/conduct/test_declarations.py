"""Declarations: who declares what about whom, who reads it, and that it keeps people apart while it is in force (MGR-13)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.ratings.models import RaterGroup, Rating
from appraisal.ratings.services.ratings import rating_give
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.accounts.services.users import user_set_active
from cmsys.audit.models import Event
from managers.conduct.models import InterestDeclaration, RelationKind
from managers.conduct.selectors import readable, recusal, related_managers
from managers.conduct.services.declarations import declaration_end, declaration_make
from managers.profiles.models import RelationshipManager
from tests.cast import STAGE, Cast
from tests.ratings.stage import marks, open_demo

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)


def declare(
    cast: Cast, declarant: str = "mgr", about: str = "M-CD1", actor: str = "", **changed: Any
) -> InterestDeclaration:
    given: dict[str, Any] = {
        "actor": cast.user(actor or declarant), "declarant_id": cast.users[declarant].pk,
        "manager_id": cast.managers[about].pk, "kind": RelationKind.COLLATERAL, "detail": "表兄弟", "today": TODAY, "now": NOW,
    }  # fmt: skip
    return declaration_make(**given | changed)


def end(
    cast: Cast, row: InterestDeclaration, actor: str = "mgr", reason: str = "离婚", today: date = TODAY
) -> InterestDeclaration:
    return declaration_end(actor=cast.user(actor), declaration_id=row.pk, reason=reason, today=today, now=NOW)


def refusal(call: Any, *given: Any, **changed: Any) -> dict[str, str]:
    before = (list(InterestDeclaration.objects.values_list()), Event.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(*given, **changed)
    assert (list(InterestDeclaration.objects.values_list()), Event.objects.count()) == before
    return {field: str(errors[0].code) for field, errors in caught.value.error_dict.items()}


# --- declaring ----------------------------------------------------------------------------------------------------------
def test_one_declares_ones_own_relation_to_anybody_in_the_bank(cast: Cast) -> None:
    row = declare(cast, about="M-PD1")
    assert (row.declarant.username, row.manager.employee_no, row.starts_on, row.ends_on) == (
        "mgr",
        "M-PD1",
        TODAY,
        None,
    )
    event = Event.objects.get(kind="declaration.make")
    assert (event.object_id, event.after) == (
        str(row.pk),
        {
            "declarant": "李敏（mgr）",
            "manager": "周婷（M-PD1）",
            "kind": "collateral",
            "detail": "表兄弟",
            "starts_on": "2026-03-02",
        },
    )


@pytest.mark.parametrize("who", ["hrh", "hrb", "mgr", "cm", "cmd", "da", "trn"])
def test_everybody_in_business_declares(cast: Cast, who: str) -> None:
    assert declare(cast, declarant=who, about="M-CX1").declarant.username == who


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "nobody"])
def test_nobody_else_does(cast: Cast, who: str) -> None:
    with pytest.raises(MissingFunction):
        declare(cast, declarant=who)


def test_what_cannot_be_declared(cast: Cast) -> None:
    assert refusal(declare, cast, declarant="cm", about="M-CD1") == {"manager": "own"}
    assert refusal(declare, cast, kind=RelationKind.OTHER, detail=" ") == {"detail": "missing"}
    declare(cast)
    assert refusal(declare, cast) == {"manager": "duplicate"}


def test_human_resources_record_within_their_reach(cast: Cast) -> None:
    assert declare(cast, actor="hrb").declarant.username == "mgr"
    with pytest.raises(RelationshipManager.DoesNotExist):
        declare(cast, about="M-PD1", actor="hrb")
    assert declare(cast, about="M-PD1", actor="hrh").manager.employee_no == "M-PD1"
    with pytest.raises(MissingFunction):
        declare(cast, declarant="trn", actor="mgr")
    user_set_active(actor=STAGE, user_id=cast.users["da"].pk, active=False, reason="离职")
    assert refusal(declare, cast, declarant="da", actor="hrh") == {"declarant": "inactive"}


# --- ending -------------------------------------------------------------------------------------------------------------
def test_it_is_ended_with_a_reason_and_stays_on_record(cast: Cast) -> None:
    row = declare(cast)
    assert refusal(end, cast, row, reason=" ") == {"reason": "missing"}
    end(cast, row, today=date(2026, 3, 9))
    row.refresh_from_db()
    assert (row.ends_on, row.end_reason) == (date(2026, 3, 9), "离婚")
    event = Event.objects.get(kind="declaration.end")
    assert (event.before, event.after, event.reason) == ({"ends_on": None}, {"ends_on": "2026-03-09"}, "离婚")
    with pytest.raises(Conflict):
        end(cast, row)
    assert declare(cast).starts_on == TODAY


def test_who_ends_it(cast: Cast) -> None:
    row = declare(cast, about="M-PD1")
    for stranger in ("hrb", "trn", "cm"):
        with pytest.raises(InterestDeclaration.DoesNotExist):
            end(cast, row, actor=stranger)
    with pytest.raises(MissingFunction):
        end(cast, row, actor="sys")
    assert end(cast, row, actor="hrh", reason="核实不存在").end_reason == "核实不存在"


# --- reading ------------------------------------------------------------------------------------------------------------
def test_ones_own_and_those_within_reach_are_read_and_nobody_elses(cast: Cast) -> None:
    declare(cast, declarant="trn", about="M-CD1")
    declare(cast, declarant="trn", about="M-PD1")
    declare(cast, declarant="mgr", about="M-CX1")

    def read(who: str) -> set[tuple[str, str]]:
        return {(row.declarant.username, row.manager.employee_no) for row in readable(cast.user(who))}

    assert read("trn") == {("trn", "M-CD1"), ("trn", "M-PD1")}
    assert read("hrb") == {("trn", "M-CD1"), ("mgr", "M-CX1")}
    assert len(read("hrh")) == 3
    # 李敏 is the superior of M-CD1 and reads nothing of what was declared about him.
    assert read("mgr") == {("mgr", "M-CX1")}
    assert read("cm") == set()
    assert read("sys") == set()


# --- keeping apart ------------------------------------------------------------------------------------------------------
def test_it_keeps_both_sides_apart_while_it_is_in_force(cast: Cast) -> None:
    row = declare(cast)
    cd1, li = cast.managers["M-CD1"], cast.users["mgr"].pk

    def said(day: date) -> str:
        return recusal(li, None, cd1.pk, "M-CD1", day)

    assert said(TODAY - timedelta(days=1)) == ""
    assert said(TODAY) == "您与当事人有已申报的利害关系，须回避。"
    end(cast, row, today=date(2026, 3, 9))
    assert said(date(2026, 3, 8)) != ""
    assert said(date(2026, 3, 9)) == ""
    assert recusal(li, None, cast.managers["M-CD2"].pk, "M-CD2", TODAY) == ""


def test_the_other_sides_declaration_counts_as_well(cast: Cast) -> None:
    """陈思远 declares 王雅琴: had she an account, she must not decide about him either."""
    declare(cast, declarant="cm", about="M-CD2")
    assert related_managers(cast.users["trn"].pk, "M-CD2", TODAY) == {cast.managers["M-CD1"].pk}


def test_who_must_keep_away_does_not_rate(cast: Cast) -> None:
    cycle = open_demo()
    row = declare(cast)
    given: dict[str, Any] = {
        "actor": cast.user("mgr"), "cycle_id": cycle.pk, "manager_id": cast.managers["M-CD1"].pk,
        "group": RaterGroup.SUPERIOR, "marks": marks(), "today": TODAY,
    }  # fmt: skip
    assert refusal(rating_give, **given) == {"recusal": "recused"}
    assert not Rating.objects.exists()
    assert len(rating_give(**given | {"manager_id": cast.managers["M-CD2"].pk})) == 2
    end(cast, row, today=TODAY)
    assert len(rating_give(**given)) == 2


def test_the_rating_page_says_why(cast: Cast, signed_in: Any) -> None:
    cycle = open_demo()
    declare(cast, today=timezone.localdate())
    answer = signed_in("mgr").post(f"/rating-tasks/{cycle.pk}/M-CD1/", {"COMM": "88", "TEAM": "90"})
    assert answer.status_code == 422
    assert "您与当事人有已申报的利害关系，须回避。" in answer.content.decode()


# --- pages --------------------------------------------------------------------------------------------------------------
def test_declared_found_by_full_name_only_and_ended_on_the_page(cast: Cast, signed_in: Any) -> None:
    browser = signed_in("mgr")
    assert "陈思远 · M-CD1 · 城东支行" in browser.get("/interest-declarations/new/?q=陈思远").content.decode()
    assert (
        "没有叫这个名字或工号的客户经理" in browser.get("/interest-declarations/new/?q=陈").content.decode()
    )
    body = {"q": "M-CD1", "manager": cast.managers["M-CD1"].pk, "kind": "spouse", "detail": ""}
    assert browser.post("/interest-declarations/new/", body)["Location"] == "/interest-declarations/"
    row = InterestDeclaration.objects.get()
    page = browser.get("/interest-declarations/").context["page"]
    assert [[cell["text"] for cell in line["cells"]] for line in page.rows] == [
        ["李敏", "陈思远（M-CD1）", "城东支行", "夫妻", timezone.localdate().isoformat(), "有效"]
    ]
    address = f"/interest-declarations/{row.pk}/"
    assert browser.get(address).status_code == 200
    assert signed_in("trn").get(address).status_code == 404
    assert browser.post(f"{address}end/", {"reason": ""}).status_code == 422
    assert browser.post(f"{address}end/", {"reason": "离婚"})["Location"] == address
    assert signed_in("trn").post(f"{address}end/", {"reason": "x"}).status_code == 404


def test_nobody_is_chosen_who_was_not_found(cast: Cast, signed_in: Any) -> None:
    body = {"q": "王雅琴", "manager": cast.managers["M-CD1"].pk, "kind": "spouse"}
    assert signed_in("mgr").post("/interest-declarations/new/", body).status_code == 422
    assert not InterestDeclaration.objects.exists()


def test_human_resources_record_on_the_page_and_find_it_on_the_profile(cast: Cast, signed_in: Any) -> None:
    browser = signed_in("hrb")
    found = {"for": "other", "who": "李敏", "q": "陈思远"}
    body = found | {"declarant": cast.users["mgr"].pk, "manager": cast.managers["M-CD1"].pk, "kind": "in_law"}
    address = "/interest-declarations/new/"
    assert browser.post(address, body)["Location"] == "/interest-declarations/"
    assert "近姻亲" in browser.get("/managers/M-CD1/").content.decode()
    assert "近姻亲" not in signed_in("mgr").get("/managers/M-CD1/").content.decode()
    assert signed_in("mgr").get("/interest-declarations/new/?for=other").status_code == 403
    body |= {"q": "周婷", "manager": cast.managers["M-PD1"].pk}
    outside = browser.post(address, body)
    assert outside.status_code == 422
    assert "关系人不在您的管理范围内" in outside.content.decode()


def test_the_list_costs_the_same_for_one_and_for_thirty(cast: Cast, signed_in: Any) -> None:
    browser = signed_in("hrh")
    declare(cast)
    browser.get("/interest-declarations/")

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get("/interest-declarations/").status_code == 200
        return len(queries)

    few = cost()
    for n in range(30):
        row = declare(cast, declarant="trn", about="M-CX1", today=TODAY + timedelta(days=n))
        end(cast, row, actor="trn", today=TODAY + timedelta(days=n))
    assert cost() == few
