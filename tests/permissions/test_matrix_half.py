"""The other half of the addresses of test_matrix.py, in a world of its own."""

from __future__ import annotations

import pytest

from tests.permissions.house import House
from tests.permissions.reading import Address, addresses
from tests.permissions.test_matrix import faults_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", addresses()[1::2], ids=lambda address: address.label)
def test_everybody_gets_what_the_file_says(house: House, address: Address) -> None:
    assert not (wrong := faults_of(house, address)), "\n" + "\n".join(wrong)
