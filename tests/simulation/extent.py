"""How many stories are told: all in `make test-all`, fewer in continuous integration, whose minutes are counted."""

from __future__ import annotations

import os


def shortened(whole: int, short: int) -> int:
    """`whole`, or `short` where the environment has CI. The seeds are the first ones of the same row."""
    return short if os.environ.get("CI") else whole
