"""Runs seeds: `python -m tests.simulation --seeds 0:100000`. Prints the seed of the first story that breaks a rule."""

from __future__ import annotations

import argparse
import sys
import time

from tests.simulation.broken import Broken
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


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", default="0:100000", metavar="FIRST:END")
    parser.add_argument("--freezes", action="store_true", help="a process may stand still between looking and sending")
    arguments = parser.parse_args()
    first, last = map(int, arguments.seeds.split(":"))
    began = time.monotonic()
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
