"""Runs seeds: `python -m tests.simulation --seeds 0:100000`. Prints the seed of the first story that breaks a rule.

With --postgresql (a thousand, if not told otherwise) each is told to an embedded PostgreSQL, too, which must agree.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from deploy.local.account import server_account
from deploy.local.folder import DataFolder
from tests.embedded import ROLE, running_postgres
from tests.simulation.agreement import agree
from tests.simulation.broken import Broken
from tests.simulation.database import Database
from tests.simulation.story import Counts, Story


def run(first: int, last: int, *, freezes: bool = False) -> Counts:
    """The stories of the seeds from `first` on, before `last`, and what they came to together.

    Raises Broken, with the seed in front.
    """
    total = Counts(0, 0, 0)
    for seed in range(first, last):
        try:
            counts = Story(seed, freezes=freezes).run()
        except Exception as error:
            raise Broken(f"seed {seed}: {error!r}") from error
        total = Counts(*(sum(pair) for pair in zip(total, counts, strict=True)))
    return total


def compare(first: int, last: int, *, freezes: bool) -> int:
    """Tells the stories to the model and to a PostgreSQL of their own; how often their rows were compared."""
    path = Path(tempfile.mkdtemp(prefix="payday-simulation-"))
    folder = DataFolder(path, server_account())
    folder.open()
    try:
        with running_postgres(folder.path, "simulation", durable=False) as postgres:
            database = Database(postgres.url(ROLE, ROLE))
            try:
                return agree(database, first, last, freezes=freezes)
            finally:
                database.close()
    finally:
        folder.close()
        shutil.rmtree(path)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", metavar="FIRST:END")
    parser.add_argument("--freezes", action="store_true", help="a process may stand still between looking and sending")
    parser.add_argument("--postgresql", action="store_true", help="on an embedded PostgreSQL, too")
    arguments = parser.parse_args()
    seeds = arguments.seeds or ("0:1000" if arguments.postgresql else "0:100000")
    first, last = map(int, seeds.split(":"))
    began = time.monotonic()
    if arguments.postgresql:
        comparisons = compare(first, last, freezes=arguments.freezes)
        print(f"{last - first} stories, {comparisons} comparisons, {time.monotonic() - began:.1f} s")
        return 0
    total = run(first, last, freezes=arguments.freezes)
    seconds = time.monotonic() - began
    print(
        f"{last - first} interleavings, {total.steps} steps, {seconds:.1f} s, {(last - first) / seconds:.0f} a second"
    )
    if arguments.freezes:
        print(f"{total.late} events sent after the lease, {total.twice} of them paid twice")
    return 0


if __name__ == "__main__":
    sys.exit(main())
