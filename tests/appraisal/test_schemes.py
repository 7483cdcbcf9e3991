"""Scheme documents: the same meaning is the same version, a used one is succeeded, and an export comes in as a no-op."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from appraisal.cycles.services.cycles import cycle_open
from appraisal.schemes.adapters import digest_of, loaded
from appraisal.schemes.engine import parse_period
from appraisal.schemes.models import SchemeVersion
from appraisal.schemes.selectors import document_of, version_for
from appraisal.schemes.services.schemes import scheme_import
from cmsys.access.actors import MissingFunction
from cmsys.audit.models import Event
from tests.appraisal.world import EXAMPLES
from tests.cast import STAGE, TODAY, Cast

pytestmark = pytest.mark.django_db
DEMO = (EXAMPLES / "demo.yaml").read_text()


def code_of(caught: pytest.ExceptionInfo[ValidationError]) -> str:
    return str(caught.value.error_dict["document"][0].code)


def test_a_document_becomes_a_version(cast: Cast) -> None:
    imported = scheme_import(actor=cast.user("hrh"), text=DEMO)
    version = SchemeVersion.objects.get()
    assert (imported.outcome, imported.version.pk) == ("created", version.pk)
    assert (version.code, version.version, version.name, version.cycle) == ("DEMO", 1, "示例方案", "quarter")
    assert (version.document, len(version.digest)) == (DEMO, 64)
    assert [path for path, _sentence in imported.warnings] == ["dimensions"]
    assert "合规" in imported.warnings[0][1]
    (event,) = Event.objects.filter(kind="scheme.create")
    assert (event.object_id, event.after["version"]) == (str(version.pk), 1)


def test_layout_comments_order_of_keys_and_trailing_zeros_do_not_count(cast: Cast) -> None:
    scheme_import(actor=STAGE, text=DEMO)
    events = Event.objects.count()
    other = DEMO.replace("weight: 60,", "weight: 60.0,").replace("name: 示例方案\ncycle: quarter", "cycle: quarter\nname: 示例方案")  # fmt: skip
    other = "\ufeff# another hand\r\n" + other.replace("\n", "\r\n")
    assert other != DEMO
    assert scheme_import(actor=STAGE, text=other).outcome == "unchanged"
    assert SchemeVersion.objects.get().document == DEMO
    assert Event.objects.count() == events


def test_meaning_counts() -> None:
    assert digest_of(DEMO) != digest_of(DEMO.replace("cap: 120", "cap: 110"))
    assert digest_of(DEMO) != digest_of(DEMO.replace("name: 逾期率", "name: 逾期"))


def test_an_unused_version_may_still_change(cast: Cast) -> None:
    scheme_import(actor=STAGE, text=DEMO)
    imported = scheme_import(actor=STAGE, text=DEMO.replace("cap: 120", "cap: 110"))
    assert imported.outcome == "updated"
    assert SchemeVersion.objects.count() == 1
    assert Event.objects.filter(kind="scheme.update").count() == 1
    indicator = loaded(SchemeVersion.objects.get()).indicator("SALES")
    assert indicator is not None
    assert indicator.method["cap"] == 110


def test_a_used_version_is_succeeded_never_changed(cast: Cast) -> None:
    scheme_import(actor=STAGE, text=DEMO)
    cycle_open(actor=STAGE, scheme_code="DEMO", period="2025Q4", today=TODAY)
    changed = DEMO.replace("cap: 120", "cap: 110")
    with pytest.raises(ValidationError, match="version 提高到 2") as caught:
        scheme_import(actor=STAGE, text=changed)
    assert code_of(caught) == "used"
    assert SchemeVersion.objects.get().document == DEMO
    assert scheme_import(actor=STAGE, text=DEMO).outcome == "unchanged"
    assert scheme_import(actor=STAGE, text=changed.replace("version: 1", "version: 2")).outcome == "created"
    assert list(SchemeVersion.objects.values_list("version", flat=True)) == [2, 1]


def test_a_version_below_the_newest_does_not_come_in(cast: Cast) -> None:
    scheme_import(actor=STAGE, text=DEMO.replace("version: 1", "version: 3"))
    with pytest.raises(ValidationError, match="第 3 版；请把 version 提高到 4") as caught:
        scheme_import(actor=STAGE, text=DEMO)
    assert code_of(caught) == "old_version"
    assert SchemeVersion.objects.count() == 1


def test_every_fault_is_named_with_its_place_and_nothing_is_stored(cast: Cast) -> None:
    with pytest.raises(ValidationError) as caught:
        scheme_import(
            actor=STAGE, text=DEMO.replace("weight: 60,", "weight: 50,").replace("cap: 120", "cap: -1")
        )
    said = caught.value.messages
    assert len(said) == 2
    assert "dimensions[0]" in said[0] or "dimensions[0]" in said[1]
    assert SchemeVersion.objects.count() == 0
    assert Event.objects.filter(kind="scheme.create").count() == 0


@pytest.mark.parametrize("name", ["hrb", "mgr", "cm", "sys", "da", "nobody"])
def test_only_head_office_hr_brings_schemes_in(cast: Cast, name: str) -> None:
    with pytest.raises(MissingFunction):
        scheme_import(actor=cast.user(name), text=DEMO)
    assert SchemeVersion.objects.count() == 0


def test_the_version_in_force(cast: Cast) -> None:
    scheme_import(actor=STAGE, text=DEMO + "effective: {to: 2025Q2}\n")
    second = scheme_import(actor=STAGE, text=DEMO.replace("version: 1", "version: 2") + "effective: {from: 2025Q4}\n").version  # fmt: skip
    found = {text: version_for("DEMO", parse_period(text)) for text in ("2025Q2", "2025Q3", "2025Q4")}  # type: ignore[arg-type]
    assert [version and version.version for version in found.values()] == [1, None, 2]
    assert document_of(STAGE, "DEMO").pk == second.pk
    assert document_of(STAGE, "DEMO", 1).version == 1


# --- commands ---------------------------------------------------------------------------------------------------------------
def call(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command(*arguments, stdout=out, stderr=StringIO())
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_every_shipped_scheme_comes_in_and_an_export_of_it_changes_nothing(
    cast: Cast, tmp_path: Path, name: str
) -> None:
    code, out = call("import_scheme", str(EXAMPLES / f"{name}.yaml"), "--json")
    first = json.loads(out)
    assert (code, first["outcome"]) == (0, "created")
    _code, exported = call("export_scheme", first["code"])
    copy = tmp_path / "copy.yaml"
    copy.write_text(exported)
    code, out = call("import_scheme", str(copy), "--json")
    assert (code, json.loads(out)["outcome"]) == (0, "unchanged")
    assert Event.objects.filter(kind__startswith="scheme.").count() == 1


def test_a_refused_document_ends_with_one_and_an_unreadable_file_with_two(cast: Cast, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("code: X\n")
    code, out = call("import_scheme", str(wrong), "--json")
    assert code == 1
    assert json.loads(out)["errors"]
    assert call("import_scheme", str(tmp_path / "none.yaml"))[0] == 2
    assert call("export_scheme", "NONE")[0] == 1
    assert SchemeVersion.objects.count() == 0
