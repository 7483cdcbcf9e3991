"""A sheet is signed by the person, or its refusal recorded; a regrading that changes it makes the answer void (APP-10)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appraisal.feedback.choices import Outcome, Signature
from appraisal.feedback.models import SheetAcknowledgement
from appraisal.feedback.permissions import SHEET_SIGN
from appraisal.feedback.selectors import answers_of, due_of, signature_of, unsigned
from appraisal.feedback.services.signing import refusal_record, sheet_sign
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.accounts.models import User
from cmsys.accounts.services.users import user_set_active
from cmsys.audit.models import Event
from cmsys.inbox.items import _sources
from cmsys.inbox.models import Message
from managers.conduct.models import RelationKind
from managers.conduct.services.declarations import declaration_make
from tests.cast import STAGE, Cast
from tests.decisions.world import Proposals

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 4)
NOW = datetime(2026, 3, 4, 3, tzinfo=UTC)


def sheet(proposals: Proposals, number: str = "M-CD1") -> ScoreSheet:
    found: ScoreSheet = ScoreSheet.objects.get(cycle=proposals.cycle, manager__employee_no=number)
    return found


def sign(proposals: Proposals, who: str = "cm", **changed: Any) -> SheetAcknowledgement:
    one = sheet(proposals)
    given: dict[str, Any] = {
        "actor": proposals.user(who), "sheet_id": one.pk, "digest": one.digest, "outcome": Outcome.SIGNED, "remark": "",
        "today": TODAY, "now": NOW,
    }  # fmt: skip
    return sheet_sign(**given | changed)


def refuse(proposals: Proposals, who: str = "mgr", **changed: Any) -> SheetAcknowledgement:
    one, cast = sheet(proposals), proposals.cast
    given: dict[str, Any] = {
        "actor": proposals.user(who), "sheet_id": one.pk, "digest": one.digest, "remark": "当面送签，本人拒绝",
        "witness_ids": (cast.users["hrb"].pk, cast.users["trn"].pk), "today": TODAY, "now": NOW,
    }  # fmt: skip
    return refusal_record(**given | changed)


def refusal(call: Any, *given: Any, **changed: Any) -> dict[str, str]:
    before = (SheetAcknowledgement.objects.count(), Event.objects.count(), Message.objects.count())
    with pytest.raises(ValidationError) as caught:
        call(*given, **changed)
    assert (SheetAcknowledgement.objects.count(), Event.objects.count(), Message.objects.count()) == before
    return {field: str(errors[0].code) for field, errors in caught.value.error_dict.items()}


def told(who: str) -> list[str]:
    return list(
        Message.objects.filter(recipient__username=who, kind="feedback").values_list("title", flat=True)
    )


# --- signing ------------------------------------------------------------------------------------------------------------
def test_the_person_signs_the_version_he_has_read(submitted: Proposals) -> None:
    one = sheet(submitted)
    assert len(one.digest) == 32
    row = sign(submitted)
    assert (row.sheet_id, row.digest, row.outcome, row.by.username, row.at) == (
        one.pk,
        one.digest,
        "signed",
        "cm",
        NOW,
    )
    event = Event.objects.get(kind="sheet.sign")
    assert (event.object_id, event.actor_name, event.after) == (
        str(row.pk), "陈思远（cm）", {"outcome": "signed", "remark": ""},
    )  # fmt: skip
    assert told("mgr") == []


def test_an_objection_says_what_and_his_superior_hears_of_it(submitted: Proposals) -> None:
    assert refusal(sign, submitted, outcome=Outcome.OBJECTED, remark=" ") == {"remark": "missing"}
    sign(submitted, outcome=Outcome.OBJECTED, remark="9 月的销售额少算了一笔")
    assert told("mgr") == ["陈思远对 2025Q4 考核表有异议"]
    message = Message.objects.get(recipient__username="mgr", kind="feedback")
    assert (message.body, message.url) == ("9 月的销售额少算了一笔", f"/score-sheets/{sheet(submitted).pk}/")


def test_nobody_signs_for_another(submitted: Proposals) -> None:
    with pytest.raises(MissingFunction):
        sign(submitted, who="mgr")
    with pytest.raises(ScoreSheet.DoesNotExist):
        sign(submitted, sheet_id=sheet(submitted, "M-CD2").pk)
    with pytest.raises(ValueError, match="supervisor"):
        sign(submitted, outcome=Outcome.REFUSED, remark="x")
    assert not SheetAcknowledgement.objects.exists()


def test_what_he_has_not_read_he_does_not_sign(submitted: Proposals) -> None:
    with pytest.raises(Conflict, match="重新计算"):
        sign(submitted, digest="0" * 32)
    assert not SheetAcknowledgement.objects.exists()


def test_the_same_twice_is_one_signature_and_another_word_is_too_late(submitted: Proposals) -> None:
    assert sign(submitted).pk == sign(submitted).pk
    assert Event.objects.filter(kind="sheet.sign").count() == 1
    with pytest.raises(Conflict, match="陈思远 已于 2026-03-04 11:00 办理，结果是“已签字”"):
        sign(submitted, outcome=Outcome.OBJECTED, remark="后悔了")
    with pytest.raises(Conflict):
        refuse(submitted)


# --- refusing -----------------------------------------------------------------------------------------------------------
def test_the_supervisor_records_a_refusal_before_two_witnesses(submitted: Proposals) -> None:
    row = refuse(submitted)
    assert (row.outcome, row.by.username, row.witness.username, row.second_witness.username) == (
        "refused", "mgr", "hrb", "trn",
    )  # fmt: skip
    assert Event.objects.get(kind="sheet.refuse").after == {
        "outcome": "refused", "remark": "当面送签，本人拒绝", "witness": "冯分行（hrb）", "second_witness": "韩培训（trn）",
    }  # fmt: skip
    assert told("cm") == ["您的 2025Q4 考核表被登记为拒绝签字"]
    assert told("hrb") == told("trn") == ["您被登记为陈思远拒签 2025Q4 考核表的见证人"]


@pytest.mark.parametrize(
    ("witnesses", "codes"),
    [
        (("hrb", "hrb"), {"second_witness": "duplicate"}), (("mgr", "hrb"), {"witness": "own"}),
        (("hrb", "cm"), {"second_witness": "own"}), (("da", "hrb"), {"witness": "not_found"}),
    ],
)  # fmt: skip
def test_witnesses_are_two_others_with_live_accounts(
    submitted: Proposals, cast: Cast, witnesses: tuple[str, str], codes: dict[str, str]
) -> None:
    user_set_active(actor=STAGE, user_id=cast.users["da"].pk, active=False, reason="离职")
    ids = tuple(cast.users[name].pk for name in witnesses)
    assert refusal(refuse, submitted, witness_ids=ids) == codes


def test_the_database_holds_the_same(submitted: Proposals, cast: Cast) -> None:
    one, users = sheet(submitted), cast.users
    given: dict[str, Any] = {"sheet": one, "digest": one.digest, "by": users["mgr"], "at": NOW, "remark": "x"}
    for wrong in (
        {"outcome": "refused", "witness": users["hrb"]},
        {"outcome": "refused", "witness": users["hrb"], "second_witness": users["hrb"]},
        {"outcome": "refused", "witness": users["mgr"], "second_witness": users["hrb"]},
        {"outcome": "signed", "witness": users["hrb"], "second_witness": users["trn"]},
        {"outcome": "objected", "remark": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SheetAcknowledgement.objects.create(**given | wrong)
    SheetAcknowledgement.objects.create(**given, outcome="signed")
    with pytest.raises(IntegrityError), transaction.atomic():
        SheetAcknowledgement.objects.create(**given, outcome="objected")


def test_who_records_a_refusal(submitted: Proposals, cast: Cast) -> None:
    for who in ("hrh", "hrb", "cm"):
        with pytest.raises(MissingFunction):
            refuse(submitted, who=who)
    with pytest.raises(ScoreSheet.DoesNotExist):
        refuse(submitted, who="mgr2")
    assert refusal(refuse, submitted, remark=" ") == {"remark": "missing"}
    declaration_make(
        actor=submitted.user("mgr"), declarant_id=cast.users["mgr"].pk, manager_id=cast.managers["M-CD1"].pk,
        kind=RelationKind.SPOUSE, detail="", today=TODAY, now=NOW,
    )  # fmt: skip
    assert refusal(refuse, submitted) == {"recusal": "recused"}
    assert refuse(submitted, who="mgrbj").outcome == "refused"


def test_a_supervisor_does_nothing_of_it_for_himself(submitted: Proposals) -> None:
    user = submitted.user("mgr")
    User.objects.filter(pk=user.pk).update(employee_no="M-CD2")
    assert refusal(
        refuse, submitted, sheet_id=sheet(submitted, "M-CD2").pk, digest=sheet(submitted, "M-CD2").digest
    ) == {"recusal": "recused"}


# --- a regrading --------------------------------------------------------------------------------------------------------
def test_a_regrading_that_changes_the_sheet_voids_the_signature_and_says_so(submitted: Proposals) -> None:
    first = sign(submitted)
    one = sheet(submitted)
    assert unsigned([one.pk, sheet(submitted, "M-CD2").pk]) == {sheet(submitted, "M-CD2").pk}
    submitted.rate("M-CD1", "75")
    submitted.regrade()
    changed = sheet(submitted)
    assert (changed.pk, changed.digest != first.digest) == (one.pk, True)
    assert signature_of(changed, answers_of(changed)) == Signature.VOID
    assert unsigned([one.pk]) == {one.pk}
    assert told("cm") == ["2025Q4 考核表已重新计算，原签字作废"]
    assert Event.objects.get(kind="sheet.void").after == {"people": 1}
    second = sign(submitted)
    assert (second.pk != first.pk, second.digest) == (True, changed.digest)
    assert signature_of(changed, answers_of(changed)) == Signature.SIGNED
    assert SheetAcknowledgement.objects.filter(sheet=one).count() == 2


def test_a_regrading_that_changes_others_leaves_it(submitted: Proposals) -> None:
    sign(submitted)
    submitted.rate("M-CD2", "60")
    submitted.regrade()
    assert signature_of(sheet(submitted), answers_of(sheet(submitted))) == Signature.SIGNED
    assert told("cm") == []
    assert not Event.objects.filter(kind="sheet.void").exists()


def test_it_is_told_once(submitted: Proposals) -> None:
    sign(submitted)
    submitted.rate("M-CD1", "75")
    submitted.regrade()
    submitted.rate("M-CD2", "60")
    submitted.regrade()
    assert told("cm") == ["2025Q4 考核表已重新计算，原签字作废"]


# --- to-dos -------------------------------------------------------------------------------------------------------------
def items(key: str, user: User) -> list[tuple[str, str, date | None]]:
    source = _sources[key]
    found = source.items(user, TODAY, 50)
    assert source.count(user, TODAY) == len(found)
    return [(one.title, one.url, one.due_on) for one in found]


def test_the_sheet_waits_for_the_person_from_the_submission_for_five_working_days(
    graded_only: Proposals,
) -> None:
    proposals = graded_only
    assert items("sheet_sign", proposals.user("cm")) == []
    proposals.submit(now=datetime(2026, 4, 30, 1, tzinfo=UTC))
    # 5 月 1 日至 5 日放假，5 月 9 日（星期六）上班：6、7、8、9、11.
    due = date(2026, 5, 11)
    assert due_of(datetime(2026, 4, 30, 1, tzinfo=UTC)) == due
    address = f"/score-sheets/{sheet(proposals).pk}/sign/"
    assert items("sheet_sign", proposals.user("cm")) == [("签收 2025Q4 考核表", address, due)]
    sign(proposals)
    assert items("sheet_sign", proposals.user("cm")) == []
    done = _sources["sheet_sign"].done
    assert done is not None
    assert [(one.title, one.state) for one in done(proposals.user("cm"), TODAY, 50)] == [
        ("签收 2025Q4 考核表", "已签字")
    ]


def test_the_supervisor_has_one_line_for_the_round(submitted: Proposals) -> None:
    [(title, url, due)] = items("feedback", submitted.user("mgr"))
    assert (title, due) == ("2025Q4 反馈面谈与签收", date(2026, 3, 9))
    assert url == f"/acknowledgements/?cycle={submitted.cycle.pk}&talk=none"
    [item] = _sources["feedback"].items(submitted.user("mgr"), TODAY, 50)
    assert item.detail == "2 人还没有面谈；2 人还没有签收，拒签的请登记"
    sign(submitted)
    [item] = _sources["feedback"].items(submitted.user("mgr"), TODAY, 50)
    assert item.detail == "2 人还没有面谈；1 人还没有签收，拒签的请登记"
    assert _sources["feedback"].count(submitted.user("hrsh"), TODAY) == 0


def test_counting_costs_one_query(submitted: Proposals) -> None:
    for key, who in (("sheet_sign", "cm"), ("interview_sign", "cm"), ("feedback", "mgr")):
        user = submitted.user(who)
        assert user.access.reaches(SHEET_SIGN) or who == "mgr"
        for call in (lambda s, u: s.count(u, TODAY), lambda s, u: s.items(u, TODAY, 50)):
            with CaptureQueriesContext(connection) as queries:
                call(_sources[key], user)
            assert len(queries) == 1, key
