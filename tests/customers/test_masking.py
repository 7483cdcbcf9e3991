"""What is shown of a person's name, and what a telephone number and a credit code look like."""

from __future__ import annotations

import pytest

from customers.registry.masking import mask_person
from customers.registry.rules import is_addressable, is_credit_code, is_phone


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张*"), ("李雪梅", "李**"), ("欧阳若兰", "欧阳**"), ("欧阳", "欧*"), ("诸葛亮", "诸葛*"), ("张", "*"), ("", ""),
        ("买买提·吐尔逊", "买***"), ("John Smith", "J***"), (" 王五 ", "王*"), ("司徒美", "司徒*"),
    ],
)  # fmt: skip
def test_a_person_keeps_the_family_name(name: str, shown: str) -> None:
    assert mask_person(name) == shown


@pytest.mark.parametrize(
    ("text", "right"),
    [("13812345678", True), ("+86 138-1234-5678", True), ("010-66667777", True), ("+85291234567", True),
     ("1381234567", False), ("12812345678", False), ("无", False), ("", False)],
)  # fmt: skip
def test_telephone_numbers(text: str, right: bool) -> None:
    assert is_phone(text) is right


@pytest.mark.parametrize(
    ("text", "right"),
    [("91440300708461136T", True), ("91440300708461136I", False), ("9144030070846113", False),
     ("91440300708461136t", False), ("", False)],
)  # fmt: skip
def test_credit_codes(text: str, right: bool) -> None:
    assert is_credit_code(text) is right


@pytest.mark.parametrize(("number", "right"), [("C-1", True), ("客 1", True), ("a/b", False), ("new", False), ("..", False)])  # fmt: skip
def test_numbers_that_fit_into_an_address(number: str, right: bool) -> None:
    assert is_addressable(number) is right
