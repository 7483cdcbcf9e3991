"""matrix.yaml as expectations: which answer each principal gets from each method of each address, object by object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.urls import URLPattern, URLResolver, get_resolver

from tests.permissions.house import PERSONS

CLIENTS = ("client", "client_bj", "client_wrong")
PRINCIPALS = (*PERSONS, "anonymous", *CLIENTS)
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REACHES = ("own", "mine", "CD", "BJ", "all")
DONE = {"GET": 200, "HEAD": 200, "OPTIONS": 200, "POST": 302, "PUT": 200, "PATCH": 200, "DELETE": 204}
DOOR = 302
_KEYS = {"kind", "scope", "object", "with", *METHODS}


@dataclass(frozen=True)
class Address:
    """One way of asking an address: with what in its path, on which objects, and the methods with who gets in."""

    name: str
    kind: str
    scope: str | None
    on: str | None
    path: dict[str, Any]
    methods: dict[str, dict[str, Any]]

    @property
    def label(self) -> str:
        return " ".join([self.name, *(str(value) for value in self.path.values())])


def _document() -> dict[str, Any]:
    return yaml.safe_load(Path(__file__).with_name("matrix.yaml").read_text(encoding="utf-8"))


@cache
def addresses() -> tuple[Address, ...]:
    """Every entry of the file. Raises ValueError for a word that means nothing, so that a typo allows nothing."""
    found = []
    for name, entries in _document()["urls"].items():
        for entry in entries if isinstance(entries, list) else [entries]:
            _check(name, entry)
            methods = {method: entry[method] for method in METHODS if method in entry}
            found.append(
                Address(
                    name,
                    entry.get("kind", "page"),
                    entry.get("scope"),
                    entry.get("object"),
                    entry.get("with", {}),
                    methods,
                )
            )
    return tuple(found)


def _check(name: str, entry: dict[str, Any]) -> None:
    strange = set(entry) - _KEYS
    for method in METHODS:
        for who, what in entry.get(method, {}).items():
            if who not in {*PRINCIPALS, "everybody", "anyone", "done", "refused"}:
                strange.add(who)
            if (
                who not in {"done", "refused"}
                and what != "ok"
                and what not in REACHES
                and not isinstance(what, int)
            ):
                strange.add(str(what))
    if strange:
        raise ValueError(f"matrix.yaml, {name}: {sorted(strange)}")


@cache
def objects() -> dict[str, dict[str, list[str]]]:
    """Names of objects by kind and reach."""
    return _document()["objects"]


def targets(address: Address) -> list[str]:
    """The objects an address is asked for; one empty name where there is none."""
    if address.on is None:
        return [""]
    kind = objects()[address.on]
    return [*kind["all"], *kind["missing"]]


def expected(address: Address, method: str, principal: str, target: str) -> int:
    """The status the file promises."""
    rules = address.methods[method]
    allowed = rules.get(principal)
    if allowed is None and principal in PERSONS:
        allowed = rules.get("everybody")
    if allowed is None:
        allowed = rules.get("anyone")
    if allowed is None:
        return _refusal(address, principal)
    if isinstance(allowed, int):
        return allowed
    if address.on is not None:
        within = [principal] if allowed == "mine" else objects()[address.on][allowed]
        if target not in within:
            return 404
    if target in rules.get("refused", ()) and target:
        return 422
    return int(rules.get("done", DONE[method]))


def _refusal(address: Address, principal: str) -> int:
    if address.kind == "api":
        return 403 if principal in CLIENTS else 401
    return 403 if principal in PERSONS else DOOR


def patterns() -> Iterator[str]:
    """The name of every address of the product, recursively; a pattern without a name by its pattern."""
    pending: list[Any] = list(get_resolver().url_patterns)
    while pending:
        entry = pending.pop()
        if isinstance(entry, URLResolver):
            pending.extend(entry.url_patterns)
        elif isinstance(entry, URLPattern):
            yield str(entry.name or entry.pattern)
