"""`payday sandbox-receiver`: somebody to tell."""

from __future__ import annotations

import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command `sandbox-receiver`."""
    # The receiver reads its own options, --help among them: here nothing looks like an option.
    parser = subparsers.add_parser(
        "sandbox-receiver", help="start the sandbox receiver: somebody to tell", add_help=False, prefix_chars="\0"
    )
    parser.add_argument("options", nargs=argparse.REMAINDER)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    from deploy.local.receiver import main

    return main(arguments.options)
