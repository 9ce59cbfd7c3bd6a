from collections.abc import Iterator

import pytest

from tests.embedded import DatabaseServer
from tests.integration.api.client import Api

UNTOUCHED = ("schedule", "schedule_revision", "event", "batch", "run", "idempotency_key", "audit", "calendar")


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """The API on a database of its own, on Friday 20 November 2026 at noon."""
    api = Api(database_url)
    yield api
    api.close()


@pytest.fixture(scope="session")
def shared_api(postgres_server: DatabaseServer, template_database: str) -> Iterator[Api]:
    """One API and one database for all tests that write nothing."""
    name = postgres_server.create(template_database)
    api = Api(postgres_server.url(name))
    yield api
    api.close()
    postgres_server.drop(name)


@pytest.fixture
def untouched_api(shared_api: Api) -> Iterator[Api]:
    """The API for a test that must not write."""
    yield shared_api
    counts = ", ".join(f"(SELECT count(*) FROM {table}) AS {table}" for table in UNTOUCHED)
    (row,) = shared_api.rows(f"SELECT {counts}")
    assert row._asdict() == dict.fromkeys(UNTOUCHED, 0)
