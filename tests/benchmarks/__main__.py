"""`make bench`: measures, prints a table, writes results.json."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.batch_rate import measure

TARGET_PER_SECOND = 15_000


def main() -> int:
    """Runs the benchmarks; the exit status is 0 whether or not a target was met: the table says it."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--events", type=int, default=200_000, help="events due on the day (default 200000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the median counts (default 3)")
    parser.add_argument("--workers", type=int, default=2, help="workers of one process each (default 2)")
    parser.add_argument("--provider-batch", type=int, default=250, help="payments in one call (default 250)")
    parser.add_argument("--output", type=Path, default=Path("results.json"), help="where the figures go")
    options = parser.parse_args()
    console = Console()
    rounds = []
    for number in range(options.rounds):
        console.print(f"round {number + 1} of {options.rounds}: {options.events:,} events …")
        rate = measure(options.events, workers=options.workers, provider_batch=options.provider_batch)
        rounds.append(round(rate.per_second))
    median = statistics.median(rounds)
    table = Table(title=f"{platform.machine()}, {os.cpu_count()} cores, bank on the same machine")
    for heading in ("what", "events/s (median)", "rounds", "target"):
        table.add_column(heading)
    what = f"{options.workers} workers, provider batches of {options.provider_batch}"
    met = "met" if median >= TARGET_PER_SECOND else "missed"
    table.add_row(what, f"{median:,.0f}", ", ".join(f"{rate:,}" for rate in rounds), f"{TARGET_PER_SECOND:,} {met}")
    console.print(table)
    figures = {"batch_rate": {"events_per_second": median, "target": TARGET_PER_SECOND, "rounds": rounds}}
    options.output.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
