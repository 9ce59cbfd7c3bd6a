"""Ctrl-C reaches what tests start, also when the run itself was started with it ignored.

A shell does so for its background commands, and a child inherits what is ignored: it would wait for ever for the Ctrl-C
that a test sends it. A signal that has a handler is the default one again in a child.
"""

import signal

import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Take SIGINT as a run in the foreground does; each process of a run comes by here."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
