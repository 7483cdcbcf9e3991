"""The pages: what each reader finds, forms and their refusals, to-dos, and what lists cost."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from appraisal.grading.models import GradeDecision
from appraisal.notices.jobs import END, Cleared, Position, end_step
from appraisal.notices.models import NoticeLine, NoticeObjection, PublicNotice, ServiceOfNotice
from appraisal.notices.services.drafts import notice_draft
from appraisal.notices.services.objections import objection_lodge
from appraisal.notices.services.publishing import notice_publish
from appraisal.notices.services.serving import service_serve
from appraisal.notices.waiting import SOURCES
from appraisal.notices.words import last_day
from appraisal.scoring.models import ScoreSheet
from cmsys.access.actors import SystemActor, may
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.schedule import table
from managers.profiles.models import RelationshipManager
from tests.notices.test_service import HANDED
from tests.notices.world import Decided
from tests.people.counting import PAGE_LIMIT

pytestmark = pytest.mark.django_db

SignIn = Callable[[str], Browser]


def published(world: Decided, who: str = "hrh", **rest: Any) -> PublicNotice:
    today = timezone.localdate()
    return notice_publish(
        actor=world.user(who), round_id=world.round.pk, now=timezone.now(), today=today, **rest
    )


def lodged(world: Decided, notice: PublicNotice, who: str = "cm") -> NoticeObjection:
    return objection_lodge(
        actor=world.user(who), notice_id=notice.pk, line_id=notice.lines.get(name="赵立群").pk, text="业绩不实",
        facts="合同未回款", now=timezone.now(), today=timezone.localdate(),
    )  # fmt: skip


def served(world: Decided) -> ServiceOfNotice:
    today = timezone.localdate()
    return service_serve(
        actor=world.user("hrh"),
        decision_id=world.keys["M-CD1"],
        delivery=HANDED,
        now=timezone.now(),
        today=today,
    )


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def buttons(answer: Any) -> list[str]:
    return [str(action.label) for action in answer.context["page"].actions]


# --- notices ------------------------------------------------------------------------------------------------------------
def test_hr_drafts_looks_and_publishes(world: Decided, signed_in: SignIn) -> None:
    hrh = signed_in("hrh")
    form = hrh.get("/notices/new/").context["page"].form
    offered = [str(label) for _key, label in form.fields["decisions"].choices]
    assert offered == [
        "赵立群 · 城西支行 · 初级客户经理 → 中级客户经理", "周婷 · 浦东支行 · 中级客户经理 → 高级客户经理",
    ]  # fmt: skip
    today = timezone.localdate()
    body = {
        "decisions": [str(world.keys["M-CX1"])], "title": "拟晋升公示", "text": "现予公示。", "audience": "",
        "starts_on": today.isoformat(), "channel": "人力资源部",
    }  # fmt: skip
    answer = hrh.post("/notices/new/", body)
    draft = PublicNotice.objects.get()
    assert answer["Location"] == f"/notices/{draft.pk}/"
    page = hrh.get(answer["Location"])
    assert buttons(page) == ["打印公示稿", "作废", "修改", "发布"]
    assert "待公示" in text(page)
    changed = hrh.post(f"/notices/{draft.pk}/change/", body | {"title": "改过的标题"})
    assert (changed.status_code, PublicNotice.objects.get().title) == (302, "改过的标题")
    confirm = hrh.get(f"/notices/{draft.pk}/publish/")
    ends = last_day(today, 5)
    assert f"公示期 {today.isoformat()} 至 {ends.isoformat()}，5 个工作日" in text(confirm)
    version = confirm.context["page"].form.initial["version"]
    assert hrh.post(f"/notices/{draft.pk}/publish/", {"version": version}).status_code == 302
    notice = PublicNotice.objects.get()
    assert (notice.state, notice.ends_on) == ("published", ends)
    # All five lie ahead: the day it was put up is not one of them.
    assert "还有 5 个工作日" in text(hrh.get(f"/notices/{draft.pk}/"))
    # The back button and a second click: told who and when, nothing done again.
    again = hrh.post(f"/notices/{draft.pk}/publish/", {"version": version})
    assert again.status_code == 409
    assert "郑人事" in text(again)
    assert buttons(hrh.get(f"/notices/{draft.pk}/")) == ["打印公示稿", "提出异议"]


def test_what_is_wrong_stands_at_its_field(world: Decided, signed_in: SignIn) -> None:
    today = timezone.localdate()
    body = {
        "decisions": [str(world.keys["M-CX1"])], "title": "拟晋升公示", "text": "现予公示。", "audience": "SH",
        "starts_on": (today - timedelta(days=1)).isoformat(), "channel": "人力资源部",
    }  # fmt: skip
    hrh = signed_in("hrh")
    answer = hrh.post("/notices/new/", body)
    assert (answer.status_code, answer.context["page"].form.errors) == (
        422,
        {"starts_on": ["公布日不能早于今天。"]},
    )
    answer = hrh.post("/notices/new/", body | {"starts_on": today.isoformat()})
    assert answer.context["page"].form.errors == {
        "audience": ["公示范围须包含当事人所在机构，不包含：赵立群。请扩大范围。"]
    }
    answer = hrh.post("/notices/new/", body | {"decisions": [str(world.keys["M-CD1"])]})
    assert list(answer.context["page"].form.errors) == ["decisions"]
    assert not PublicNotice.objects.exists()


def test_with_nobody_waiting_the_page_says_so(world: Decided, signed_in: SignIn) -> None:
    published(world)
    answer = signed_in("hrh").get("/notices/new/")
    assert answer.status_code == 200
    assert "没有待公示的晋升" in text(answer)
    assert signed_in("hrh").post("/notices/new/", {}).status_code == 422


def test_a_colleague_reads_names_units_and_grades_and_nothing_else(world: Decided, signed_in: SignIn) -> None:
    notice = published(world)
    listed = signed_in("cmd").get("/notices/")
    assert [row["cells"][0]["text"] for row in listed.context["page"].rows] == [notice.title]
    answer = signed_in("cmd").get(f"/notices/{notice.pk}/")
    words = text(answer)
    for shown in ("赵立群", "城西支行", "初级客户经理", "中级客户经理", "周婷", "浦东支行", "高级客户经理"):
        assert shown in words
    # Neither scores nor numbers, nobody's demotion, nothing of the case.
    for hidden in ("M-CX1", "88.45", "99.249", "陈思远", "王雅琴", "许城西", "冯分行"):
        assert hidden not in words
    assert buttons(answer) == ["提出异议"]


def test_drafts_are_for_human_resources(world: Decided, signed_in: SignIn) -> None:
    today = timezone.localdate()
    draft = notice_draft(actor=world.user("hrh"), round_id=world.round.pk, now=timezone.now(), today=today)
    for who in ("cm", "zhao", "mgr", "cmd"):
        assert signed_in(who).get("/notices/").context["page"].pager["total"] == 0
        assert signed_in(who).get(f"/notices/{draft.pk}/").status_code == 404
    assert signed_in("hrh").get("/notices/").context["page"].pager["total"] == 1


def test_the_person_reads_how_his_own_stands(world: Decided, signed_in: SignIn) -> None:
    notice = published(world)
    assert "公示中" in text(signed_in("zhao").get(f"/notices/{notice.pk}/"))
    lodged(world, notice)
    own = text(signed_in("zhao").get(f"/notices/{notice.pk}/"))
    assert "有异议正在核实（1）" in own
    assert "陈思远" not in own
    assert "业绩不实" not in own
    # Another one on the same notice and a colleague see nothing of it.
    for who in ("zhou", "cm", "cmd"):
        assert "有异议正在核实" not in text(signed_in(who).get(f"/notices/{notice.pk}/"))


def test_an_objection_in_the_browser(world: Decided, signed_in: SignIn) -> None:
    notice = published(world)
    cm = signed_in("cm")
    line = notice.lines.get(name="赵立群")
    page = cm.get(f"/notices/{notice.pk}/object/").context["page"]
    assert [str(label) for key, label in page.form.fields["line"].choices if key] == [
        "赵立群 · 城西支行 · 初级客户经理 → 中级客户经理", "周婷 · 浦东支行 · 中级客户经理 → 高级客户经理",
    ]  # fmt: skip
    refused = cm.post(f"/notices/{notice.pk}/object/", {"line": str(line.pk), "text": "不实", "facts": ""})
    assert (refused.status_code, list(refused.context["page"].form.errors)) == (422, ["facts"])
    answer = cm.post(
        f"/notices/{notice.pk}/object/", {"line": str(line.pk), "text": "不实", "facts": "见合同"}
    )
    objection = NoticeObjection.objects.get()
    assert answer["Location"] == f"/notice-objections/{objection.pk}/"
    assert "陈思远（cm）" in text(cm.get(answer["Location"]))
    # The person himself is not offered on his own page.
    own = signed_in("zhao").get(f"/notices/{notice.pk}/object/").context["page"].form
    assert [str(label)[:2] for key, label in own.fields["line"].choices if key] == ["周婷"]


def test_after_its_days_the_page_says_which_they_were(world: Decided, signed_in: SignIn) -> None:
    start = date(2026, 3, 2)
    notice = notice_publish(actor=world.user("hrh"), round_id=world.round.pk, now=timezone.now(), today=start)
    address = f"/notices/{notice.pk}/object/"
    for answer, status in ((signed_in("cm").get(address), 200), (signed_in("cm").post(address, {}), 422)):
        assert answer.status_code == status
        assert "公示期为 2026-03-02 至 2026-03-09，现在不能提出异议" in text(answer)
    assert not NoticeObjection.objects.exists()


def test_who_objected_is_read_by_those_who_answer(world: Decided, signed_in: SignIn) -> None:
    objection = lodged(world, published(world))
    address = f"/notice-objections/{objection.pk}/"
    for who, named in (("second", True), ("hrh", True), ("cm", True), ("hrb", False)):
        words = text(signed_in(who).get(address))
        assert ("陈思远（cm）" in words) is named, who
        assert ("保密（仅办理人可见）" in words) is not named, who
    for who in ("zhao", "mgr", "chief", "wang"):
        assert signed_in(who).get(address).status_code == 404
    second = signed_in("second")
    version = second.get(f"{address}answer/").context["page"].form.initial["version"]
    body = {"verdict": "reject", "answer": "已核实回款。", "version": version}
    assert signed_in("hrb").post(f"{address}answer/", body).status_code == 422
    assert second.post(f"{address}answer/", body).status_code == 302
    told = text(signed_in("cm").get(address))
    assert "已核实回款。" in told
    assert "卫人事" not in told


# --- service ------------------------------------------------------------------------------------------------------------
def test_hr_serves_and_the_person_signs(world: Decided, signed_in: SignIn) -> None:
    hrh = signed_in("hrh")
    assert "待送达 1 人" in buttons(hrh.get("/served/"))
    assert "陈思远" in text(hrh.get("/served/waiting/"))
    page = hrh.get(f"/served/new/{world.keys['M-CD1']}/").context["page"]
    # The reasons are those of the sheet: scores and the rules that fired.
    reasons = page.form.initial["reasons"]
    assert reasons.startswith("2025Q4考核：")
    assert "绩效得分 35.00" in reasons
    assert "本人 35" in reasons
    body = {
        "method": "mail",
        "mail_no": "",
        "reasons": reasons,
        "channel": "人力资源部",
        "version": page.form.initial["version"],
    }
    refused = hrh.post(f"/served/new/{world.keys['M-CD1']}/", body)
    assert (refused.status_code, list(refused.context["page"].form.errors)) == (422, ["mail_no"])
    answer = hrh.post(f"/served/new/{world.keys['M-CD1']}/", body | {"method": "system"})
    service = ServiceOfNotice.objects.get()
    assert answer["Location"] == f"/served/{service.pk}/"
    assert buttons(hrh.get(answer["Location"])) == ["打印送达通知书", "登记拒收", "登记纸质回执"]
    cm = signed_in("cm")
    assert buttons(cm.get(answer["Location"])) == ["打印送达通知书", "签收"]
    assert buttons(signed_in("mgr").get(answer["Location"])) == ["打印送达通知书"]
    assert cm.post(f"/served/{service.pk}/sign/", {"note": "收到"}).status_code == 302
    assert ServiceOfNotice.objects.get().state == "signed"
    for who, status in (
        ("wang", 404),
        ("zhao", 404),
        ("chief", 404),
        ("hrsh", 404),
        ("cmd", 403),
        ("trn", 403),
    ):
        assert signed_in(who).get(f"/served/{service.pk}/").status_code == status, who
        assert signed_in(who).get(f"/served/{service.pk}/print.pdf").status_code == status, who


def test_refusal_names_accounts_or_numbers(world: Decided, signed_in: SignIn) -> None:
    service, second = served(world), signed_in("second")
    address = f"/served/{service.pk}/refused/"
    answer = second.post(address, {"witness_one": "nobody-here", "witness_two": "M-CD1", "note": "当面"})
    assert answer.context["page"].form.errors == {
        "witness_one": ["没有这个账号：nobody-here。请填见证人的账号或工号。"]
    }
    answer = second.post(address, {"witness_one": "mgr", "witness_two": "M-CD1", "note": "当面"})
    assert answer.context["page"].form.errors == {"witness_two": ["当事人不能为自己作见证。"]}
    assert (
        second.post(address, {"witness_one": "mgr", "witness_two": "M-CX1", "note": "当面"}).status_code
        == 302
    )
    assert "李敏（mgr）、赵立群（zhao）" in text(second.get(f"/served/{service.pk}/"))


def test_a_demotion_is_nowhere_on_the_board(world: Decided, signed_in: SignIn) -> None:
    served(world)
    published(world)
    for who in ("cmd", "wang", "chief", "trn", "mgr"):
        for address in ("/notices/", f"/notices/{PublicNotice.objects.get().pk}/", "/"):
            words = text(signed_in(who).get(address))
            assert "降级" not in words.replace("降级不公示", "").replace("降级率", "") or who in (
                "mgr",
                "chief",
            ), (who, address)
            assert "陈思远" not in words or address == "/", (who, address)


# --- to-dos -------------------------------------------------------------------------------------------------------------
def todos(world: Decided, who: str) -> dict[str, list[str]]:
    user, today = world.user(who), timezone.localdate()
    found = {}
    for source in SOURCES:
        if source.function is not None and not may(user, source.function):
            continue
        items = source.items(user, today, 20)
        assert source.count(user, today) == len(items), source.key
        if items:
            found[source.key] = [item.title for item in items]
    return found


def test_what_waits_for_whom(world: Decided) -> None:
    assert todos(world, "hrh") == {
        "notices.waiting": ["2025Q4 待公示的晋升"], "notices.unserved": ["送达陈思远的等级变更"],
    }  # fmt: skip
    assert todos(world, "hrb") == todos(world, "hrh")
    assert todos(world, "hrsh") == {"notices.waiting": ["2025Q4 待公示的晋升"]}
    today = timezone.localdate()
    notice_draft(actor=world.user("hrh"), round_id=world.round.pk, now=timezone.now(), today=today)
    assert "notices.waiting" not in todos(world, "hrsh")
    assert todos(world, "hrh")["notices.drafts"] == ["关于2025Q4客户经理拟晋升人员的公示"]
    served(world)
    assert todos(world, "cm") == {"notices.sign": ["请签收等级变更决定"]}
    assert [todos(world, who) for who in ("wang", "mgr", "cmd")] == [{}, {}, {}]


def test_an_objection_waits_with_its_clock_and_is_begun_and_done(world: Decided) -> None:
    objection = lodged(world, published(world))
    today = timezone.localdate()
    source = next(source for source in SOURCES if source.key == "notices.objections")
    [item] = source.items(world.user("second"), today, 5)
    assert (item.title, item.due_on, item.url) == (
        "对赵立群公示的异议", objection.due_on, f"/notice-objections/{objection.pk}/answer/",
    )  # fmt: skip
    assert source.items(world.user("hrb"), today, 5) == []  # who confirmed it
    begun = next(source for source in SOURCES if source.key == "notices.lodged").begun
    assert begun is not None
    assert [item.state for item in begun(world.user("cm"), today, 5)] == ["待答复"]
    assert begun(world.user("wang"), today, 5) == []


def test_the_tile_of_the_desk(world: Decided, signed_in: SignIn) -> None:
    notice = published(world)
    assert f"/notices/{notice.pk}/" in signed_in("trn").get("/").content.decode()
    assert "/notices/" not in signed_in("sys").get("/").content.decode()


# --- the job ------------------------------------------------------------------------------------------------------------
def test_the_daily_job_runs_before_decisions_take_effect_and_in_chunks(
    world: Decided, monkeypatch: Any
) -> None:
    times = {entry.kind: entry.daily_at for entry in table()}
    assert times[END] < times["grading.take_effect"]
    monkeypatch.setattr("appraisal.notices.jobs.CHUNK", 1)
    start = date(2026, 3, 2)
    notice_publish(actor=world.user("hrh"), round_id=world.round.pk, now=timezone.now(), today=start)
    kind, done = kind_of(END), []
    cursor: Any = None
    while True:
        chunk = kind.step(Run(1, "", SystemActor("system:schedule"), None, cursor, timezone.now()))
        done.append((chunk.done, chunk.cursor is None))
        cursor = chunk.cursor
        if cursor is None:
            assert chunk.result == Cleared(2)
            break
        assert isinstance(cursor, Position)
    assert done == [(1, False), (2, False), (2, True)]
    assert PublicNotice.objects.get().state == "ended"
    assert end_step is kind.step


# --- what it costs ------------------------------------------------------------------------------------------------------
def crowd(world: Decided, count: int) -> None:
    """Thirty more of everything: people on the notice, objections, services, notices."""
    notice = PublicNotice.objects.filter(state="published").first()
    assert notice is not None
    unit, grade = world.cast.units["CX"], world.cast.grades["MIDDLE"]
    for n in range(count):
        manager = RelationshipManager.objects.create(employee_no=f"M-T{n:02}", name=f"员工{n}", unit=unit)
        base = {"cycle": world.cycle, "manager": manager, "unit": unit}
        sheet = ScoreSheet.objects.create(**base, grade_code="JUNIOR", proposal="promotion")
        case = GradeDecision.objects.create(
            **base,
            round=world.round,
            sheet=sheet,
            proposal="promotion",
            kind="promotion",
            grade=grade,
            state="on_notice",
        )
        line = NoticeLine.objects.create(
            notice=notice, decision=case, name=manager.name, unit_name=unit.name, to_grade=grade.name
        )
        NoticeObjection.objects.create(
            line=line, objector=world.cast.users["cm"], text="不实", facts="见附", lodged_at=timezone.now(),
            due_on=timezone.localdate(),
        )  # fmt: skip
        GradeDecision.objects.filter(pk=case.pk).update(kind="demotion", state="served")
        ServiceOfNotice.objects.create(
            year=2020, serial=n + 1, decision=case, method="system", to_grade="初级", reasons="理由", served_on="2026-03-02",
            served_at=timezone.now(), served_by=world.cast.users["hrh"], served_name="某人", appeal_until="2026-03-09",
            channel="人力资源部",
        )  # fmt: skip
        GradeDecision.objects.filter(pk=case.pk).update(kind="promotion", state="on_notice")
        PublicNotice.objects.create(
            year=2020, serial=n + 1, round=world.round, state="published", title=f"公示{n}", text="正文", days=5,
            starts_on=timezone.localdate(), ends_on=timezone.localdate() + timedelta(days=9), channel="人力资源部",
            created_at=timezone.now(), published_at=timezone.now(),
        )  # fmt: skip


COSTS = {
    "notices": ("hrh", "/notices/?size=50"), "notices (audience)": ("cm", "/notices/?size=50"),
    "notice-objections": ("second", "/notice-objections/?size=50"), "served": ("hrh", "/served/?size=50"),
    "served (waiting)": ("hrh", "/served/waiting/"), "notice": ("hrh", "/notices/{notice}/"),
    "notice (own)": ("zhao", "/notices/{notice}/"), "objection": ("second", "/notice-objections/{objection}/"),
    "service": ("cm", "/served/{service}/"), "object": ("cm", "/notices/{notice}/object/"), "desk": ("trn", "/"),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTS)
def test_a_page_costs_the_same_for_one_row_and_for_thirty(
    world: Decided, signed_in: SignIn, name: str
) -> None:
    notice = published(world)
    objection, service = lodged(world, notice), served(world)
    who, address = COSTS[name]
    address = address.format(notice=notice.pk, objection=objection.pk, service=service.pk)
    browser = signed_in(who)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        return len(queries)

    browser.get(address)
    few = cost()
    crowd(world, 30)
    assert cost() == few <= PAGE_LIMIT


def test_to_dos_cost_the_same_for_one_and_for_thirty(world: Decided) -> None:
    notice = published(world)
    lodged(world, notice)
    served(world)

    def cost(who: str) -> list[int]:
        user, today = world.user(who), timezone.localdate()
        assert user.access is not None
        found = []
        for source in SOURCES:
            with CaptureQueriesContext(connection) as queries:
                source.count(user, today)
                source.items(user, today, 20)
            found.append(len(queries))
        return found

    few = {who: cost(who) for who in ("second", "hrh", "cm")}
    crowd(world, 30)
    assert {who: cost(who) for who in few} == few
    assert max(max(found) for found in few.values()) <= 3
