"""Every public service names its actor, requires a function and writes an event: read from the source, one test each.

So that taking the check or the event out of any service fails a test that carries the service's name.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from cmsys.local.places import CHECKOUT

ROOMS = ("cmsys", "managers", "customers", "appraisal", "training")
# Not services, though they stand among them: they write nothing, or are asked by services.
HELPERS = {
    "cmsys/accounts/services/users.py:random_password": "makes a text",
    "cmsys/accounts/services/users.py:end_sessions": "called by services that have checked and recorded",
    "cmsys/api/services/clients.py:digest": "makes a text",
    "cmsys/org/services/units.py:check_placeable": "asks, writes nothing",
    "cmsys/transfers/services/batches.py:file_check": "a dry run, writes nothing",
    "cmsys/transfers/services/batches.py:files_expire": "housekeeping: uploaded bytes after their seven days",
    "cmsys/transfers/services/batches.py:locked_batch": "locks, writes nothing",
    "cmsys/transfers/services/batches.py:source_of": "reads",
    "cmsys/transfers/services/queued.py:job_of": "reads",
    "cmsys/transfers/services/queued.py:has_failed": "reads",
}
# The person's own password: the view lets nobody else in, so there is no function to require.
OWN = {"cmsys/accounts/services/users.py:password_change"}


@dataclass(frozen=True)
class Service:
    """A public function of a services folder, with all that it calls, through functions of services as well."""

    name: str
    arguments: ast.arguments
    calls: frozenset[str]


@dataclass(frozen=True)
class Module:
    """A file of services: its functions, and what it has from other such files (name here → file, name there)."""

    place: str
    functions: dict[str, ast.FunctionDef]
    imported: dict[str, tuple[str, str]]


def _module(path: Path) -> Module:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {
        name.asname or name.name: (f"{node.module.replace('.', '/')}.py", name.name)
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module and ".services" in node.module
        for name in node.names
    }
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    return Module(path.relative_to(CHECKOUT).as_posix(), functions, imported)


def _calls(modules: dict[str, Module], module: Module, name: str) -> set[str]:
    reached: set[str] = set()
    pending = [(module, name)]
    seen = {(module.place, name)}
    while pending:
        here, name = pending.pop()
        for node in ast.walk(here.functions[name]):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            call = node.func.id
            reached.add(call)
            place, there = here.imported.get(call, (here.place, call))
            if place in modules and there in modules[place].functions and (place, there) not in seen:
                seen.add((place, there))
                pending.append((modules[place], there))
    return reached


MODULES = {
    module.place: module
    for room in ROOMS
    for module in map(_module, sorted((CHECKOUT / room).rglob("services/*.py")))
}
ALL = [
    Service(f"{module.place}:{name}", function.args, frozenset(_calls(MODULES, module, name)))
    for module in MODULES.values()
    for name, function in module.functions.items()
    if not name.startswith("_")
]
SERVICES = [service for service in ALL if service.name not in HELPERS]
names = pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)


def test_there_are_services_and_the_exceptions_still_exist() -> None:
    assert len(SERVICES) >= 17
    assert HELPERS.keys() | OWN <= {service.name for service in ALL}


@names
def test_takes_everything_by_name(service: Service) -> None:
    assert not service.arguments.args
    assert not service.arguments.posonlyargs
    assert service.arguments.vararg is None


@names
def test_names_its_actor(service: Service) -> None:
    given = [argument.arg for argument in service.arguments.kwonlyargs]
    assert ("user" if service.name in OWN else "actor") in given


@names
def test_requires_a_function(service: Service) -> None:
    assert "require" in service.calls or service.name in OWN


@names
def test_writes_an_event(service: Service) -> None:
    assert service.calls & {"record", "record_many"}
