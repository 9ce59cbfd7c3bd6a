from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.embedded import DatabaseServer
from tests.integration.cli.command import Payday, inside
from tests.world import World, worlds


@pytest.fixture
def empty_database_url(postgres_server: DatabaseServer) -> Iterator[str]:
    """The address of a database that was never migrated."""
    name = postgres_server.create()
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def payday_inside(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Payday:
    """`payday` in this process: quick, for commands that load no Celery."""
    return inside(capsys, monkeypatch)


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    yield from worlds(database_url)
