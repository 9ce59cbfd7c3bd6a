"""PostgreSQL's settings for a machine that it shares with workers and bank, as its operator would choose them."""

from __future__ import annotations

import psutil

WAL_BYTES = 16 << 30
"""How much log is kept, by which PostgreSQL knows when to begin a checkpoint: after a little over half of it."""


def settings() -> dict[str, str]:
    """For this machine's memory; everything is durable, as it is by default."""
    megabytes = psutil.virtual_memory().total >> 20
    return {
        "shared_buffers": f"{megabytes // 4}MB",
        "effective_cache_size": f"{megabytes // 2}MB",
        "random_page_cost": "1.1",
        "wal_buffers": "64MB",
        # A page is written whole into the log once after each checkpoint, and the pages of the indexes by payer are
        # touched again and again: few of them, spread out.
        "max_wal_size": f"{WAL_BYTES >> 20}MB",
        "checkpoint_timeout": "15min",
        "max_parallel_maintenance_workers": "2",
    }
