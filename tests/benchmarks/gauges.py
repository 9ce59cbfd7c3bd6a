"""What the processes of a town use: CPU seconds and memory, of each kind of process."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psutil
from redis import Redis

from tests.town import Town

STILL_SECONDS = 0.5
STILL = 0.1
"""Of a CPU: idle workers look whether there is something to do."""
KINDS = ("worker", "postgresql", "broker", "bank")


@dataclass(frozen=True)
class Use:
    """CPU seconds since their start and bytes of memory now, by kind of process."""

    cpu_seconds: Mapping[str, float]
    memory_bytes: Mapping[str, int]

    def cpu_since(self, before: Use) -> dict[str, float]:
        """CPU seconds of each kind since an earlier look."""
        return {kind: seconds - before.cpu_seconds[kind] for kind, seconds in self.cpu_seconds.items()}


class Gauges:
    """Looks at the processes of one town: workers and beat, PostgreSQL with its backends, broker and bank."""

    def __init__(self, town: Town) -> None:
        (row,) = town.rows("SELECT pg_backend_pid() AS pid")
        with Redis.from_url(town.environment["CELERY_BROKER_URL"]) as broker:
            broker_pid = int(broker.info("server")["process_id"])
        self._town = town
        self._servers = {"postgresql": psutil.Process(row.pid).ppid(), "broker": broker_pid, "bank": town.bank.pid}

    def look(self) -> Use:
        trees = {kind: list(_tree(pid)) for kind, pid in self._servers.items()}
        trees["worker"] = [process for child in self._town.processes for process in _tree(child.pid)]
        return Use(
            {kind: _cpu(tree) for kind, tree in trees.items()}, {kind: _memory(tree) for kind, tree in trees.items()}
        )


def until_still(town: Town, *, patience_seconds: float = 30.0) -> None:
    """Returns when the town's processes, and what these started, have begun: on an installation they did long ago, and
    what a start takes of the CPUs is no part of what is measured. Raises TimeoutError."""
    gauges, deadline = Gauges(town), time.monotonic() + patience_seconds
    before = gauges.look()
    while time.monotonic() < deadline:
        time.sleep(STILL_SECONDS)
        now = gauges.look()
        if now.cpu_since(before)["worker"] < STILL * STILL_SECONDS:
            return
        before = now
    raise TimeoutError(town.describe())


def _tree(pid: int) -> Iterator[psutil.Process]:
    with contextlib.suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        yield root
        yield from root.children(recursive=True)


def _cpu(processes: list[psutil.Process]) -> float:
    """Also of children that have ended: their parent has waited for them and counts them."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _memory(processes: list[psutil.Process]) -> int:
    """Each one's own memory, and once what they share."""
    own = shared = 0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = process.memory_info()
            own += memory.rss - memory.shared
            shared = max(shared, memory.shared)
    return own + shared
