"""A world in which payers and payees are told."""

from collections.abc import Iterator

import pytest

from tests.bank import BankProcess
from tests.integration.notices.outbox import NOTIFIED
from tests.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with BankProcess() as bank:
        world = World(database_url, bank, **NOTIFIED)
        yield world
        world.close()
