"""First contacts: recorded once by the owner, and told when they are missing."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from cmsys.access.actors import MissingFunction
from cmsys.access.refusals import Conflict
from cmsys.access.roles import Role
from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from cmsys.jobs.documents import Empty
from cmsys.jobs.kinds import Run, kind_of
from cmsys.workflow.form import Form
from customers.handover.models import FirstContact
from customers.handover.services.contacts import contact_record, contacts_escalate
from tests.cast import STAGE
from tests.handover.world import CONTACT_DUE, EFFECTIVE, World, moment, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def owed(bank: World) -> World:
    bank.apply()
    return bank


def record(
    bank: World,
    number: str,
    who: str = "wang",
    *,
    on: date = EFFECTIVE,
    today: date = EFFECTIVE,
    nonce: str = "n1",
) -> FirstContact:
    return contact_record(
        actor=bank.cast.user(who), contact_id=bank.contact(number).pk, channel="phone", on=on, note=" 已约下周见面 ",
        form=Form(nonce=nonce), now=moment(today, 11), today=today,
    )  # fmt: skip


def test_the_owner_records_his_first_contact_once(owed: World) -> None:
    done = record(owed, "C-HD", today=date(2026, 10, 8), on=date(2026, 9, 30))
    assert (done.done_on, done.channel, done.note, done.done_name.partition("（")[0]) == (
        date(2026, 9, 30),
        "phone",
        "已约下周见面",
        "王雅琴",
    )
    assert record(owed, "C-HD", today=date(2026, 10, 9)).done_at == moment(date(2026, 10, 8), 11)
    with pytest.raises(Conflict, match="王雅琴（wang） 已于 2026-09-30 联系过"):
        record(owed, "C-HD", nonce="n2")
    with pytest.raises(ValidationError):
        record(owed, "C-LI", nonce="n1")


def test_what_a_customer_has_against_the_change_is_kept_and_told_to_customers_management(owed: World) -> None:
    contact, form = owed.contact("C-HD"), Form(nonce="n1")
    given = {
        "contact_id": contact.pk,
        "channel": "phone",
        "on": EFFECTIVE,
        "note": "",
        "now": moment(EFFECTIVE, 11),
        "today": EFFECTIVE,
    }
    done = contact_record(actor=owed.cast.user("wang"), objection=" 希望仍由陈经理负责 ", form=form, **given)
    contact_record(actor=owed.cast.user("wang"), objection="希望仍由陈经理负责", form=form, **given)
    assert done.objection == "希望仍由陈经理负责"
    [letter] = Message.objects.filter(
        key=f"first_contact:objection:{contact.pk}", recipient=owed.cast.user("cmd")
    )
    assert (letter.title, letter.body) == (
        "深圳恒达科技有限公司（C-HD） 对换主办有异议",
        "希望仍由陈经理负责",
    )
    [event] = Event.objects.filter(kind="first_contact.record")
    assert event.after["objection"] is True  # what a customer says is for who answers him, not for the ledger
    record(owed, "C-LI", nonce="n2")
    assert not Message.objects.filter(key=f"first_contact:objection:{owed.contact('C-LI').pk}").exists()


def test_nobody_else_records_it(owed: World) -> None:
    with pytest.raises(FirstContact.DoesNotExist):
        record(owed, "C-HD", "cm")
    for who in ("mgr", "cmd", "ldr"):
        with pytest.raises(MissingFunction):
            record(owed, "C-HD", who)


@pytest.mark.parametrize("on", [date(2026, 9, 28), date(2026, 10, 9)])
def test_a_day_before_the_customer_was_given_or_after_today_is_refused(owed: World, on: date) -> None:
    with pytest.raises(ValidationError) as error:
        record(owed, "C-HD", on=on, today=date(2026, 10, 8))
    assert error.value.error_dict["on"][0].code == "outside"


def test_what_was_cancelled_is_not_recorded(owed: World) -> None:
    owed.revert("C-HD")
    with pytest.raises(Conflict, match="不需要再联系"):
        record(owed, "C-HD")


def escalate(day: date) -> tuple[int, int]:
    return contacts_escalate(actor=STAGE, now=moment(day, 7), today=day)


def told(prefix: str = "") -> list[tuple[str, str, str]]:
    rows = Message.objects.filter(key__startswith="first_contact:", title__contains=prefix).order_by("pk")
    return [(one.recipient.username, one.title, one.body) for one in rows]


def test_missing_contacts_are_told_once_to_the_head_and_once_to_management(owed: World) -> None:
    """Due on Monday 12 October. 王雅琴 owes three, 陈思远 one; C-HD is contacted in time."""
    record(owed, "C-HD", today=date(2026, 10, 12), on=date(2026, 10, 12))
    assert escalate(CONTACT_DUE) == (0, 0)
    assert escalate(date(2026, 10, 13)) == (3, 0)
    assert told() == [
        ("mgr", "3 户客户逾期未首次联系", "陈思远 1 户、王雅琴 2 户"),
        ("cm", "您有 1 户客户逾期未首次联系，请尽快联系", ""),
        ("wang", "您有 2 户客户逾期未首次联系，请尽快联系", ""),
    ]
    assert escalate(date(2026, 10, 13)) == escalate(date(2026, 10, 14)) == (0, 0)
    record(owed, "C-LI", today=date(2026, 10, 14), on=date(2026, 10, 14), nonce="n2")
    # Two working days after the 12th are over with the 14th.
    assert escalate(date(2026, 10, 15)) == (0, 2)
    assert told()[3:] == [("cmd", "2 户客户逾期两个工作日仍未首次联系", "城东支行 2 户")]
    assert escalate(date(2026, 10, 15)) == escalate(date(2026, 10, 16)) == (0, 0)
    assert len(told()) == 4


def test_the_head_nearest_above_is_told_and_never_of_himself(owed: World) -> None:
    """城东's own head has 王雅琴's number: of her, 北京分行's head hears."""
    head = person(owed.cast, "both", "王雅琴兼", Role.MGR, "CD")
    users = type(head).objects
    users.filter(username__in=("mgr",)).update(is_active=False)
    users.filter(pk=owed.cast.users["wang"].pk).update(employee_no=None)
    users.filter(pk=head.pk).update(employee_no="M-CD2")
    escalate(date(2026, 10, 13))
    assert sorted(told("户客户逾期未首次联系"))[:2] == [
        ("bjm", "3 户客户逾期未首次联系", "王雅琴 3 户"),
        ("both", "1 户客户逾期未首次联系", "陈思远 1 户"),
    ]


def test_the_job_tells_and_counts(owed: World) -> None:
    kind = kind_of("handover.escalate")
    assert kind is not None
    chunk = kind.step(Run(1, "x", STAGE, Empty(), None, moment(date(2026, 10, 20), 7)))
    assert (chunk.cursor, chunk.message) == (None, "上报主管 4 户，上报客户管理 4 户")
