"""What comes about when a plan is carried out, and what goes when it is taken back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cmsys.audit.models import Event
from cmsys.inbox.models import Message
from customers.engagement.models import Contract, CustomerQuarter, Opportunity
from customers.handover.brief import agenda, last_quarters
from customers.handover.models import FirstContact, Handover, HandoverLine
from customers.registry.services.assignments import assignment_begin, assignment_withdraw
from customers.service.models import Ticket
from tests.handover.world import CONTACT_DUE, EFFECTIVE, NOW, SIGN_DUE, World, moment

pytestmark = pytest.mark.django_db


def test_a_plan_makes_a_paper_for_each_pair_and_a_contact_for_each_customer(bank: World) -> None:
    bank.apply()
    papers = [
        (h.number, h.giver.name, h.taker.name, h.customers, h.unit.code, h.cutoff_on, h.due_on)
        for h in Handover.objects.order_by("serial")
    ]
    assert papers == [
        ("YJ-2026-0001", "陈思远", "王雅琴", 2, "CD", EFFECTIVE, SIGN_DUE),
        ("YJ-2026-0002", "赵立群", "陈思远", 1, "CD", EFFECTIVE, SIGN_DUE),
    ]
    contacts = FirstContact.objects.order_by("customer__customer_no").values_list(
        "customer__customer_no", "manager__name", "begins_on", "due_on", "handover__number"
    )
    assert list(contacts) == [
        ("C-CX", "陈思远", EFFECTIVE, CONTACT_DUE, "YJ-2026-0002"),
        ("C-HD", "王雅琴", EFFECTIVE, CONTACT_DUE, "YJ-2026-0001"),
        ("C-LI", "王雅琴", EFFECTIVE, CONTACT_DUE, "YJ-2026-0001"),
        ("C-NO", "王雅琴", EFFECTIVE, CONTACT_DUE, None),
    ]
    event = Event.objects.get(kind="handover.open")
    assert event.after == {"handovers": 2, "customers": 3, "first_contacts": 4}
    # 陈思远 gives and takes, 王雅琴 takes; 赵立群 has no account.
    told = sorted(Message.objects.filter(kind="handover").values_list("recipient__username", "title"))
    assert told == [
        ("cm", "方案 FK-2026-0001：您有客户移交他人，请签移交单"),
        ("cm", "方案 FK-2026-0001：有客户分给您，请在 2026-10-12 前首次联系"),
        ("wang", "方案 FK-2026-0001：有客户分给您，请在 2026-10-12 前首次联系"),
    ]


def test_two_chunks_of_a_plan_are_one_paper_and_told_twice_is_once(bank: World) -> None:
    bank.apply("C-HD")
    bank.apply("C-LI", "C-CX")
    bank.apply("C-HD", "C-LI", "C-NO")
    bank.apply()
    assert Handover.objects.count() == 2
    paper = bank.paper()
    assert (paper.customers, paper.lines.count()) == (2, 2)
    assert [step.verb for step in paper.steps.order_by("pk")] == ["open", "extend"]
    assert FirstContact.objects.count() == 4
    assert Message.objects.filter(kind="handover", recipient__username="wang").count() == 1


def test_what_was_signed_gets_no_more_customers(bank: World) -> None:
    from customers.handover.services.signing import handover_give

    bank.apply("C-HD")
    bank.sign(handover_give, "cm")
    bank.apply("C-LI")
    assert list(Handover.objects.order_by("serial").values_list("number", "state", "customers")) == [
        ("YJ-2026-0001", "given", 1),
        ("YJ-2026-0002", "open", 1),
    ]


def test_taken_back_papers_and_contacts_are_cancelled_but_not_what_is_done(bank: World) -> None:
    bank.apply()
    done = bank.contact("C-HD")
    done.done_on, done.done_at, done.channel = EFFECTIVE, NOW, "phone"
    done.save()
    bank.revert("C-HD", "C-LI")
    states = dict(Handover.objects.values_list("giver__employee_no", "state"))
    assert states == {"M-CD1": "cancelled", "M-CX1": "open"}
    cancelled = FirstContact.objects.filter(cancelled_at=moment(EFFECTIVE, 15)).values_list(
        "customer__customer_no", "cancel_reason"
    )
    assert list(cancelled) == [("C-LI", "方案 FK-2026-0001 已撤回")]
    assert not FirstContact.objects.filter(
        customer__customer_no__in=("C-HD", "C-LI"), assignment__isnull=False
    ).exists()
    bank.revert("C-CX", "C-NO")
    assert dict(Handover.objects.values_list("giver__employee_no", "state")) == {
        "M-CD1": "cancelled",
        "M-CX1": "cancelled",
    }
    assert FirstContact.objects.filter(cancelled_at__isnull=True).get() == done
    told = Message.objects.filter(title__contains="已撤回").values_list("recipient__username", flat=True)
    assert sorted(told) == ["cm", "wang"]
    bank.revert()
    assert [step.verb for step in bank.paper().steps.order_by("pk")] == ["open", "cancel"]


def test_a_closed_paper_stays_closed(bank: World) -> None:
    bank.apply()
    Handover.objects.filter(giver__employee_no="M-CD1").update(
        state="closed",
        given_by=bank.cast.users["cm"],
        given_at=NOW,
        taken_by=bank.cast.users["wang"],
        taken_at=NOW,
        watched_by=bank.cast.users["mgr"],
        watched_at=NOW,
    )
    bank.revert()
    assert bank.paper().state == "closed"


def test_the_figures_at_the_cut_off(bank: World) -> None:
    customer = bank.stage.customers["C-HD"]

    def contract(
        number: str, starts: date | None, ends: date | None, amount: str, signed: date = date(2025, 1, 1)
    ) -> None:
        Contract.objects.create(
            contract_no=number,
            customer=customer,
            amount=Decimal(amount),
            signed_on=signed,
            starts_on=starts,
            ends_on=ends,
        )

    contract("H-1", date(2025, 1, 1), None, "1000.50")
    contract("H-2", date(2025, 1, 1), date(2026, 12, 28), "200.00")  # 90 days after 29 September
    contract("H-3", date(2025, 1, 1), date(2026, 12, 29), "40.00")  # the 91st
    contract("H-4", date(2025, 1, 1), EFFECTIVE, "7.00")  # ended: the day itself is excluded
    contract("H-5", None, None, "3.00")  # in force since it was signed
    contract("H-6", None, None, "9.00", signed=date(2026, 9, 30))  # signed after
    for first, fen in (
        (date(2025, 7, 1), 999),
        (date(2025, 10, 1), 100),
        (date(2026, 1, 1), 200),
        (date(2026, 4, 1), 300),
        (date(2026, 7, 1), 5000),
    ):
        CustomerQuarter.objects.create(customer=customer, quarter=first, amount_fen=fen, transactions=1)
    for number, stage, amount, opened in (
        ("O-1", "engaging", "500.00", date(2026, 9, 1)),
        ("O-2", "proposal", None, None),
        ("O-3", "won", "900.00", date(2026, 1, 1)),
        ("O-4", "prospecting", "70.00", date(2026, 9, 30)),
    ):
        Opportunity.objects.create(
            opportunity_no=number,
            customer=customer,
            stage=stage,
            amount=Decimal(amount) if amount else None,
            opened_on=opened,
        )
    for number, kind, resolved in (
        ("T-1", "complaint", None),
        ("T-2", "inquiry", None),
        ("T-3", "complaint", NOW),
    ):
        Ticket.objects.create(
            ticket_no=number,
            customer=customer,
            kind=kind,
            opened_at=moment(date(2026, 9, 1)),
            resolved_at=resolved,
        )
    bank.apply()
    assert bank.line("C-HD").snapshot == {
        # H-1, H-2, H-3, H-5
        "contracts": {"n": 4, "fen": 124350},
        "renewals": {"n": 1, "fen": 20000},
        # 29 September lies in 2026Q3: the four whole quarters before it end with 2026Q2.
        "revenue": [
            {"quarter": "2025-07-01", "fen": 999},
            {"quarter": "2025-10-01", "fen": 100},
            {"quarter": "2026-01-01", "fen": 200},
            {"quarter": "2026-04-01", "fen": 300},
        ],
        "opportunities": {"n": 2, "fen": 50000},
        "tickets": {"n": 2, "complaints": 1},
        "contacts": 2,
    }
    assert bank.line("C-LI").snapshot["contracts"] == {"n": 0, "fen": 0}
    points = agenda(
        bank.line("C-HD").snapshot, taker="王雅琴", cutoff_on=EFFECTIVE, contacts=["刘芳", "张建国"]
    )
    assert points == [
        "未办结投诉 1 件：当面说明处理进展，确认客户诉求和答复时间",
        "介绍接交人王雅琴，说明自 2026-09-29 起由其管户；客户有异议的，记下原因",
        "其他未办结工单 1 件：交代进度和下一步",
        "90 天内到期合同 1 份，¥200.00：商定续签安排",
        "在谈商机 2 个，¥500.00：确认需求、竞争情况和下一步",
        "其余在执行合同 3 份：核对履约和收款",
        "联系人 2 位（刘芳、张建国）：核对联系方式，介绍接交人",
    ]


def test_the_agenda_asks_why_the_last_quarter_fell() -> None:
    shot: Any = {
        "contracts": {"n": 0, "fen": 0},
        "renewals": {"n": 0, "fen": 0},
        "opportunities": {"n": 0, "fen": 0},
        "tickets": {"n": 0, "complaints": 0},
        "contacts": 0,
        "revenue": [{"quarter": "", "fen": fen} for fen in (300, 300, 300, 149)],
    }
    said = agenda(shot, taker="甲", cutoff_on=EFFECTIVE)
    assert said[1:] == [
        "最近一个季度业绩 ¥1.49，不到此前季均的一半：了解原因",
        "没有登记联系人：请客户指定联系人并登记",
    ]
    shot["revenue"][-1]["fen"] = 150
    assert len(agenda(shot, taker="甲", cutoff_on=EFFECTIVE)) == 2


def test_last_quarters_cross_the_year() -> None:
    assert last_quarters(date(2026, 3, 31)) == [
        date(2025, 1, 1),
        date(2025, 4, 1),
        date(2025, 7, 1),
        date(2025, 10, 1),
    ]
    assert last_quarters(date(2026, 12, 31))[-1] == date(2026, 7, 1)


def test_a_chunk_costs_the_same_for_one_line_and_for_many(bank: World) -> None:
    def cost(*numbers: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            bank.apply(*numbers)
        return len(queries)

    many = cost("C-HD", "C-LI", "C-CX")
    assert many <= 32
    HandoverLine.objects.all().delete()
    FirstContact.objects.all().delete()
    Handover.objects.all().delete()
    assert cost("C-HD") == many


# --- by hand ------------------------------------------------------------------------------------------------------------
def begin(bank: World, number: str, employee_no: str, starts_on: date, today: date = EFFECTIVE) -> int:
    return assignment_begin(
        actor=bank.cast.user("cmd"), today=today, customer_id=bank.stage.customers[number].pk, role="primary",
        manager_id=bank.cast.managers[employee_no].pk, starts_on=starts_on, reason="调整",
    ).pk  # fmt: skip


def test_an_owner_entered_by_hand_opens_a_paper_of_the_day(bank: World) -> None:
    day = date(2026, 9, 30)
    begin(bank, "C-OY", "M-CD1", day)
    begin(bank, "C-PD", "M-CX1", day)
    papers = Handover.objects.order_by("serial").values_list(
        "giver__name", "taker__name", "cutoff_on", "plan", "customers"
    )
    assert list(papers) == [("王雅琴", "陈思远", day, None, 1), ("周婷", "赵立群", day, None, 1)]
    # C-HD is 王雅琴's by now: another customer of the same day and pair stands on the same paper.
    begin(bank, "C-HD", "M-CD1", day)
    assert Handover.objects.get(giver__name="王雅琴").customers == 2
    # Five working days after 30 September.
    assert bank.contact("C-OY").due_on == date(2026, 10, 13)
    assert [m.title for m in Message.objects.filter(recipient__username="wang", title__contains="欧阳")] == [
        "欧阳**移交陈思远，请签移交单"
    ]


def test_records_of_the_past_open_nothing(bank: World) -> None:
    begin(bank, "C-OY", "M-CD1", date(2026, 8, 29))
    assert not Handover.objects.exists()
    assert not FirstContact.objects.exists()
    begin(bank, "C-PD", "M-CX1", date(2026, 8, 30))
    assert Handover.objects.count() == FirstContact.objects.count() == 1


def test_a_later_owner_makes_the_first_contact_of_the_one_before_needless(bank: World) -> None:
    bank.apply()
    begin(bank, "C-HD", "M-CX1", date(2026, 9, 30))
    first, second = FirstContact.objects.filter(customer__customer_no="C-HD").order_by("pk")
    assert (first.manager.name, first.cancel_reason, second.manager.name) == (
        "王雅琴",
        "客户已换主办",
        "赵立群",
    )


def test_an_owner_withdrawn_before_his_first_day_takes_back_what_he_opened(bank: World) -> None:
    day = date(2026, 10, 8)
    pk = begin(bank, "C-OY", "M-CD1", day)
    other = begin(bank, "C-HD", "M-CD1", day)
    paper = bank.paper("M-CD2")
    for key in (pk, other):
        assignment_withdraw(
            actor=bank.cast.user("cmd"), today=EFFECTIVE, assignment_id=key, reason="登记有误"
        )
        paper.refresh_from_db()
        assert (paper.customers, paper.stays, paper.state) == (
            (2, 1, "open") if key == pk else (2, 2, "cancelled")
        )
    assert {one.cancel_reason for one in FirstContact.objects.all()} == {"归属登记已取消"}
