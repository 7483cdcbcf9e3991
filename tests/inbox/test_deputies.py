"""Deputies: who may name whom, what passes and what never does, before, during and after (MGR-9, architecture 4)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from appraisal.grading.permissions import DECISION_CONFIRM, DECISION_EXPORT, DECISION_REVIEW, DECISION_VIEW
from appraisal.ratings.permissions import RATING_GIVE
from cmsys.access.actors import MissingFunction, may
from cmsys.access.functions import Function, Reach, declared
from cmsys.access.refusals import Conflict
from cmsys.access.roles import SEPARATION, Role
from cmsys.accounts.models import User
from cmsys.accounts.permissions import USER_EDIT
from cmsys.accounts.services.users import user_create, user_set_active
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.inbox.selectors import standing_in, whole_within
from cmsys.inbox.services.deputies import deputy_begin, deputy_end
from cmsys.org.grants import GrantedAccess, access_of
from cmsys.org.models import Deputyship
from cmsys.org.permissions import GRANT_EDIT
from cmsys.org.services.grants import role_grant
from tests.cast import PASSWORD, STAGE, Cast

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 2)
FROM, LAST, AFTER = date(2026, 3, 5), date(2026, 3, 11), date(2026, 3, 12)
NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)


def begin(
    cast: Cast, principal: str = "mgr", deputy: str = "trn", actor: str = "", **changed: Any
) -> Deputyship:
    given: dict[str, Any] = {
        "actor": cast.user(actor or principal), "principal_id": cast.users[principal].pk,
        "deputy_id": cast.users[deputy].pk, "starts_on": FROM, "last_on": LAST, "reason": "年休假", "today": TODAY,
        "now": NOW,
    }  # fmt: skip
    return deputy_begin(**given | changed)


def refusal(call: Any, *given: Any, **changed: Any) -> dict[str, str]:
    before = (Deputyship.objects.count(), Event.objects.count(), Message.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(*given, **changed)
    assert (Deputyship.objects.count(), Event.objects.count(), Message.objects.count()) == before
    return {field: str(errors[0].code) for field, errors in caught.value.error_dict.items()}


def reaches(user: User, function: Function, day: date) -> list[tuple[str, str, int | None]]:
    return [
        (one.reach.value, one.unit_path, one.deputy_for) for one in access_of(user, day).reaches(function)
    ]


# --- naming -------------------------------------------------------------------------------------------------------------
def test_a_supervisor_names_a_deputy_with_an_event_and_a_message_to_each(cast: Cast) -> None:
    row = begin(cast)
    assert (row.starts_on, row.ends_on) == (FROM, AFTER)
    event = Event.objects.get(kind="deputy.begin")
    assert (event.object_id, event.actor_name, event.reason) == (str(row.pk), "李敏（mgr）", "年休假")
    assert event.after == {
        "principal": "李敏（mgr）", "deputy": "韩培训（trn）", "starts_on": "2026-03-05", "ends_on": "2026-03-12",
    }  # fmt: skip
    told = {(m.recipient.username, m.title, m.url) for m in Message.objects.select_related("recipient")}
    assert told == {("trn", "您将代理李敏", "/deputies/"), ("mgr", "韩培训将代理您", "/deputies/")}
    assert "自 2026-03-05 至 2026-03-11" in Message.objects.get(recipient=cast.users["trn"]).body


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"starts_on": date(2026, 3, 1)}, {"starts_on": "bad_value"}),
        ({"last_on": date(2026, 3, 4)}, {"last_on": "bad_value"}),
        ({"last_on": date(2027, 3, 6)}, {"last_on": "bad_value"}),
        ({"reason": "  "}, {"reason": "missing"}),
    ],
)
def test_days_and_words_are_checked(cast: Cast, changed: dict[str, Any], codes: dict[str, str]) -> None:
    assert refusal(begin, cast, **changed) == codes


def test_a_year_is_the_longest(cast: Cast) -> None:
    assert begin(cast, last_on=date(2027, 3, 5)).ends_on == date(2027, 3, 6)


@pytest.mark.parametrize(
    ("deputy", "codes"),
    [
        ("mgr", {"deputy": "own"}), ("nobody", {"deputy": "no_role"}), ("sys", {"deputy": "no_role"}),
        ("sec", {"deputy": "no_role"}), ("aud", {"deputy": "no_role"}),
    ],
)  # fmt: skip
def test_only_somebody_else_in_business_stands_in(cast: Cast, deputy: str, codes: dict[str, str]) -> None:
    assert refusal(begin, cast, deputy=deputy) == codes


def test_a_disabled_account_stands_in_for_nobody(cast: Cast) -> None:
    user_set_active(actor=STAGE, user_id=cast.users["trn"].pk, active=False, reason="离职")
    assert refusal(begin, cast) == {"deputy": "no_role"}


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "nobody"])
def test_the_three_administrators_and_those_without_a_role_name_nobody(cast: Cast, who: str) -> None:
    with pytest.raises(MissingFunction):
        begin(cast, principal=who)


@pytest.mark.parametrize("who", ["cm", "cmd", "da", "trn"])
def test_who_has_nothing_to_lend_is_told_so(cast: Cast, who: str) -> None:
    assert refusal(begin, cast, principal=who, deputy="hrh") == {"principal": "nothing"}


def test_no_side_may_become_an_administrator_within_the_days(cast: Cast) -> None:
    newcomer = user_create(actor=STAGE, username="newcomer", name="何新", password=PASSWORD)
    given: dict[str, Any] = {"actor": STAGE, "user": newcomer, "unit": cast.units["HO"], "reason": "测试"}
    role_grant(**given, role=Role.TRN, starts_on=date(2020, 1, 1), ends_on=date(2026, 3, 8))
    role_grant(**given, role=Role.SEC, starts_on=date(2026, 3, 8))
    assert refusal(begin, cast, deputy_id=newcomer.pk) == {"deputy": "separation"}
    assert begin(cast, deputy_id=newcomer.pk, last_on=date(2026, 3, 7)).ends_on == date(2026, 3, 8)


def test_one_deputy_at_a_time(cast: Cast) -> None:
    begin(cast)
    assert refusal(begin, cast, deputy="da", starts_on=LAST, last_on=date(2026, 3, 20)).keys() == {"__all__"}
    assert begin(cast, deputy="da", starts_on=AFTER, last_on=date(2026, 3, 20)).starts_on == AFTER


# --- human resources ----------------------------------------------------------------------------------------------------
def test_human_resources_record_one_for_somebody_away_within_reach(cast: Cast) -> None:
    row = begin(cast, actor="hrb")
    assert Event.objects.get(kind="deputy.begin").actor_name == "冯分行（hrb）"
    assert "由冯分行（hrb）登记" in Message.objects.get(recipient=cast.users["mgr"]).body
    assert row.principal_id == cast.users["mgr"].pk


def test_out_of_reach_or_more_than_the_recorder_answers_for_is_not_there(cast: Cast) -> None:
    with pytest.raises(User.DoesNotExist):
        begin(cast, principal="hrh", actor="hrb")
    # 李敏 has a second role at a branch 冯分行 does not answer for: what a deputy would be lent goes beyond him.
    role_grant(
        actor=STAGE,
        user=cast.user("mgr"),
        role=Role.MGR,
        unit=cast.units["PD"],
        starts_on=date(2020, 1, 1),
        reason="兼任",
    )
    with pytest.raises(User.DoesNotExist):
        begin(cast, actor="hrb")
    assert begin(cast, actor="hrh").principal_id == cast.users["mgr"].pk


def test_the_recorder_does_not_name_himself_and_a_stranger_records_nothing(cast: Cast) -> None:
    assert refusal(begin, cast, deputy="hrb", actor="hrb") == {"deputy": "recorder"}
    with pytest.raises(MissingFunction):
        begin(cast, actor="cmd")


def test_within_reach_are_those_all_of_whose_roles_are(cast: Cast) -> None:
    assert sorted(u.username for u in whole_within(cast.user("hrb"), TODAY)) == ["cm", "ldr", "mgr"]
    assert sorted(u.username for u in whole_within(cast.user("hrh"), TODAY)) == [
        "cm",
        "cmd",
        "da",
        "hrb",
        "ldr",
        "mgr",
        "trn",
    ]


# --- what passes --------------------------------------------------------------------------------------------------------
def test_what_may_be_delegated_passes_from_the_first_day_to_the_last(cast: Cast) -> None:
    begin(cast)
    lent = [("subtree", cast.units["CD"].path, cast.users["mgr"].pk)]
    deputy = cast.user("trn")
    days = [date(2026, 3, 4), FROM, LAST, AFTER]
    assert [reaches(deputy, DECISION_REVIEW, day) for day in days] == [[], lent, lent, []]


def test_nothing_else_of_the_principal_passes(cast: Cast) -> None:
    begin(cast, deputy="da")
    access, plain = access_of(cast.user("da"), FROM), access_of(cast.user("da"), TODAY)
    for function in declared():
        extra = set(access.reaches(function)) - set(plain.reaches(function))
        assert bool(extra) == (function.delegable and function.reach.get(Role.MGR) is Reach.SUBTREE), (
            function.code
        )
    assert reaches(cast.user("da"), RATING_GIVE, FROM) == []
    assert access.roles == frozenset({Role.DA})


def test_a_principals_own_record_never_passes(cast: Cast) -> None:
    """陈思远 sees his own decisions as CM; as MGR of 城东 besides, his deputy has the MGR's part alone."""
    role_grant(
        actor=STAGE,
        user=cast.user("cm"),
        role=Role.MGR,
        unit=cast.units["CD"],
        starts_on=date(2020, 1, 1),
        reason="兼任",
    )
    begin(cast, principal="cm", deputy="trn")
    found = reaches(cast.user("trn"), DECISION_VIEW, FROM)
    assert found == [("subtree", cast.units["CD"].path, cast.users["cm"].pk)]


def test_it_does_not_pass_on(cast: Cast) -> None:
    begin(cast, principal="mgr", deputy="hrb")
    begin(cast, principal="hrb", deputy="trn")
    assert reaches(cast.user("trn"), DECISION_REVIEW, FROM) == []
    assert [one[2] for one in reaches(cast.user("trn"), DECISION_CONFIRM, FROM)] == [cast.users["hrb"].pk]
    assert reaches(cast.user("trn"), DECISION_EXPORT, FROM) == []


def test_a_disabled_principal_lends_nothing_and_a_disabled_deputy_has_nothing(cast: Cast) -> None:
    begin(cast)
    user_set_active(actor=STAGE, user_id=cast.users["mgr"].pk, active=False, reason="停用")
    assert reaches(cast.user("trn"), DECISION_REVIEW, FROM) == []
    user_set_active(actor=STAGE, user_id=cast.users["mgr"].pk, active=True, reason="恢复")
    assert reaches(cast.user("trn"), DECISION_REVIEW, FROM) != []
    user_set_active(actor=STAGE, user_id=cast.users["trn"].pk, active=False, reason="停用")
    assert access_of(cast.user("trn"), FROM) == GrantedAccess(())


def test_no_function_of_the_three_administrators_is_ever_lent() -> None:
    assert [f.code for f in declared() if f.delegable and set(f.reach) & set(SEPARATION)] == []


def test_an_administrators_roles_never_reach_a_deputy_whatever_stands_in_the_table(cast: Cast) -> None:
    """Rows the service would refuse, written past it: the separation holds all the same."""
    days = {"starts_on": FROM, "ends_on": AFTER, "reason": "x"}
    Deputyship.objects.create(principal=cast.users["sec"], deputy=cast.users["trn"], **days)
    Deputyship.objects.create(principal=cast.users["mgr"], deputy=cast.users["sys"], **days)
    assert {pair.role for pair in access_of(cast.user("trn"), FROM).pairs} == {Role.TRN}
    assert {pair.role for pair in access_of(cast.user("sys"), FROM).pairs} == {Role.SYS}
    assert reaches(cast.user("trn"), GRANT_EDIT, FROM) == []
    assert reaches(cast.user("sys"), DECISION_REVIEW, FROM) == []
    assert reaches(cast.user("sys"), USER_EDIT, FROM) != []


# --- taking back --------------------------------------------------------------------------------------------------------
def end(cast: Cast, row: Deputyship, actor: str = "mgr", today: date = FROM, reason: str = "") -> Deputyship:
    return deputy_end(actor=cast.user(actor), deputyship_id=row.pk, reason=reason, today=today, now=NOW)


def test_taken_back_it_ends_today_and_both_are_told(cast: Cast) -> None:
    row = begin(cast)
    day = date(2026, 3, 8)
    assert end(cast, row, today=day).ends_on == day
    assert reaches(cast.user("trn"), DECISION_REVIEW, date(2026, 3, 7)) != []
    assert reaches(cast.user("trn"), DECISION_REVIEW, day) == []
    event = Event.objects.get(kind="deputy.end")
    assert (event.before, event.after) == ({"ends_on": "2026-03-12"}, {"ends_on": "2026-03-08"})
    assert Message.objects.filter(key=f"deputy:{row.pk}:end").count() == 2


def test_taken_back_before_it_began_it_has_never_been(cast: Cast) -> None:
    row = begin(cast)
    ended = end(cast, row, today=TODAY)
    assert (ended.starts_on, ended.ends_on) == (FROM, FROM)
    assert reaches(cast.user("trn"), DECISION_REVIEW, FROM) == []
    assert begin(cast, deputy="da").deputy_id == cast.users["da"].pk


def test_it_is_taken_back_once(cast: Cast) -> None:
    row = begin(cast)
    end(cast, row)
    with pytest.raises(Conflict):
        end(cast, row)
    assert Event.objects.filter(kind="deputy.end").count() == 1


def test_the_deputy_and_strangers_do_not_take_it_back(cast: Cast) -> None:
    row = begin(cast)
    for who in ("trn", "cmd"):
        with pytest.raises(MissingFunction):
            end(cast, row, actor=who)
    other = begin(cast, principal="hrh", deputy="cmd")
    with pytest.raises(Deputyship.DoesNotExist):
        end(cast, other, actor="hrb", reason="核对")
    assert not Event.objects.filter(kind="deputy.end").exists()


def test_human_resources_say_why(cast: Cast) -> None:
    row = begin(cast)
    assert refusal(end, cast, row, actor="hrb") == {"reason": "missing"}
    end(cast, row, actor="hrb", reason="提前返岗")
    assert Event.objects.get(kind="deputy.end").reason == "提前返岗"


# --- pages --------------------------------------------------------------------------------------------------------------
def test_named_and_taken_back_on_the_page(cast: Cast, signed_in: Any) -> None:
    browser, today = signed_in("mgr"), timezone.localdate()
    found = browser.get("/deputies/new/?q=韩")
    assert "韩培训 · trn · 培训管理员 · 总行" in found.content.decode()
    body = {"q": "韩", "deputy": cast.users["trn"].pk, "starts_on": today, "last_on": today, "reason": "出差"}
    assert browser.post("/deputies/new/", body)["Location"] == "/deputies/"
    row = Deputyship.objects.get()
    page = browser.get("/deputies/").context["page"]
    assert [(one["deputy"], one["state"], one["days"]) for one in page["mine"]] == [
        ("韩培训", "进行中", f"{today} 至 {today}")
    ]
    deputys = signed_in("trn").get("/deputies/")
    assert [one["principal"] for one in deputys.context["page"]["theirs"]] == ["李敏"]
    html = deputys.content.decode()
    assert f"您正在代理：李敏（至 {today}）" in html
    assert "机构主管 · 城东支行（代理）" in html
    assert f"/deputies/{row.pk}/end/" not in html
    assert browser.post(f"/deputies/{row.pk}/end/", {"reason": ""})["Location"] == "/deputies/"
    assert "您正在代理" not in signed_in("trn").get("/deputies/").content.decode()


def test_somebody_not_found_by_the_search_cannot_be_chosen(cast: Cast, signed_in: Any) -> None:
    today = timezone.localdate()
    body = {
        "q": "安全",
        "deputy": cast.users["sec"].pk,
        "starts_on": today,
        "last_on": today,
        "reason": "出差",
    }
    assert signed_in("mgr").post("/deputies/new/", body).status_code == 422
    assert "没有找到有业务角色的账号" in signed_in("mgr").get("/deputies/new/?q=安全").content.decode()
    assert Deputyship.objects.count() == 0


def test_nobody_stands_in_costs_no_query(cast: Cast, django_assert_num_queries: Any) -> None:
    user = cast.user("mgr")
    assert may(user, DECISION_REVIEW)
    with django_assert_num_queries(0):
        assert standing_in(user, TODAY) == []
