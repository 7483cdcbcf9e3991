"""Rules of the house that no linter knows: sizes, names, signals, commands, migrations, templates, leftovers."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from cmsys.local.places import CHECKOUT

ROOMS = ("cmsys/", "managers/", "customers/", "appraisal/", "training/")
LONGEST, LONG = 600, 400
# Our own signal: privileges are stated again after every migration. The rest tells Celery's own processes what to do.
RECEIVERS = {
    "cmsys/audit/apps.py: post_migrate",
    "cmsys/jobs/tasks.py: worker_init",
    "cmsys/jobs/tasks.py: worker_shutting_down",
}
HAN = re.compile(r"[\u3400-\u9fff]")


@cache
def tracked() -> tuple[str, ...]:
    """Every file of the repository that is there, without those made elsewhere."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    return tuple(name for name in listed.split("\0") if name and (CHECKOUT / name).is_file())


def text(name: str) -> str:
    return (CHECKOUT / name).read_text(encoding="utf-8", errors="replace")


def modules() -> list[str]:
    return [name for name in tracked() if name.endswith(".py") and "/migrations/" not in name]


def sources() -> list[str]:
    return [name for name in modules() if name.startswith(ROOMS)]


def templates() -> list[str]:
    return [name for name in tracked() if name.startswith("templates/")]


# --- imports ------------------------------------------------------------------------------------------------------------
def test_the_import_contracts_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_room_has_its_place_on_the_ladder() -> None:
    settings = tomllib.loads(text("pyproject.toml"))["tool"]["importlinter"]
    ladder = settings["contracts"][0]["layers"]
    placed = {name.strip() for layer in ladder for name in re.split("[:|]", layer)}
    standing = {
        f"{name.split('/')[0]}.{name.split('/')[1].removesuffix('.py')}"
        if name.startswith("cmsys/")
        else name.split("/")[0]
        for name in sources()
    } - {"cmsys.__init__", "cmsys.env"}
    assert standing == placed
    assert settings["root_packages"] == ["cmsys", "managers", "customers", "appraisal", "training"]


# --- files --------------------------------------------------------------------------------------------------------------
def test_no_module_is_longer_than_six_hundred_lines() -> None:
    lengths = {name: len(text(name).splitlines()) for name in modules()}
    long = sorted(f"{count} {name}" for name, count in lengths.items() if count > LONG)
    print(f"over {LONG} lines:", *(long or ["none"]), sep="\n  ")
    assert [line for line in long if int(line.split()[0]) > LONGEST] == []


def test_no_module_is_called_utils_helpers_or_common() -> None:
    assert [name for name in modules() if Path(name).stem in ("utils", "helpers", "common")] == []


def test_signals_tie_nothing_of_ours_together() -> None:
    found = set()
    for name in sources():
        for match in re.finditer(r"@receiver\((\w+)|\b(\w+)\.connect\((?!self|database)", text(name)):
            signal = match.group(1) or match.group(2)
            if signal != "psycopg2":
                found.add(f"{name}: {signal}")
    assert found == RECEIVERS


def test_every_command_has_a_test() -> None:
    tests = "".join(text(name) for name in tracked() if name.startswith("tests/") and name.endswith(".py"))
    commands = [
        Path(name).stem
        for name in sources()
        if "/management/commands/" in name and Path(name).stem != "__init__"
    ]
    assert len(commands) >= 7
    assert [command for command in commands if not re.search(rf"""["']{command}["'\s]""", tests)] == []


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out)
    assert "No changes detected" in out.getvalue()


# --- templates ----------------------------------------------------------------------------------------------------------
_ASIDE = re.compile(
    r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|\{% blocktranslate.*?\{% endblocktranslate %\}"
    r"|\{% translate .*?%\}|_\((?:\"[^\"]*\"|'[^']*')\)",
    re.DOTALL,
)


def untranslated(source: str) -> list[str]:
    """Lines that still hold Chinese when everything meant for translation has been taken out."""
    rest = _ASIDE.sub(lambda match: "\n" * match.group().count("\n"), source)
    return [line.strip() for line in rest.splitlines() if HAN.search(line)]


def test_the_scanner_of_templates_finds_what_it_looks_for() -> None:
    assert untranslated('<b>{% translate "保存" %}</b>{# 注 #}{{ x|default:_("无") }}') == []
    assert (
        untranslated("{% blocktranslate count n=n %}\n{{ n }} 人{% plural %}人{% endblocktranslate %}") == []
    )
    assert untranslated("<b>保存</b>") == ["<b>保存</b>"]
    assert untranslated('{{ x|default:"无" }}') == ['{{ x|default:"无" }}']


@pytest.mark.parametrize("name", templates())
def test_every_text_of_a_template_is_translated(name: str) -> None:
    assert untranslated(text(name)) == []


@pytest.mark.parametrize("name", templates())
def test_templates_carry_no_code_and_no_style(name: str) -> None:
    source = text(name)
    assert re.findall(r"\sstyle\s*=|\son[a-z]+\s*=|javascript:|<style\b", source) == []
    inline = [tag for tag in re.findall(r"<script\b[^>]*>", source) if "src=" not in tag]
    assert [tag for tag in inline if 'type="application/json"' not in tag] == []
    assert re.findall(r"\|safe\b|autoescape off", source) == []


# --- leftovers ----------------------------------------------------------------------------------------------------------
def test_nothing_is_left_to_be_done_later() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
    assert [
        name
        for name in tracked()
        if name.endswith((".py", ".html", ".js", ".css")) and marks.search(text(name))
    ] == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    places = re.compile(r"(?<![\w.])/(?:root|home|work)/\w|registry\.npmjs|pypi\.org|pythonhosted")
    # This test and its neighbour name what they look for.
    own = {"tests/architecture/test_house_rules.py", "tests/architecture/test_commands.py"}
    assert [name for name in tracked() if name not in own and places.search(text(name))] == []


def test_no_row_is_called_by_a_bare_query_count() -> None:
    """assertNumQueries without `with` asserts nothing (exemplars, pitfall 8)."""
    bare = re.compile(r"^\s*(?:self\.)?(?:assertNumQueries|django_assert_num_queries)\(", re.MULTILINE)
    assert [name for name in modules() if name.startswith("tests/") and bare.search(text(name))] == []
