"""`python -m tests.chaos`: harms an installation for as long as asked, then judges it by the bank's journal."""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tests.chaos.faults import KINDS
from tests.chaos.options import BROKERS, MODES, REDIS, Options
from tests.chaos.run import ChaosRun, Result

SECONDS = 600.0
LEAST_SECONDS, MOST_SECONDS = 30.0, 400.0
"""Of one mode, before the next has its turn."""


def main(arguments: list[str]) -> int:
    """0 when everything held; 1 when not, with the seed and where the logs lie; 130 after Ctrl-C."""
    given = _parser().parse_args(arguments)
    if given.list:
        for kind in KINDS:
            print(f"{kind.name:45} {kind.part:12} {' '.join(kind.modes)}{' (batches)' if kind.of_batches else ''}")
        return 0
    signal.signal(signal.SIGTERM, _interrupt)
    for options in _rounds(given):
        status = _run(options)
        if status != 0:
            return status
    return 0


def _rounds(given: argparse.Namespace) -> Iterator[Options]:
    """One run in the mode that is given; otherwise one after the other in every mode, until the time is up."""
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    modes: tuple[str, ...] = (given.mode,)
    seconds = given.seconds
    if given.mode is None:
        modes, seconds = MODES, max(LEAST_SECONDS, min(MOST_SECONDS, given.seconds / len(MODES)))
    for number in range(max(1, round(given.seconds / seconds))):
        drawn = random.Random(f"{seed + number}/setup")
        yield Options(
            seconds=seconds,
            seed=seed + number,
            mode=modes[number % len(modes)],
            broker=given.broker,
            only=tuple(given.only),
            batch_size=given.batch_size or drawn.choice([1, 1, 5]),
            max_rps=given.max_rps,
            keep=given.keep,
        )


def _run(options: Options) -> int:
    folder = Path(tempfile.mkdtemp(prefix="payday-chaos-"))
    folder.chmod(0o755)  # the servers' account passes through
    again = (
        f"--seed {options.seed} --mode {options.mode} --batch-size {options.batch_size} --seconds {options.seconds:g}"
        + "".join(f" --only '{word}'" for word in options.only)
        + ("" if options.broker == REDIS else f" --broker {options.broker}")
        + (f" --max-rps {options.max_rps}" if options.max_rps else "")
    )
    print(f"chaos {again}", flush=True)
    run = ChaosRun(options, folder, lambda words: print(words, flush=True))
    try:
        result = run.run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        shutil.rmtree(folder, ignore_errors=True)
        return 130
    except Exception as error:  # noqa: BLE001 - whatever went wrong, it is said with the seed
        if not isinstance(error, AssertionError):
            traceback.print_exc()
        print(f"VIOLATED: {error}\nagain: python -m tests.chaos {again}\nlogs and journal: {folder}", file=sys.stderr)
        return 1
    _show(result)
    if options.keep:
        print(f"logs and journal: {folder}")
    else:
        shutil.rmtree(folder)
    return 0


def _show(result: Result) -> None:
    print(
        f"{result.payments} payments of {result.sends} sends, drained in {result.aftermath.drained_seconds:.0f} s,"
        f" {result.aftermath.resolved} unknown ones resolved by hand"
    )
    print(f"{result.notices} notices arrived, the last within {result.aftermath.told_seconds:.0f} s after that")
    print(f"due events: {', '.join(f'{number} {status}' for status, number in sorted(result.statuses.items()))}")
    print(
        f"{sum(result.faults.values())} faults of {len(result.faults)} kinds; {result.messages} broker commands heard"
    )
    print("everything held")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    add = parser.add_argument
    add("--seconds", type=float, default=SECONDS, help="how long it is harmed (default %(default)g)")
    add("--seed", type=int, help="the same faults at the same times; drawn and shown when not given")
    add("--mode", choices=MODES, help="what the provider does with a key; each in turn when not given")
    add("--broker", choices=BROKERS, default=REDIS, help="RabbitMQ must be installed (default %(default)s)")
    add("--batch-size", type=int, default=0, help="payments in one call; drawn when not given")
    add("--max-rps", type=int, default=0, help="calls a second over all workers; 0: no limit")
    add("--only", action="append", default=[], metavar="WORD", help="only faults with this in their name; repeatable")
    add("--keep", action="store_true", help="keep the logs also when everything held")
    add("--list", action="store_true", help="list the faults and end")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
