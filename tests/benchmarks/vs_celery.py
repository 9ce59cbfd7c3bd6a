"""`vs_celery`: against one Celery task for each payment."""

from __future__ import annotations

from tests.benchmarks.figures import Figure
from tests.benchmarks.options import Options
from tests.benchmarks.peers.arena import Peer
from tests.benchmarks.versus import compare

CELERY = Peer("Celery", "celery", settings=("prefork:1", "threads:2", "threads:4", "threads:8"), swept=2_000)


def measure(options: Options) -> Figure:
    return compare("vs_celery", CELERY, options, batch=70, single=7)
