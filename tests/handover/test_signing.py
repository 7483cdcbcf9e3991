"""Three signatures: their order, who may give which, the ways back, and what no form does twice."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.access.roles import Role
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.org.models import Deputyship
from cmsys.workflow.form import Form
from customers.handover.choices import LineKind
from customers.handover.models import Handover
from customers.handover.services.lines import line_arrange, visit_record
from customers.handover.services.signing import (
    handover_accept,
    handover_close,
    handover_decline,
    handover_give,
    handover_return,
    handover_stand_in,
)
from customers.registry.models import Customer
from managers.conduct.models import InterestDeclaration
from managers.profiles.models import RelationshipManager, Status
from tests.handover.world import EFFECTIVE, SIGN_DUE, World, moment, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def open_papers(bank: World) -> World:
    bank.apply()
    return bank


def code(error: ValidationError, field: str) -> str:
    return str(error.error_dict[field][0].code)


def test_a_paper_is_signed_by_three_people_in_order(open_papers: World) -> None:
    bank = open_papers
    with pytest.raises(Conflict, match="待移交人签"):
        bank.sign(handover_accept, "wang")
    with pytest.raises(Conflict, match="待移交人签"):
        bank.sign(handover_close, "mgr")
    paper = bank.sign(handover_give, "cm", day=date(2026, 9, 30))
    assert (paper.state, paper.given_name, paper.given_at) == (
        "given",
        "陈思远（cm）",
        moment(date(2026, 9, 30)),
    )
    paper = bank.sign(handover_accept, "wang", day=date(2026, 10, 8))
    assert (paper.state, paper.taken_by) == ("taken", bank.cast.users["wang"])
    paper = bank.sign(handover_close, "mgr", day=date(2026, 10, 9))
    assert (paper.state, paper.watched_name, paper.watched_at) == (
        "closed",
        "李敏（mgr）",
        moment(date(2026, 10, 9)),
    )
    steps = [
        (step.verb, step.actor_name, step.from_state, step.to_state) for step in paper.steps.order_by("pk")
    ]
    assert steps == [
        ("open", "system:tests", "", "open"), ("give", "陈思远（cm）", "open", "given"), ("take", "王雅琴（wang）", "given", "taken"),
        ("close", "李敏（mgr）", "taken", "closed"),
    ]  # fmt: skip
    signed = ("handover.give", "handover.take", "handover.close")
    kinds = Event.objects.filter(kind__in=signed)
    assert [event.kind for event in kinds.order_by("pk")] == [
        "handover.give",
        "handover.take",
        "handover.close",
    ]
    told = Message.objects.filter(kind="handover").exclude(title__startswith="方案").order_by("pk")
    assert [(one.recipient.username, one.title) for one in told] == [
        ("wang", "YJ-2026-0001 待您接交"),
        ("cm", "YJ-2026-0001 移交办结"),
        ("wang", "YJ-2026-0001 移交办结"),
    ]
    with pytest.raises(Conflict, match="李敏（mgr） 已于 2026-10-09 10:00:00 处理"):
        bank.sign(handover_close, "bjm")


def test_the_same_form_twice_is_one_signature_and_another_act_may_not_use_its_number(
    open_papers: World,
) -> None:
    bank = open_papers
    for _time in range(2):
        bank.sign(handover_give, "cm", nonce="a" * 32)
    assert bank.paper().steps.filter(verb="give").count() == 1
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_accept, "wang", nonce="a" * 32)
    assert code(error.value, "nonce") == "conflict"


def test_who_may_sign_what(open_papers: World) -> None:
    bank = open_papers
    # The other side, somebody else's paper, and those without the function at all.
    for take, who in ((handover_give, "wang"), (handover_accept, "cm")):
        with pytest.raises(Handover.DoesNotExist):
            bank.sign(take, who)
    for who in ("mgr", "cmd", "hrh", "ldr", "nobody"):
        with pytest.raises(MissingFunction):
            bank.sign(handover_give, who)
    bank.sign(handover_give, "cm")
    bank.sign(handover_accept, "wang")
    for who in ("cm", "wang", "cmd", "ldr"):
        with pytest.raises(MissingFunction):
            bank.sign(handover_close, who)
    # 城西's head is not at or above the unit of the taker.
    with pytest.raises(Handover.DoesNotExist):
        bank.sign(handover_close, "cxm")
    assert bank.sign(handover_close, "bjm").state == "closed"


def test_a_relative_or_a_party_does_not_watch_and_is_not_asked_to(open_papers: World) -> None:
    bank = open_papers
    bank.sign(handover_give, "cm")
    bank.sign(handover_accept, "wang")
    assert waiting(bank, "mgr") == {"handover.watch": 1}
    InterestDeclaration.objects.create(
        declarant=bank.cast.users["mgr"],
        manager=bank.cast.managers["M-CD1"],
        kind="in_law",
        starts_on=EFFECTIVE,
    )
    assert waiting(bank, "mgr") == {}
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_close, "mgr")
    assert code(error.value, "recusal") == "recused"
    # The taker became head of the unit: he is a party still.
    head = person(bank.cast, "zhou", "周兼任", Role.MGR, "CD")
    type(head).objects.filter(pk=bank.cast.users["wang"].pk).update(employee_no=None)
    type(head).objects.filter(pk=head.pk).update(employee_no="M-CD2")
    with pytest.raises(ValidationError):
        bank.sign(handover_close, "zhou")
    assert waiting(bank, "zhou") == {}
    assert bank.sign(handover_close, "bjm").state == "closed"


def waiting(bank: World, who: str) -> dict[str, int]:
    """The to-dos of this room, by source."""
    from cmsys.inbox.items import sources_for

    actor = bank.cast.user(who)
    found = {
        one.key: one.count(actor, EFFECTIVE) for one in sources_for(actor) if one.key.startswith("handover.")
    }
    return {key: n for key, n in found.items() if n}


def test_a_deputy_watches_in_the_heads_place_and_keeps_out_where_he_must(open_papers: World) -> None:
    bank = open_papers
    bank.sign(handover_give, "cm")
    bank.sign(handover_accept, "wang")
    Deputyship.objects.create(
        principal=bank.cast.users["mgr"], deputy=bank.cast.users["hrb"], starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1),
        reason="休假",
    )  # fmt: skip
    declared = InterestDeclaration.objects.create(
        declarant=bank.cast.users["mgr"],
        manager=bank.cast.managers["M-CD2"],
        kind="interest",
        starts_on=EFFECTIVE,
    )
    with pytest.raises(ValidationError):
        bank.sign(handover_close, "hrb")
    declared.delete()
    paper = bank.sign(handover_close, "hrb")
    step = paper.steps.get(verb="close")
    assert (step.actor_name, step.on_behalf) == ("冯分行（hrb）", bank.cast.users["mgr"])


def test_the_head_signs_for_a_giver_without_account_before_a_witness_and_does_not_watch_then(
    open_papers: World,
) -> None:
    """赵立群 of 城西 has no account; 陈思远 of 城东 takes."""
    bank = open_papers
    given: Any = {"giver": "M-CX1", "witness": "孙会计", "reason": "没有账号，清单由部门核对"}
    with pytest.raises(Handover.DoesNotExist):
        bank.sign(handover_stand_in, "mgr", **given)  # heads the taker's unit, not the giver's
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_stand_in, "cxm", **given | {"witness": " "})
    assert code(error.value, "witness") == "missing"
    for name in ("赵立群", "陈思远", "许城西"):
        with pytest.raises(ValidationError) as error:
            bank.sign(handover_stand_in, "cxm", **given | {"witness": name})
        assert code(error.value, "witness") == "concerned"
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_stand_in, "cxm", **given | {"reason": ""})
    assert code(error.value, "reason") == "missing"
    paper = bank.sign(handover_stand_in, "bjm", **given)
    assert (paper.state, paper.given_name, paper.witness) == ("given", "高分行（bjm）", "孙会计")
    assert paper.steps.get(verb="stand-in").data == {"witness": "孙会计"}
    bank.sign(handover_accept, "cm", giver="M-CX1")
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_close, "bjm", giver="M-CX1")
    assert code(error.value, "recusal") == "signed_before"
    assert waiting(bank, "bjm") == {}
    assert bank.sign(handover_close, "mgr", giver="M-CX1").state == "closed"


def test_a_giver_at_work_signs_himself_until_his_day_is_over(open_papers: World) -> None:
    bank = open_papers
    given = {"witness": "孙会计", "reason": "不签"}
    assert waiting(bank, "mgr") == {}
    with pytest.raises(ValidationError) as error:
        bank.sign(handover_stand_in, "mgr", day=SIGN_DUE, **given)
    assert code(error.value, "giver") == "present"
    assert bank.sign(handover_stand_in, "mgr", day=date(2026, 10, 20), **given).state == "given"


def test_a_giver_who_has_left_is_signed_for(open_papers: World) -> None:
    bank = open_papers
    RelationshipManager.objects.filter(employee_no="M-CD1").update(status=Status.LEFT)
    assert waiting(bank, "mgr") == {"handover.watch": 1}
    assert bank.sign(handover_stand_in, "mgr", witness="孙会计", reason="已离职").state == "given"


@pytest.mark.parametrize("back", ["decline", "return"])
def test_sent_back_with_a_reason_everybody_signs_anew(open_papers: World, back: str) -> None:
    bank = open_papers
    bank.sign(handover_give, "cm")
    take, who = handover_decline, "wang"
    if back == "return":
        bank.sign(handover_accept, "wang")
        take, who = handover_return, "mgr"
    with pytest.raises(ValidationError) as error:
        bank.sign(take, who)
    assert code(error.value, "reason") == "missing"
    paper = bank.sign(take, who, reason="缺合同原件")
    assert (paper.state, paper.given_by, paper.given_at, paper.taken_by, paper.taken_name) == (
        "open",
        None,
        None,
        None,
        "",
    )
    told = Message.objects.filter(body="缺合同原件").values_list("recipient__username", flat=True)
    assert sorted(told) == (["cm"] if back == "decline" else ["cm", "wang"])
    bank.sign(handover_give, "cm")
    bank.sign(handover_accept, "wang")
    assert bank.sign(handover_close, "mgr").state == "closed"


def test_somebody_who_looked_at_an_older_version_is_told(open_papers: World) -> None:
    bank = open_papers
    seen = bank.paper().updated_at.isoformat()
    arrange(bank, "C-LI", "full")
    with pytest.raises(Conflict, match="您打开之后，李敏（mgr） 又办理过"):
        handover_give(
            actor=bank.cast.user("cm"),
            handover_id=bank.paper().pk,
            form=Form(version=seen),
            now=moment(EFFECTIVE),
            today=EFFECTIVE,
        )


# --- one line -----------------------------------------------------------------------------------------------------------
def arrange(bank: World, number: str, kind: str, reason: str = "", who: str = "mgr") -> None:
    line_arrange(
        actor=bank.cast.user(who),
        line_id=bank.line(number).pk,
        kind=kind,
        form=Form(reason=reason),
        now=moment(EFFECTIVE),
        today=EFFECTIVE,
    )


def test_a_head_says_what_passes_before_anybody_signs(open_papers: World) -> None:
    bank = open_papers
    owner = Customer.objects.get(customer_no="C-LI").owner
    arrange(bank, "C-HD", "full")
    with pytest.raises(ValidationError) as error:
        arrange(bank, "C-LI", "stay")
    assert code(error.value, "reason") == "missing"
    with pytest.raises(ValidationError) as error:
        arrange(bank, "C-HD", "full")
    assert code(error.value, "kind") == "unchanged"
    arrange(bank, "C-LI", "stay", "贷款逾期，暂不更换")
    assert (bank.paper().stays, bank.line("C-LI").kind, bank.line("C-HD").kind) == (
        1,
        LineKind.STAY,
        LineKind.FULL,
    )
    # Nobody was moved: customers management is asked.
    assert Customer.objects.get(customer_no="C-LI").owner == owner
    message = Message.objects.get(title="YJ-2026-0001：李** 申请不移交")
    assert message.recipient.username == "cmd"
    assert message.body == "原因：贷款逾期，暂不更换。主办仍是王雅琴；同意的，请在客户页登记归属改回。"
    bank.sign(handover_give, "cm")
    with pytest.raises(Conflict):
        arrange(bank, "C-HD", "care")


def test_who_may_say_what_passes(open_papers: World) -> None:
    bank = open_papers
    for who in ("cm", "wang", "cmd", "ldr"):
        with pytest.raises(MissingFunction):
            arrange(bank, "C-HD", "full", who=who)
    # C-CX goes from 城西 to 城东: the heads of both may, that of 城西 has nothing to do with C-HD.
    arrange(bank, "C-CX", "full", who="cxm")
    arrange(bank, "C-CX", "care", who="mgr")
    with pytest.raises(Exception, match="does not exist"):
        arrange(bank, "C-HD", "full", who="cxm")


def test_the_joint_visit_is_noted_by_either_side(open_papers: World) -> None:
    bank = open_papers

    def visit(who: str, on: date, note: str = "见了财务总监") -> None:
        visit_record(
            actor=bank.cast.user(who),
            line_id=bank.line("C-HD").pk,
            on=on,
            note=note,
            now=moment(EFFECTIVE),
            today=EFFECTIVE,
        )

    for on, note, field in ((date(2026, 9, 30), "x", "on"), (EFFECTIVE, " ", "note")):
        with pytest.raises(ValidationError) as error:
            visit("cm", on, note)
        assert field in error.value.error_dict
    visit("cm", date(2026, 9, 28))
    visit("wang", EFFECTIVE, "已介绍")
    line = bank.line("C-HD")
    assert (line.visit_on, line.visit_note, line.visit_by) == (EFFECTIVE, "已介绍", "王雅琴（wang）")
    assert Event.objects.filter(kind="handover.visit").count() == 2
    arrange(bank, "C-HD", "stay", "投诉未办结")
    with pytest.raises(ValidationError):
        visit("cm", EFFECTIVE)
