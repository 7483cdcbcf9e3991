"""import_data as scripts use it (interfaces 1), and the example crm_maven."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum

from cmsys.audit.models import Event
from cmsys.org.models import OrgUnit
from cmsys.transfers.models import ImportBatch
from customers.engagement.models import CustomerQuarter, ManagerMonth, Opportunity, Transaction
from customers.registry.models import Customer
from managers.profiles.models import RelationshipManager

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
MAVEN = ROOT.parent / "shared" / "data" / "crm_maven"
EXAMPLE = ROOT / "examples" / "crm_maven"


def _call(*arguments: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    code = 0
    try:
        call_command("import_data", *arguments, stdout=out, stderr=err)
    except SystemExit as ended:
        code = int(ended.code or 0)
    return code, out.getvalue(), err.getvalue()


def _json(*arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _err = _call(*arguments, "--json")
    assert out.count("\n") == 1
    return code, json.loads(out)


@pytest.fixture
def units(tmp_path: Path) -> Path:
    path = tmp_path / "units.csv"
    path.write_text(
        "机构编码,机构名称,机构类型,上级机构编码\nHO,总行,总部,\nBJ,北京分行,分行,HO\n", encoding="utf-8"
    )
    return path


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    path = tmp_path / "faulty.csv"
    path.write_text("code,name,kind\nHO,总行,总部\nX,,分行\n", encoding="gbk")
    return path


def test_all_in(units: Path) -> None:
    code, answer = _json("org_units", str(units))
    batch = ImportBatch.objects.get()
    assert code == 0
    assert answer == {
        "kind": "org_units", "read": 2, "created": 2, "updated": 0, "unchanged": 0, "mapped": 0, "refused": 0,
        "errors": [], "batch": batch.pk, "skipped": 0, "warnings": [],
    }  # fmt: skip
    assert (batch.actor_name, batch.state, batch.file_name) == ("system:import_data", "done", "units.csv")
    code, answer = _json("org_units", str(units))
    assert (code, answer["created"], answer["unchanged"]) == (0, 0, 2)


def test_dry_run_says_the_same_and_writes_nothing(units: Path) -> None:
    code, answer = _json("org_units", str(units), "--dry-run")
    assert (code, answer["created"], answer["batch"]) == (0, 2, None)
    assert (OrgUnit.objects.count(), ImportBatch.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_one_bad_row_keeps_all_out(faulty: Path) -> None:
    code, answer = _json("org_units", str(faulty))
    assert code == 2
    assert (answer["read"], answer["created"], answer["refused"], answer["batch"]) == (2, 0, 1, None)
    assert answer["errors"] == [
        {
            "row": 3, "column": "name", "value": "", "code": "missing", "message": "第 3 行 机构名称：必填，不能为空",
            "header": "机构名称",
        }
    ]  # fmt: skip
    assert (OrgUnit.objects.count(), ImportBatch.objects.count(), Event.objects.count()) == (0, 0, 0)


def test_skip_refuses_some(faulty: Path) -> None:
    code, answer = _json("org_units", str(faulty), "--mode", "skip")
    assert (code, answer["created"], answer["refused"]) == (1, 1, 1)
    assert OrgUnit.objects.get().code == "HO"


def test_skip_with_no_good_row_imports_nothing(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("code,name,kind\nX,,分行\n", encoding="utf-8")
    code, answer = _json("org_units", str(path), "--mode", "skip")
    assert (code, answer["batch"], ImportBatch.objects.count()) == (2, None, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("org_units", "no-such-file.csv"), "找不到或打不开文件“no-such-file.csv”"),
        (("planets", "x.csv"), "没有“planets”这一类"),
        (("org_units",), "请给出要导入的文件"),
        (("org_units", "UNITS", "--mapping", "none.yaml"), "找不到或打不开文件“none.yaml”"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_2(
    arguments: tuple[str, ...], words: str, units: Path
) -> None:
    given = tuple(str(units) if argument == "UNITS" else argument for argument in arguments)
    code, answer = _json(*given)
    assert code == 2
    assert words in answer["errors"][0]["message"]
    assert answer["batch"] is None


def test_people_read_sentences(faulty: Path) -> None:
    code, out, err = _call("org_units", str(faulty))
    assert code == 2
    assert "第 3 行 机构名称：必填，不能为空" in err
    assert "机构：读取 2 行，新增 0，更新 0，无变化 0，有错 1。" in out
    assert "没有导入任何内容" in out


def test_describe_names_every_column() -> None:
    code, answer = _json("managers", "--describe")
    assert code == 0
    assert answer["key"] == ["employee_no"]
    assert [(column["code"], column["header"]) for column in answer["columns"]] == [
        ("employee_no", "工号"), ("name", "姓名"), ("gender", "性别"), ("birth_date", "出生日期"),
        ("unit_code", "所属机构"), ("post_code", "岗位编码"), ("line", "条线"), ("category", "类别"),
        ("grade_code", "等级"), ("hire_date", "入职日期"), ("education", "学历"), ("major", "专业"),
        ("experience_years", "从业年限"), ("industries", "擅长行业"), ("region_code", "服务区域"), ("mobile", "手机"),
        ("email", "邮箱"), ("capacity", "客户容量"), ("status", "状态"),
    ]  # fmt: skip
    gender = answer["columns"][2]
    assert (gender["type"], gender["choices"]) == (
        "choice",
        [{"code": "male", "label": "男"}, {"code": "female", "label": "女"}],
    )


@pytest.mark.parametrize("kind", ["org_units", "posts", "managers"])
def test_columns_are_those_other_people_use(kind: str) -> None:
    wanted = {
        "org_units": ["code", "name", "kind", "parent_code", "region_code", "latitude", "longitude", "head"],
        "posts": ["code", "name", "series", "headcount", "unit_code"],
        "managers": [
            "employee_no", "name", "gender", "birth_date", "unit_code", "post_code", "line", "category", "grade_code",
            "hire_date", "education", "major", "experience_years", "industries", "region_code", "mobile", "email",
            "capacity", "status",
        ],
    }[kind]  # fmt: skip
    _code, answer = _json(kind, "--describe")
    assert [column["code"] for column in answer["columns"]] == wanted


def _maven() -> list[tuple[Any, ...]]:
    """Every mapping in order, as load.sh does it; what came of each."""
    answers = []
    for mapping in sorted(EXAMPLE.glob("[0-9][0-9]_*.yaml")):
        file = mapping.read_text(encoding="utf-8").splitlines()[0].removeprefix("# file: ")
        data = MAVEN / file if (MAVEN / file).exists() else EXAMPLE / file
        _code, answer = _json(mapping.stem[3:], str(data), "--mapping", str(mapping), "--mode", "skip")
        counted = ("read", "created", "updated", "unchanged", "mapped", "refused", "skipped")
        answers.append((answer["kind"], *(answer[name] for name in counted)))
        assert {(found["column"], found["code"]) for found in answer["errors"]} <= {
            ("customer_no", "missing")
        }
    return answers


@pytest.mark.skipif(not MAVEN.is_dir(), reason="the data set crm_maven is not beside the checkout")
def test_crm_maven_comes_in_unedited_and_a_second_time_changes_nothing() -> None:
    # read, created, updated, unchanged, mapped, refused, skipped
    assert _maven() == [
        ("org_units", 3, 3, 0, 0, 0, 0, 32),
        ("org_units", 6, 6, 0, 0, 0, 0, 29),
        ("managers", 35, 35, 0, 0, 0, 0, 0),
        ("customers", 85, 85, 0, 0, 12, 0, 0),
        ("opportunities", 8800, 7375, 0, 0, 0, 1425, 0),
        ("transactions", 4238, 4238, 0, 0, 729, 0, 4562),
        ("targets", 60, 60, 0, 0, 0, 0, 0),
        ("ratings", 1080, 1080, 0, 0, 0, 0, 0),
    ]
    anna = RelationshipManager.objects.select_related("unit__parent").get(name="Anna Snelling")
    assert anna.unit.name == "Dustin Brinkmann"
    assert anna.unit.parent is not None
    assert anna.unit.parent.name == "Central"
    assert Transaction.objects.aggregate(total=Sum("amount"))["total"] == Decimal(10_005_534)
    assert ManagerMonth.objects.aggregate(total=Sum("amount_fen"))["total"] == 1_000_553_400
    assert CustomerQuarter.objects.aggregate(total=Sum("amount_fen"))["total"] == 1_000_553_400
    assert set(
        Customer.objects.filter(industry_code__startswith="tech").values_list("industry_code", flat=True)
    ) == {"technology"}
    assert not Transaction.objects.filter(product="GTXPro").exists()
    assert Opportunity.objects.filter(stage="won").count() == 4238
    assert [answer[1:5] for answer in _maven()] == [
        (3, 0, 0, 3), (6, 0, 0, 6), (35, 0, 0, 35), (85, 0, 0, 85), (8800, 0, 0, 7375), (4238, 0, 0, 4238),
        (60, 0, 0, 60), (1080, 0, 0, 1080),
    ]  # fmt: skip


@pytest.mark.skipif(not MAVEN.is_dir(), reason="the data set crm_maven is not beside the checkout")
def test_what_is_invented_is_made_again_the_same_and_says_so(tmp_path: Path) -> None:
    script = tmp_path / "make_invented.py"
    script.write_bytes((EXAMPLE / "make_invented.py").read_bytes())
    subprocess.run([sys.executable, str(script), str(MAVEN)], check=True, stdout=subprocess.DEVNULL)
    for name in ("targets.csv", "ratings.csv"):
        lines = (EXAMPLE / name).read_text(encoding="utf-8")
        assert (tmp_path / name).read_text(encoding="utf-8") == lines
        assert all(line.endswith("编造的数据 (invented)") for line in lines.splitlines()[1:])
