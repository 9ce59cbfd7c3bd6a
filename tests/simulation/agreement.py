"""Stories told to the model and to PostgreSQL at once, which must agree after every transaction."""

from __future__ import annotations

from tests.simulation.broken import Broken
from tests.simulation.database import Database
from tests.simulation.lockstep import Lockstep
from tests.simulation.model.model import Model
from tests.simulation.story import Story


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
