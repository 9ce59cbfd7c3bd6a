"""The command line of the sandbox's receiver."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Final

from deploy.local.journal_file import JournalRefused
from deploy.local.receiver.options import ReceiverOptions
from deploy.local.receiver.server import run_receiver
from shared.settings_values import signing_secrets

DEFAULT_PORT: Final = 8091
DEVELOPMENT_SECRET: Final = "whsec_c2FuZGJveC1yZWNlaXZlci1mb3ItZGV2ZWxvcG1lbnQ="  # noqa: S105 - everybody knows it, as is said
_SECRET: Final = "NOTIFY_SECRET"  # noqa: S105 - a name


def main(argv: list[str] | None = None) -> int:
    """Runs a receiver until SIGTERM or SIGINT: 0. What it was given makes no sense: 2, with one line why."""
    given = _parser().parse_args(argv)
    try:
        secret = given.secret or os.environ.get(_SECRET) or DEVELOPMENT_SECRET
        options = ReceiverOptions(signing_secrets(secret), given.host, given.port, given.journal)
        run_receiver(options, lambda url: _say_ready(url, secret))
    except ValueError as problem:
        sys.stderr.write(f"sandbox receiver: the secret {problem}\n")
        return 2
    except (JournalRefused, OSError) as problem:
        sys.stderr.write(f"sandbox receiver: {problem}\n")
        return 2
    return 0


def _say_ready(url: str, secret: str) -> None:
    lines = [f"sandbox receiver ready on {url}"]
    if secret == DEVELOPMENT_SECRET:
        lines.append(f"for development only: {_SECRET}={secret}")
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="payday sandbox-receiver",
        description="Takes notices as a payer's or payee's system would: verifies, keeps and counts them.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on")
    add("--port", type=int, default=DEFAULT_PORT, help="port; 0 takes a free one")
    add("--secret", metavar="WHSEC", help="one that signs, or several with commas between; NOTIFY_SECRET, or ours")
    add("--journal", type=Path, help="file of everything that came; a temporary one when not given")
    return parser
