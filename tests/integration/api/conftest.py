from collections.abc import Iterator

import pytest

from tests.integration.api.client import Api


@pytest.fixture
def api(database_url: str) -> Iterator[Api]:
    """The API on a database of its own, on Friday 20 November 2026 at noon."""
    api = Api(database_url)
    yield api
    api.close()
