"""Numbers are written as the database holds them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmsys.api import rendering
from cmsys.api.rendering import exact_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("83.10", "83.10"),
        ("0.00", "0.00"),
        ("-0.5", "-0.5"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("99999999999999999.99", "99999999999999999.99"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
    ],
)
def test_a_decimal_is_a_plain_number_with_all_its_digits(value, text):
    assert exact_json({"score": Decimal(value)}) == f'{{"score":{text}}}'.encode()
    assert exact_json([Decimal(value), Decimal(value)]) == f"[{text},{text}]".encode()


def test_everything_else_is_written_as_usual():
    data = {"名": '他说"好"', "on": date(2026, 1, 2), "n": None, "t": True, "i": 3, "line": "\u2028"}
    assert (
        exact_json(data)
        == '{"名":"他说\\"好\\"","on":"2026-01-02","n":null,"t":true,"i":3,"line":"\\u2028"}'.encode()
    )


@pytest.mark.parametrize("value", [Decimal("NaN"), Decimal("Infinity"), float("nan")])
def test_what_json_cannot_write_is_an_error(value):
    with pytest.raises(ValueError, match=r"NaN|JSON"):
        exact_json([value])


texts = st.lists(
    st.sampled_from(["decimal-", ":", '"', "\\", rendering._MARK[:9], "甲", "\u2028", "\n", "0"])
).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=20,
)


@given(values)
def test_what_is_written_can_be_read_back_exactly(value):
    assert json.loads(exact_json(value), parse_float=Decimal, parse_int=Decimal) == _numbers(value)


def _numbers(value):
    if isinstance(value, dict):
        return {name: _numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_numbers(inner) for inner in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
