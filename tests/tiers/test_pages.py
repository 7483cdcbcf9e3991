"""Pages and resources: what a reader finds, from the document to the reasons of a line; what lists cost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cmsys.api.services.clients import client_create
from customers.registry.models import Customer, TierHold
from customers.tiers.models import TierChange, TierRule, TierRun
from tests.cast import STAGE, TODAY, Cast
from tests.customers.stage import Register, thirty_customers
from tests.permissions.house import token_of
from tests.tiers.world import ran, rule, run_jobs, text

pytestmark = pytest.mark.django_db
SignedIn = Callable[[str], Client]
PAGE_LIMIT, API_LIMIT = 25, 10


def said(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs asked for on a page are of the cast's day."""
    monkeypatch.setattr("customers.tiers.views.timezone.localdate", lambda *_given: TODAY)


def test_from_the_document_to_the_tiers_of_customers(cast: Cast, bank: Register, signed_in: SignedIn) -> None:
    cmd = signed_in("cmd")
    refused = cmd.post("/tier-rules/import/", {"document": text(hysteresis={"runs": 1})})
    assert refused.status_code == 422
    assert "hysteresis.runs：应是 2 到 12 的整数，收到的是 1" in said(refused)
    assert cmd.post("/tier-rules/import/", {"document": text()}).status_code == 302
    made = TierRule.objects.get()
    url = f"/tier-rules/{made.pk}/"
    page = said(cmd.get(url))
    for part in (
        "还没有试算",
        "满 2,000 万元：100 点",
        "满 24 笔：100 点",
        "得分满 60",
        "不设缓冲",
        "中小企业",
    ):
        assert part in page, part
    assert "建议先试算" in said(cmd.get(f"{url}adopt/"))
    # Tried: who would change is there before anything is adopted.
    assert cmd.post(f"{url}trial/", {}).status_code == 302
    run_jobs()
    trial = TierRun.objects.get()
    assert "0 户上调，1 户下调，1 户首次分级" in said(cmd.get(url))
    assert "最近一次试算" in said(cmd.get(f"{url}adopt/"))
    assert f"/tier-runs/{trial.number}/apply/" not in said(cmd.get(f"/tier-runs/{trial.number}/"))
    assert cmd.post(f"{url}adopt/", {"reason": "办公会通过"}).status_code == 302
    # Run, looked at, applied.
    answer = cmd.post(f"{url}run/")
    assert "正在计算" in said(cmd.get(answer["Location"]))
    run_jobs()
    page = cmd.get(answer["Location"])
    run = TierRun.objects.get(purpose="proposal")
    assert f"/tier-changes/?run={run.number}&amp;before=A&amp;after=C" in page.content.decode()
    assert f"/tier-changes/?run={run.number}&amp;before=none&amp;after=B" in page.content.decode()
    inbox = said(cmd.get("/inbox/"))
    assert f"批次 {run.number} · 0 户上调，1 户下调，1 户首次分级" in inbox
    listed = said(cmd.get(f"/tier-changes/?run={run.number}&before=A&after=C"))
    assert "浦东港务集团" in listed
    assert "无主贸易公司" not in listed
    assert "无主贸易公司" in said(cmd.get(f"/tier-changes/?run={run.number}&before=none&after=B"))
    assert cmd.post(f"/tier-runs/{run.number}/apply/", {"reason": "通过"}).status_code == 302
    run_jobs()
    assert "已写入 2 户" in said(cmd.get(answer["Location"]))
    assert cmd.post(f"/tier-runs/{run.number}/discard/", {"reason": "晚了"}).status_code == 409
    assert "100 / 5" not in said(cmd.get("/tier-rules/"))


def test_the_reasons_of_a_line_add_up(cast: Cast, bank: Register, signed_in: SignedIn) -> None:
    """C-HD: 6 000 000 yuan 80 points, 500 000 yuan 60, 12 transactions 60: 32 + 18 + 12 = 62."""
    run = ran(rule(tiers=[{"code": "A", "score": 70}, {"code": "B", "score": 40.5}, {"code": "C"}]))
    line = TierChange.objects.get(run=run, customer__customer_no="C-HD")
    page = said(signed_in("mgr").get(f"/tier-changes/{line.pk}/"))
    for part in ("深圳恒达科技有限公司：A 级 → B 级", "600 万元", "50 万元", "12 笔", ">32<", ">18<", ">12<", "<b>62</b>", "得分满 40.5", "1 / 4"):  # fmt: skip
        assert part in page, part
    assert signed_in("cm").get(f"/tier-changes/{line.pk}/").status_code == 200
    assert signed_in("hrh").get(f"/tier-changes/{line.pk}/").status_code == 403


def test_a_supervisor_sees_the_lines_of_his_own_units(
    cast: Cast, bank: Register, signed_in: SignedIn
) -> None:
    run = ran(rule(tiers=[{"code": "A", "score": 70}, {"code": "B", "score": 65}, {"code": "C"}]))
    mgr = signed_in("mgr")
    listed = said(mgr.get(f"/tier-changes/?run={run.number}"))
    assert "深圳恒达科技有限公司" in listed
    assert "浦东港务集团" not in listed
    assert f"/tier-runs/{run.number}/apply/" not in said(mgr.get(f"/tier-runs/{run.number}/"))
    # Whoever may not list customers gets the figures without the way to names.
    hrh = signed_in("hrh").get(f"/tier-runs/{run.number}/").content.decode()
    assert "3 户下调" in hrh
    assert "/tier-changes/" not in hrh


def test_the_customers_page_says_where_the_tier_comes_from(
    cast: Cast, bank: Register, signed_in: SignedIn
) -> None:
    cmd = signed_in("cmd")
    assert "还没有按规则分级的记录" in said(cmd.get("/customers/C-HD/"))
    body = {"tier": str(cast.tiers["A"].pk), "until": "2026-12-31", "reason": "战略客户"}
    early = cmd.post("/customers/C-PD/tier/", body | {"until": "2020-01-01"})
    assert early.status_code == 422
    assert "有效期须晚于今天" in said(early)
    hold = TierHold.objects.create(
        customer=bank.customers["C-PD"], tier=cast.tiers["A"], reason="战略客户", set_by="蒋客管"
    )
    run = ran(rule(tiers=[{"code": "A", "score": 70}, {"code": "B", "score": 40.5}, {"code": "C"}]))
    page = said(cmd.get("/customers/C-PD/"))
    for part in (
        "分级依据",
        "战略客户（蒋客管，一直有效）规则不改动",
        "A 级 → C 级",
        "手工评定，不调整",
        "解除，交还规则决定",
    ):
        assert part in page, part
    page = said(cmd.get("/customers/C-HD/"))
    assert "A 级 → B 级</a> 得分 62 · 2026-03-02" in page
    assert cmd.post("/customers/C-PD/tier/release/", {"reason": "合作结束"}).status_code == 302
    hold.refresh_from_db()
    assert hold.released_at is not None
    assert "解除手工分级" in said(cmd.get("/customers/C-PD/"))
    assert "解除，交还规则决定" not in said(signed_in("mgr").get("/customers/C-HD/"))
    assert run.held_count == 1


def test_a_tier_by_hand_names_its_last_day(cast: Cast, bank: Register, signed_in: SignedIn) -> None:
    body = {"tier": str(cast.tiers["A"].pk), "reason": "战略客户", "until": "2999-01-01"}
    assert signed_in("cmd").post("/customers/C-PD/tier/", body).status_code == 302
    assert TierHold.objects.get(customer__customer_no="C-PD").ends_on == date(2999, 1, 1)


# --- costs ------------------------------------------------------------------------------------------------------------
def more(cast: Cast, run: TierRun, start: int, count: int) -> None:
    for n in range(start, start + count):
        other = TierRule.objects.create(
            code=f"R-{n}", version=1, name="规则", text="", document=run.rule.document, digest=""
        )
        TierRun.objects.create(
            number=f"FJ-1-{n}",
            rule=run.rule,
            purpose="trial",
            state="shown",
            as_of=TODAY,
            digest="1",
            rule_digest=run.rule_digest,
            flows=run.flows,
        )
        assert other.pk
    for customer in Customer.objects.filter(customer_no__startswith="K-")[start : start + count]:
        TierChange.objects.create(
            run=run, customer=customer, before=cast.tiers["A"], after=cast.tiers["B"], outcome="move", score=1, place=1,
            values=[0] * 4, points=[0] * 4, places=[0] * 4,
        )  # fmt: skip


def cost(browser: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(address).status_code == 200
    return len(queries)


def test_lists_pages_and_resources_cost_the_same(cast: Cast, bank: Register, signed_in: SignedIn) -> None:
    thirty_customers(cast)
    run = ran(rule())
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="费用", scopes=["customer-tiers:read"]
    )
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    cmd = signed_in("cmd")
    line = TierChange.objects.filter(run=run).first()
    assert line is not None
    pages = (
        "/tier-rules/", "/tier-runs/", "/tier-changes/", f"/tier-rules/{run.rule_id}/", f"/tier-runs/{run.number}/",
        f"/tier-changes/{line.pk}/", "/customers/C-PD/",
    )  # fmt: skip
    asked = [(cmd, address, PAGE_LIMIT) for address in pages]
    asked += [
        (caller, f"/api/v1/{name}/?page_size=100", API_LIMIT)
        for name in ("tier-rules", "tier-runs", "tier-changes")
    ]
    for browser, address, _limit in asked:
        cost(browser, address)
    few = [cost(browser, address) for browser, address, _limit in asked]
    more(cast, run, 1, 25)
    assert [cost(browser, address) for browser, address, _limit in asked] == few
    over = {
        address: spent for (_browser, address, limit), spent in zip(asked, few, strict=True) if spent > limit
    }
    assert over == {}


def test_clients_read_rules_runs_and_lines(cast: Cast, bank: Register) -> None:
    run = ran(rule())
    client, _secret = client_create(
        actor=STAGE, now=timezone.now(), name="读分级", scopes=["customer-tiers:read"]
    )
    caller: Any = Client(headers={"Authorization": f"Bearer {token_of(client)}"})
    [row] = caller.get(f"/api/v1/tier-changes/?run={run.number}&after=C").json()["results"]
    assert {key: row[key] for key in ("customer_no", "before", "after", "score", "points", "outcome", "settled")} == {
        "customer_no": "C-PD", "before": {"code": "A", "name": "A 级"}, "after": {"code": "C", "name": "C 级"}, "score": 0,
        "points": [0, 0, 0, 0], "outcome": "move", "settled": "open",
    }  # fmt: skip
    found = caller.get(f"/api/v1/tier-runs/{run.number}/").json()
    assert (found["rule"], found["flows"], found["lowered"]) == ("KHFJ v1", run.flows, 1)
    [known] = caller.get("/api/v1/tier-rules/?state=active").json()["results"]
    assert known["document"]["tiers"][0] == {"code": "A", "score": 60}
