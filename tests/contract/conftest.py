from collections.abc import Iterator

import pytest

from tests.bank import BankProcess
from tests.contract.town import Town
from tests.integration.api.conftest import api, shared_api, untouched_api

__all__ = ["api", "shared_api", "town", "untouched_api"]


@pytest.fixture
def town(database_url: str) -> Iterator[Town]:
    """A payday's world with the API in front of it, on Friday 20 November 2026 at noon."""
    with BankProcess() as bank:
        town = Town(database_url, bank)
        yield town
        town.close()
