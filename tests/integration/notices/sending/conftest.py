"""A world whose notices go to a real receiver."""

from collections.abc import Iterator

import pytest

from tests.bank import BankProcess
from tests.receiver import ReceiverProcess
from tests.world import World


@pytest.fixture
def receiver() -> Iterator[ReceiverProcess]:
    with ReceiverProcess() as receiver:
        yield receiver


@pytest.fixture
def world(database_url: str, receiver: ReceiverProcess) -> Iterator[World]:
    with BankProcess() as bank:
        world = World(database_url, bank, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret)
        yield world
        world.close()
