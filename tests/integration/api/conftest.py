from collections.abc import Iterator

import pytest

from tests.embedded import DatabaseServer
from tests.integration.api.client import Api


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
    before = shared_api.counts()
    yield shared_api
    assert shared_api.counts() == before
