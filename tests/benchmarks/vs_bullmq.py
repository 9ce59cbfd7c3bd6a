"""`vs_bullmq`: against one job of BullMQ for each payment, with Redis, on node."""

from __future__ import annotations

from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import compare

BULLMQ = Peer("BullMQ", "bullmq.mjs", settings=("5", "10", "25", "50"), swept=8_000)


def measure(options: Options) -> Figure:
    return compare("vs_bullmq", BULLMQ, options, batch=12, single=1.3)
