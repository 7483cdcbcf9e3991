"""Menu = permission: the menu of each role by hand, and no link on any page that its reader may not follow."""

from __future__ import annotations

import re
from collections import Counter
from html import unescape

import pytest
from django.urls import resolve

from tests.permissions.house import House

pytestmark = pytest.mark.django_db

DESK, MINE = ("工作台 /", "待办 /inbox/", "消息 /messages/"), "我的档案 /me/"
MY_GRADE, STANDING = "我的等级 /my-grade/", ("代理 /deputies/", "利益申报 /interest-declarations/")
FEEDBACK = "签收与面谈 /acknowledgements/"
BOARD, OBJECTIONS, SERVED = "公示栏 /notices/", "公示异议 /notice-objections/", "送达 /served/"
MANAGERS, UNITS, POSTS = "客户经理 /managers/", "机构 /org-units/", "岗位 /posts/"
LADDER = "等级阶梯 /grades/"
CUSTOMERS, OWN_CUSTOMERS = "客户 /customers/", "我的客户 /my-customers/"
DEALINGS = ("交易 /transactions/", "合同 /contracts/", "商机 /opportunities/")
TICKETS = "服务工单 /tickets/"
OWN_SHEET = "我的考核 /me/sheet/"
OVERVIEW = "定级总览 /overview/"
RESULTS = ("考核结果 /score-sheets/", "双维矩阵 /matrix/")
RATING, OWN_RATING, PROGRESS = "评分任务 /rating-tasks/", "自评 /self-rating/", "评分进度 /rating-progress/"
REVIEW, CONFIRM = "等级复核 /grade-review/", "等级审定 /grade-confirm/"
DECISIONS, ROUNDS = "等级变更 /grade-decisions/", "定级批次 /grading-rounds/"
APPEALS = ("申诉 /appeals/", "改进计划 /improvement-plans/")
CYCLES, SCHEDULES = "考核周期 /cycles/", "定级计划 /regrade-schedules/"
SCHEMES = ("考核方案 /schemes/", "指标库 /indicators/")
RATINGS, FIGURES = "能力评分 /ratings/", ("目标 /targets/", "指标值 /readings/")
TRAINING, COURSES, COMPETENCIES = "培训计划 /training-plans/", "培训课程 /courses/", "胜任力 /competencies/"
API_CLIENTS = "接口客户端 /api-clients/"
ALLOCATION = ("分客政策 /allocation-policies/", "员工评估 /staff-evaluations/")
TIERS, TIER_CHANGES = ("分级规则 /tier-rules/", "分级批次 /tier-runs/"), "分级变动 /tier-changes/"
HANDOVERS = ("客户移交 /handovers/", "首次联系 /first-contacts/")
PLANS, RULES = ("分客方案 /allocation-plans/", "方案审核 /allocation-reviews/"), "特别约定 /customer-rules/"
IMPORTS, USERS, JOBS, LEDGER = "导入 /imports/", "账号与授权 /users/", "任务中心 /jobs/", "操作日志 /events/"
MENUS = {
    "sys": [*DESK, UNITS, POSTS, USERS, API_CLIENTS, JOBS],
    "sec": [*DESK, USERS, API_CLIENTS, JOBS],
    "aud": [*DESK, API_CLIENTS, JOBS, LEDGER],
    "hrh": [
        *DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, IMPORTS, *DEALINGS, *TIERS, *ALLOCATION,
        OVERVIEW, *RESULTS, CONFIRM, DECISIONS, PROGRESS, FEEDBACK, OBJECTIONS, SERVED, CYCLES, ROUNDS, *APPEALS, SCHEDULES, *SCHEMES, RATINGS, *FIGURES, TRAINING, COURSES, JOBS,
    ],
    "hrb": [
        *DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, IMPORTS, *DEALINGS, *ALLOCATION, OVERVIEW, *RESULTS, CONFIRM, DECISIONS, PROGRESS, FEEDBACK, OBJECTIONS, SERVED, CYCLES, ROUNDS, *APPEALS, *SCHEMES, RATINGS, *FIGURES, TRAINING, COURSES, JOBS,
    ],
    "mgr": [
        *DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, CUSTOMERS, *DEALINGS, *TIERS, TIER_CHANGES, TICKETS, *PLANS, *HANDOVERS, *ALLOCATION, RULES,
        OVERVIEW, *RESULTS, REVIEW, DECISIONS, RATING, PROGRESS, FEEDBACK, SERVED, CYCLES, ROUNDS, *APPEALS, *SCHEMES, RATINGS, *FIGURES, TRAINING, COURSES, JOBS,
    ],
    "ldr": [
        *DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, CUSTOMERS, *DEALINGS, *TIERS, TIER_CHANGES, TICKETS, *PLANS, *HANDOVERS, *ALLOCATION,
        RULES, JOBS,
    ],
    "cm": [
        *DESK, MINE, MY_GRADE, OWN_CUSTOMERS, OWN_SHEET, BOARD, *STANDING, LADDER, CUSTOMERS, *DEALINGS, TICKETS, *HANDOVERS, OWN_RATING, CYCLES, *APPEALS, *SCHEMES, RATINGS, *FIGURES, COURSES, JOBS,
    ],
    "cmd": [*DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, IMPORTS, CUSTOMERS, *DEALINGS, *TIERS, TIER_CHANGES, TICKETS, *PLANS, *HANDOVERS, *ALLOCATION, RULES, CYCLES, *FIGURES, JOBS],
    "da": [*DESK, BOARD, *STANDING, UNITS, POSTS, IMPORTS, CUSTOMERS, *DEALINGS, TIER_CHANGES, JOBS],
    "trn": [*DESK, BOARD, *STANDING, MANAGERS, UNITS, POSTS, LADDER, TRAINING, COURSES, COMPETENCIES, JOBS],
    "nobody": [*DESK],
}  # fmt: skip
# Signing out is a form; files and the address of a new row are not pages to walk through.
_LINK = re.compile(r'href="(/[^"#]*)')
_OF_A_TABLE = {"", "sort", "size", "page", "columns"}
OF_A_KIND, MOST_KINDS = 6, 700


@pytest.mark.parametrize("who", MENUS)
def test_the_menu_of_a_role_is_exactly_this(house: House, who: str) -> None:
    nav = house.persons[who].get("/").context["nav"]
    assert [f"{entry['label']} {entry['url']}" for group in nav for entry in group["entries"]] == MENUS[who]


@pytest.mark.parametrize("who", MENUS)
def test_every_entry_of_a_menu_opens(house: House, who: str) -> None:
    for entry in MENUS[who]:
        address = entry.split()[1]
        answer = house.persons[who].get(address, follow=True)
        assert answer.status_code == 200, address


@pytest.mark.parametrize("who", MENUS)
def test_no_page_has_a_link_that_its_reader_may_not_follow(house: House, who: str) -> None:
    """Walks from the desk along every link to one page for each path and set of conditions, of pages that are alike but for
    what they are about (one address and its set of conditions) the first few; each opens."""
    browser = house.persons[who]
    waiting, seen, wrong = ["/"], {"/"}, []
    alike: Counter[tuple[str, ...]] = Counter()
    while waiting:
        address = waiting.pop()
        answer = browser.get(address)
        if answer.status_code not in (200, 302):
            wrong.append(f"{address}: {answer.status_code}")
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            continue
        for found in _LINK.findall(answer.content.decode()):
            path, _mark, query = unescape(found).partition("?")
            conditions = {part.partition("=")[0] for part in query.split("&")} - _OF_A_TABLE
            kind = " ".join([path, *sorted(conditions)])
            if kind not in seen and not path.startswith("/static/"):
                seen.add(kind)
                like = (resolve(path).view_name, *sorted(conditions))
                alike[like] += 1
                if alike[like] <= OF_A_KIND:
                    waiting.append(unescape(found))
    assert wrong == []
    assert len(alike) <= MOST_KINDS, sorted(alike)
