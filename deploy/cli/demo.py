"""`payday demo`: a payday on this machine, end to end."""

from __future__ import annotations

import argparse
from pathlib import Path

SCHEDULES = 2000
DESCRIPTION = """\
Starts embedded servers, the sandbox bank and receiver, the API, a worker and Flower, creates schedules through the
REST API, lets beat and the worker pay today's events, compares the bank's journal with the transactions, and counts
the notices that the receiver got. Stays up until Ctrl-C. A server whose variable (DATABASE_URL, CELERY_BROKER_URL,
CACHE_URL) is set is used and not started."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `demo`."""
    parser = subparsers.add_parser("demo", help="see a payday on this machine, end to end", description=DESCRIPTION)
    parser.add_argument("--exit", action="store_true", help="end after the summary: 0 only if all went as planned")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder for servers' files and logs (default: .payday)"
    )
    parser.add_argument(
        "--schedules", type=_number, default=SCHEDULES, metavar="N", help="how many schedules to create (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the summary as one JSON object")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; 0, 1 when something failed or differs, 2 when it cannot start, 130 after Ctrl-C."""
    from deploy.local.demo.interruption import Interruption

    # Before all that takes a while to load.
    with Interruption() as interruption:
        from api_service.auth.development import make_token
        from deploy.local.demo.show import Options, run_demo

        options = Options(arguments.data, arguments.schedules, stays=not arguments.exit, as_json=arguments.json)
        return run_demo(options, make_token, interruption)


def _number(text: str) -> int:
    """A number of schedules that holds one of each kind, and that a laptop stands."""
    low, high = 50, 100_000
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"must be a number from {low} to {high}")
    return int(text)
