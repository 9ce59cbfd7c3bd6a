"""`payday audit`: whether the audit says what it always said."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.cli.refusal import CANNOT_START, Refusal

if TYPE_CHECKING:
    from shared.domain.chain import Head
    from shared.verification import Progress

NEEDS = frozenset({"DATABASE_URL"})
BROKEN = 1
"""Exit status when a row was touched."""
TOLD_EVERY_SECONDS = 0.5


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `audit verify`."""
    parser = subparsers.add_parser("audit", help="check that nobody changed the audit")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    verify = actions.add_parser(
        "verify",
        help="name the first row that was touched",
        description="Follows the chain of hashes over the whole audit, and names the first row that was changed,"
        " removed or never sealed. That rows were cut off the end, or the chain was written anew, is seen with heads"
        " that were noted outside the database: workers log them. Ends with 0 when all is sound, with 1 when it is not,"
        " with 2 when it could not be checked.",
    )
    verify.add_argument(
        "--head",
        type=_head,
        action="append",
        default=[],
        metavar="POSITION:HASH",
        help="a head that the chain had; may be repeated",
    )
    verify.add_argument(
        "--heads",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a log of workers in JSON: every head in it is compared; may be repeated",
    )
    verify.add_argument("--json", action="store_true", help="print one JSON object")
    verify.set_defaults(run=run_verify)


def run_verify(arguments: argparse.Namespace) -> int:
    """Verify; 0, or 1 when the audit is not sound."""
    from deploy.cli.audit_report import audit_lines, audit_report
    from deploy.cli.connections import open_database
    from shared.db.engine import make_sessions
    from shared.log import configure_logging
    from shared.settings import read_settings
    from shared.verification import verify

    settings = read_settings(needs=NEEDS)
    configure_logging(settings.log_format, "WARNING")
    with _refused(), open_database(settings) as engine:
        found = audit_report(verify(make_sessions(engine), _heads(arguments), _progress()))
    if arguments.json:
        print(json.dumps(found))
    else:
        for line in audit_lines(found):
            print(line)
    return 0 if found["sound"] else BROKEN


def _heads(arguments: argparse.Namespace) -> Iterable[Head]:
    from deploy.cli.heads_file import read_heads

    return chain(arguments.head, *(read_heads(path) for path in arguments.heads))


@contextmanager
def _refused() -> Iterator[None]:
    """Whatever keeps the audit from being checked ends with 2: 1 says that it is not sound."""
    try:
        yield
    except Refusal as refusal:
        raise Refusal(str(refusal), CANNOT_START) from refusal


def _progress() -> Progress:
    """On a terminal, a line that counts."""
    told = time.monotonic()

    def tell(checked: int) -> None:
        nonlocal told
        if sys.stderr.isatty() and time.monotonic() - told > TOLD_EVERY_SECONDS:
            told = time.monotonic()
            print(f"\r{checked:,} rows are sound so far", end="\r", file=sys.stderr, flush=True)

    return tell


def _head(text: str) -> Head:
    from deploy.cli.heads_file import make_head

    position, _, hash_text = text.partition(":")
    head = make_head(int(position) if position.isascii() and position.isdecimal() else None, hash_text)
    if head is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no head: take POSITION:HASH, the hash as 64 digits 0-9, a-f")
    return head
