"""A pytest plugin (`-p tests.embedded`): an embedded PostgreSQL for one run of the suite, and a Valkey for who asks.

Started before pytest-django reads the settings, ended when pytest ends. Each worker of xdist has a server of its own,
because what the sealer waits for is a transaction anywhere in its cluster. A given DATABASE_URL is used as it is, and its
roles are made there. Runs that name only tests/engine start nothing. Third-party front-end files that are missing are brought.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from cmsys.local import frontend
from cmsys.local.broker import Broker, binary
from cmsys.local.postgres import Cluster, binaries
from cmsys.local.problems import LaunchProblem
from cmsys.local.roles import create_database, prepare_database, prepare_roles
from cmsys.local.servant import Servant

PREFIX = "cmsys-test-"
# Set where the server is one of ours, for the workers that come after.
OWN_SERVER = "CMSYS_TESTS_OWN_SERVER"
NO_DATABASE = "postgresql://nobody@/none?host=/nonexistent"
# Folders whose tests are pure: they get no database, and fail when they try to reach one.
PURE = ("tests/engine",)

_running: Cluster | None = None
_folder: Path | None = None


def start_cluster(folder: Path) -> Cluster:
    """A fresh throw-away server below `folder` with both roles and the database `cmsys`; logs in as superuser."""
    servant = Servant.choose()
    servant.make_folder(folder)
    sockets = servant.socket_folder(folder)
    cluster = Cluster(
        folder / "pg", sockets, folder / "postgres.log", binaries(servant, folder / "lib"), servant, False
    )
    cluster.ensure_data()
    cluster.start()
    prepare_roles(cluster.url(database="postgres"), create_databases=True)
    # Test databases are copies of template1, so the extensions are in each of them.
    prepare_database(cluster.url(database="template1"), own=False)
    create_database(cluster.url(database="postgres"), "cmsys")
    prepare_database(cluster.url(), own=True)
    return cluster


def start_broker(folder: Path) -> Broker:
    servant = Servant.choose()
    folder.mkdir(parents=True, exist_ok=True)
    servant.make_folder(folder)
    broker = Broker(folder / "valkey", folder / "valkey.log", binary(servant, folder / "lib"), servant)
    broker.start()
    return broker


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(args: list[str]) -> Iterator[None]:
    """A wrapper, because pytest-django reads the settings in the same hook and is asked before ordinary plugins."""
    global _running, _folder
    worker = "PYTEST_XDIST_WORKER" in os.environ
    if not os.environ.get("DATABASE_URL") or (worker and OWN_SERVER in os.environ):
        if _needs_no_database(args):
            os.environ["DATABASE_URL"] = NO_DATABASE
        else:
            _remove_leftovers()
            _folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_short_folder()))
            try:
                _running = start_cluster(_folder)
            except LaunchProblem as problem:
                pytest.exit(f"{problem}", returncode=2)
            os.environ["DATABASE_URL"], os.environ[OWN_SERVER] = _running.url(), "1"
    elif not worker:
        try:
            prepare_roles(os.environ["DATABASE_URL"], create_databases=True)
        except LaunchProblem as problem:
            pytest.exit(f"{problem}", returncode=2)
    if not worker and os.environ["DATABASE_URL"] != NO_DATABASE:
        _bring_front_end()
    try:
        return (yield)
    except BaseException:
        # Settings that cannot be read end pytest before it is configured, and then nobody unconfigures it.
        pytest_unconfigure()
        raise


def _bring_front_end() -> None:
    """Fonts of printed sheets, charts, icons; without them the tests that need them fail and say so."""
    try:
        frontend.ensure(print)
    except frontend.FrontEndError as problem:
        print(problem)


def pytest_unconfigure() -> None:
    """Ends the server; called at the end of every run that was configured."""
    global _running
    if _running is not None:
        _running.stop()
        _running = None
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)


def _needs_no_database(args: list[str]) -> bool:
    """Whether only help was asked for, or every path named is of a pure folder."""
    if {"-h", "--help", "-V", "--version", "--markers", "--fixtures"} & set(args):
        return True
    named = [
        argument
        for argument in args
        if not argument.startswith("-") and Path(argument.split("::")[0]).exists()
    ]
    inside = [os.path.relpath(name.split("::")[0]) for name in named]
    return bool(inside) and all(
        name == pure or name.startswith(f"{pure}/") for name in inside for pure in PURE
    )


def _short_folder() -> str:
    return "/tmp" if os.access("/tmp", os.W_OK) else tempfile.gettempdir()


def _remove_leftovers() -> None:
    """Ends the server of a test run that was killed, and removes its folder."""
    for folder in Path(_short_folder()).glob(f"{PREFIX}*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        if not owner.isdigit() or psutil.pid_exists(int(owner)) or not os.access(folder, os.W_OK):
            continue
        Cluster(folder / "pg", folder, folder / "log", folder, Servant()).clear_leftovers()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A Valkey of this test alone: `.url`, `.process` (to freeze or kill it), `.stop()`, `.start()`."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_short_folder()))
    broker = start_broker(folder)
    yield broker
    broker.stop()
    shutil.rmtree(folder, ignore_errors=True)
