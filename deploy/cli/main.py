"""The command line `payday`: its outermost edge, which loads nothing before Ctrl-C can be taken."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence

INTERRUPTED = 130
READER_LEFT = 141
"""What a shell reports for a program that Ctrl-C, or SIGPIPE, ended."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and answers its exit status; argparse ends with SystemExit for --help and misuse."""
    try:
        from deploy.cli.commands import run_command

        status = run_command(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except BrokenPipeError:
        # Such as `payday run status | head`; the interpreter must not stumble over it again when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT
    except KeyboardInterrupt:
        # People press it twice; the second must not hit the interpreter while it ends.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return INTERRUPTED
    return status
