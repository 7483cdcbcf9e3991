"""Lists, search, order, export and cards: who sees which customers, and nothing of a person's name he may not read."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cmsys.access.roles import Role
from cmsys.org.services.grants import role_grant
from customers.registry.models import Contact, Customer
from customers.registry.resources import CUSTOMERS
from tests.cast import STAGE
from tests.customers.conftest import Stage
from tests.permissions.house import signed_in

pytestmark = pytest.mark.django_db
Page = Callable[[str, str], str]


def listed(scene: Stage, who: str, query: str = "") -> list[str]:
    """The numbers of the rows in their order."""
    rows = scene.browser(who).get(f"/customers/?{query}").context["page"].rows
    return [cell["text"] for row in rows for cell in row["cells"] if cell["key"] == "customer_no"]


def names(scene: Stage, who: str, query: str = "") -> list[str]:
    return [
        row["cells"][0]["text"] for row in scene.browser(who).get(f"/customers/?{query}").context["page"].rows
    ]


# --- who sees what ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("cmd", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY", "C-PD"]),
        ("da", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY", "C-PD"]),
        ("mgr", ["C-HD", "C-LI", "C-OY"]),
        ("cm", ["C-HD", "C-LI"]),
    ],
)
def test_everybody_sees_the_customers_in_his_reach(scene: Stage, who: str, found: list[str]) -> None:
    assert listed(scene, who, "sort=customer_no") == found
    assert scene.browser(who).get("/customers/").context["page"].pager["total"] == len(found)


def test_the_cover_says_what_the_list_covers(scene: Stage) -> None:
    covers = [str(scene.browser(who).get("/customers/").context["page"].subtitle).partition(" · ")[0] for who in ("cmd", "mgr", "cm")]  # fmt: skip
    assert covers == ["全行", "城东支行及下辖", "本人主办的客户"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("unit=BJ", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY"]),
        ("unit=CX", ["C-CX"]),
        ("owner=M-CD1", ["C-HD", "C-LI"]),
        ("owned=no", ["C-NO"]),
        ("owned=yes", ["C-CX", "C-HD", "C-LI", "C-OY", "C-PD"]),
        ("kind=individual", ["C-LI", "C-OY"]),
        ("tier=A", ["C-HD", "C-PD"]),
        ("state=existing", ["C-CX", "C-HD"]),
        ("state=prospect", ["C-LI", "C-NO", "C-OY", "C-PD"]),
        ("category=key", ["C-CX"]),
        ("nature=project", ["C-CX"]),
        ("industry_code=C3", ["C-CX"]),
        ("region_code=1101", ["C-CX"]),
        ("group_no=G-1", ["C-CX"]),
        ("tier=A&state=existing", ["C-HD"]),
    ],
)
def test_conditions(scene: Stage, query: str, found: list[str]) -> None:
    Customer.objects.filter(customer_no="C-CX").update(
        category="key", nature="project", industry_code="C34", region_code="110105", group_no="G-1"
    )
    assert listed(scene, "cmd", f"{query}&sort=customer_no") == found


@pytest.mark.parametrize("query", ["unit=NONE", "tier=Z", "kind=alien", "state=dead", "q=%00"])
def test_a_condition_that_does_not_exist_shows_nobody(scene: Stage, query: str) -> None:
    answer = scene.browser("cmd").get(f"/customers/?{query}")
    assert answer.status_code == 400
    assert answer.context["page"].pager["total"] == 0


# --- search: the oracle is deaf ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("恒达", ["C-HD"]), ("恒达科技", ["C-HD"]), ("达科", ["C-HD"]), ("机", ["C-CX"]), ("hengda", ["C-HD"]),
        ("shenzhenheng", ["C-HD"]), ("港务 浦东", ["C-PD"]), ("c-h", ["C-HD"]), ("C-", ["C-CX", "C-HD", "C-LI", "C-NO", "C-OY", "C-PD"]),
        ("无主", ["C-NO"]), ("恒主", []), ("科达", []), ("_", []), ("%", []), ("C-LI", ["C-LI"]),
    ],
)  # fmt: skip
def test_institutions_are_found_by_name_number_and_pinyin(scene: Stage, query: str, found: list[str]) -> None:
    assert sorted(listed(scene, "cmd", f"q={query}".replace("%", "%25"))) == found


@pytest.mark.parametrize("who", ["cmd", "da", "mgr"])
@pytest.mark.parametrize("word", ["李", "李雪", "李雪梅", "雪梅", "欧阳", "若兰", "li", "lixue", "xuemei", "ouyang", "ruolan", "lxm", "ou"])  # fmt: skip
def test_a_person_is_not_found_by_the_name_that_is_masked(scene: Stage, who: str, word: str) -> None:
    """Neither whole nor in part, not even by the family name: searching is no way round the mask."""
    assert listed(scene, who, f"q={word}") == []
    fragment = scene.browser(who).get(f"/customers/?q={word}", headers={"HX-Request": "true"})
    assert fragment.context["page"].pager["total"] == 0


@pytest.mark.parametrize("word", ["李", "雪梅", "lixuemei", "lxm", "xue", "C-LI"])
def test_a_manager_finds_his_own_people_by_name(scene: Stage, word: str) -> None:
    assert listed(scene, "cm", f"q={word}") == ["C-LI"]
    assert listed(scene, "cm", "q=若兰") == []


def test_two_roles_do_not_lend_each_other_their_sight(scene: Stage) -> None:
    """A manager who is also head of his branch reads his own people in clear, his colleague's masked, in one list."""
    role_grant(
        actor=STAGE, user=scene.cast.user("cm"), role=Role.MGR, unit=scene.cast.units["CD"], starts_on=date(2020, 1, 1),
        reason="兼任",
    )  # fmt: skip
    browser = signed_in(scene.cast.user("cm"))
    rows = browser.get("/customers/?kind=individual&sort=customer_no").context["page"].rows
    assert [row["cells"][0]["text"] for row in rows] == ["李雪梅", "欧阳**"]
    found = [
        browser.get(f"/customers/?q={word}").context["page"].pager["total"]
        for word in ("李雪", "若兰", "欧阳")
    ]
    assert found == [1, 0, 0]


def test_lists_are_ordered_by_what_they_show(scene: Stage) -> None:
    """Two people of one family name stand in the order of their entry, whatever follows it."""
    for number, name in (("Z-1", "李安"), ("Z-2", "李阿大")):
        Customer.objects.create(
            customer_no=number, name=name, name_pinyin={"Z-1": "li an", "Z-2": "li a da"}[number], kind="individual",
            unit=scene.cast.units["CD"],
        )  # fmt: skip
    assert listed(scene, "cmd", "kind=individual&sort=name") == ["C-LI", "Z-1", "Z-2", "C-OY"]
    assert listed(scene, "cmd", "sort=-name")[0] == "C-NO"
    sortable = {column["key"] for column in scene.browser("cmd").get("/customers/").context["page"].columns if column["sortable"]}  # fmt: skip
    assert sortable == {"name", "customer_no"}


# --- masks ------------------------------------------------------------------------------------------------------------------
HIDDEN = ("李雪梅", "欧阳若兰", "雪梅", "若兰", "ruo lan", "ruolan", "13955556666", "1988-03-09", "13812345678", "张建国", "1975-06-18")  # fmt: skip


@pytest.mark.parametrize("who", ["cmd", "da", "mgr"])
def test_what_is_personal_is_masked_on_every_page(scene: Stage, page: Page, who: str) -> None:
    Customer.objects.filter(customer_no="C-OY").update(latitude="39.900001", longitude="116.400001")
    for address in (
        "/customers/", "/customers/?columns=name&columns=credit_code", "/customers/C-OY/", "/customers/C-OY/?drawer=1",
        "/customers/C-LI/", "/customers/C-HD/",
    ):  # fmt: skip
        html = page(who, address)
        assert [text for text in (*HIDDEN, "39.900001") if text in html] == [], address
    assert "欧阳**" in page(who, "/customers/C-OY/")
    assert "139****6666" in page(who, "/customers/C-OY/")
    assert "1988-**-**" in page(who, "/customers/C-OY/")
    assert "深圳恒达科技有限公司" in page(who, "/customers/")


def test_ones_own_customers_are_read_in_clear(scene: Stage, page: Page) -> None:
    assert names(scene, "cm", "kind=individual") == ["李雪梅"]
    html = page("cm", "/customers/C-HD/")
    assert [text for text in ("张建国", "13812345678", "1975-06-18") if text not in html] == []
    assert 'href="tel:13812345678"' in html
    assert "查看原文" not in html
    assert "李雪梅" in page("cm", "/customers/C-LI/")


@pytest.mark.parametrize(
    ("who", "offered"),
    [("cmd", ["name", "mobile", "birthday"]), ("mgr", ["name", "mobile", "birthday"]), ("da", [])],
)
def test_the_way_to_the_clear_text_is_offered_to_those_who_may(
    scene: Stage, page: Page, who: str, offered: list[str]
) -> None:
    html = page(who, "/customers/C-OY/")
    assert ("/customers/C-OY/reveal/" in html) is bool(offered)
    assert [field for field in ("name", "mobile", "birthday") if f"/reveal/{field}/" in html] == offered


@pytest.mark.parametrize(("who", "found"), [("cmd", 6), ("da", 6), ("mgr", 3)])
def test_exports_carry_masked_names(scene: Stage, who: str, found: int) -> None:
    text = scene.browser(who).get("/customers/export.csv?columns=name&columns=customer_no&sort=customer_no")
    lines = text.content.decode("utf-8-sig").splitlines()
    assert [line for line in lines if line.startswith(("李", "欧"))] == ["李**,C-LI", "欧阳**,C-OY"]
    assert len([line for line in lines[1:] if not line.startswith("#")]) == found
    assert scene.browser("cm").get("/customers/export.csv").status_code == 403


# --- one customer -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2023-12-31", "2023-12-31 没有登记任何归属。"),
        ("2024-12-31", "主办 王雅琴（M-CD2）（城东支行）"),
        ("2025-01-01", "主办 陈思远（M-CD1）（城东支行）"),
        ("2025-02-30", "日期应为 2026-03-02 这样的年-月-日，请改正后再查。"),
        ("soon", "日期应为 2026-03-02 这样的年-月-日，请改正后再查。"),
    ],
)
def test_who_owned_it_on_a_day(scene: Stage, page: Page, day: str, said: str) -> None:
    assert said in page("mgr", f"/customers/C-HD/?on={day}")


def test_owners_stand_newest_first(scene: Stage, page: Page) -> None:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page("mgr", "/customers/C-HD/")))
    assert "主办 陈思远 现主办 2025-01-01 — 今 M-CD1 · 城东支行" in text
    assert "主办 王雅琴 已结束 2024-01-01 — 2025-01-01 M-CD2 · 城东支行" in text
    assert text.index("2025-01-01 — 今") < text.index("2024-01-01 — 2025-01-01")


BUTTONS = {
    "cmd": ["tier", "owner", "end"], "da": ["tier", "edit", "contacts/new"], "mgr": [], "cm": ["edit", "contacts/new"],
}  # fmt: skip


@pytest.mark.parametrize("who", BUTTONS)
def test_the_page_offers_what_its_reader_may_do(scene: Stage, page: Page, who: str) -> None:
    html = page(who, "/customers/C-HD/")
    held = scene.register.assignments["C-HD"].pk
    links = {
        "tier": "/customers/C-HD/tier/", "owner": "/customers/C-HD/owner/", "end": f"/customers/C-HD/assignments/{held}/end/",
        "edit": "/customers/C-HD/edit/", "contacts/new": "/customers/C-HD/contacts/new/",
    }  # fmt: skip
    assert [name for name, link in links.items() if f'href="{link}"' in html] == BUTTONS[who]


# --- a long register --------------------------------------------------------------------------------------------------------
def test_beyond_its_limit_a_list_says_that_there_are_more(
    scene: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(CUSTOMERS), "count_limit", 4)
    answer = scene.browser("cmd").get("/customers/?sort=customer_no&page=9")
    pager = answer.context["page"].pager
    assert (pager["total"], pager["more"], pager["pages"]) == (4, True, 1)
    html = answer.content.decode()
    assert "共 <b>4</b> 条以上，请加条件缩小范围" in html
    assert '<span class="count">4+</span>' in html
    exact = scene.browser("cmd").get("/customers/?tier=A")
    assert (exact.context["page"].pager["total"], exact.context["page"].pager["more"]) == (2, False)
    assert "共 <b>2</b> 条" in exact.content.decode()


# --- counts -----------------------------------------------------------------------------------------------------------------
def _figures(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("cmd", "客户 6 已有 2 潜在 4 A 级 2 B 级 2 C 级 1 无主办 1"),
        ("da", "客户 6 已有 2 潜在 4 A 级 2 B 级 2 C 级 1"),
        ("mgr", "客户 3 已有 1 潜在 2 A 级 1 B 级 1 C 级 1"),
        ("hrh", "客户 6 已有 少于 5 潜在 少于 5 A 级 少于 5 B 级 少于 5 C 级 少于 5"),
        ("hrb", "客户 5 已有 少于 5 潜在 少于 5 A 级 少于 5 B 级 少于 5 C 级 少于 5"),
        ("cm", "我的客户 2 A 级 1 B 级 0 C 级 1"),
    ],
)
def test_the_desk_counts_customers_in_reach(scene: Stage, page: Page, who: str, said: str) -> None:
    """HR counts only, and no small numbers (2.1, 2.2)."""
    assert said in _figures(page(who, "/"))


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "trn", "nobody"])
def test_others_do_not_even_count(scene: Stage, page: Page, who: str) -> None:
    assert "潜在" not in page(who, "/")
    assert "我的客户" not in page(who, "/")


@pytest.mark.parametrize(
    ("who", "said", "linked"),
    [
        ("cmd", "管户数 2 A 级 1 B 级 0 C 级 1", True), ("mgr", "管户数 2 A 级 1 B 级 0 C 级 1", True),
        ("hrh", "管户数 少于 5 A 级 少于 5 B 级 0 C 级 少于 5", False), ("cm", "管户数 2 A 级 1 B 级 0 C 级 1", True),
    ],
)  # fmt: skip
def test_the_portfolio_stands_on_the_managers_page(
    scene: Stage, page: Page, who: str, said: str, linked: bool
) -> None:
    html = page(who, "/managers/M-CD1/")
    assert said in _figures(html)
    assert ("/customers/?owner=M-CD1" in html) is linked


def test_a_link_of_the_desk_leads_to_exactly_those(scene: Stage) -> None:
    for query, total in (("state=existing", 2), ("state=prospect", 4), ("tier=A", 2), ("owned=no", 1)):
        assert scene.browser("cmd").get(f"/customers/?{query}").context["page"].pager["total"] == total


# --- my customers -----------------------------------------------------------------------------------------------------------
def mine(scene: Stage, query: str = "") -> Any:
    return scene.browser("cm").get(f"/my-customers/?{query}").context["page"]


def test_my_customers_best_tier_first_with_whom_to_call(scene: Stage) -> None:
    page = mine(scene)
    assert [(row["name"], row["tier"], row["state"], row["call"], row["call_label"]) for row in page.rows] == [
        ("深圳恒达科技有限公司", "A 级", "已有", "13812345678", "致电张建国"), ("李雪梅", "C 级", "潜在", "", ""),
    ]  # fmt: skip
    assert [(choice["label"], choice["count"], choice["on"]) for choice in page.tiers] == [
        ("全部", 2, True), ("A 级", 1, False), ("B 级", 0, False), ("C 级", 1, False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "found"),
    [("tier=C", ["李雪梅"]), ("q=雪梅", ["李雪梅"]), ("q=hengda", ["深圳恒达科技有限公司"]), ("q=若兰", []), ("tier=Z", []),
     ("page=9", ["深圳恒达科技有限公司", "李雪梅"]), ("page=x&q=%00", ["深圳恒达科技有限公司", "李雪梅"])],
)  # fmt: skip
def test_my_customers_by_word_and_tier(scene: Stage, query: str, found: list[str]) -> None:
    assert [row["name"] for row in mine(scene, query).rows] == found


def test_who_refuses_marketing_is_remembered_on_no_birthday(scene: Stage) -> None:
    """张建国 was born on 18 June 1975, 欧阳若兰 on 9 March 1988."""
    from customers.registry.mine import near_birthdays

    day = date(2026, 6, 10)
    people = list(Contact.objects.all())
    assert near_birthdays(people, day) == [("张建国", date(1975, 6, 18))]
    assert sorted(contact.name for contact in Contact.objects.to_greet()) == ["张建国", "欧阳若兰"]
    Contact.objects.filter(name="张建国").update(marketing="refused")
    people = list(Contact.objects.all())
    assert near_birthdays(people, day) == []
    assert [contact.name for contact in Contact.objects.to_greet()] == ["欧阳若兰"]


def test_birthdays_are_near_for_fourteen_days() -> None:
    from customers.registry.mine import is_near

    today = date(2026, 12, 25)
    born = {
        date(1980, 12, 25): True,
        date(1980, 12, 24): False,
        date(1980, 1, 8): True,
        date(1980, 1, 9): False,
    }
    assert {day: is_near(day, today) for day in born} == born
    assert is_near(date(1992, 2, 29), date(2026, 2, 20))
    assert is_near(date(1992, 2, 29), date(2028, 2, 29))
