from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.sealing.ledger import Ledger


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """An empty audit."""
    ledger = Ledger(database_url)
    yield ledger
    ledger.close()
