"""One bank for the tests of a module, without faults at the start of each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bank import BankProcess
from tests.bank_calls import TOKEN, BankCalls


@pytest.fixture(scope="module")
def shared_bank() -> Iterator[BankProcess]:
    with BankProcess("--token", TOKEN) as bank:
        yield bank


@pytest.fixture
def bank(shared_bank: BankProcess) -> BankProcess:
    shared_bank.clear_faults()
    return shared_bank


@pytest.fixture
def calls(bank: BankProcess) -> BankCalls:
    return BankCalls(bank.url)
