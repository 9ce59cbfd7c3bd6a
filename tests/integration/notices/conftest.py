"""A world in which payers and payees are told."""

from collections.abc import Iterator

import pytest

from tests.integration.notices.outbox import NOTIFIED
from tests.world import World, worlds


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    yield from worlds(database_url, **NOTIFIED)
