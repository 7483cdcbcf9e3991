"""Pages of planner, reviewer and head: what they show, what they do, what they refuse, what they cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from customers.approval.services.deciding import plan_return
from customers.planning.models import AllocationMove, LineSide
from customers.registry.models import Customer
from customers.service.models import Ticket
from managers.conduct.models import InterestDeclaration
from tests.approval.world import NOW, Bench
from tests.cast import TODAY

pytestmark = pytest.mark.django_db
SignIn = Callable[[str], Any]
PLAN, REVIEWS, REVIEW = (
    "/allocation-plans/FK-2026-0001/",
    "/allocation-reviews/",
    "/allocation-reviews/FK-2026-0001/",
)
INBOX = "/inbox/"


def text(browser: Any, path: str, status: int = 200) -> str:
    answer = browser.get(path)
    assert answer.status_code == status, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def picks(browser: Any, path: str = REVIEW) -> list[int]:
    """The boxes of a page."""
    found = re.findall(r'name="side" value="(\d+)"', browser.get(path).content.decode())
    return sorted(map(int, found))


def send(browser: Any, verdict: str, sides: list[int] = [], **given: str) -> Any:  # noqa: B006
    body = {
        "side": sides,
        "verdict": verdict,
        "nonce": given.pop("nonce", f"n{verdict}{sides}"[:40]),
        **given,
    }
    return browser.post(f"{REVIEW}answer/", body)


# --- the planner ------------------------------------------------------------------------------------------------------------
def test_the_planner_submits_presses_and_takes_back(found: Bench, signed_in: SignIn) -> None:
    planner = signed_in("cmd")
    assert "提交审批" in text(planner, PLAN)
    page = text(planner, f"{PLAN}submit/")
    assert "移动 4 户、首次分配 1 户" in page
    assert "5 个工作日内答复" in page
    version = found.plan.updated_at.isoformat()
    answer = planner.post(f"{PLAN}submit/", {"nonce": "s1", "version": version})
    assert (answer.status_code, answer["Location"], found.plan.state) == (302, PLAN, "reviewing")
    page = text(planner, PLAN)
    # unit, agreed, refused, waiting
    assert "城东支行 0 0 5 待答复" in page
    assert "城西支行 0 0 3 待答复" in page
    assert "提交审批" in page.split("经过")[1]
    assert planner.post(f"{PLAN}remind/", {"nonce": "r1"})["Location"] == PLAN
    assert "已催办 3 人" in text(planner, PLAN)
    refused = planner.post(f"{PLAN}recall/", {"nonce": "b1", "reason": ""})
    assert (refused.status_code, found.plan.state) == (422, "reviewing")
    planner.post(f"{PLAN}recall/", {"nonce": "b2", "reason": "政策有调整"})
    page = text(planner, PLAN)
    assert found.plan.state == "draft"
    assert "理由：政策有调整" in page
    assert "此前同意 0 项，不同意 0 项，未答复 8 项" in page


def test_a_unit_nobody_reviews_for_is_named(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    LineSide.objects.filter(unit__code="CX").update(unit=found.cast.units["SH"])
    assert "上海分行 没有主管审核" in text(signed_in("cmd"), PLAN)


def test_what_is_refused_to_the_planner_stands_on_the_form(found: Bench, signed_in: SignIn) -> None:
    Customer.objects.filter(customer_no="C-HD").update(owner=None)
    answer = signed_in("cmd").post(f"{PLAN}submit/", {"nonce": "s1"})
    assert answer.status_code == 422
    assert "1 户客户（共 5 户）的主办在计算之后已经变了" in answer.content.decode()


# --- the reviewer -----------------------------------------------------------------------------------------------------------
def test_a_reviewer_sees_his_own_lines_in_groups(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    browser = signed_in("mgr")
    assert "FK-2026-0001 北京分行 部门审核" in text(browser, REVIEWS)
    page = text(browser, REVIEW)
    assert [title for title in ("移出 2", "接收 2", "本机构内调整 1") if title in page] == [
        "移出 2", "接收 2", "本机构内调整 1",
    ]  # fmt: skip
    assert "陈思远（城东支行） → 赵立群（城西支行）" in page
    assert ["专业匹配、区域就近更好", "距离 4.0 公里 → 1.5 公里", "工作量 10 点"][1] in page
    assert "接收方 城西支行：待答复" in page
    assert "待我审核 5" in page
    assert picks(browser) == sorted(
        key for (key,) in LineSide.objects.filter(unit__code="CD").values_list("pk")
    )
    # The other unit's page has its own three, the other branch's none at all.
    assert len(picks(signed_in("mgrcx"))) == 3
    assert text(signed_in("mgrpd"), REVIEW, 404)
    assert "没有涉及您机构的分客方案" in text(signed_in("mgrpd"), REVIEWS)


def test_two_steps_for_a_line(found: Bench, signed_in: SignIn) -> None:
    """A tick and a button; then the page again, with what was said."""
    found.submit()
    browser = signed_in("mgr")
    pick = found.keys(("C-HD", "giving"))
    answer = send(browser, "agreed", pick)
    assert (answer.status_code, answer["Location"]) == (302, REVIEW)
    page = text(browser, REVIEW)
    assert "同意 1 户。" in page
    assert "待我审核 4" in page
    assert "已答复 1" in page
    assert re.search(r"同意 · 李敏（mgr） \d\d-\d\d \d\d:\d\d", text(browser, f"{REVIEW}?tab=answered"))


def test_a_refusal_without_a_reason_comes_back_with_what_was_picked(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    browser = signed_in("mgr")
    pick = found.keys(("C-HD", "giving"), ("C-LI", "both"))
    answer = send(browser, "refused", pick)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "请填写不同意的理由" in page
    assert [f'value="{key}" form="answer" data-pick-line checked' in page for key in pick] == [True, True]
    assert found.sides(verdict="refused") == []
    send(browser, "refused", pick, reason="客户要求由原客户经理服务。", nonce="x")
    assert len(found.sides(verdict="refused")) == 2
    # The other side sees it, and the line is flagged there.
    page = text(signed_in("mgrcx"), REVIEW)
    assert "移出方 城东支行：不同意（客户要求由原客户经理服务。）" in page
    assert "有提示 1" in page
    assert "同意全部 2 户" in page


@pytest.mark.parametrize(
    "body",
    [{}, {"verdict": "agreed"}, {"verdict": "perhaps", "nonce": "n"}, {"verdict": "agreed", "nonce": "n"}],
)
def test_a_form_without_what_it_needs(found: Bench, signed_in: SignIn, body: dict[str, str]) -> None:
    found.submit()
    assert signed_in("mgr").post(f"{REVIEW}answer/", body).status_code == 422
    assert found.sides(verdict="agreed") == []


def test_out_of_scope_and_missing_are_the_same(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    [side] = found.keys(("C-HD", "taking"))
    browser = signed_in("mgr")
    for path in ("/allocation-reviews/FK-NONE/", f"{REVIEW}lines/{side}/", f"{REVIEW}lines/999999999/"):
        assert text(browser, path, 404)
    assert send(browser, "agreed", [side]).status_code == 404
    assert send(signed_in("mgrpd"), "all").status_code == 404
    assert send(signed_in("cmd"), "all").status_code == 403
    assert (
        browser.post("/allocation-reviews/FK-NONE/answer/", {"verdict": "all", "nonce": "n"}).status_code
        == 404
    )


def test_what_is_kept_from_him_is_said(found: Bench, signed_in: SignIn) -> None:
    InterestDeclaration.objects.create(
        declarant=found.people["mgr"], manager=found.cast.managers["M-CX1"], kind="spouse", starts_on=TODAY
    )
    found.submit()
    browser = signed_in("mgr")
    page = text(browser, REVIEW)
    assert "有 3 户须由他人审核" in page
    assert "待我审核 2" in page
    assert "同意全部 2 户" in page
    assert "须由他人审核" in text(browser, f"{REVIEW}?tab=all")
    assert len(picks(browser, f"{REVIEW}?tab=all")) == 2
    page = send(browser, "agreed", found.keys(("C-HD", "giving"))).content.decode()
    assert "选中的有 1 户须由他人审核" in page


def test_why_has_a_page_of_its_own(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    [side] = found.keys(("C-HD", "giving"))
    browser = signed_in("mgr")
    page = text(browser, f"{REVIEW}lines/{side}/")
    assert "为什么是他" in page
    assert "其次人选" in page
    answer = browser.post(
        f"{REVIEW}answer/", {"side": [side], "verdict": "refused", "reason": "有在办业务", "nonce": "w"}
    )
    assert answer["Location"] == REVIEW
    assert found.side("C-HD", "giving").reason == "有在办业务"
    assert "不同意 · 李敏（mgr）" in text(browser, f"{REVIEW}lines/{side}/")
    # 陈思远 is told nothing of it, and the plan's own page of the line stays with who sees the plan.
    assert text(signed_in("cm"), f"{REVIEW}lines/{side}/", 403)
    assert text(browser, f"/allocation-moves/{found.line('C-HD').pk}/", 404)


def test_once_it_is_decided_the_page_only_shows(found: Bench, signed_in: SignIn) -> None:
    found.answered()
    browser = signed_in("mgr")
    page = text(browser, REVIEW)
    assert "方案现在是“领导审批”，不再接受答复" in page
    assert picks(browser) == []
    assert send(browser, "agreed", found.keys(("C-HD", "giving"))).status_code == 409


# --- the head ---------------------------------------------------------------------------------------------------------------
def test_the_head_sees_exactly_what_he_approves(found: Bench, signed_in: SignIn) -> None:
    """城西 keeps its works: with 恒达 and 欧阳 赵立群 is over. Recounted without 欧阳 he is not."""
    row = found.line("C-LI").customer
    Ticket.objects.create(ticket_no="T-1", customer=row, kind="complaint", opened_at=NOW)
    found.submit()
    found.answer("mgr", found.keys(("C-LI", "both")))
    found.answer("mgr")
    found.answer("mgrcx", found.keys(("C-CX", "giving")), "refused", "老客户")
    found.answer("mgrcx")
    head, path = signed_in("ldr"), f"{PLAN}approve/"
    assert "可批准" in text(head, PLAN)
    page = text(head, path)
    assert "赵立群将承担 18 点，超过容量 14 点" in page
    assert "有未办结的投诉" in page
    assert "批准 3 户" in page
    assert "城西机械厂 移出方 城西支行：老客户" in page
    form = {
        "nonce": "h",
        "version": found.plan.updated_at.isoformat(),
        "effective_on": timezone.localdate().isoformat(),
    }
    answer = head.post(path, form)
    assert answer.status_code == 422
    assert "超过容量。请退回方案" in answer.content.decode()
    drop = {"drop": [found.line("C-OY").pk], "despite": [found.line("C-LI").pk]}
    page = head.post(path, form | drop | {"recount": "1"}).content.decode()
    assert "赵立群将承担" not in page
    assert "批准 3 户" in page
    assert head.post(path, form | drop).status_code == 422
    answer = head.post(path, form | drop | {"reason": "城西承接不下"})
    assert (answer.status_code, answer["Location"]) == (302, PLAN)
    assert found.lines() == {
        "C-HD": "approved", "C-LI": "approved", "C-OY": "dropped", "C-CX": "refused", "C-NO": "approved",
    }  # fmt: skip
    page = text(head, PLAN)
    assert "批准 3 户，未批准 1 户，不同意 1 户" in page


def test_the_head_sees_which_group_his_choice_would_split(found: Bench, signed_in: SignIn) -> None:
    """恒达 and 欧阳 go to 赵立群 together."""
    found.answered()
    rows = Customer.objects.filter(customer_no__in=("C-HD", "C-OY"))
    rows.update(group_no="G-1", owner=found.cast.managers["M-CD1"])
    head, path = signed_in("ldr"), f"{PLAN}approve/"
    said = "同一集团的 深圳恒达科技有限公司、欧阳** 会由不同的人管户。"
    assert said not in text(head, path)
    form = {
        "nonce": "h",
        "version": found.plan.updated_at.isoformat(),
        "effective_on": timezone.localdate().isoformat(),
    }
    assert said in head.post(path, form | {"recount": "1", "drop": [found.line("C-HD").pk]}).content.decode()


def test_the_head_returns(found: Bench, signed_in: SignIn) -> None:
    found.answered()
    head = signed_in("ldr")
    assert head.post(f"{PLAN}return/", {"nonce": "x", "reason": "移动过多"})["Location"] == PLAN
    assert found.plan.state == "draft"
    assert "被退回，请调整" in text(signed_in("cmd"), INBOX)
    assert text(signed_in("ldrsh"), f"{PLAN}approve/", 404)
    assert text(head, f"{PLAN}approve/", 409)


def test_many_lines_name_the_others_by_number(found: Bench, signed_in: SignIn, monkeypatch: Any) -> None:
    from customers.approval import views

    monkeypatch.setattr(views, "LISTED", 2)
    found.answered()
    head, path = signed_in("ldr"), f"{PLAN}approve/"
    assert "另不批准的客户编号" in text(head, path)
    form = {"nonce": "h", "effective_on": timezone.localdate().isoformat(), "reason": "x"}
    answer = head.post(path, form | {"others": "C-LI, C-NONE"})
    assert answer.status_code == 422
    assert "C-NONE 不是本方案双方都同意的客户" in answer.content.decode()
    head.post(path, form | {"others": "C-LI、C-NO"})
    assert {number for number, state in found.lines().items() if state == "dropped"} == {"C-LI", "C-NO"}


# --- to-dos -----------------------------------------------------------------------------------------------------------------
def test_what_waits_for_whom(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    page = text(signed_in("mgr"), INBOX)
    assert "审核分客方案 FK-2026-0001" in page
    assert "北京分行 · 待审核 5 户" in page
    assert "FK-2026-0001" not in text(signed_in("mgrpd"), INBOX)
    assert "分客方案 FK-2026-0001" in text(signed_in("cmd"), f"{INBOX}?tab=begun")
    answer = signed_in("mgr").post(f"{REVIEW}answer/", {
        "verdict": "all", "nonce": "i", "version": found.plan.submitted_at.isoformat(), "back": INBOX,
    })  # fmt: skip
    assert answer["Location"] == INBOX
    assert "审核分客方案" not in text(signed_in("mgr"), INBOX)
    assert "分客方案 FK-2026-0001：同意 5 户" in text(signed_in("mgr"), f"{INBOX}?tab=done")
    found.answer("mgrcx")
    assert "审批分客方案 FK-2026-0001" in text(signed_in("ldr"), INBOX)
    found.approve()
    assert "分客方案 FK-2026-0001：批准" in text(signed_in("ldr"), f"{INBOX}?tab=done")


def test_flagged_plans_are_not_agreed_in_place(found: Bench, signed_in: SignIn) -> None:
    found.submit()
    assert b"allocation-reviews/FK-2026-0001/answer/" in signed_in("mgr").get(INBOX).content
    found.answer("mgrcx", found.keys(("C-HD", "taking")), "refused", "x")
    answer = signed_in("mgr").get(INBOX)
    assert b"allocation-reviews/FK-2026-0001/answer/" not in answer.content
    assert "其中 1 户有提示" in answer.content.decode()


# --- cost -------------------------------------------------------------------------------------------------------------------
PAGES = (
    ("mgr", REVIEWS), ("mgr", REVIEW), ("mgr", f"{REVIEW}?tab=all"), ("mgr", INBOX), ("cmd", PLAN), ("ldr", f"{PLAN}approve/"),
    ("ldr", PLAN),
)  # fmt: skip


def cost(browser: Any, path: str) -> int:
    browser.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(path).status_code == 200, path
    return len(queries)


def test_pages_cost_the_same_for_many_lines(found: Bench, signed_in: SignIn) -> None:
    """Five lines, then thirty-five."""
    browsers = {name: signed_in(name) for name in ("mgr", "cmd", "ldr")}

    def all_costs() -> dict[tuple[str, str], int]:
        found.submit()
        costs = {page: cost(browsers[page[0]], page[1]) for page in PAGES if "approve" not in page[1]}
        found.answer("mgr")
        found.answer("mgrcx")
        head = ("ldr", f"{PLAN}approve/")
        costs[head] = cost(browsers["ldr"], head[1])
        costs["ldr", f"{PLAN}#deciding"] = cost(browsers["ldr"], PLAN)
        plan_return(
            actor=found.user("ldr"), plan_id=found.pk, form=found.form(reason="x"), now=NOW, today=TODAY
        )
        return costs

    few = all_costs()
    chen, zhao = found.cast.managers["M-CD1"], found.cast.managers["M-CX1"]
    for n in range(30):
        customer = Customer.objects.create(
            customer_no=f"K-{n:02}", name=f"第{n}公司", unit=found.cast.units["CD"], owner=chen
        )
        AllocationMove.objects.create(
            plan=found.plan, customer=customer, present=chen, proposed=zhao, effort=1, metres=1, metres_before=1,
            fit=[0] * 5, fit_before=[0] * 5, cost=1,
        )  # fmt: skip
    many = all_costs()
    assert many == few
    assert {page: number for page, number in few.items() if number > 25} == {}
