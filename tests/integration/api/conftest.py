from collections.abc import Iterator

import pytest

from tests.embedded import DatabaseServer
from tests.integration.api.client import Api

UNTOUCHED = ("schedule", "schedule_revision", "event", "batch", "run", "idempotency_key", "audit")


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """The API on a database of its own, on Friday 20 November 2026 at noon."""
    api = Api(database_url)
    yield api
    api.close()


@pytest.fixture(scope="session")
def untouched_url(postgres_server: DatabaseServer, template_database: str) -> Iterator[str]:
    """One database for all tests that write nothing."""
    name = postgres_server.create(template_database)
    yield postgres_server.url(name)
    postgres_server.drop(name)


@pytest.fixture
def untouched_api(untouched_url: str) -> Iterator[Api]:
    """The API for a test that must not write."""
    api = Api(untouched_url)
    yield api
    assert {table: api.count(table) for table in UNTOUCHED} == dict.fromkeys(UNTOUCHED, 0)
    api.close()
