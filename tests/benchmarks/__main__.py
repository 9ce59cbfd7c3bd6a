"""`make bench`: measures, prints a table, writes results.json and plots."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from tests.benchmarks import machine
from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.plots import draw
from tests.benchmarks.results import Results
from tests.benchmarks.table import figures_table

Registry = Sequence[tuple[str, str]]

BENCHMARKS: Registry = (
    ("batch_vs_db", "tests.benchmarks.batch_vs_db"),
    ("single_vs_bare", "tests.benchmarks.single_vs_bare"),
    ("single_latency", "tests.benchmarks.single_latency"),
    ("vs_celery", "tests.benchmarks.vs_celery"),
    ("vs_procrastinate", "tests.benchmarks.vs_procrastinate"),
    ("vs_dramatiq", "tests.benchmarks.vs_dramatiq"),
    ("vs_graphile", "tests.benchmarks.vs_graphile"),
    ("vs_bullmq", "tests.benchmarks.vs_bullmq"),
    ("rate", "tests.benchmarks.rate"),
    ("growth", "tests.benchmarks.growth"),
    ("flat", "tests.benchmarks.flat"),
    ("notices", "tests.benchmarks.notices"),
    ("plan", "tests.benchmarks.plan"),
    ("extend", "tests.benchmarks.extend"),
    ("post_schedule", "tests.benchmarks.post_schedule"),
    ("get_events", "tests.benchmarks.get_events"),
    ("p99_under_payday", "tests.benchmarks.p99_under_payday"),
)
"""Keys in the order in which they run, and the modules whose `measure(options)` answers with the key's figure."""

QUICK_SCALE = 0.1


def main(arguments: list[str], registry: Registry = BENCHMARKS) -> int:
    """0 whether or not targets were met; 1 when something could not be measured; 130 after Ctrl-C."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        chosen = _chosen(given.only, registry)
        results = Results(given.output, keep=bool(given.only))
    except ValueError as problem:
        parser.error(str(problem))
    scale = QUICK_SCALE if given.quick else 1.0
    options = Options(rounds=given.rounds, scale=scale, workers=given.workers, console=Console())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    return _measured(chosen, options, results, given.plots)


def _measured(chosen: Registry, options: Options, results: Results, plots: Path) -> int:
    found: list[Figure] = []
    failed: list[str] = []
    status = 0
    on = machine.describe()
    try:
        for key, module in chosen:
            options.console.rule(key)
            figure = _figure(module, options)
            if figure is None:
                failed.append(key)
                continue
            found.append(figure)
            results.add(figure, on)
            draw(results.figures, plots)
    except KeyboardInterrupt:
        options.say("interrupted; everything that was started has ended")
        status = 130
    options.console.print(figures_table(found, on))
    options.say(f"{results.path}: {', '.join(figure.key for figure in found) or 'nothing new'}; plots in {plots}")
    if failed:
        options.say(f"could not be measured: {', '.join(failed)}")
    return status or int(bool(failed))


def _figure(module: str, options: Options) -> Figure | None:
    """What the module measured; a failure is told, and the other benchmarks go on."""
    try:
        figure: Figure = importlib.import_module(module).measure(options)
    except Exception:  # noqa: BLE001 - hours of other figures must not end with this one
        options.say(traceback.format_exc())
        return None
    return figure


def _chosen(only: list[str] | None, registry: Registry) -> Registry:
    known = [key for key, _ in registry]
    unknown = sorted(set(only or ()) - set(known))
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
    return [(key, module) for key, module in registry if not only or key in only]


def _interrupt(number: int, frame: FrameType | None) -> None:
    # A second one would cut short the ending of what runs, and leave servers behind.
    for again in (signal.SIGINT, signal.SIGTERM):
        signal.signal(again, signal.SIG_IGN)
    raise KeyboardInterrupt


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    add = parser.add_argument
    add("--only", nargs="+", metavar="KEY", help="only these; other keys in the output stay as they are")
    add("--rounds", type=_at_least_one, default=3, help="rounds, of which the median counts (default %(default)s)")
    add(
        "--workers",
        type=_at_least_one,
        default=3,
        help="workers of one process each, ours and the others' (default %(default)s)",
    )
    add("--quick", action="store_true", help="a tenth of everything: shows that it runs, not how fast")
    add("--output", type=Path, default=Path("results.json"), help="where the figures go (default %(default)s)")
    add("--plots", type=Path, default=Path("build/plots"), help="a folder for the plots (default %(default)s)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
