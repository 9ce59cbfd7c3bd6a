"""A world whose notices go to a real receiver."""

from collections.abc import Iterator

import pytest

from tests.receiver import ReceiverProcess
from tests.world import World, worlds


@pytest.fixture
def receiver() -> Iterator[ReceiverProcess]:
    with ReceiverProcess() as receiver:
        yield receiver


@pytest.fixture
def world(database_url: str, receiver: ReceiverProcess) -> Iterator[World]:
    yield from worlds(database_url, NOTIFY_URL=receiver.url, NOTIFY_SECRET=receiver.secret)
