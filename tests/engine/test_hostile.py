"""Hostile formulas and documents are refused in one pass; nothing is evaluated, reached or left running."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appraisal.schemes.engine import SchemeError, load_scheme
from appraisal.schemes.engine.formula import FormulaError, evaluate, parse
from tests.engine.casting import example, one_method, results


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1+" * 400 + "1", "formula_too_long"),
        ("(" * 30 + "1" + ")" * 30, "formula_too_deep"),
        ("-" * 60 + "1", "formula_too_deep"),
        ("not " * 60 + "1", "formula_too_deep"),
        ("+".join("1" * 1 for _ in range(150)), "formula_too_large"),
        ("9" * 40, "formula_syntax"),
        ("2 ** 9", "formula_syntax"),
        ("__import__('os')", "formula_syntax"),
        ("open(reading.X)", "formula_syntax"),
        ("reading.X[0]", "formula_syntax"),
        ("lambda: 1", "formula_syntax"),
        ("1; 2", "formula_syntax"),
        ("1 < 2 < 3", "formula_syntax"),
        ("", "formula_syntax"),
        ("min()", "formula_syntax"),
        ("round(1, 99)", "formula_arguments"),
        ("present(1 + 1)", "formula_arguments"),
        ("1.5.5", "formula_syntax"),
    ],
)
def test_formulas_outside_the_grammar_or_its_bounds(text: str, code: str) -> None:
    with pytest.raises(FormulaError) as refused:
        parse(text)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("-2 - -3", 1), ("10 / 4", Fraction(5, 2)), ("1 / 3 * 3", 1), ("8 / 2 / 2", 2),
        ("1 < 2 and 2 <= 2", 1), ("1 = 2 or not 1 != 1", 1), ("if(2 > 1, 5, 1 / 0)", 5), ("1 / 0", None),
        ("coalesce(missing.X, 4)", 4), ("present(missing.X)", 0), ("missing.X + 1", None), ("missing.X and 0", 0),
        ("missing.X or 1", 1), ("missing.X and 1", None), ("clamp(150, 0, 120)", 120), ("round(2.345, 2)", Fraction(235, 100)),
        ("floor(-2.5)", -3), ("ceil(2.1)", 3), ("max(1, 2, 3) - min(4, 5)", -1), ("sum(1, 2, 3)", 6), ("abs(0 - 7)", 7),
        ("0.1 + 0.2 = 0.3", 1), ("名称.值", None),
    ],
)  # fmt: skip
def test_values_of_formulas(text: str, value: int | Fraction | None) -> None:
    assert evaluate(parse(text), lambda name: None) == value


def test_a_value_that_outgrows_its_bounds_is_missing_not_slow() -> None:
    tree = parse("*".join(["x"] * 60))
    assert evaluate(tree, lambda name: Fraction(2)) == 2**60
    assert evaluate(tree, lambda name: Fraction(10**30)) is None  # 10**1800 would take 5 980 bits


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(alphabet="0123456789.+-*/()<>=!, abcxif{}[]'\"_:;%&|^~@#\\\n名", max_size=60))
def test_any_text_either_parses_or_is_refused(text: str) -> None:
    try:
        tree = parse(text)
    except FormulaError:
        return
    evaluate(tree, lambda name: Fraction(3))


def bomb() -> str:
    """Nine levels of nine aliases each."""
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{k}: &a{k} [{', '.join(f'*a{k - 1}' for _ in range(9))}]" for k in range(1, 10)]
    return "\n".join(rows)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (bomb(), "document_alias"),
        ("a: &a [*a]", "document_alias"),
        ("[" * 5000, "document_too_deep"),
        ("{a: " * 5000, "document_too_deep"),
        ("- " * 500 + "x", "document_too_deep"),
        ("a: b\n" * 200_000, "document_too_large"),
        ("a: [" + "x," * 60_000 + "]", "document_too_large"),
        ("!!python/object/apply:os.system ['true']", "document_tag"),
        ("a: !!binary aGk=", "document_tag"),
        ("a: \x00", "document_syntax"),
        ("a: b: c", "document_syntax"),
        ("[1, 2]", "bad_type"),
        ("", "bad_type"),
        ("code: 1e999999999", "not_a_number"),
        ("code: " + "9" * 200_000, "not_a_number"),
        ("\ud800: 1", "document_syntax"),
    ],
)
def test_documents_that_are_refused_before_anything_is_built(text: str, code: str) -> None:
    with pytest.raises(SchemeError) as refused:
        load_scheme(text)
    assert refused.value.faults[0].code == code


def test_measures_that_feed_each_other_cannot_grow_without_bound() -> None:
    scheme = one_method({"type": "direct"}, reads="measure.M40")
    scheme["measures"] = [{"code": "M0", "formula": "reading.X * reading.X"}]
    scheme["measures"] += [
        {"code": f"M{k}", "formula": f"measure.M{k - 1} * measure.M{k - 1}"} for k in range(1, 41)
    ]
    found = results(scheme, [{"employee_no": "A", "readings": {"X": 12345}}])[0]
    assert found["performance"] is None
    assert found["lines"][0]["note"] == "missing_blocked"


@pytest.mark.parametrize(("count", "first", "codes"), [
    (45, "reading.X", []), (199, "reading.X", ["document_too_deep"]), (199, "measure.M198", ["cycle"]),
])  # fmt: skip
def test_long_chains_and_circles_of_measures(count: int, first: str, codes: list[str]) -> None:
    scheme = one_method({"type": "direct"}, reads=f"measure.M{count - 1}")
    scheme["measures"] = [{"code": "M0", "formula": first}]
    scheme["measures"] += [{"code": f"M{k}", "formula": f"measure.M{k - 1} + 1"} for k in range(1, count)]
    if not codes:
        assert results(scheme, [{"employee_no": "A", "readings": {"X": 1}}])[0]["performance"] == "45.00"
        return
    with pytest.raises(SchemeError) as refused:
        results(scheme, [])
    assert [fault.code for fault in refused.value.faults] == codes


def test_yaml_words_that_other_readers_take_for_booleans_or_dates_stay_text() -> None:
    text = example("demo").replace("code: DEMO", "code: NO").replace("name: 示例方案", "name: 2025-01-01")
    scheme = load_scheme(text)
    assert (scheme.code, scheme.name) == ("NO", "2025-01-01")
