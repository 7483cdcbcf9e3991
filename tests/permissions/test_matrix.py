"""Every address × method × principal × object answers exactly as matrix.yaml says, and a refusal writes nothing."""

from __future__ import annotations

import json
import re
from copy import copy
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse

from tests.permissions.bodies import BODIES
from tests.permissions.house import House, mark_of_rows
from tests.permissions.reading import (
    CLIENTS,
    METHODS,
    PERSONS,
    PRINCIPALS,
    Address,
    addresses,
    expected,
    objects,
    patterns,
    targets,
)

pytestmark = pytest.mark.django_db

WRITING = {"POST", "PUT", "PATCH", "DELETE"}
DOOR_STATUS, EVERY = 302, 4
UNNAMED = {"^api/": "/api/v2/things/", "api_unknown": "/api/v1/nothing/"}


def address_of(house: House, address: Address, target: str) -> str:
    """The path of an address for one object. Patterns name their part of the path as they like."""
    if address.name in UNNAMED:
        return UNNAMED[address.name]
    keys = house.keys(address.on, target) if address.on else {}
    parts = keys | address.path
    [(_, names)] = get_resolver().reverse_dict.getlist(address.name)[0][0]
    if set(names) == set(parts):
        return reverse(address.name, kwargs=parts)
    # A single object is named key, pk, code or employee_no, as the room likes.
    value = parts.pop("key", None) or parts.pop("pk")
    [left] = set(names) - set(parts)
    return reverse(address.name, kwargs={left: value, **parts})


def ask(house: House, address: Address, method: str, principal: str, target: str) -> Any:
    browser = house.browser(principal, address.scope)
    path = address_of(house, address, target)
    body = BODIES[address.name](house, target) if address.name in BODIES else {}
    if address.kind == "api" and method in WRITING:
        # A client that has read the row a moment ago, and says why it removes it.
        query = "?reason=x" if method == "DELETE" else ""
        content = "" if method == "DELETE" else json.dumps(body)
        return browser.generic(
            method, path + query, content, content_type="application/json", headers={"If-Match": "*"}
        )
    if method == "POST":
        return browser.post(path, body)
    return browser.generic(method, path)


def undone(house: House, address: Address, method: str, principal: str, target: str) -> tuple[Any, bool]:
    """The answer, and whether a refusal wrote anything all the same; whatever was written is undone."""
    browser = house.browser(principal, address.scope)
    if method in WRITING:
        # Outside the savepoint, so that afterwards only what this request touched must be read.
        mark_of_rows()
    with transaction.atomic():
        cookies = copy(browser.cookies)
        answer = ask(house, address, method, principal, target)
        refused = method in WRITING and answer.status_code >= 400
        written = refused and mark_of_rows() != house.rows
        browser.cookies = cookies
        transaction.set_rollback(True)
    return answer, written


def test_every_address_of_the_product_is_in_the_file_and_nothing_else() -> None:
    assert sorted(set(patterns())) == sorted({address.name for address in addresses()})


def test_every_address_that_writes_has_a_body() -> None:
    writing = {a.name for a in addresses() if WRITING & set(a.methods)} - set(UNNAMED)
    assert sorted(writing) == sorted(BODIES)


# The other half is asked in test_matrix_half.py, so that two workers share the work.
@pytest.mark.parametrize("address", addresses()[::2], ids=lambda address: address.label)
def test_everybody_gets_what_the_file_says(house: House, address: Address) -> None:
    assert not (wrong := faults_of(house, address)), "\n" + "\n".join(wrong)


@pytest.mark.slow
@pytest.mark.parametrize("address", addresses(), ids=lambda address: address.label)
def test_everybody_who_is_refused_is_refused(house: House, address: Address) -> None:
    assert not (wrong := faults_of(house, address, others=True)), "\n" + "\n".join(wrong)


def asked(address: Address, method: str, others: bool) -> list[str]:
    """Whoever is let in, and every fourth of those who are turned away at the door: each address begins with another one,
    so that everybody is turned away somewhere in the course of it. With `others` the rest of them."""
    turned_away = [name for name in PRINCIPALS if _at_the_door(address, method, name)]
    few = turned_away[addresses().index(address) % EVERY :: EVERY]
    if others:
        return [name for name in turned_away if name not in few]
    return [name for name in PRINCIPALS if name not in turned_away or name in few]


def faults_of(house: House, address: Address, *, others: bool = False) -> list[str]:
    """Every answer of an address that is not the one of the file, in words; to those who are `asked`."""
    wrong = []
    for method in address.methods:
        for principal in asked(address, method, others):
            for target in targets(address):
                should = expected(address, method, principal, target)
                if (
                    _at_the_door(address, method, principal)
                    and target != targets(address)[0]
                    and target not in _missing(address)
                ):
                    continue  # refused before any object is looked for: one that is there and those that are not suffice
                answer, written = undone(house, address, method, principal, target)
                said = f"{principal} {method} {answer.request['PATH_INFO']}"
                if answer.status_code != should:
                    wrong.append(f"{said}: {answer.status_code}, should be {should}")
                elif (
                    should == DOOR_STATUS and _is_refused(address, method, principal) and not _is_door(answer)
                ):
                    wrong.append(f"{said}: leads to {answer['Location']}, should lead to the door")
                elif should >= 400 and written and address.kind != "open":
                    wrong.append(f"{said}: refused, and yet something was written")
    return wrong


def _missing(address: Address) -> list[str]:
    return objects()[address.on]["missing"] if address.on else []


def _at_the_door(address: Address, method: str, principal: str) -> bool:
    """Whether he is refused before anybody looks for an object: without the function, or sent to sign in."""
    should = expected(address, method, principal, targets(address)[0])
    return should in (401, 403) or (should == DOOR_STATUS and _is_refused(address, method, principal))


def _is_refused(address: Address, method: str, principal: str) -> bool:
    rules = address.methods[method]
    return (
        address.kind == "page"
        and principal not in rules
        and not ("everybody" in rules and principal in PERSONS)
    )


def _is_door(answer: Any) -> bool:
    return bool(answer["Location"].startswith("/sign-in/"))


# Where reading and writing stand apart, each with its own scope, what neither knows is refused to a reader.
FIRST = list({(address.name, *address.path.items()): address for address in reversed(addresses())}.values())


@pytest.mark.parametrize("address", FIRST, ids=lambda address: address.label)
def test_every_other_method_is_refused_as_such(house: House, address: Address) -> None:
    asking = {"page": ("nobody", "hrh"), "api": ("client",), "open": ("anonymous", "nobody")}[address.kind]
    # Reading and writing may stand apart, each with its own scope.
    same = [other for other in addresses() if (other.name, other.path) == (address.name, address.path)]
    named = {method for other in same for method in other.methods}
    wrong = []
    for method in METHODS:
        if method in named:
            continue
        for principal in asking:
            answer, written = undone(house, address, method, principal, targets(address)[0])
            if answer.status_code != 405 or written:
                wrong.append(
                    f"{principal} {method} {answer.request['PATH_INFO']}: {answer.status_code} written={written}"
                )
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize(
    "address", [a for a in addresses() if a.on and "GET" in a.methods], ids=lambda address: address.label
)
def test_out_of_scope_and_missing_are_told_apart_by_nothing(house: House, address: Address) -> None:
    """Same words, same headers, same number of queries."""
    for principal in PRINCIPALS:
        answers = {}
        for target in targets(address):
            # A key that is no number at all is refused before the database is asked.
            if expected(address, "GET", principal, target) != 404 or target == "letters":
                continue
            with transaction.atomic(), CaptureQueriesContext(connection) as queries:
                answer = ask(house, address, "GET", principal, target)
            answers[target] = (_words(answer), len(queries))
        told_apart = _differences(answers)
        assert told_apart == [], (principal, told_apart)


def _words(answer: Any) -> str:
    """Status line, headers and body without what differs between any two requests: number, time, token, the address."""
    own = ("X-Request-Id", "Expires", "Content-Length", "RateLimit-Remaining", "RateLimit-Reset")
    headers = sorted(f"{name}: {value}" for name, value in answer.headers.items() if name not in own)
    body = re.sub(r"\b\w{64}\b|[0-9a-f]{32}", "", answer.content.decode())
    return "\n".join([*headers, body.replace(answer.request["PATH_INFO"], "")])


def _differences(answers: dict[str, tuple[str, int]]) -> list[Any]:
    if len(set(answers.values())) <= 1:
        return []
    pages = [set(words.splitlines()) for words, _count in answers.values()]
    counts = [f"{target}: {count} queries" for target, (_words, count) in answers.items()]
    return counts + sorted(set.union(*pages) - set.intersection(*pages))


def test_the_file_names_every_principal_somewhere() -> None:
    named = {who for a in addresses() for rules in a.methods.values() for who in rules}
    assert set(PERSONS) - {"nobody"} <= named
    assert set(CLIENTS) <= named
