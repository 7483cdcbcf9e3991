"""Lists, filters, sorting, exports, compositions, fragments and pickers: never a row or a count from out of scope."""

from __future__ import annotations

import re

import pytest

from managers.profiles.models import RelationshipManager
from tests.permissions.house import House

pytestmark = pytest.mark.django_db

# 李敏 heads 城东支行, 冯分行 is HR of 北京分行; 周婷 works at 浦东支行 of 上海分行.
FOREIGN = ("周婷", "M-PD1", "P-PD", "个人客户经理岗")


def rows(answer) -> list[str]:
    """The first cell of each row of a list page, in the order of their characters, and the total it states."""
    page = answer.context["page"]
    return [
        *sorted(row["cells"][0]["text"].strip("\u3000") for row in page.rows),
        f"共 {page.pager['total']}",
    ]


def hidden(answer) -> bool:
    html = answer.content.decode().replace(answer.request["PATH_INFO"], "")
    return not [text for text in FOREIGN if text in html]


@pytest.mark.parametrize(
    ("who", "query", "found"),
    [
        ("mgr", "", ["王雅琴", "陈思远", "共 2"]),
        ("hrb", "", ["王雅琴", "赵立群", "陈思远", "共 3"]),
        ("hrh", "", ["周婷", "王雅琴", "赵立群", "陈思远", "共 4"]),
        ("mgr", "sort=-name&size=100", ["王雅琴", "陈思远", "共 2"]),
        ("hrb", "sort=-unit&size=100", ["王雅琴", "赵立群", "陈思远", "共 3"]),
        ("mgr", "page=99", ["王雅琴", "陈思远", "共 2"]),
        ("mgr", "grade=MIDDLE", ["陈思远", "共 1"]),
        ("hrb", "q=M-", ["王雅琴", "赵立群", "陈思远", "共 3"]),
        ("hrh", "q=周婷", ["周婷", "共 1"]),
        ("hrb", "unit=CX", ["赵立群", "共 1"]),
    ],
)
def test_a_list_shows_exactly_the_people_in_reach(
    house: House, who: str, query: str, found: list[str]
) -> None:
    assert rows(house.persons[who].get(f"/managers/?{query}")) == found


@pytest.mark.parametrize("who", ["mgr", "hrb"])
@pytest.mark.parametrize("query", ["q=周婷", "q=M-PD1", "q=zhouting", "q=zt"])
def test_searching_for_a_person_out_of_scope_finds_nobody(house: House, who: str, query: str) -> None:
    answer = house.persons[who].get(f"/managers/?{query}")
    assert rows(answer) == ["共 0"]
    assert rows(house.persons[who].get(f"/managers/?{query}", headers={"HX-Request": "true"})) == ["共 0"]


@pytest.mark.parametrize("who", ["mgr", "hrb"])
@pytest.mark.parametrize("address", ["/managers/", "/managers/composition/", "/posts/"])
def test_a_unit_out_of_scope_is_no_condition_just_like_one_that_does_not_exist(
    house: House, who: str, address: str
) -> None:
    foreign = house.persons[who].get(f"{address}?unit=PD")
    absent = house.persons[who].get(f"{address}?unit=NONE")
    assert (foreign.status_code, absent.status_code) == (400, 400)
    assert _words(foreign) == _words(absent)
    assert "浦东" not in foreign.content.decode()


def _words(answer) -> str:
    html = re.sub(r"\b\w{64}\b|[0-9a-f]{32}", "", answer.content.decode())
    return html.replace("unit=PD", "").replace("unit=NONE", "").replace(">PD<", "><").replace(">NONE<", "><")


def test_an_export_carries_the_rows_of_the_list_and_no_others(house: House) -> None:
    def numbers(query: str) -> list[str]:
        text = house.persons["hrb"].get(f"/managers/export.csv?{query}").content.decode()
        return re.findall(r"M-\w+", text)

    assert sorted(numbers("")) == ["M-CD1", "M-CD2", "M-CX1"]
    assert numbers("q=周婷") == []
    assert numbers("unit=PD") == []
    assert numbers("unit=CX") == ["M-CX1"]


def test_units_and_posts_in_a_list_an_export_and_the_tree(house: House) -> None:
    mgr = house.persons["mgr"]
    assert rows(mgr.get("/org-units/")) == ["城东支行", "共 1"]
    assert rows(mgr.get("/org-units/?under=CD")) == ["城东支行", "共 1"]
    assert rows(mgr.get("/posts/")) == ["公司客户经理岗", "见习岗", "共 2"]
    assert rows(house.persons["hrb"].get("/org-units/")) == ["北京分行", "城东支行", "城西支行", "共 3"]
    tree = mgr.get("/org-units/tree/").content.decode()
    assert "城东支行" in tree
    assert [name for name in ("城西支行", "浦东支行", "上海分行") if name in tree] == []
    exported = mgr.get("/posts/export.csv").content.decode()
    assert re.findall(r"P-\w+", exported) == ["P-CD", "P-ALL"]


def test_a_post_of_all_units_counts_only_people_in_reach(house: House) -> None:
    """见习岗 exists everywhere; whoever stands on it at 浦东 is no business of 城东's."""
    post = house.cast.posts["P-ALL"]
    RelationshipManager.objects.filter(employee_no__in=["M-CD2", "M-PD1"]).update(post=post)

    def filled(who: str) -> str:
        page = house.persons[who].get("/posts/?q=P-ALL").context["page"]
        return next(cell["text"] for cell in page.rows[0]["cells"] if cell["key"] == "filled")

    assert [filled(who) for who in ("hrh", "hrb", "mgr")] == ["2", "1", "1"]


@pytest.mark.parametrize(("who", "total"), [("mgr", 2), ("hrb", 3), ("hrh", 4)])
def test_a_composition_counts_people_in_reach(house: House, who: str, total: int) -> None:
    answer = house.persons[who].get("/managers/composition/")
    assert answer.context["total"] == total
    assert {dimension["total"] for dimension in answer.context["dimensions"]} == {total}
    fragment = house.persons[who].get("/managers/composition/", headers={"HX-Request": "true"})
    assert ("上海" in fragment.content.decode()) is (who == "hrh")


@pytest.mark.parametrize(
    ("who", "query", "parts"),
    [
        ("hrh", "", ["北京分行 3 BJ", "上海分行 1 SH"]),
        ("hrh", "unit=BJ", ["城东支行 2 CD", "城西支行 1 CX"]),
        ("hrb", "", ["城东支行 2 CD", "城西支行 1 CX"]),
        ("mgr", "", ["城东支行（直属） 2 "]),
        ("mgr", "unit=CD", ["城东支行（直属） 2 "]),
    ],
)
def test_a_composition_names_units_that_its_reader_may_see(
    house: House, who: str, query: str, parts: list[str]
) -> None:
    """Each leads to the list of its people; a bar that led to a unit out of reach would be refused."""
    shown = house.persons[who].get(f"/managers/composition/?{query}").context["dimensions"][0]["bars"]
    codes = [re.findall(r"[?&]unit=(\w*)", bar["url"])[-1:] for bar in shown]
    found = [f"{bar['label']} {bar['value']} {''.join(code)}" for bar, code in zip(shown, codes, strict=True)]
    assert found == parts


def test_an_exported_composition_counts_people_in_reach(house: House) -> None:
    text = house.persons["hrb"].get("/managers/composition.csv").content.decode()
    assert "等级,中级客户经理,1,33.3" in text
    assert "上海" not in text


def test_a_drawer_out_of_scope_does_not_open(house: House) -> None:
    for address in (
        "/managers/M-PD1/?drawer=1",
        "/managers/M-CX1/?drawer=1",
        "/posts/P-PD/?drawer=1",
        "/org-units/PD/?drawer=1",
    ):
        answer = house.persons["mgr"].get(address)
        assert answer.status_code == 404, address
        assert hidden(answer), address


def choices(answer, field: str) -> list[str]:
    """What a field offers, by its label, without the empty choice."""
    form = answer.context["page"].form
    return [str(label).strip("　") for value, label in form.fields[field].choices if value]


def test_pickers_offer_what_is_in_reach(house: House) -> None:
    form = house.persons["hrb"].get("/managers/new/")
    assert sorted(choices(form, "unit")) == ["北京分行", "城东支行", "城西支行"]
    assert sorted(choices(form, "post")) == ["公司客户经理岗", "小微客户经理岗", "见习岗"]
    listed = house.persons["mgr"].get("/managers/").context["page"].filter_form
    assert [str(label).strip("　") for value, label in listed.fields["unit"].choices if value] == ["城东支行"]


def test_what_a_picker_does_not_offer_is_refused_when_sent(house: House) -> None:
    body = {
        "employee_no": "M-NEW", "name": "孙悦", "unit": "PD", "status": "active", "industries": "",
        "post": str(house.cast.posts["P-PD"].pk),
    }  # fmt: skip
    answer = house.persons["hrb"].post("/managers/new/", body)
    assert answer.status_code == 422
    assert sorted(answer.context["page"].form.errors) == ["post", "unit"]
    assert not RelationshipManager.objects.filter(employee_no="M-NEW").exists()


def test_the_desk_counts_people_in_reach(house: House) -> None:
    def registered(who: str) -> str:
        html = house.persons[who].get("/").content.decode()
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).partition("在册 ")[2].split()[0]

    assert [registered(who) for who in ("mgr", "hrb", "hrh")] == ["2", "3", "4"]


@pytest.mark.parametrize("who", ["sys", "sec", "aud", "da", "nobody"])
def test_those_who_see_no_people_see_none_anywhere(house: House, who: str) -> None:
    """SYS sees no business data; neither do SEC and AUD: no name, number or grade on any page they can open. DA keeps
    customers and their owners, so the owner's name stands beside his customer (2.2: clear inside the house), nothing else."""
    opened = [
        entry["url"] for group in house.persons[who].get("/").context["nav"] for entry in group["entries"]
    ]
    for address in [
        *opened,
        *(f"/org-units/{code}/" for code in ("CD", "PD")),
        "/posts/P-CD/",
        "/org-units/tree/",
    ]:
        answer = house.persons[who].get(address)
        if answer.status_code == 403:
            continue
        html = answer.content.decode()
        # The auditor's ledger and the administrators' list of accounts name people; business they do not show. Of whom
        # somebody declared an interest he said himself.
        if not address.startswith(("/events/", "/users/", "/interest-declarations/")):
            owners = address.startswith(("/customers/", "/transactions/", "/contracts/", "/opportunities/"))
            hidden = ("高级客户经理",) if owners else ("王雅琴", "M-CD2", "高级客户经理", "周婷")
            assert [text for text in hidden if text in html] == [], address


@pytest.mark.parametrize(
    ("scope", "address", "found"),
    [
        ("managers:read", "managers/", ["M-CD1", "M-CD2", "M-CX1"]),
        ("managers:read", "managers/?unit=PD", []),
        ("managers:read", "managers/?unit=HO", []),
        ("managers:read", "managers/?q=周婷", []),
        ("managers:read", "managers/?employee_no=M-PD1", []),
        ("managers:read", "certificates/?employee_no=M-PD1", []),
        ("org:read", "posts/", ["P-ALL", "P-CD", "P-CX"]),
        ("org:read", "posts/?unit=PD", []),
        ("org:read", "org-units/?under=SH", []),
        ("org:read", "org-units/?parent=SH", []),
    ],
)
def test_a_program_below_a_unit_gets_rows_of_that_unit(
    house: House, scope: str, address: str, found: list[str]
) -> None:
    answer = house.clients[scope]["client_bj"].get(f"/api/v1/{address}").json()
    assert sorted(row.get("employee_no") or row["code"] for row in answer["results"]) == found
    assert answer["next"] is None


def test_a_program_never_gets_personal_data(house: House) -> None:
    text = house.clients["managers:read"]["client"].get("/api/v1/managers/").content.decode()
    assert "M-PD1" in text
    for never in ("mobile", "email", "birth", "138", "@example.com", "1990"):
        assert never not in text
