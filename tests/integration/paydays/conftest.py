from collections.abc import Iterator

import pytest

from tests.world import World, worlds


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    yield from worlds(database_url)
