"""The same seeds on PostgreSQL: after every transaction its rows and the model's are the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.broken import Broken
from tests.simulation.database import Database
from tests.simulation.lockstep import Lockstep
from tests.simulation.model import claiming
from tests.simulation.model.model import Model
from tests.simulation.story import Story

A_FEW = 50
MANY = 1000
CHUNK = 100


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    found = Database(database_url)
    yield found
    found.close()


def agree(database: Database, first: int, last: int, *, freezes: bool = False) -> int:
    """Runs the seeds on both; how often their rows were compared. Raises Broken, with the seed in front."""
    pairs: list[Lockstep] = []

    def lockstep(model: Model) -> Lockstep:
        pairs.append(Lockstep(database, model))
        return pairs[-1]

    for seed in range(first, last):
        try:
            Story(seed, freezes=freezes, transactions=lockstep).run()
        except Exception as error:
            raise Broken(f"seed {seed}: {error!r}") from error
    return sum(pair.comparisons for pair in pairs)


@pytest.mark.all
def test_a_few_stories_are_the_same_on_postgresql(database: Database) -> None:
    assert agree(database, 0, A_FEW) > 10 * A_FEW


def test_a_model_that_is_off_is_noticed(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claiming, "RESOLVE_FIRST_SECONDS", 11)
    with pytest.raises(Broken, match="attempts differ"):
        agree(database, 0, A_FEW)


@pytest.mark.all
def test_stories_with_late_sends_are_the_same_on_postgresql(database: Database) -> None:
    print(f"{CHUNK} stories, {agree(database, 0, CHUNK, freezes=True)} comparisons")


@pytest.mark.all
@pytest.mark.parametrize("first", range(0, MANY, CHUNK))
def test_a_thousand_stories_are_the_same_on_postgresql(database: Database, first: int) -> None:
    print(f"{CHUNK} stories, {agree(database, first, first + CHUNK)} comparisons")
