"""The same seeds on PostgreSQL: after every transaction its rows and the model's are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.agreement import agree
from tests.simulation.broken import Broken
from tests.simulation.database import Database
from tests.simulation.extent import shortened
from tests.simulation.model import claiming

A_FEW = 50
MANY = shortened(1000, 400)
CHUNK = 100


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.close()


def test_a_model_that_is_off_is_noticed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "RESOLVE_FIRST_SECONDS", 11)
    with pytest.raises(Broken, match="attempts differ"):
        agree(database, 0, A_FEW)


@pytest.mark.all
def test_stories_with_late_sends_are_the_same_on_postgresql(database: Database) -> None:
    print(f"{CHUNK} stories, {agree(database, 0, CHUNK, freezes=True)} comparisons")


@pytest.mark.all
@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_hundreds_of_stories_are_the_same_on_postgresql(database: Database, first: int) -> None:
    print(f"{CHUNK} stories, {agree(database, first, first + CHUNK)} comparisons")
