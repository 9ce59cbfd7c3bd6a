"""`make bench-30m`: pays a day of 30 M events on this machine and tells what it took."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path

import psycopg2.extensions
import psycopg2.extras
from rich.console import Console

from deploy.local.errors import LocalServerError
from tests.benchmarks.day.paying import Wishes, run_day
from tests.benchmarks.day.plot import draw
from tests.benchmarks.day.report import table, to_json
from tests.benchmarks.day.room import NoRoom

INTERRUPTED = 130


def main() -> int:
    """0 when the day was paid and its books agree; 2 when the disk is too small; 130 after Ctrl-C or SIGTERM."""
    given = _parser().parse_args()
    console = Console()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # So that Ctrl-C ends a statement that takes minutes.
    psycopg2.extensions.set_wait_callback(psycopg2.extras.wait_select)
    wishes = Wishes(
        given.events,
        given.workers,
        given.provider_batch,
        given.concurrency,
        given.folder,
        dict(given.set),
    )
    try:
        paid = run_day(wishes, console)
    except (NoRoom, LocalServerError) as problem:
        console.print(str(problem), style="red", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("interrupted; everything that was started or written is gone again")
        return INTERRUPTED
    told = to_json(wishes, paid)
    given.output.write_text(json.dumps(told, indent=2) + "\n")
    given.plot.write_text(draw(told))
    console.print(table(told))
    console.print(f"written: {given.output} and {given.plot}", highlight=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench-30m", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    add = parser.add_argument
    add("--events", type=_count, default=30_000_000, help="events due on the day")
    add("--workers", type=_count, default=2, help="workers of one process each")
    add("--provider-batch", type=_count, default=250, help="payments in one call")
    add("--concurrency", type=_count, default=8, help="calls in flight in each worker")
    add("--folder", type=Path, help="where servers and journal are kept meanwhile (default: the system's)")
    add("--set", type=_setting, action="append", default=[], metavar="NAME=VALUE", help="a setting of the workers")
    add("--output", type=Path, default=Path("bench-30m.json"), help="where the figures go")
    add("--plot", type=Path, default=Path("bench-30m.svg"), help="where the plot goes")
    return parser


def _count(words: str) -> int:
    number = int(words.replace("_", "").replace(",", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number


def _setting(words: str) -> tuple[str, str]:
    name, equals, value = words.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError("NAME=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
