"""The whole journey of crm_maven, played in Chromium: from the files to a grade that a client reads, and to the first owners.

Human resources define the ladder, open the cycle, run it and bring it to the reviewers; the supervisor of East decides five
cases (two passed on, one returned, one altered, one handed over); human resources answer, confirm, put the promotions up;
the notice passes, the day comes; a client with a token reads exactly that, with its explanation, and one of another unit
does not. Days pass by handing a later day to the daily jobs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client as Caller
from django.utils import timezone
from playwright.sync_api import Page, expect

from appraisal.grading.models import GradeDecision
from appraisal.notices.models import PublicNotice
from cmsys.access.actors import SystemActor
from cmsys.access.roles import Role
from cmsys.accounts.services.users import user_create
from cmsys.api.services.clients import client_create
from cmsys.audit.acting import acting_as
from cmsys.jobs.documents import load
from cmsys.jobs.kinds import Run, kind_of
from cmsys.jobs.models import OPEN, Job
from cmsys.jobs.work import work_on
from cmsys.org.models import OrgUnit
from cmsys.org.services.grants import role_grant
from managers.careers.models import Grade
from managers.profiles.models import GradeCause, GradeRecord, RelationshipManager
from managers.profiles.services.managers import grade_begin
from tests.browsing import follow
from tests.cast import PASSWORD, STAGE
from tests.cycles.test_maven_whole import EXAMPLE, MAVEN, command
from tests.cycles.test_maven_whole import load as load_files
from tests.journeys.allocation import first_allocation
from tests.journeys.test_people import Person
from tests.permissions.house import token_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not MAVEN.is_dir(), reason="the data set crm_maven is not beside the checkout"),
]
LADDER = (("JUNIOR", "初级销售", "1"), ("MIDDLE", "中级销售", "2"), ("SENIOR", "高级销售", "3"))
PEOPLE = (
    ("hrh", "郑人事", Role.HRH, "OFFICE-East"), ("east", "许东", Role.MGR, "OFFICE-East"),
    ("west", "何西", Role.MGR, "OFFICE-West"),
)  # fmt: skip
# Five of East whom the rules promote; the last word of each name is enough to find it.
CORLISS, BORIS, CASSEY, DONN, REED = (
    "Corliss Cosme",
    "Boris Faz",
    "Cassey Cress",
    "Donn Cantrell",
    "Reed Clapper",
)


@pytest.fixture
def person(browser: Any, live_server: Any) -> Iterator[Any]:
    made: list[Person] = []

    def make(width: int = 1440) -> Person:
        made.append(Person(browser, live_server.url, width))
        return made[-1]

    yield make
    for one in made:
        one.context.close()
        assert one.complaints == []


def accounts() -> None:
    for username, name, role, unit in PEOPLE:
        user = user_create(actor=STAGE, username=username, name=name, password=PASSWORD, is_demo=True)
        role_grant(
            actor=STAGE, user=user, role=role, unit=OrgUnit.objects.get(code=unit), starts_on=date(2016, 1, 1), reason="测试"
        )  # fmt: skip


def work() -> None:
    """What the workers would do."""
    while jobs := list(Job.objects.filter(state__in=OPEN).order_by("pk")):
        for job in jobs:
            work_on(job.pk)


def on_the_day(kind: str, day: date) -> None:
    """A daily job, as it runs on a later day."""
    declared, actor = kind_of(kind), SystemActor("system:schedule")
    now = datetime.combine(day, time(4), UTC)
    cursor = None
    while True:
        with acting_as(actor):
            chunk = declared.step(Run(0, "", actor, load(declared.args, {"schema_version": 1}), cursor, now))
        if chunk.cursor is None:
            return
        cursor = chunk.cursor


def case(name: str) -> GradeDecision:
    return GradeDecision.objects.select_related("grade").get(manager__name=name)


def open_case(page: Page, address: str, path: str, name: str) -> None:
    page.goto(f"{address}/{path}/?case={case(name).pk}")
    expect(page.locator("#case")).to_contain_text(name)


def toast(page: Page) -> Any:
    return page.locator("#toasts")


def test_from_the_files_to_the_grade_a_client_reads(person: Any) -> None:
    load_files()
    accounts()
    command("import_scheme", str(EXAMPLE / "maven.yaml"))
    hr = person()
    hr.sign_in("hrh")
    page, at = hr.page, hr.address

    # --- human resources: the ladder, the cycle, the run, the submission ---
    for code, name, order in LADDER:
        page.goto(f"{at}/grades/new/")
        page.get_by_label("等级编码").fill(code)
        page.get_by_label("等级名称").fill(name)
        page.get_by_label("次序").fill(order)
        page.get_by_role("button", name="保存").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(name)
    middle = Grade.objects.get(code="MIDDLE")
    for manager in RelationshipManager.objects.all():
        grade_begin(
            actor=STAGE, manager_id=manager.pk, grade=middle, starts_on=date(2017, 1, 1), cause=GradeCause.IMPORTED, note="期初"
        )  # fmt: skip
    page.goto(f"{at}/cycles/open/")
    page.get_by_label("考核方案").select_option("MAVEN")
    page.get_by_label("期间").fill("2017Q4")
    page.locator("#page-form").evaluate("form => form.requestSubmit()")
    expect(page.get_by_role("heading", level=1)).to_contain_text("2017Q4")
    page.get_by_role("link", name="运行定级").first.click()
    page.get_by_role("button", name="运行定级").click()
    expect(toast(page)).to_contain_text("定级已开始")
    work()
    found = GradeDecision.objects.values_list("kind", flat=True)
    assert (len(found), sum(kind == "not_rated" for kind in found)) == (35, 5)
    page.goto(f"{at}/grading-rounds/")
    follow(page, page.get_by_role("link", name=re.compile("2017Q4")).first)
    follow(page, page.get_by_role("link", name=re.compile("提交")).first)
    follow(page, page.locator("#page-form button[type=submit], .dock button[type=submit]").last)
    expect(page.get_by_role("heading", level=1)).to_contain_text("2017Q4")
    assert case(CORLISS).state == "in_review"

    # --- the supervisor of East: two passed on, one returned, one altered, one handed to West ---
    east = person()
    east.sign_in("east")
    desk = east.page
    for name in (CORLISS, REED):
        open_case(desk, at, "grade-review", name)
        expect(desk.locator("#case")).to_contain_text("高级销售")
        _pass_on(desk)
        expect(toast(desk)).to_contain_text(f"已通过：{name}")
    open_case(desk, at, "grade-review", BORIS)
    desk.get_by_role("link", name="退回（须填理由）").click()
    desk.get_by_role("dialog").get_by_label("理由").fill("十二月的大单归属未定")
    desk.get_by_role("dialog").get_by_role("button", name="退回", exact=True).click()
    expect(toast(desk)).to_contain_text(f"已退回：{BORIS}")
    open_case(desk, at, "grade-review", CASSEY)
    desk.get_by_role("link", name="调整", exact=True).click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("调整为").select_option("MIDDLE")
    dialog.get_by_label("理由").fill("任职时间尚短，本期暂缓")
    dialog.get_by_role("button", name="调整后通过").click()
    expect(toast(desk)).to_contain_text(f"已调整：{CASSEY}")
    open_case(desk, at, "grade-review", DONN)
    desk.get_by_role("link", name="转办", exact=True).click()
    dialog = desk.get_by_role("dialog")
    dialog.get_by_label("转给").select_option(label="何西 · West")
    dialog.get_by_label("理由").fill("出差两周")
    dialog.get_by_role("button", name="转办").click()
    expect(toast(desk)).to_contain_text(f"已转办：{DONN}")
    west = person(390)
    west.sign_in("west")
    open_case(west.page, at, "grade-review", DONN)
    _pass_on(west.page)
    expect(toast(west.page)).to_contain_text(f"已通过：{DONN}")

    # --- human resources answer what came back; the supervisor passes it on ---
    page.goto(f"{at}/grade-confirm/?tab=returned&case={case(BORIS).pk}")
    page.locator("a[data-opens=dialog-resubmit]").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("已核实，归属东区")
    dialog.get_by_role("button", name=re.compile("答复")).click()
    expect(toast(page)).to_contain_text(BORIS)
    open_case(desk, at, "grade-review", BORIS)
    _pass_on(desk)
    expect(toast(desk)).to_contain_text(f"已通过：{BORIS}")

    # --- confirmed, put up, passed, in effect ---
    for name in (CORLISS, REED, BORIS, CASSEY, DONN):
        open_case(page, at, "grade-confirm", name)
        _pass_on(page, "审定")
        expect(toast(page)).to_contain_text(name)
    assert {name: case(name).state for name in (CORLISS, REED, BORIS, CASSEY, DONN)} == dict.fromkeys(
        (CORLISS, REED, BORIS, CASSEY, DONN), "confirmed"
    )
    page.goto(f"{at}/notices/new/")
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(4)
    follow(page, page.get_by_role("button", name="保存草稿"))
    follow(page, page.get_by_role("link", name="发布", exact=True))
    follow(page, page.get_by_role("button", name="发布", exact=True))
    expect(page.locator("#card-people")).to_contain_text(CORLISS)
    notice = PublicNotice.objects.get()
    assert notice.ends_on is not None
    on_the_day("notices.end", notice.ends_on)
    assert case(CORLISS).state == "on_notice"
    on_the_day("notices.end", notice.ends_on + timedelta(days=1))
    assert case(CORLISS).state == "cleared"
    decided = case(CORLISS)
    assert decided.effective_from is not None
    begins = max(decided.effective_from, decided.round.effective_on or decided.effective_from)
    on_the_day("grading.take_effect", begins - timedelta(days=1))
    assert case(CORLISS).state == "cleared"
    on_the_day("grading.take_effect", begins)
    held = RelationshipManager.objects.select_related("grade").get(name=CORLISS)
    assert (case(CORLISS).state, held.grade and held.grade.code) == ("effective", "SENIOR")
    assert GradeRecord.objects.get(manager=held, ends_on=None).starts_on == begins
    # The altered one keeps his grade, and the step says who altered it and why.
    assert (case(CASSEY).state, case(CASSEY).kind) == ("effective", "hold")
    page.goto(f"{at}/grade-decisions/{case(CASSEY).pk}/")
    expect(page.locator("#main")).to_contain_text("任职时间尚短，本期暂缓")
    page.goto(f"{at}/grade-decisions/{case(DONN).pk}/")
    expect(page.locator("#main")).to_contain_text("何西")

    _read_by_clients(held, begins)
    first_allocation(person, work)


def _pass_on(page: Page, word: str = "通过") -> None:
    """The button where the case is clear, the dialogue that shows what to look at where it is not."""
    button = page.get_by_role("button", name=word, exact=True)
    link = page.get_by_role("link", name=word, exact=True)
    expect(button.or_(link).first).to_be_visible()
    if button.count():
        button.first.click()
        return
    link.first.click()
    page.get_by_role("dialog").get_by_role("button", name=word, exact=True).click()


def _read_by_clients(held: RelationshipManager, begins: date) -> None:
    """East's client reads exactly what was decided, with its explanation; West's does not."""
    callers = {}
    for name, unit in (("东区", "OFFICE-East"), ("西区", "OFFICE-West")):
        client, _secret = client_create(
            actor=STAGE,
            now=timezone.now(),
            name=name,
            scopes=["grades:read"],
            unit=OrgUnit.objects.get(code=unit),
        )
        callers[name] = Caller(headers={"Authorization": f"Bearer {token_of(client)}"})
    [row] = json.loads(callers["东区"].get("/api/v1/grades/", {"employee_no": held.employee_no}).content)[
        "results"
    ]
    sheet = GradeDecision.objects.get(manager=held).sheet
    assert (row["manager"]["name"], row["quadrant"]) == (held.name, sheet.quadrant)
    assert (row["grade"]["code"], row["previous_grade"], row["status"]) == (
        "SENIOR",
        "MIDDLE",
        "effective",
    )
    assert (row["effective_from"], row["effective_to"]) == (begins.isoformat(), None)
    assert row["performance_score"] == float(sheet.performance)
    explanation = json.loads(callers["东区"].get(f"/api/v1/grades/{row['id']}/explanation/").content)
    lines = {line["code"]: line for line in explanation["lines"]}
    stored = {line.code: line for line in sheet.lines.all()}
    assert set(lines) == set(stored)
    assert all(float(lines[code]["contribution"]) == float(stored[code].contribution) for code in lines)
    assert any(reason["passed"] for reason in explanation["reasons"])
    # By date: not the day before, then this one.
    asked = {"employee_no": held.employee_no, "as_of": (begins - timedelta(days=1)).isoformat()}
    assert json.loads(callers["东区"].get("/api/v1/grades/", asked).content)["results"] == []
    asked["as_of"] = begins.isoformat()
    assert [
        one["id"] for one in json.loads(callers["东区"].get("/api/v1/grades/", asked).content)["results"]
    ] == [row["id"]]
    # What is still being decided is not for this scope.
    assert GradeDecision.objects.filter(state="in_review").exists()
    listed = json.loads(callers["东区"].get("/api/v1/grades/", {"page_size": 1000}).content)["results"]
    assert {one["status"] for one in listed} == {"effective"}
    assert (
        json.loads(callers["西区"].get("/api/v1/grades/", {"employee_no": held.employee_no}).content)[
            "results"
        ]
        == []
    )
    assert callers["西区"].get(f"/api/v1/grades/{row['id']}/").status_code == 404
    assert callers["西区"].get(f"/api/v1/grades/{row['id']}/explanation/").status_code == 404
