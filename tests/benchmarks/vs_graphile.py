"""`vs_graphile`: against one job of Graphile Worker for each payment, on node."""

from __future__ import annotations

from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import compare

GRAPHILE = Peer("Graphile Worker", "graphile.mjs", settings=("10", "20", "10:100", "20:200"), swept=6_000)


def measure(options: Options) -> Figure:
    return compare("vs_graphile", GRAPHILE, options, batch=20, single=2)
