"""`vs_dramatiq`: against one Dramatiq message for each payment, with Redis."""

from __future__ import annotations

from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import compare

DRAMATIQ = Peer("Dramatiq", "dramatiq", settings=("1", "2", "4", "8"), swept=3_000)


def measure(options: Options) -> Figure:
    return compare("vs_dramatiq", DRAMATIQ, options, batch=30, single=3)
