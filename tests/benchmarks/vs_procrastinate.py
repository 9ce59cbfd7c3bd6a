"""`vs_procrastinate`: against one Procrastinate job for each payment."""

from __future__ import annotations

from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import compare

PROCRASTINATE = Peer("Procrastinate", "procrastinate", settings=("1", "2", "4", "8"), swept=1_000)


def measure(options: Options) -> Figure:
    return compare("vs_procrastinate", PROCRASTINATE, options, batch=100, single=10)
