"""Mapping files: another system's export, unedited (interfaces 2)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cmsys.transfers.engine.mapping import load_lookups, load_mapping
from cmsys.transfers.engine.problems import FileRefused
from cmsys.transfers.engine.rows import Reading
from cmsys.transfers.engine.sheets import open_sheet
from cmsys.transfers.engine.source import Source
from tests.transfers.sheets import COLUMNS, complaints, csv_source, read

FILE = ("agent,boss,office,born,stage", "Anna,Dustin,Central,25-10-90,Won", "Ben,Dustin,West,01-02-85,Lost",
        "Anna,Rocco,East,25-10-90,Won")  # fmt: skip


def test_names_templates_constants_dates_where_and_distinct() -> None:
    mapping = """
where: {stage: [Won]}
distinct: true
columns: {employee_no: {template: "{agent}-{stage}"}, name: agent, birth_date: born}
constants: {gender: 女}
dates: {birth_date: "%d-%m-%y"}
skip_unknown_columns: true
"""
    reading, rows = read(csv_source(*FILE), mapping)
    assert [row.values for row in rows] == [
        {"employee_no": "Anna-Won", "name": "Anna", "gender": "female", "birth_date": date(1990, 10, 25)}
    ]
    assert (reading.read, reading.skipped, reading.mapped) == (1, 2, 0)


def test_values_are_replaced_and_counted() -> None:
    mapping = "columns: {employee_no: agent, name: boss}\nvalues: {name: {Dustin: 杜斯汀}}\nskip_unknown_columns: true"
    reading, rows = read(csv_source(*FILE[:3]), mapping)
    assert [row.values["name"] for row in rows] == ["杜斯汀", "杜斯汀"]
    assert reading.mapped == 2


def test_unmapped_columns_are_unknown_unless_skipped() -> None:
    reading, _rows = read(csv_source(*FILE), "columns: {employee_no: agent, name: boss}")
    assert [p.column for p in reading.headers.problems] == ["office", "born", "stage"]


def test_columns_the_mapping_misses_are_named() -> None:
    reading, _rows = read(csv_source(*FILE), "columns: {employee_no: nummer}\nskip_unknown_columns: true")
    assert [(p.column, p.code.value) for p in reading.headers.problems] == [("nummer", "missing")]


def test_an_empty_part_leaves_a_template_empty() -> None:
    _reading, rows = read(
        csv_source("a,b", "x,", "x,y"), 'columns: {employee_no: {template: "{a}-{b}"}, name: a}'
    )
    assert complaints(rows) == [(2, "employee_no", "missing")]
    assert rows[1].key == ("x-y",)


def test_lookup_takes_from_a_file_beside_the_data(tmp_path: Path) -> None:
    (tmp_path / "agents.csv").write_text("agent,no\nAnna,E1\n", encoding="utf-8")
    mapping = load_mapping(
        "columns: {employee_no: {lookup: {file: agents.csv, on: agent, take: no}}, name: agent}\nskip_unknown_columns: true",
        COLUMNS,
    )
    lookups = load_lookups(mapping, (tmp_path,))
    reading = Reading(open_sheet(csv_source(*FILE[:3])), COLUMNS, mapping, lookups)
    rows = list(reading.rows())
    assert rows[0].key == ("E1",)
    assert complaints(rows) == [(3, "employee_no", "not_found")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("columns: [a]", "columns：应为"),
        ("columns: {nose: a}", "columns.nose：没有这一列"),
        ("colums: {name: a}", "colums：不认识的项"),
        ("values: {name: x}", "values.name：应为"),
        ("dates: {birth_date: 'dd-mm'}", "dates.birth_date：日期写法须含年月日"),
        ("distinct: perhaps", "distinct：应为 true 或 false"),
        ("columns: {name: {lookup: {file: a.csv, on: b}}}", "columns.name.lookup.take：缺少"),
        (
            "columns: {name: {lookup: {file: ../a.csv, on: b, take: c}}}",
            "columns.name.lookup.file：只写文件名",
        ),
        ("columns: {name: {lookup: {file: a.csv, on: b, take: c, x: 1}}}", "columns.name.lookup.x：不认识"),
        ("columns: {name: {template: 'TEAM'}}", "columns.name.template：模板里没有"),
        ("columns: {name: {other: 1}}", "columns.name：应为列名"),
        ("constants: {name: {a: b}}", "constants.name：应为一段文字"),
        ("where: {a: {b: c}}", r"where.a\[0\]：应为一段文字"),
        ("columns: {name: a, name: b}", "第 1 行：“name”出现了两次"),
        ("a: [1", "第 1 行写法不对"),
        ("columns: &x {name: a}\nvalues: *x", "写法不对"),
        ("- a", "开头：应为"),
        ("!!python/object/apply:os.system ['x']", "写法不对"),
    ],
)
def test_complaints_name_the_path(text: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        load_mapping(text, COLUMNS)


def test_plain_words_stay_words() -> None:
    mapping = load_mapping("where: {a: [no, 007, 2025-03-01, 1.50]}\nskip_unknown_columns: true", COLUMNS)
    assert mapping.where == {"a": ("no", "007", "2025-03-01", "1.50")}


def test_missing_lookup_file_is_named(tmp_path: Path) -> None:
    mapping = load_mapping("columns: {name: {lookup: {file: no.csv, on: a, take: b}}}", COLUMNS)
    with pytest.raises(FileRefused, match=r"columns.name.lookup.file：找不到对照文件“no\.csv”"):
        load_lookups(mapping, (tmp_path,))


def test_lookup_file_without_the_column(tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_text("a,c\n1,2\n", encoding="utf-8")
    mapping = load_mapping("columns: {name: {lookup: {file: l.csv, on: a, take: b}}}", COLUMNS)
    with pytest.raises(FileRefused, match=r"columns.name.lookup.take：对照文件“l\.csv”里没有“b”"):
        load_lookups(mapping, (tmp_path,))


def test_empty_mapping_changes_nothing() -> None:
    assert load_mapping("# only a remark\n", COLUMNS) == load_mapping("", COLUMNS)
    assert Source.of_bytes("x", b"").size == 0
