from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bank import BankProcess
from tests.town import Town

StartTown = Callable[..., Town]


@pytest.fixture
def start_town(tmp_path: Path, database_url: str, broker_url: str) -> Iterator[StartTown]:
    """Starts a town; `bank_options` are the bank's command line. Everything is stopped at the end."""
    started: list[Town | BankProcess] = []

    def start(*bank_options: str, **environment: str) -> Town:
        bank = BankProcess(*bank_options)
        town = Town(tmp_path, database_url, broker_url, bank, **environment)
        started.extend([bank, town])
        return town

    yield start
    for each in reversed(started):
        each.close()
